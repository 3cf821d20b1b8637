/* SPDX-License-Identifier: Apache-2.0 */
#include "os/clock.h"

#include <stdlib.h>
#include <time.h>

static int64_t read_clock(clockid_t id) {
        struct timespec t;
        clock_gettime(id, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_now_ns(void) {
        const char *fixed = getenv("DECANT_NOW");
        return fixed && *fixed ? atoll(fixed) * 1000000000 : read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_ns(void) {
        return read_clock(CLOCK_MONOTONIC);
}
