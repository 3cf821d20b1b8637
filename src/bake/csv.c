/* SPDX-License-Identifier: Apache-2.0 */
#include "bake/csv.h"

#include "base/cleanup.h"

bool bake_csv_split(Arena *a, const char *text, ConfigNode *list) {
        AUTO(buf_done) Buf field = {0};
        const char *c = text;
        do {
                buf_clear(&field);
                if (*c == '"') {
                        for (c++; *c && (*c != '"' || c[1] == '"'); c++) {
                                if (*c == '"') c++;
                                buf_addc(&field, *c);
                        }
                        if (*c++ != '"' || (*c && *c != ',')) return false;
                } else {
                        for (; *c && *c != ','; c++) {
                                if (*c == '"') return false;
                                buf_addc(&field, *c);
                        }
                }
                config_node_append(list, config_node_text(a, field.n ? field.p : "", list));
        } while (*c++ == ',');
        return true;
}

void bake_csv_add(Buf *out, const char *field) {
        if (out->n) buf_addc(out, ',');
        if (!strpbrk(field, ",\"\r\n")) {
                buf_adds(out, field);
                return;
        }
        buf_addc(out, '"');
        for (const char *c = field; *c; c++) {
                if (*c == '"') buf_addc(out, '"');
                buf_addc(out, *c);
        }
        buf_addc(out, '"');
}
