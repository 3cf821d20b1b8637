/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "distroless/assembly.h"
#include "os/fs.h"
#include "os/lock.h"

/* Fetched packages and indexes below the store's directory "debian". Assemblies hold a shared lock, who removes an exclusive one. */

#define CACHE_LOCK "locks/debian"

int assembly_lock(Store *s, int *ret_fd, Err **e) {
        AUTO(freep) char *locks = xasprintf("%s/locks", store_root(s));
        AUTO(freep) char *path = xasprintf("%s/" CACHE_LOCK, store_root(s));
        if (dir_make_all(AT_FDCWD, locks, 0700, e) < 0) return -1;
        return lock_file(AT_FDCWD, path, LOCK_SHARED, true, ret_fd, e);
}

static int directory_size(const char *path, uint64_t *size, Err **e) {
        AUTO(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DirList list = {0};
        struct stat st;
        if (fd < 0) return errno == ENOENT ? 0 : err_sys(e, "open '%s'", path);
        if (dir_list(fd, "", &list, e) < 0) return -1;
        for (size_t i = 0; i < list.n; i++)
                if (fstatat(fd, list.v[i].name, &st, AT_SYMLINK_NOFOLLOW) == 0) *size += (uint64_t)st.st_blocks * 512;
        dir_list_done(&list);
        return 0;
}

int base_cache_remove(Store *s, bool dry_run, uint64_t *ret_bytes, Err **e) {
        static const char *const parts[] = {"pool", "indexes"};
        AUTO(freep) char *lock_path = xasprintf("%s/" CACHE_LOCK, store_root(s));
        AUTO(closep) int lock_fd = -1;
        *ret_bytes = 0;
        int r = lock_file(AT_FDCWD, lock_path, LOCK_EXCLUSIVE, false, &lock_fd, e);
        if (r != LOCK_TAKEN) return r < 0 ? -1 : 0;
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                AUTO(freep) char *path = xasprintf("%s/debian/%s", store_root(s), parts[i]);
                if (directory_size(path, ret_bytes, e) < 0) return -1;
                if (!dry_run && tree_remove(AT_FDCWD, path, e) < 0) return -1;
        }
        return 0;
}
