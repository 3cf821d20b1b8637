/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* The text of /etc/nsswitch.conf (nsswitch.conf(5)), borrowed. Any thread.
 * builtin_only false: as Google's images have it. True, for images that were cut down to what a program needs: only "files" and "dns",
 * which libc itself has since 2.34; "compat", "db" and "nis" are libraries of their own, without which getpwuid() fails. */
const char *nsswitch_text(bool builtin_only);
