/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "debian/apt_auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first line is an URL, the rest the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Str text = {(const char *)data, size}, url;
        AUTO(apt_auth_done) AptAuth auth = {0};
        AUTO(err_freep) Err *e = NULL;
        str_cut(&text, '\n', &url);
        if ((apt_auth_parse(text, "f", &auth, &e) < 0) != (e != NULL)) abort();
        for (size_t i = 0; i < auth.entries.n; i++)
                if (!auth.entries.v[i].host[0] || !auth.entries.v[i].scheme) abort();
        AUTO(freep) char *shown = str_dup(url);
        AUTO(freep) char *header = apt_auth_header(&auth, shown), *advice = apt_auth_advice(&auth, shown);
        if (!advice || (header && !starts_with(header, "Basic "))) abort();
        return 0;
}
