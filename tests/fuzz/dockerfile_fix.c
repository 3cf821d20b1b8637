/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "dockerfile/checks.h"

/* Whatever is mended must still be a Dockerfile with as many instructions, and must stay as it is when it is mended again. */

static char *mend(Str text, size_t *ret_size, size_t *ret_instructions) {
        AUTO(dockerfile_freep) Dockerfile *d = NULL;
        size_t count;
        if (dockerfile_parse("Dockerfile", text, &d, NULL) < 0) return NULL;
        AUTO(checks_freep) Checks *c = checks_new(d, NULL);
        checks_text(c);
        *ret_instructions = d->instruction_count;
        return dockerfile_fix(d, c, NULL, ret_size, &count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        size_t first_size, second_size, before, after;
        AUTO(freep) char *first = mend((Str){(const char *)data, size}, &first_size, &before);
        if (!first) return 0;
        AUTO(freep) char *second = mend((Str){first, first_size}, &second_size, &after);
        if (!second || before != after) abort();
        return 0;
}
