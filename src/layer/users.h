/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "base/vec.h"
#include "layer/view.h"

/* Users and groups of a root file system, read from its own /etc/passwd and /etc/group (regular files of at most
 * USERS_FILE_MAX, links resolved inside the view); never the host's, never NSS. */
enum { USERS_FILE_MAX = 10 << 20, USERS_GROUPS_MAX = 65536 };

typedef struct User {
        uid_t uid;
        gid_t gid;
        gid_t *groups; /* supplementary, owned */
        size_t group_count;
        char *home; /* "/" when unknown; owned */
} User;
void user_done(User *u);

/* USER and `run -u` rules: "", "name", "uid", "name:group", "uid:gid". A name's primary and supplementary groups come
 * from the files; with ":group" that group only; a bare number gets its passwd entry's group or 0. Unknown names are
 * ERR_NOT_FOUND with the nearest name as hint. */
int users_resolve_run(View *root, const char *spec, User *ret_user, Err **e);

/* COPY --chown rules: "u", "u:g", numbers or names; a bare number n means n:n; a name means its primary group. */
int users_resolve_chown(View *root, const char *spec, uid_t *ret_uid, gid_t *ret_gid, Err **e);
