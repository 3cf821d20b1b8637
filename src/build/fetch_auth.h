/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/build.h"

/* Credentials of remote sources: secrets with well-known ids, as BuildKit names them. Internal to build/. Any thread. */

/* Value of the Authorization header for an http(s) URL: secrets HTTP_AUTH_HEADER_<host>, HTTP_AUTH_TOKEN_<host>. NULL when there
 * is none. Owned. ERR_FORMAT: a control character in it. */
int fetch_http_authorization(const BuildParams *params, const char *url, char **ret_value, Err **e);

/* The same for git over http(s): GIT_AUTH_HEADER.<host>, GIT_AUTH_HEADER, GIT_AUTH_TOKEN.<host>, GIT_AUTH_TOKEN. */
int fetch_git_authorization(const BuildParams *params, const char *remote, char **ret_value, Err **e);
