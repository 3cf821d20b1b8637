/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/str.h"

/* RFC 4648 section 4, with padding, on one line. Owned. Any thread. */
char *base64_render(Str bytes);
