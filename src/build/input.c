/* SPDX-License-Identifier: Apache-2.0 */
#include "build/input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/vec.h"
#include "os/fs.h"
#include "os/root_path.h"

/* Names in the directory that look like a Dockerfile, for the hint. */
static void hint_similar(const char *directory, Err **e) {
        DirList list;
        if (dir_list(AT_FDCWD, directory, &list, NULL) < 0) return;
        Buf names = {0};
        for (size_t i = 0; i < list.n; i++) {
                Str name = str_of(list.v[i].name);
                bool similar = str_starts(name, STR("Dockerfile")) || str_starts(name, STR("Containerfile")) ||
                               str_ends(name, STR(".Dockerfile")) || str_ends(name, STR(".dockerfile"));
                if (similar) buf_addf(&names, "%s%s", names.n ? ", " : "", list.v[i].name);
        }
        if (names.n) err_hint(e, "this directory has: %s (choose with -f)", names.p);
        buf_done(&names);
        dir_list_done(&list);
}

static int missing(const char *context_path, const char *path, Err **e) {
        struct stat st;
        if (context_path && stat(context_path, &st) == 0 && !S_ISDIR(st.st_mode)) {
                err_new(e, ERR_USAGE, "the build context '%s' is not a directory", context_path);
                return err_hint(e, "name a Dockerfile with -f %s, and the directory with its files last", context_path);
        }
        err_new(e, ERR_NOT_FOUND, "failed to read dockerfile: open %s: no such file or directory", path);
        hint_similar(context_path ? context_path : ".", e);
        return err_hint(e, "-f FILE names a Dockerfile elsewhere, -f - reads standard input");
}

static char *default_path(const char *context_path) {
        char *upper = xasprintf("%s/Dockerfile", context_path);
        AUTO(freep) char *lower = xasprintf("%s/dockerfile", context_path);
        if (access(upper, F_OK) < 0 && access(lower, F_OK) == 0) {
                free(upper);
                return TAKE(lower);
        }
        return upper;
}

static int read_text(const char *context_path, const char *path, char **ret_text, size_t *ret_size, Err **e) {
        if (streq(path, "-")) return fd_read_all(STDIN_FILENO, DOCKERFILE_SIZE_MAX, ret_text, ret_size, e);
        struct stat st;
        if (stat(path, &st) < 0)
                return errno == ENOENT || errno == ENOTDIR ? missing(context_path, path, e)
                                                           : err_sys(e, "read '%s'", path);
        if (S_ISDIR(st.st_mode)) {
                err_new(e, ERR_SYNTAX, "failed to read dockerfile: '%s' is a directory", path);
                return err_hint(e, "-f wants the file itself, for instance %s/Dockerfile", path);
        }
        return file_read(AT_FDCWD, path, DOCKERFILE_SIZE_MAX, ret_text, ret_size, e);
}

static const char *short_name(const char *path) {
        if (streq(path, "-")) return "Dockerfile";
        const char *slash = strrchr(path, '/');
        return slash ? slash + 1 : path;
}

/* In a context that came from elsewhere: what a link in it says stays inside. */
static int open_foreign(const DockerfileSource *s, char **ret_path, Err **e) {
        static const char *const usual[] = {"Dockerfile", "dockerfile"};
        AUTO(closep) int root = open(s->context, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0) return err_sys(e, "open '%s'", s->context);
        for (size_t i = 0; i < (s->path ? 1 : ARRAY_SIZE(usual)); i++) {
                const char *path = s->path ? s->path : usual[i];
                Err *failure = NULL;
                int fd = root_open(root, path, O_RDONLY | O_NONBLOCK, 0, &failure);
                if (fd >= 0) {
                        *ret_path = xstrdup(path);
                        return fd;
                }
                bool absent = err_errno(failure) == ENOENT || err_errno(failure) == ENOTDIR;
                if (!absent) {
                        err_move(e, &failure);
                        return -1;
                }
                err_free(failure);
        }
        return missing(s->context, s->path ? s->path : "Dockerfile", e);
}

static int load_foreign(const DockerfileSource *s, Dockerfile **ret_dockerfile, char **ret_path, Err **e) {
        AUTO(freep) char *path = NULL;
        AUTO(freep) char *text = NULL;
        size_t size;
        AUTO(closep) int fd = open_foreign(s, &path, e);
        if (fd < 0) return -1;
        if (fd_read_all(fd, DOCKERFILE_SIZE_MAX, &text, &size, e) < 0) return err_wrap(e, "read '%s'", path);
        if (dockerfile_parse(short_name(path), (Str){text, size}, ret_dockerfile, e) < 0) return -1;
        *ret_path = TAKE(path);
        return 0;
}

int dockerfile_load_from(const DockerfileSource *source, Dockerfile **ret_dockerfile, char **ret_path, Err **e) {
        const char *context = source->context, *path = source->path;
        if (source->text) {
                if (dockerfile_parse(source->name, (Str){source->text, source->size}, ret_dockerfile, e) < 0) return -1;
                *ret_path = xstrdup("-");
                return 0;
        }
        if (source->foreign && !(path && streq(path, "-"))) return load_foreign(source, ret_dockerfile, ret_path, e);
        AUTO(freep) char *chosen = path ? xstrdup(path) : default_path(context ? context : ".");
        AUTO(freep) char *text = NULL;
        size_t size;
        if (read_text(context, chosen, &text, &size, e) < 0) return -1;
        if (dockerfile_parse(short_name(chosen), (Str){text, size}, ret_dockerfile, e) < 0) return -1;
        *ret_path = TAKE(chosen);
        return 0;
}
