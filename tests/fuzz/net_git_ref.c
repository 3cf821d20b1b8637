/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "net/git_ref.h"
#include "net/http.h"
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted must be safe to hand to git, and to look up below a directory. */
static void check(const GitRef *r) {
        if (!r->remote || r->remote[0] == '-') abort();
        if (r->ref && (r->ref[0] == '-' || !r->ref[0] || strchr(r->ref, ':'))) abort();
        if (r->subdir && (r->subdir[0] == '/' || !r->subdir[0] || strstr(r->subdir, "/../"))) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        AUTO(freep) char *text = xstrndup((const char *)data, size);
        for (int context = 0; context < 2; context++) {
                GitRef r = {0};
                AUTO(err_freep) Err *e = NULL;
                int status = git_ref_parse(text, context, &r, &e);
                if ((status < 0) != (e != NULL)) abort();
                if (status == GIT_REF) check(&r);
                git_ref_done(&r);
        }
        AUTO(freep) char *shown = url_shown(text);
        AUTO(freep) char *host = url_host(text);
        AUTO(freep) char *name = url_file_name(text);
        if (strlen(host) > strlen(text)) abort();
        if (name && (!*name || strchr(name, '/') || strcmp(name, "..") == 0)) abort();
        int64_t seconds;
        (void)http_date_parse(text, &seconds);
        (void)url_same_origin(text, shown);
        return 0;
}
