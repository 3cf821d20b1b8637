/* SPDX-License-Identifier: Apache-2.0 */
#include "net/url.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"

bool url_is_http(const char *url) {
        return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

/* What stands between "://" and the path. */
static Str authority(const char *url) {
        const char *start = strstr(url, "://");
        if (!start) return (Str){"", 0};
        start += 3;
        return (Str){start, strcspn(start, "/?#")};
}

static Str host(const char *url) {
        Str a = authority(url);
        const char *at = a.n ? memrchr(a.p, '@', a.n) : NULL;
        return at ? str_sub(a, (size_t)(at + 1 - a.p), a.n) : a;
}

bool url_same_origin(const char *a, const char *b) {
        Str scheme_a = {a, strcspn(a, ":")}, scheme_b = {b, strcspn(b, ":")};
        return str_eq_nocase(scheme_a, scheme_b) && str_eq_nocase(host(a), host(b));
}

char *url_host(const char *url) {
        return str_dup(host(url));
}

char *url_shown(const char *url) {
        Str a = authority(url), h = host(url);
        if (a.n == h.n) return xstrdup(url);
        return xasprintf("%.*s%s", (int)(a.p - url), url, h.p);
}

/* Percent escapes resolved; "" when there is none. A NUL from an escape ends it. */
static char *url_path(const char *url) {
        Str a = authority(url);
        const char *p = a.n ? a.p + a.n : "";
        size_t n = strcspn(p, "?#");
        Buf path = {0};
        for (size_t i = 0; i < n; i++) {
                char byte;
                if (p[i] == '%' && n - i > 2 && hex_parse((Str){p + i + 1, 2}, &byte, 1)) {
                        if (!byte) break;
                        buf_addc(&path, byte);
                        i += 2;
                } else {
                        buf_addc(&path, p[i]);
                }
        }
        return buf_take(&path);
}

/* As Go's path.Base, but "." and ".." are no names either. */
char *url_file_name(const char *url) {
        AUTO(freep) char *path = url_path(url);
        size_t n = strlen(path);
        while (n && path[n - 1] == '/') n--;
        path[n] = '\0';
        const char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        if (!*name || streq(name, ".") || streq(name, "..")) return NULL;
        return xstrdup(name);
}
