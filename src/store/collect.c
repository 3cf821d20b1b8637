/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "os/clock.h"
#include "os/lock.h"
#include "store/collect_internal.h"

static const int64_t digests_kept_ns = 30LL * 24 * 3600 * 1000000000;

void collect_report_done(CollectReport *r) {
        vec_done(&r->images);
        *r = (CollectReport){0};
}

static void collection_done(Collection *c) {
        collect_report_done(&c->report);
        dir_list_done(&c->snapshot_files);
        dir_list_done(&c->blob_files);
        strvec_done(&c->snapshot_victims);
        strvec_done(&c->blob_victims);
}

static int lock_collector(Store *s, int *ret_fd, Err **e) {
        int64_t give_up_ns = clock_monotonic_ns() + STORE_COLLECT_WAIT_MS * 1000000LL;
        for (;;) {
                int r = lock_file(s->root_fd, "locks/collect", LOCK_EXCLUSIVE, false, ret_fd, e);
                if (r <= 0) return r;
                if (clock_monotonic_ns() >= give_up_ns) break;
                nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000}, NULL);
        }
        err_new(e, ERR_CONFLICT, "another process is cleaning the store '%s' up", s->root);
        return err_hint(e, "wait until it has ended");
}

/* A dry run finds out what would go, and takes everything back. */
static int collect_records(Collection *c, Err **e) {
        AUTO(map_freep) Map *leases = map_new();
        AUTO(db_rollbackp) Store *open = c->store;
        AUTO(closep) int gate = -1;
        if (db_begin(open, e) < 0 || gate_close(open, &gate, e) < 0) return -1;
        if (leases_read_all(open, leases, e) < 0 || collect_drop(c, leases, e) < 0) return -1;
        if (collect_find_victims(c, leases, e) < 0) return -1;
        return c->params->dry_run ? 0 : db_commit(open, e);
}

/* No file goes before the disk knows that its name went. */
static int collect_records_durably(Collection *c, Err **e) {
        AUTO(db_unlockp) Store *s = db_lock(c->store);
        if (step_flush_used(s, e) < 0 || db_durable(s, true, e) < 0) return -1;
        int r = collect_records(c, e);
        int back = db_durable(s, false, r < 0 ? NULL : e);
        return r < 0 ? r : back;
}

/* Goes on past what cannot be removed; the first failure is told. */
static int remove_victims(Collection *c, const char *directory, const StrVec *names, uint64_t *io_count, Err **e) {
        AUTO(map_freep) Map *all = map_new();
        int result = 0;
        for (size_t i = 0; i < names->n; i++) {
                AUTO(freep) char *path = xasprintf("%s/%s", directory, names->v[i]);
                AUTO(map_freep) Map *one = map_new();
                Err *failure = NULL;
                tree_blocks(c->store->root_fd, path, c->params->dry_run ? all : one, &c->report.bytes_freed);
                int r = c->params->dry_run ? 0 : tree_remove(c->store->root_fd, path, &failure);
                if (r < 0) result = r;
                if (r == 0) ++*io_count;
                err_move(e, &failure);
        }
        return result;
}

static int remove_old_digests(Collection *c, Err **e) {
        Store *s = c->store;
        DirList list = {0};
        if (dir_list(s->root_fd, "digests", &list, e) < 0) return -1;
        int64_t oldest_s = (clock_now_ns() - digests_kept_ns) / 1000000000;
        for (size_t i = 0; i < list.n; i++) {
                AUTO(freep) char *path = xasprintf("digests/%s", list.v[i].name);
                struct stat st;
                if (fstatat(s->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0) continue;
                if (!c->params->cache_all && st.st_mtim.tv_sec >= oldest_s) continue;
                c->report.bytes_freed += (uint64_t)st.st_blocks * 512;
                if (!c->params->dry_run) unlinkat(s->root_fd, path, 0);
        }
        dir_list_done(&list);
        return 0;
}

/* "1-<digits of a step's key>": what is known of the step's result is of use as long as the step has a record. */
static int is_orphaned(Store *s, const char *name, Err **e) {
        Digest key;
        const char *hex = strrchr(name, '-');
        if (!hex || !hex_parse(str_of(hex + 1), key.bytes, sizeof key.bytes)) return 1;
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(held, ST_STEP_GET, e);
        if (!q) return -1;
        bind_digest(q, 1, &key);
        int r = db_next(held, q, e);
        return r < 0 ? -1 : r != DB_ROW;
}

static int remove_orphaned_notes(Collection *c, Err **e) {
        Store *s = c->store;
        DirList list = {0};
        if (faccessat(s->root_fd, "cache/checks", F_OK, 0) < 0) return 0; /* made when the first is written */
        if (dir_list(s->root_fd, "cache/checks", &list, e) < 0) return -1;
        int r = 0;
        for (size_t i = 0; i < list.n && r >= 0; i++) {
                AUTO(freep) char *path = xasprintf("cache/checks/%s", list.v[i].name);
                struct stat st;
                r = is_orphaned(s, list.v[i].name, e);
                if (r <= 0 || fstatat(s->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0) continue;
                c->report.bytes_freed += (uint64_t)st.st_blocks * 512;
                if (!c->params->dry_run) unlinkat(s->root_fd, path, 0);
        }
        dir_list_done(&list);
        return r < 0 ? -1 : 0;
}

/* Blobs first and under the lock that their publishers share: a blob may come back under the same name. */
static int collect_contents(Collection *c, Err **e) {
        Store *s = c->store;
        AUTO(closep) int blobs_lock = -1;
        if (lock_file(s->root_fd, "locks/blobs", LOCK_EXCLUSIVE, true, &blobs_lock, e) < 0) return -1;
        if (dir_list(s->root_fd, "snapshots", &c->snapshot_files, e) < 0) return -1;
        if (dir_list(s->root_fd, "blobs/sha256", &c->blob_files, e) < 0) return -1;
        if (collect_records_durably(c, e) < 0) return -1;
        if (remove_victims(c, "blobs/sha256", &c->blob_victims, &c->report.blobs_removed, e) < 0) return -1;
        close(TAKE_FD(blobs_lock));
        return remove_victims(c, "snapshots", &c->snapshot_victims, &c->report.snapshots_removed, e);
}

int store_collect(Store *s, const CollectParams *params, CollectReport *ret_report, Err **e) {
        AUTO(closep) int lock = -1;
        if (lock_collector(s, &lock, e) < 0) return -1;
        AUTO(collection_done) Collection c = {.store = s, .params = params};
        int r = collect_contents(&c, e);
        if (sweep_dead(s, params->dry_run, &c.report.bytes_freed, r < 0 ? NULL : e) < 0) r = -1;
        if (params->cache_all && sweep_mounts(s, params->dry_run, &c.report.bytes_freed, r < 0 ? NULL : e) < 0) r = -1;
        if (remove_old_digests(&c, r < 0 ? NULL : e) < 0) r = -1;
        if (remove_orphaned_notes(&c, r < 0 ? NULL : e) < 0) r = -1;
        if (!params->dry_run && sweep_step_locks(s, r < 0 ? NULL : e) < 0) r = -1;
        if (r < 0) return err_wrap(e, "clean the store up");
        *ret_report = c.report;
        c.report = (CollectReport){0};
        return 0;
}
