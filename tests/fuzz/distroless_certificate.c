/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "distroless/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        AUTO(buf_done) Buf name = {0};
        Certificate c;
        uint32_t hash;
        if (certificate_parse((Str){(const char *)data, size}, &c, NULL) < 0) return 0;
        if (c.subject.p < c.der.p || c.subject.p + c.subject.n > c.der.p + c.der.n) abort();
        (void)certificate_name_hash(c.subject, &hash, NULL);
        (void)certificate_name_render(c.subject, &name, NULL);
        return 0;
}
