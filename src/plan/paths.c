/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

static void clean_into(Buf *b, const char *path) {
        while (*path) {
                size_t n = strcspn(path, "/");
                if (n == 2 && path[0] == '.' && path[1] == '.') {
                        while (b->n > 0 && b->p[b->n - 1] != '/') b->n--;
                        if (b->n > 0) b->n--;
                } else if (n > 0 && !(n == 1 && path[0] == '.')) {
                        buf_addc(b, '/');
                        buf_add(b, path, n);
                }
                path += n;
                if (*path) path++;
        }
}

const char *plan_path_clean(Arena *a, const char *path) {
        return plan_path_join(a, "", path);
}

static const char *finish(Arena *a, Buf *b) {
        if (b->n == 0) buf_addc(b, '/');
        const char *text = arena_str(a, buf_str(b));
        buf_done(b);
        return text;
}

const char *plan_path_join(Arena *a, const char *directory, const char *path) {
        Buf b = {0};
        if (path[0] != '/') clean_into(&b, directory);
        clean_into(&b, path);
        return finish(a, &b);
}

const char *plan_path_destination(Arena *a, const char *directory, const char *path) {
        Buf b = {0};
        if (path[0] != '/') clean_into(&b, directory);
        clean_into(&b, path);
        /* "x/." names a directory as "x/" does. */
        size_t n = strlen(path);
        bool slash = n == 0 || path[n - 1] == '/' || (path[n - 1] == '.' && (n == 1 || path[n - 2] == '/'));
        if (slash && b.n > 0) buf_addc(&b, '/');
        return finish(a, &b);
}

const char *plan_path_base(Arena *a, const char *path) {
        const char *clean = plan_path_clean(a, path);
        return strrchr(clean, '/') + 1;
}
