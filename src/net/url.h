/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* Pieces of URLs; pure text. Any thread. */

bool url_is_http(const char *url); /* http:// or https://, in any case */

/* Scheme, host and port alike? */
bool url_same_origin(const char *a, const char *b);

/* "host" or "host:port", without credentials. Owned, "" when there is none. */
char *url_host(const char *url);

/* For messages: without user and password. Owned. */
char *url_shown(const char *url);

/* The last component of the path, or NULL when it ends in a slash or there is none. Owned. */
char *url_file_name(const char *url);
