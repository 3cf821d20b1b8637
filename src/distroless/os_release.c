/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/os_release.h"

void os_release_render(const char *version_id, const char *codename, Buf *ret_text) {
        buf_addf(ret_text,
                 "PRETTY_NAME=\"Distroless\"\n"
                 "NAME=\"Debian GNU/Linux\"\n"
                 "ID=\"debian\"\n"
                 "VERSION_ID=\"%s\"\n"
                 "VERSION=\"Debian GNU/Linux %s (%s)\"\n"
                 "HOME_URL=\"https://www.debian.org/\"\n"
                 "SUPPORT_URL=\"https://www.debian.org/support\"\n"
                 "BUG_REPORT_URL=\"https://bugs.debian.org/\"\n",
                 version_id, version_id, codename);
}
