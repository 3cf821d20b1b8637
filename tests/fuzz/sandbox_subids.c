/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "sandbox/internal.h"
#include "sandbox/subids.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The texts of the host that a build reads: subordinate ids, resolv.conf, and limits from the command line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        AUTO(freep) char *text = xstrndup((const char *)data, size);
        SubidRange ranges[SUBID_RANGES_MAX];
        AUTO(strvec_done) StrVec map = {0};
        subids_map(ranges, subids_parse(text, "user", 1000, ranges), 1000, &map);
        AUTO(buf_done) Buf identity = {0};
        subids_identity(text, &identity);
        AUTO(buf_done) Buf resolv = {0};
        resolv_render(text, false, &resolv);
        SandboxLimit limit;
        sandbox_limit_parse(text, &limit, NULL);
        return 0;
}
