/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "codec/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Str text = {(const char *)data, size};
        AUTO(err_freep) Err *e = NULL;
        AUTO(buf_done) Buf bytes = {0};
        PemBlock block;
        size_t offset = 0, before = 0;
        while (pem_next(text, "input", &offset, &block, &bytes, &e) > 0) {
                bool inside = block.text.p >= text.p + before && block.text.p + block.text.n <= text.p + offset;
                if (!inside || offset <= before || bytes.n > block.text.n || block.line == 0) abort();
                before = offset;
        }
        return 0;
}
