/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* The text of /usr/lib/os-release of an image without a distribution around it (os-release(5)): Debian's identity, so that scanners
 * find the right advisories, under the name "Distroless". version_id: "13"; codename: "trixie". Any thread. */
void os_release_render(const char *version_id, const char *codename, Buf *ret_text);
