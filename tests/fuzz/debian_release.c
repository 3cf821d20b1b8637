/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "debian/armor.h"
#include "debian/release.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entry(const ReleaseFile *r, const char *path) {
        ReleaseEntry entry;
        if (release_find(r, path, &entry) && !str_is(entry.path, path)) abort();
}

static void check_release(Str text) {
        ReleaseFile r;
        AUTO(err_freep) Err *e = NULL;
        int status = release_parse(text, "f", &r, &e);
        if ((status < 0) != (e != NULL)) abort();
        if (status < 0) return;
        check_entry(&r, "main/binary-amd64/Packages.xz");
        check_entry(&r, "Packages");
}

/* What comes out of a clear-signed text has no line that ends in white space, and is found again. */
static void check_armor(Str text) {
        AUTO(buf_done) Buf inner = {0}, signature = {0}, keys = {0};
        AUTO(err_freep) Err *e = NULL;
        if (armor_is_keys(text) && armor_decode_keys(text, &keys, NULL) == 0 && keys.n > text.n) abort();
        int status = armor_split_clearsigned(text, &inner, &signature, &e);
        if ((status < 0) != (e != NULL)) abort();
        if (status < 0) return;
        if (!armor_is_clearsigned(text) || inner.n > text.n || signature.n > text.n + 64) abort();
        if (inner.n && (inner.p[inner.n - 1] == ' ' || inner.p[inner.n - 1] == '\t')) abort();
        check_release(buf_str(&inner));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Str text = {(const char *)data, size};
        check_release(text);
        check_armor(text);
        return 0;
}
