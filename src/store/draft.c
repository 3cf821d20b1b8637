/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "os/clock.h"
#include "os/fs.h"
#include "store/internal.h"

static int count_leftovers(Store *s, size_t *ret_count, Err **e) {
        DirList list = {0};
        if (dir_list(s->root_fd, "tmp", &list, e) < 0) return -1;
        *ret_count = list.n;
        dir_list_done(&list);
        return 0;
}

static int make_scratch_root(Store *s, bool *ret_made, Err **e) {
        *ret_made = false;
        if (s->process_scratch) return 0;
        AUTO(freep) char *path = xasprintf("tmp/%s", s->process);
        if (mkdirat(s->root_fd, path, 0700) < 0) return err_sys(e, "create '%s/%s'", s->root, path);
        s->process_scratch = *ret_made = true;
        return 0;
}

/* tmp/<process>, at first use. That is also the moment when too many leftovers of killed processes are noticed. */
static int scratch_start(Store *s, Err **e) {
        if (process_start(s, e) < 0) return -1;
        bool made;
        pthread_mutex_lock(&s->process_lock);
        int r = make_scratch_root(s, &made, e);
        pthread_mutex_unlock(&s->process_lock);
        if (r < 0 || !made) return r;
        size_t count;
        if (count_leftovers(s, &count, e) < 0) return -1;
        if (count > STORE_LEFTOVERS_MAX) sweep_dead(s, false, NULL, NULL);
        return 0;
}

int scratch_name(Store *s, const char *purpose, char **ret_path, Err **e) {
        if (scratch_start(s, e) < 0) return -1;
        unsigned n = atomic_fetch_add(&s->scratch_count, 1);
        *ret_path = xasprintf("%s/tmp/%s/%u-%s", s->root, s->process, n, purpose);
        return 0;
}

int store_scratch(Store *s, const char *purpose, char **ret_path, Err **e) {
        AUTO(freep) char *path = NULL;
        if (scratch_name(s, purpose, &path, e) < 0) return -1;
        if (mkdir(path, 0700) < 0) return err_sys(e, "create '%s'", path);
        *ret_path = TAKE(path);
        return 0;
}

static void draft_free(Draft *d) {
        if (d->fs_fd >= 0) close(d->fs_fd);
        free(d->path);
        free(d->fs_path);
        free(d->work_path);
        free(d);
}
DEFINE_FREEP(Draft, draft_free);

int store_draft_new(Store *s, Draft **ret_draft, Err **e) {
        AUTO(freep) char *path = NULL;
        if (store_scratch(s, "draft", &path, e) < 0) return -1;
        AUTO(draft_freep) Draft *d = xcalloc(1, sizeof *d);
        d->fs_fd = -1;
        d->fs_path = xasprintf("%s/fs", path);
        d->work_path = xasprintf("%s/work", path);
        d->path = TAKE(path);
        if (mkdir(d->fs_path, 0755) < 0) return err_sys(e, "create '%s'", d->fs_path);
        if (chmod(d->fs_path, 0755) < 0) return err_sys(e, "set the mode of '%s'", d->fs_path);
        if (mkdir(d->work_path, 0700) < 0) return err_sys(e, "create '%s'", d->work_path);
        d->fs_fd = open(d->fs_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (d->fs_fd < 0) return err_sys(e, "open '%s'", d->fs_path);
        *ret_draft = TAKE(d);
        return 0;
}

void store_draft_discard(Store *s, Draft *d) {
        if (!d) return;
        tree_remove(s->root_fd, d->path, NULL); /* what stays is swept when this process is gone */
        draft_free(d);
}

/* overlayfs leaves work/work (mode 0) and, for volatile mounts, work/incompat/volatile behind. They are set aside, to
 * be removed when nobody waits: on a file system that discards freed blocks at once, each of these directories costs
 * milliseconds. */
static int put_work_aside(Store *s, Draft *d, Err **e) {
        AUTO(freep) char *aside = NULL;
        if (scratch_name(s, "trash", &aside, e) < 0) return -1;
        if (rename(d->work_path, aside) == 0 || errno == ENOENT) return 0;
        return err_sys(e, "rename '%s'", d->work_path);
}

static int new_id(char ret_id[SNAPSHOT_ID_SIZE], Err **e) {
        unsigned char bytes[(SNAPSHOT_ID_SIZE - 1) / 2];
        if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return err_sys(e, "get random bytes");
        hex_render(bytes, sizeof bytes, ret_id);
        return 0;
}

static int lease_new_snapshot(Store *s, const char *id, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        return lease_snapshot(held, id, e);
}

static int record_snapshot(Store *s, const SnapshotInfo *info, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(db_rollbackp) Store *open = held;
        if (db_begin(open, e) < 0) return -1;
        AUTO(statement_donep) sqlite3_stmt *add = db_statement(s, ST_SNAPSHOT_ADD, e);
        AUTO(statement_donep) sqlite3_stmt *mark = db_statement(s, ST_MARK_SNAPSHOT, e);
        if (!add || !mark) return -1;
        bind_text(add, 1, info->id);
        bind_i64(add, 2, (int64_t)info->size_bytes);
        bind_i64(add, 3, (int64_t)info->entry_count);
        bind_i64(add, 4, (info->empty ? SNAPSHOT_EMPTY : 0) | (info->foreign ? SNAPSHOT_FOREIGN : 0));
        bind_digest(add, 5, info->has_diff_id ? &info->diff_id : NULL);
        bind_i64(add, 6, info->created_ns);
        bind_i64(mark, 1, (int64_t)store_boot(s));
        bind_text(mark, 2, info->id);
        if (db_run(s, add, e) < 0 || db_run(s, mark, e) < 0) return -1;
        return db_commit(s, e);
}

/* Until the record is there only the lease protects the directory from a collector, so the lease comes first. */
static int publish(Store *s, Draft *d, const SnapshotInfo *info, Err **e) {
        AUTO(freep) char *place = xasprintf("snapshots/%s", info->id);
        if (lease_new_snapshot(s, info->id, e) < 0) return -1;
        if (renameat(AT_FDCWD, d->path, s->root_fd, place) < 0) return err_sys(e, "publish '%s'", place);
        free(d->path);
        d->path = xasprintf("%s/%s", s->root, place);
        return record_snapshot(s, info, e);
}

int store_draft_commit(Store *s, Draft *d, SnapshotInfo *info, Err **e) {
        info->created_ns = clock_now_ns();
        if (put_work_aside(s, d, e) < 0 || new_id(info->id, e) < 0 || publish(s, d, info, e) < 0) {
                store_draft_discard(s, d);
                return err_wrap(e, "store the new layer");
        }
        draft_free(d);
        return 0;
}
