/* SPDX-License-Identifier: Apache-2.0 */

/* Any text as an image configuration; what is accepted, rendered and parsed again, renders to the same. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "oci/image_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        AUTO(image_config_done) ImageConfig c = {0};
        AUTO(image_config_done) ImageConfig copy = {0};
        AUTO(image_config_done) ImageConfig again = {0};
        AUTO(buf_done) Buf once = {0};
        AUTO(buf_done) Buf twice = {0};
        AUTO(err_freep) Err *e = NULL;
        if (image_config_parse((Str){(const char *)data, size}, &c, &e) < 0) {
                require(e != NULL);
                return 0;
        }
        image_config_copy(&copy, &c);
        image_config_render(&copy, &once);
        require(image_config_parse(buf_str(&once), &again, NULL) == 0);
        image_config_render(&again, &twice);
        require(str_eq(buf_str(&once), buf_str(&twice)));
        return 0;
}
