/* SPDX-License-Identifier: Apache-2.0 */
#include "build/fetch_auth.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "codec/base64.h"
#include "net/url.h"
#include "os/fs.h"

enum { TOKEN_MAX = 64 << 10 };

/* 1: found, 0: no such secret. */
static int read_token(const BuildParams *params, const char *id, char **ret_text, Err **e) {
        const BuildSecret *secret = NULL;
        for (size_t i = 0; i < params->secret_count && !secret; i++) {
                if (streq(params->secrets[i].id, id)) secret = &params->secrets[i];
        }
        if (!secret) return 0;
        AUTO(freep) char *text = NULL;
        size_t size;
        if (secret->env) {
                text = xstrdup(getenv(secret->env));
                if (!text) return err_new(e, ERR_NOT_FOUND, "secret %s: %s is not set", id, secret->env);
        } else if (file_read(AT_FDCWD, secret->path, TOKEN_MAX, &text, &size, e) < 0) {
                return err_wrap(e, "secret %s", id);
        }
        Str value = str_trim(str_of(text));
        for (size_t i = 0; i < value.n; i++) {
                if (iscntrl((unsigned char)value.p[i]))
                        return err_new(e, ERR_FORMAT, "secret %s is more than one line", id);
        }
        *ret_text = str_dup(value);
        return 1;
}

int fetch_http_authorization(const BuildParams *params, const char *url, char **ret_value, Err **e) {
        AUTO(freep) char *host = url_host(url);
        AUTO(freep) char *header = xasprintf("HTTP_AUTH_HEADER_%s", host);
        AUTO(freep) char *bearer = xasprintf("HTTP_AUTH_TOKEN_%s", host);
        AUTO(freep) char *token = NULL;
        *ret_value = NULL;
        int r = read_token(params, header, ret_value, e);
        if (r != 0) return r < 0 ? -1 : 0;
        r = read_token(params, bearer, &token, e);
        if (r > 0) *ret_value = xasprintf("Bearer %s", token);
        return r < 0 ? -1 : 0;
}

int fetch_git_authorization(const BuildParams *params, const char *remote, char **ret_value, Err **e) {
        static const char *const names[] = {"GIT_AUTH_HEADER", "GIT_AUTH_TOKEN"};
        *ret_value = NULL;
        if (!url_is_http(remote)) return 0;
        AUTO(freep) char *host = url_host(remote);
        for (size_t i = 0; i < 2 * ARRAY_SIZE(names); i++) {
                AUTO(freep) char *id = i % 2 ? xstrdup(names[i / 2]) : xasprintf("%s.%s", names[i / 2], host);
                AUTO(freep) char *text = NULL;
                int r = read_token(params, id, &text, e);
                if (r < 0) return -1;
                if (r == 0) continue;
                if (i < 2) {
                        *ret_value = TAKE(text);
                        return 0;
                }
                AUTO(freep) char *pair = xasprintf("x-access-token:%s", text);
                AUTO(freep) char *encoded = base64_render(str_of(pair));
                *ret_value = xasprintf("Basic %s", encoded);
                return 0;
        }
        return 0;
}
