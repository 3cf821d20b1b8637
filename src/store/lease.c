/* SPDX-License-Identifier: Apache-2.0 */
/* Who uses what. Each process has a locked file locks/process-<name>, into which it writes what it takes out of the
 * store; a collector reads those of live processes. A lock that is shared by those who look and lease, and exclusive
 * for the moment in which a collector compares leases with records, makes the two steps one. So no transaction is
 * paid for a use, and a killed process holds nothing. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "os/fs.h"
#include "os/lock.h"
#include "store/internal.h"

enum { LEASE_FILE_STEP = 16 << 10 };

static int start_locked(Store *s, Err **e) {
        uint64_t salt;
        if (getrandom(&salt, sizeof salt, 0) != sizeof salt) return err_sys(e, "get random bytes");
        AUTO(freep) char *name = xasprintf("%d-%016llx", (int)getpid(), (unsigned long long)salt);
        AUTO(freep) char *path = xasprintf("locks/process-%s", name);
        int fd;
        if (lock_file(s->root_fd, path, LOCK_EXCLUSIVE, true, &fd, e) < 0) return -1;
        s->process_fd = fd;
        s->process = TAKE(name);
        return 0;
}

int process_start(Store *s, Err **e) {
        pthread_mutex_lock(&s->process_lock);
        int r = s->process ? 0 : start_locked(s, e);
        pthread_mutex_unlock(&s->process_lock);
        return r < 0 ? err_wrap(e, "register with the store") : 0;
}

/* The scratch directory stays, with what was set aside in it: from now on it is a dead process's leftover, and
 * somebody who has time sweeps it. */
void process_stop(Store *s) {
        if (!s->process) return;
        AUTO(freep) char *path = xasprintf("locks/process-%s", s->process);
        unlinkat(s->root_fd, path, 0);
        close(s->process_fd);
        free(s->process);
}

/* The file grows ahead of its content: an overwrite costs a third of an append. */
static int write_lease(Store *s, const char *line, size_t size, Err **e) {
        if (s->lease_offset + (off_t)size > s->lease_room) {
                if (ftruncate(s->process_fd, s->lease_room + LEASE_FILE_STEP) < 0)
                        return err_sys(e, "grow the file of leases");
                s->lease_room += LEASE_FILE_STEP;
        }
        ssize_t n = pwrite(s->process_fd, line, size, s->lease_offset);
        if (n < 0) return err_sys(e, "write the file of leases");
        if ((size_t)n != size) return err_new(e, ERR_NO_SPACE, "write the file of leases: no space left");
        s->lease_offset += n;
        return 0;
}

static int lease_take(Store *s, char kind, const char *name, Err **e) {
        if (s->read_only) return 0;
        char line[DIGEST_HEX_SIZE + 2];
        size_t n = (size_t)snprintf(line, sizeof line, "%c%s\n", kind, name);
        if (map_get(s->leases, line, n - 1)) return 0;
        if (process_start(s, e) < 0) return -1;
        if (write_lease(s, line, n, e) < 0) return err_wrap(e, "note a use in the store");
        map_put(s->leases, line, n - 1, s);
        return 0;
}

int lease_snapshot(Store *s, const char *id, Err **e) {
        return lease_take(s, 's', id, e);
}

int lease_blob(Store *s, const Digest *digest, Err **e) {
        char hex[DIGEST_HEX_SIZE];
        digest_hex(digest, hex);
        return lease_take(s, 'b', hex, e);
}

/* Behind the last line stand zeros. */
static void parse_leases(Str text, Map *leases, void *value) {
        Str line;
        while (str_cut(&text, '\n', &line))
                if (line.n > 1) map_put(leases, line.p, line.n, value);
}

/* The lock that a live process holds on its file refuses ours; what a dead one held does not count. */
static int read_if_alive(Store *s, const char *path, Map *leases, Err **e) {
        AUTO(closep) int fd = openat(s->root_fd, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return errno == ENOENT ? 0 : err_sys(e, "open '%s'", path);
        if (flock(fd, LOCK_SH | LOCK_NB) == 0) return 0;
        if (errno != EWOULDBLOCK) return err_sys(e, "lock '%s'", path);
        AUTO(freep) char *text = NULL;
        size_t size;
        if (fd_read_all(fd, STORE_LEASE_FILE_MAX, &text, &size, e) < 0) return err_wrap(e, "read '%s'", path);
        parse_leases((Str){text, size}, leases, s);
        return 0;
}

int leases_read_all(Store *s, Map *leases, Err **e) {
        DirList list = {0};
        if (dir_list(s->root_fd, "locks", &list, e) < 0) return -1;
        int r = 0;
        for (size_t i = 0; i < list.n && r == 0; i++) {
                if (!starts_with(list.v[i].name, "process-")) continue;
                AUTO(freep) char *path = xasprintf("locks/%s", list.v[i].name);
                r = read_if_alive(s, path, leases, e);
        }
        dir_list_done(&list);
        return r;
}

bool leases_have_snapshot(const Map *leases, const char *id) {
        char key[SNAPSHOT_ID_SIZE + 1];
        int n = snprintf(key, sizeof key, "s%s", id);
        return map_get(leases, key, (size_t)n) != NULL;
}

bool leases_have_blob(const Map *leases, const Digest *digest) {
        char key[DIGEST_HEX_SIZE + 1];
        key[0] = 'b';
        digest_hex(digest, key + 1);
        return map_get(leases, key, DIGEST_HEX_SIZE) != NULL;
}

static int open_gate(Store *s, Err **e) {
        if (s->gate_fd >= 0) return 0;
        s->gate_fd = openat(s->root_fd, "locks/gate", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (s->gate_fd < 0 && errno == EROFS) {
                s->gate_fd = openat(s->root_fd, "locks/gate", O_RDONLY | O_CLOEXEC);
                s->read_only = true;
        }
        return s->gate_fd < 0 ? err_sys(e, "open '%s/locks/gate'", s->root) : 0;
}

Store *gate_enter(Store *s, Err **e) {
        if (open_gate(s, e) < 0) return NULL;
        int r;
        do r = flock(s->gate_fd, LOCK_SH);
        while (r < 0 && errno == EINTR);
        if (r == 0) return s;
        err_sys(e, "lock '%s/locks/gate'", s->root);
        return NULL;
}

void gate_leavep(Store **s) {
        if (*s) flock((*s)->gate_fd, LOCK_UN);
}

int gate_close(Store *s, int *ret_fd, Err **e) {
        return lock_file(s->root_fd, "locks/gate", LOCK_EXCLUSIVE, true, ret_fd, e);
}
