/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "net/git.h"

/* git as a process, apart from the user's and the system's configuration, so that a tree is the same on every machine:
 * no hooks, no filters, no prompts, umask 022. Internal to net/. */

/* argv: what follows "git"; NULL-terminated. directory: where it runs, or NULL. *ret_output may be NULL.
 * ERR_NETWORK when git says that something failed; its own words are in the message. */
int git_run(const GitRequest *request, const char *directory, const char *const *argv, Buf *ret_output, Err **e);
