/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* The users and groups of an image as the texts of /etc/passwd and /etc/group (passwd(5), group(5)). Pure functions; any thread. */

enum { ACCOUNTS_MAX = 1024, ACCOUNT_NAME_MAX = 32, ACCOUNT_MEMBERS_MAX = 1024 };

/* where: "FILE:LINE" of the one who wants it, for messages. All strings are borrowed. */
typedef struct AccountUser {
        const char *name;
        uint32_t uid, gid;
        const char *gecos; /* NULL: the name */
        const char *home;  /* NULL: "/nonexistent" */
        const char *shell; /* NULL: "/sbin/nologin" */
        const char *where;
        bool there; /* the image has it already: others may refer to it, and it is not written again */
} AccountUser;

typedef struct AccountGroup {
        const char *name;
        uint32_t gid;
        const char *const *members; /* names of users */
        size_t member_count;
        const char *where;
        bool there; /* as above */
} AccountGroup;

typedef struct Accounts {
        const AccountUser *users;
        size_t user_count;
        const AccountGroup *groups;
        size_t group_count;
} Accounts;

/* Append both texts to ret_passwd and ret_group. First come root, nobody, tty, staff, nonroot as far as they are there, as in Google's
 * images; then the others in the order given. Nothing is added when it fails: ERR_SYNTAX for a name or id used twice (both places are
 * named), a name that is none, a field that cannot stand in the file, a group that a user or a member that a group refers to and that
 * does not exist (with the nearest name); ERR_LIMIT. */
int accounts_render(const Accounts *accounts, Buf *ret_passwd, Buf *ret_group, Err **e);
