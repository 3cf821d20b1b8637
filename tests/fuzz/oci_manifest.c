/* SPDX-License-Identifier: Apache-2.0 */

/* Any text as a manifest or index; what is accepted, rendered and parsed again, renders to the same. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "oci/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        AUTO(manifest_done) Manifest m = {0};
        AUTO(manifest_done) Manifest again = {0};
        AUTO(buf_done) Buf once = {0};
        AUTO(buf_done) Buf twice = {0};
        AUTO(err_freep) Err *e = NULL;
        if (manifest_parse((Str){(const char *)data, size}, &m, &e) < 0) {
                require(e != NULL);
                return 0;
        }
        Platform amd64 = {.os = "linux", .arch = "amd64"};
        int chosen = manifest_select_platform(&m, &amd64);
        require(chosen < 0 || (size_t)chosen < m.layers.n);
        manifest_render(&m, &once);
        require(manifest_parse(buf_str(&once), &again, NULL) == 0);
        manifest_render(&again, &twice);
        require(str_eq(buf_str(&once), buf_str(&twice)));
        return 0;
}
