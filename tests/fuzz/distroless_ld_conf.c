/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "distroless/ld_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Str rest = {(const char *)data, size}, value;
        LdConfKind kind;
        while ((kind = ld_conf_next(&rest, &value)) != LD_CONF_END) {
                if (value.n == 0 || value.p < (const char *)data || value.p + value.n > (const char *)data + size)
                        abort();
                if (memchr(value.p, '\n', value.n) || memchr(value.p, '#', value.n)) abort();
                if (kind == LD_CONF_DIRECTORY && value.p[value.n - 1] == '/') abort();
        }
        return rest.n ? abort(), 0 : 0;
}
