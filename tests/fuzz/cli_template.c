/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/template.h"
#include "cli/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --format templates, rendered over a small document; and the same bytes as output of a RUN on a terminal. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        AUTO(freep) char *text = xstrndup((const char *)data, size);
        AUTO(json_decrefp)
        json_t *value = json_loads("{\"A\":{\"B\":[1,\"x\",null,true]},\"S\":\"text\",\"M\":{\"k\":\"v\"}}", 0, NULL);
        AUTO(template_freep) Template *t = NULL;
        AUTO(buf_done) Buf out = {0};
        if (template_parse(text, &t, NULL) == 0) template_render(t, value, &out, NULL);
        buf_clear(&out);
        text_add_plain(&out, (Str){(const char *)data, size});
        text_add_table(&out, (Str){(const char *)data, size});
        return 0;
}
