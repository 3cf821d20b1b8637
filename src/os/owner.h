/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"

/* Owners as images know them. Root, be it that of a user namespace, can give files to every id that there is. An ordinary
 * user in no namespace of his own can give nothing away: what is his stands for what is root's (0:0), in both directions, and
 * every other owner is refused. Any thread. */
typedef struct Owner {
        uid_t uid;
        gid_t gid;
} Owner;

/* What stat() found, as an image would say it. */
Owner owner_of(const struct stat *st);

/* What new files have by themselves. */
Owner owner_of_new_files(void);

/* As fchown(), and fchownat() that follows no link: 0, or -1 with errno (EPERM or EINVAL: owner_failed() has the words). */
int owner_set(int fd, Owner owner);
int owner_set_at(int dir_fd, const char *name, Owner owner);

/* Set *e from errno: path could not be given to owner. A hint says which ids there are, and how to get more. Returns -1. */
int owner_failed(const char *path, Owner owner, Err **e);

/* ERR_DENIED, with the same hint, when this user namespace has no such ids. */
int owner_check(Owner owner, Err **e);
