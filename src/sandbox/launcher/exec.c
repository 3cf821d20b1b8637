/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/launcher/launcher.h"
#include "sandbox/launcher/sys.h"

enum { STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

static const char *path_of(const Spec *s) {
        static const char name[] = "PATH=";
        for (size_t i = 0; i < s->env_count; i++)
                if (text_starts(s->env[i], name)) return s->env[i] + sizeof name - 1;
        return "";
}

static const char *reason(long error) {
        switch (error) {
        case -ENOENT: return "no such file or directory";
        case -EACCES:
        case -EPERM: return "permission denied";
        case -ENOEXEC: return "exec format error";
        case -EISDIR: return "is a directory";
        case -ENOTDIR: return "not a directory";
        case -E2BIG: return "argument list too long";
        case -ELOOP: return "too many levels of symbolic links";
        case -ETXTBSY: return "text file busy";
        case -ENOMEM: return "cannot allocate memory";
        default: return "cannot be executed";
        }
}

static _Noreturn void give_up(const char *program, const char *why, int status) {
        LINE(line, 1024);
        line_add(&line, "exec: \"");
        line_add(&line, program);
        line_add(&line, "\": ");
        line_add(&line, why);
        line_add(&line, "\n");
        if (line.cut) line.p[line.n - 1] = '\n';
        SYS(SYS_write, 2, line.p, line.n);
        sys_exit(status);
}

static int has_slash(const char *text) {
        while (*text)
                if (*text++ == '/') return 1;
        return 0;
}

/* Try every directory of PATH. Returns the most telling error. */
static long search(const Spec *s) {
        const char *rest = path_of(s);
        long result = -ENOENT;
        while (*rest) {
                LINE(path, LAUNCH_PATH_MAX);
                while (*rest && *rest != ':') {
                        char piece[2] = {*rest++, 0};
                        line_add(&path, piece);
                }
                if (*rest) rest++;
                if (path.n == 0) line_add(&path, ".");
                line_add(&path, "/");
                line_add(&path, s->argv[0]);
                if (path.cut) continue;
                long r = SYS(SYS_execve, path.p, s->argv, s->env);
                if (r != -ENOENT && r != -ENOTDIR) result = r;
                if (r == -ENOEXEC || r == -E2BIG) return r;
        }
        return result;
}

_Noreturn void exec_command(const Spec *s) {
        const char *program = s->argv[0];
        if (has_slash(program)) {
                long r = SYS(SYS_execve, program, s->argv, s->env);
                int missing = r == -ENOENT || r == -ENOTDIR;
                give_up(program, reason(r), missing ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
        }
        long r = search(s);
        if (r == -ENOENT) give_up(program, "executable file not found in $PATH", STATUS_NOT_FOUND);
        give_up(program, reason(r), STATUS_NOT_EXECUTABLE);
}
