/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

int64_t clock_now_ns(void); /* wall clock, unix; DECANT_NOW (unix seconds) fixes it for tests */
int64_t clock_monotonic_ns(void);
