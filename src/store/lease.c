/* SPDX-License-Identifier: Apache-2.0 */
/* Who uses what. A process that takes something out of the store first appends a line to its own locked file
 * locks/process-<name>, then looks once more whether the thing still stands. A collector first takes the records away
 * (or marks them as dying) and commits, then reads the files of all live processes. Whichever comes second sees the
 * other: nothing that somebody uses is removed, no transaction is paid for a use, and a killed process holds nothing. */
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

static int start_locked(Store *s, Err **e) {
        uint64_t salt;
        if (getrandom(&salt, sizeof salt, 0) != sizeof salt) return err_sys(e, "get random bytes");
        AUTO(freep) char *name = xasprintf("%d-%016llx", (int)getpid(), (unsigned long long)salt);
        AUTO(freep) char *path = xasprintf("locks/process-%s", name);
        int fd;
        if (lock_file(s->root_fd, path, LOCK_EXCLUSIVE, true, &fd, e) < 0) return -1;
        fcntl(fd, F_SETFL, O_APPEND);
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

/* The scratch directory goes only when it is empty: what is left in it belongs to somebody's discard that failed, and
 * the next collection finds it. */
void process_stop(Store *s) {
        if (!s->process) return;
        AUTO(freep) char *scratch = xasprintf("tmp/%s", s->process);
        if (s->process_scratch) unlinkat(s->root_fd, scratch, AT_REMOVEDIR);
        AUTO(freep) char *path = xasprintf("locks/process-%s", s->process);
        unlinkat(s->root_fd, path, 0);
        close(s->process_fd);
        free(s->process);
}

bool lease_held(Store *s, char kind, const char *name) {
        char key[DIGEST_HEX_SIZE + 1];
        int n = snprintf(key, sizeof key, "%c%s", kind, name);
        return map_get(s->leases, key, (size_t)n) != NULL;
}

int lease_take(Store *s, char kind, const char *name, Err **e) {
        if (lease_held(s, kind, name)) return LEASE_HELD;
        if (process_start(s, e) < 0) return -1;
        char line[DIGEST_HEX_SIZE + 2];
        int n = snprintf(line, sizeof line, "%c%s\n", kind, name);
        if (fd_write_all(s->process_fd, line, (size_t)n, e) < 0) return err_wrap(e, "note a use in the store");
        map_put(s->leases, line, (size_t)n - 1, s);
        return LEASE_NEW;
}

int lease_snapshot(Store *s, const char *id, Err **e) {
        return lease_take(s, 's', id, e);
}

int lease_blob(Store *s, const Digest *digest, Err **e) {
        char hex[DIGEST_HEX_SIZE];
        digest_hex(digest, hex);
        return lease_take(s, 'b', hex, e);
}

/* A last line without an end is still being written: its writer has not looked again yet. */
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
