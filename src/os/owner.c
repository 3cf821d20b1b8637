/* SPDX-License-Identifier: Apache-2.0 */
#include "os/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "os/fs.h"

enum { ID_MAP_MAX = 64 * 1024 };

Owner owner_of(const struct stat *st) {
        uid_t self = geteuid();
        if (self != 0 && st->st_uid == self) return (Owner){0, 0};
        return (Owner){st->st_uid, st->st_gid};
}

Owner owner_of_new_files(void) {
        return geteuid() ? (Owner){0, 0} : (Owner){0, getegid()};
}

/* Whether it is done already; or refused, with errno. */
static bool settled(Owner owner, int *ret) {
        if (geteuid() == 0) return false;
        errno = EPERM;
        *ret = owner.uid || owner.gid ? -1 : 0;
        return true;
}

int owner_set(int fd, Owner owner) {
        int r;
        return settled(owner, &r) ? r : fchown(fd, owner.uid, owner.gid);
}

int owner_set_at(int dir_fd, const char *name, Owner owner) {
        int r;
        return settled(owner, &r) ? r : fchownat(dir_fd, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW);
}

/* ---- which ids there are: /proc/self/uid_map and gid_map, lines "INSIDE OUTSIDE COUNT" */

typedef struct IdMap {
        bool has_id;    /* the one that was asked for */
        uint64_t count; /* how many there are */
} IdMap;

static bool line_parse(Str line, uint32_t *ret_first, uint32_t *ret_count) {
        uint32_t fields[3];
        for (size_t i = 0; i < 3; i++) {
                Str word;
                line = str_trim(line);
                if (!str_cut(&line, ' ', &word)) line = (Str){0};
                if (!u32_parse(word, 10, &fields[i])) return false;
        }
        *ret_first = fields[0];
        *ret_count = fields[2];
        return true;
}

/* Where the file cannot be read, every id may be there. */
static IdMap id_map_read(const char *path, uint32_t id) {
        AUTO(freep) char *text = NULL;
        size_t size;
        IdMap map = {0};
        if (file_read(AT_FDCWD, path, ID_MAP_MAX, &text, &size, NULL) < 0) return (IdMap){true, UINT32_MAX};
        Str rest = {text, size}, line;
        for (bool more = true; more;) {
                uint32_t first, count;
                more = str_cut(&rest, '\n', &line);
                if (!line_parse(line, &first, &count)) continue;
                map.count += count;
                if (id >= first && id - first < count) map.has_id = true;
        }
        return map;
}

static int add_hint(uint64_t count, Err **e) {
        if (count <= 1)
                return err_hint(e, "only your own id is mapped here: `decant doctor` says how to get subordinate ids "
                                   "(newuidmap, /etc/subuid, /etc/subgid)");
        return err_hint(e,
                        "%llu ids are mapped in this user namespace: more come from larger ranges in /etc/subuid and "
                        "/etc/subgid, or build as root",
                        (unsigned long long)count);
}

static int add_hint_of_maps(Owner owner, Err **e) {
        IdMap users = id_map_read("/proc/self/uid_map", owner.uid),
              groups = id_map_read("/proc/self/gid_map", owner.gid);
        if (users.has_id && groups.has_id) return -1;
        return add_hint(users.has_id ? groups.count : users.count, e);
}

int owner_failed(const char *path, Owner owner, Err **e) {
        int error = errno;
        err_sys(e, "change owner of '/%s' to %u:%u", path, owner.uid, owner.gid);
        if (geteuid() != 0)
                return err_hint(e, "without a user namespace everything belongs to root (0:0): see `decant doctor`");
        return error == EINVAL ? add_hint_of_maps(owner, e) : -1;
}

int owner_check(Owner owner, Err **e) {
        IdMap users = id_map_read("/proc/self/uid_map", owner.uid);
        if (!users.has_id) {
                err_new(e, ERR_DENIED, "there is no user %u in this user namespace", owner.uid);
                return add_hint(users.count, e);
        }
        IdMap groups = id_map_read("/proc/self/gid_map", owner.gid);
        if (groups.has_id) return 0;
        err_new(e, ERR_DENIED, "there is no group %u in this user namespace", owner.gid);
        return add_hint(groups.count, e);
}
