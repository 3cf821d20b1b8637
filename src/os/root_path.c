/* SPDX-License-Identifier: Apache-2.0 */
#include "os/root_path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"

enum { RESOLVE_ATTEMPTS = 10000 };

int root_open(int root_fd, const char *path, int flags, mode_t mode, Err **e) {
        struct open_how how = {
                .flags = (unsigned)(flags | O_CLOEXEC),
                .mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0,
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };
        int fd = -1;
        /* EAGAIN: a component was renamed while ".." was resolved; the kernel asks to try again. */
        for (int i = 0; i < RESOLVE_ATTEMPTS; i++) {
                fd = (int)syscall(SYS_openat2, root_fd, path[0] ? path : ".", &how, sizeof how);
                if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
        }
        if (fd < 0) return err_sys(e, "open '%s'", path);
        return fd;
}

static void append_component(Buf *out, Str part) {
        if (part.n == 0 || str_is(part, ".")) return;
        if (str_is(part, "..")) {
                while (out->n > 0 && out->p[--out->n] != '/') continue;
                return;
        }
        buf_addc(out, '/');
        buf_add_str(out, part);
}

static void append_path(Buf *out, const char *path) {
        Str rest = str_of(path), part;
        while (str_cut(&rest, '/', &part)) append_component(out, part);
        append_component(out, part);
}

static char *finish_path(Buf *out) {
        if (out->n == 0) buf_addc(out, '/');
        return buf_take(out); /* ends the string at n, also after a ".." */
}

char *path_clean(const char *path) {
        Buf out = {0};
        append_path(&out, path);
        return finish_path(&out);
}

char *path_join(const char *base, const char *path) {
        Buf out = {0};
        if (path[0] != '/') append_path(&out, base);
        append_path(&out, path);
        return finish_path(&out);
}
