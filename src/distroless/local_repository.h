/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "distroless/lock.h"

/* A directory that apt takes for a repository (https://wiki.debian.org/DebianRepository/Format, flat): exactly the packages of a lock, whose
 * files are in the pool and were verified there, so that apt is to trust it. Nothing of it is meant to be in an image. */

typedef struct LocalRepositoryParams {
        const char *directory; /* to be made; an absolute path */
        const char *cache_dir; /* of the pool, absolute: the files are not copied */
        const char *codename;  /* that apt sees */
        const LockedPackage *const *packages;
        size_t count;
} LocalRepositoryParams;

typedef struct LocalRepository {
        char *apt_conf;   /* a file for apt: this repository and no other, read by apt's own user or not */
        int64_t newest_s; /* when the youngest of the packages was built, unix: a date that depends on nothing but them */
} LocalRepository;
void local_repository_done(LocalRepository *r);

/* Writes pool (a link), Packages, Release, sources.list, apt.conf.
 * ERR_FORMAT: a file is no package, or not the one that the lock says; ERR_STORE: a file is not in the pool; ERR_SYS. Any thread. */
int local_repository_write(const LocalRepositoryParams *params, LocalRepository *ret_repository, Err **e);

/* Compare what dpkg's status file (its text) says is installed with the packages: ERR_STEP names the first that differs. file: for messages. */
int local_repository_check_status(const LocalRepositoryParams *params, Str status, const char *file, Err **e);
