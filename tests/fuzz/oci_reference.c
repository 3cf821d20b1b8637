/* SPDX-License-Identifier: Apache-2.0 */

/* Any text as an image reference and as a platform; what is accepted renders to text that means the same. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "oci/platform.h"
#include "oci/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition) abort();
}

static void check_reference(Str text) {
        AUTO(reference_done) Reference r = {0};
        AUTO(reference_done) Reference again = {0};
        AUTO(reference_done) Reference familiar = {0};
        if (reference_parse(text, &r, NULL) < 0) return;
        AUTO(freep) char *full = reference_render(&r), *short_form = reference_familiar(&r);
        require(reference_parse(str_of(full), &again, NULL) == 0);
        require(reference_parse(str_of(short_form), &familiar, NULL) == 0);
        AUTO(freep) char *second = reference_render(&again), *third = reference_render(&familiar);
        require(streq(full, second) && streq(full, third));
}

static void check_platform(Str text) {
        Platform p, again;
        char rendered[96];
        if (platform_parse(text, &p, NULL) < 0) return;
        platform_render(&p, rendered);
        require(platform_parse(str_of(rendered), &again, NULL) == 0);
        require(platform_eq(&p, &again) && platform_match(&p, &again) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Str text = {(const char *)data, size};
        check_reference(text);
        check_platform(text);
        return 0;
}
