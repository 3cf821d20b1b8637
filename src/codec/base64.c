/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/base64.h"

#include "base/buf.h"

char *base64_render(Str bytes) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const unsigned char *p = (const unsigned char *)bytes.p;
        Buf out = {0};
        for (size_t i = 0; i < bytes.n; i += 3) {
                unsigned bits = (unsigned)p[i] << 16;
                if (i + 1 < bytes.n) bits |= (unsigned)p[i + 1] << 8;
                if (i + 2 < bytes.n) bits |= p[i + 2];
                buf_addc(&out, digits[bits >> 18 & 63]);
                buf_addc(&out, digits[bits >> 12 & 63]);
                buf_addc(&out, i + 1 < bytes.n ? digits[bits >> 6 & 63] : '=');
                buf_addc(&out, i + 2 < bytes.n ? digits[bits & 63] : '=');
        }
        return buf_take(&out);
}
