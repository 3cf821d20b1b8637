/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "layer/copy_apply.h"
#include "layer/overlay.h"
#include "os/clock.h"
#include "os/workers.h"

enum { PROGRESS_STEP = 8 << 20, FD_UNKNOWN = -2, COPY_DONE = 0, COPY_NOT_LINKED = 1 };

/* What a job has open: the directories that it copies from and to stay the same from file to file. */
typedef struct FileJob {
        Applying *a;
        CopyReader reader;
        int source_fd;
        uint32_t source_layer;
        int target_fd;
        int earlier_fd;  /* the target's directory in the earlier layer; -1 none, FD_UNKNOWN not asked for yet */
        char *directory; /* of the target, relative to the layer */
        char *path;      /* of the file at hand */
        uint64_t unreported;
} FileJob;

static void job_init(FileJob *j, Applying *a) {
        *j = (FileJob){.a = a, .source_fd = -1, .target_fd = -1, .earlier_fd = FD_UNKNOWN};
        copy_reader_init(&j->reader);
}

static void job_done(FileJob *j) {
        copy_reader_done(&j->reader);
        closep(&j->source_fd);
        closep(&j->target_fd);
        closep(&j->earlier_fd);
        free(j->directory);
        free(j->path);
}

static int open_dir(int root_fd, const char *path, Err **e) {
        int fd = openat(root_fd, path[0] ? path : ".", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? err_sys(e, "open directory '/%s'", path) : fd;
}

static char *parent_of(const char *path) {
        const char *slash = strrchr(path, '/');
        return slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup("");
}

static int open_target(FileJob *j, Err **e) {
        j->directory = parent_of(j->path);
        j->target_fd = open_dir(j->a->how->draft->fs_fd, j->directory, e);
        return j->target_fd < 0 ? -1 : 0;
}

static int open_source_dir(FileJob *j, const CopyEntry *entry, Err **e) {
        if (j->source_fd >= 0 && j->source_layer == entry->layer) return 0;
        closep(&j->source_fd);
        AUTO(freep) char *directory = parent_of(entry->path);
        j->source_fd = open_dir(view_layer_fd(j->a->set->view, entry->layer), directory, e);
        j->source_layer = entry->layer;
        return j->source_fd < 0 ? -1 : 0;
}

static const char *target_name(const FileJob *j) {
        const char *slash = strrchr(j->path, '/');
        return slash ? slash + 1 : j->path;
}

/* A layer that is added to may have the name already. */
static int make_room(FileJob *j, Err **e) {
        if (unlinkat(j->target_fd, target_name(j), 0) == 0) return 0;
        return err_sys(e, "replace '/%s'", j->path);
}

/* ---- hard links instead of copies */

/* Times do not count: as a step whose files were only touched is found in the cache and keeps the times of its first copy, so
 * does a file that stays while another one changes. */
static bool same_meta(const struct stat *st, const DraftMeta *want) {
        Owner owner = owner_of(st);
        return (st->st_mode & 07777) == want->mode && owner.uid == want->uid && owner.gid == want->gid;
}

static int link_file(FileJob *j, int dir_fd, const char *name, Err **e) {
        for (int attempt = 0; attempt < 2; attempt++) {
                if (linkat(dir_fd, name, j->target_fd, target_name(j), 0) == 0) return COPY_DONE;
                if (errno != EEXIST) break;
                if (make_room(j, e) < 0) return -1;
        }
        /* too many links, another file system, links forbidden: copy */
        return COPY_NOT_LINKED;
}

static int link_source(FileJob *j, const CopyEntry *entry, Err **e) {
        if (!j->a->how->link_from_source || entry->flags & (ENTRY_INLINE | ENTRY_APART)) return COPY_NOT_LINKED;
        if (j->a->archives.n) return COPY_NOT_LINKED; /* an archive may change files that it links to */
        DraftMeta want = copy_wanted(j->a, entry);
        bool same = (entry->mode & 07777) == want.mode && entry->uid == want.uid && entry->gid == want.gid &&
                    entry->mtime_ns == want.mtime_ns;
        return same ? link_file(j, j->source_fd, copy_entry_name(entry), e) : COPY_NOT_LINKED;
}

static int earlier_dir(FileJob *j) {
        if (j->earlier_fd != FD_UNKNOWN) return j->earlier_fd;
        j->earlier_fd = j->a->earlier_fd < 0 ? -1 : open_dir(j->a->earlier_fd, j->directory, NULL);
        return j->earlier_fd;
}

/* The same file in the layer that this step made the last time. Where its size and times suggest that it may be the same
 * one but the digest is not known, reading comes first: one read, and no write when it is. */
static int link_earlier(FileJob *j, CopyEntry *entry, Err **e) {
        Applying *a = j->a;
        if (entry->flags & ENTRY_INLINE || a->archives.n || earlier_dir(j) < 0) return COPY_NOT_LINKED;
        DraftMeta want = copy_wanted(a, entry);
        struct stat st;
        if (fstatat(j->earlier_fd, target_name(j), &st, AT_SYMLINK_NOFOLLOW) < 0) return COPY_NOT_LINKED;
        if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != entry->size || !same_meta(&st, &want))
                return COPY_NOT_LINKED;
        Digest digest;
        if (!digest_index_get(a->how->earlier, j->path, NULL, &digest)) return COPY_NOT_LINKED;
        if (!(entry->flags & ENTRY_HASHED) && copy_hash_entry(a->set, entry, &j->reader, a->how->cancelled, e) < 0)
                return -1;
        if (!digest_eq(&digest, &entry->digest)) return COPY_NOT_LINKED;
        if (st.st_nlink > 1 && !inode_set_add(&a->linked, st.st_ino)) return COPY_NOT_LINKED;
        return link_file(j, j->earlier_fd, target_name(j), e);
}

/* ---- copies */

static int create_file(FileJob *j, mode_t mode, Err **e) {
        for (int attempt = 0; attempt < 2; attempt++) {
                int fd = openat(j->target_fd, target_name(j), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                mode & 0777);
                if (fd >= 0) return fd;
                if (errno != EEXIST) break;
                if (make_room(j, e) < 0) return -1;
        }
        return err_sys(e, "create '/%s'", j->path);
}

static int finish_owner(const FileJob *j, int fd, const DraftMeta *want, Err **e) {
        const Applying *a = j->a;
        Owner owner = {want->uid, want->gid};
        bool foreign = owner.uid != a->own.uid || owner.gid != a->own.gid;
        if (foreign && owner_set(fd, owner) < 0) return owner_failed(j->path, owner, e);
        /* changing the owner drops the set-id bits */
        if (((want->mode & a->umask) || (want->mode & 07000)) && fchmod(fd, want->mode) < 0) {
                return err_sys(e, "change mode of '/%s'", j->path);
        }
        return 0;
}

static int finish_times(const FileJob *j, int fd, const DraftMeta *want, Err **e) {
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, timespec_of_ns(want->mtime_ns)};
        return futimens(fd, times) < 0 ? err_sys(e, "set time of '/%s'", j->path) : 0;
}

static int report(FileJob *j, uint64_t bytes, Err **e) {
        j->unreported += bytes;
        if (j->unreported < PROGRESS_STEP) return 0;
        copy_progress(j->a, j->unreported);
        j->unreported = 0;
        return copy_cancelled(j->a, e);
}

/* One read for both: the copy and the hash. hash may be NULL. size_hint saves the read that finds the end. */
static int pump(FileJob *j, int in, int out, Sha256 *hash, uint64_t size_hint, Err **e) {
        uint64_t copied = 0;
        for (;;) {
                ssize_t n = read(in, j->reader.buffer, COPY_BUFFER_SIZE);
                if (n < 0 && errno == EINTR) continue;
                if (n < 0) return err_sys(e, "read");
                if (n == 0) return 0;
                if (hash) sha256_add(hash, j->reader.buffer, (size_t)n);
                if (fd_write_all(out, j->reader.buffer, (size_t)n, e) < 0 || report(j, (uint64_t)n, e) < 0) return -1;
                copied += (uint64_t)n;
                if (n < COPY_BUFFER_SIZE && copied == size_hint) return 0;
        }
}

/* Without a hash the kernel copies; piece by piece, so that cancelling does not have to wait for a whole disk image. */
static int transfer(FileJob *j, int in, int out, uint64_t size, Err **e) {
        while (size > 0) {
                uint64_t piece = size < PROGRESS_STEP ? size : PROGRESS_STEP;
                if (fd_copy(in, out, piece, e) < 0 || report(j, piece, e) < 0) return -1;
                size -= piece;
        }
        return 0;
}

static int copy_xattrs(FileJob *j, int in, const CopyEntry *entry, Err **e) {
        char probe[256];
        ssize_t n = flistxattr(in, probe, sizeof probe);
        if (n == 0 || (n < 0 && errno != ERANGE)) return 0;
        return draft_copy_xattrs(j->source_fd, copy_entry_name(entry), j->target_fd, target_name(j), e);
}

static CopyLarge *find_large(Applying *a, uint32_t index) {
        for (size_t i = 0; i < a->large.n; i++) {
                if (a->large.v[i].entry == index) return &a->large.v[i];
        }
        return NULL;
}

static bool unchanged(const CopyEntry *entry, const struct stat *st) {
        return entry->size == (uint64_t)st->st_size && entry->mtime_ns == stat_mtime_ns(st);
}

static int copy_and_hash(FileJob *j, CopyEntry *entry, int in, int out, const struct stat *st, Err **e) {
        int64_t started_ns = clock_now_ns();
        Digest digest;
        sha256_reset(j->reader.hash);
        if (pump(j, in, out, j->reader.hash, (uint64_t)st->st_size, e) < 0) return -1;
        sha256_finish(j->reader.hash, &digest);
        if (copy_digest_xattrs(j->source_fd, copy_entry_name(entry), in, &digest, e) < 0) return -1;
        if (entry->flags & ENTRY_HASHED) {
                pthread_mutex_lock(&j->a->lock);
                j->a->set->changed = true;
                pthread_mutex_unlock(&j->a->lock);
        }
        copy_entry_set_digest(j->a->set, entry, st, started_ns, &digest);
        return 0;
}

static int copy_contents(FileJob *j, uint32_t index, int in, int out, const struct stat *st, Err **e) {
        CopyEntry *entry = copy_entry(j->a->set, index);
        uint64_t size = (uint64_t)st->st_size;
        CopyLarge *large = find_large(j->a, index);
        if (large) { /* another job hashes it at the same time */
                if (transfer(j, in, out, size, e) < 0) return -1;
                entry->size = size;
                entry->mtime_ns = stat_mtime_ns(st);
                return fstat(in, &large->copied) < 0 ? err_sys(e, "fstat") : 0;
        }
        if (!(entry->flags & ENTRY_HASHED) || !unchanged(entry, st)) return copy_and_hash(j, entry, in, out, st, e);
        return size <= COPY_BUFFER_SIZE ? pump(j, in, out, NULL, size, e) : transfer(j, in, out, size, e);
}

static int copy_regular(FileJob *j, uint32_t index, Err **e) {
        CopyEntry *entry = copy_entry(j->a->set, index);
        AUTO(closep)
        int in = openat(j->source_fd, copy_entry_name(entry), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (in < 0) return err_sys(e, "open");
        struct stat st;
        if (fstat(in, &st) < 0) return err_sys(e, "fstat");
        if (!S_ISREG(st.st_mode)) return err_new(e, ERR_CONFLICT, "it is no regular file any more");
        AUTO(closep) int out = create_file(j, copy_entry_mode(j->a->set, entry), e);
        if (out < 0 || copy_contents(j, index, in, out, &st, e) < 0) return -1;
        DraftMeta want = copy_wanted(j->a, entry);
        if (finish_owner(j, out, &want, e) < 0 || copy_xattrs(j, in, entry, e) < 0) return -1;
        return finish_times(j, out, &want, e);
}

static int write_inline(FileJob *j, const CopyEntry *entry, Err **e) {
        DraftMeta want = copy_wanted(j->a, entry);
        AUTO(closep) int out = create_file(j, want.mode, e);
        if (out < 0 || fd_write_all(out, entry->inline_data->data, entry->inline_data->size, e) < 0) return -1;
        return finish_owner(j, out, &want, e) < 0 ? -1 : finish_times(j, out, &want, e);
}

static int make_file(FileJob *j, uint32_t index, Err **e) {
        CopyEntry *entry = copy_entry(j->a->set, index);
        int r = 0;
        if (entry->flags & ENTRY_INLINE)
                r = write_inline(j, entry, e);
        else if (open_source_dir(j, entry, e) < 0)
                r = -1;
        else if ((r = link_source(j, entry, e)) == COPY_NOT_LINKED &&
                 (r = link_earlier(j, entry, e)) == COPY_NOT_LINKED) {
                r = copy_regular(j, index, e);
        } else if (r == COPY_DONE)
                r = report(j, entry->size, e);
        if (r == 0 && j->a->how->record && entry->flags & ENTRY_HASHED) {
                digest_index_add(j->a->how->record, j->path, NULL, 0, &entry->digest);
        }
        return r;
}

/* ---- links, pipes, devices */

static int make_special(FileJob *j, const CopyEntry *entry, Err **e) {
        const char *name = target_name(j);
        DraftMeta want = copy_wanted(j->a, entry);
        bool link = S_ISLNK(entry->mode);
        for (int attempt = 0;; attempt++) {
                int r = link ? symlinkat(entry->target, j->target_fd, name)
                             : mknodat(j->target_fd, name, (entry->mode & S_IFMT) | 0600, entry->device_id);
                if (r == 0) break;
                if (errno != EEXIST || attempt) return err_sys(e, "create '/%s'", j->path);
                if (make_room(j, e) < 0) return -1;
        }
        Owner owner = {want.uid, want.gid}, own = j->a->own;
        bool foreign = owner.uid != own.uid || owner.gid != own.gid;
        if (foreign && owner_set_at(j->target_fd, name, owner) < 0) return owner_failed(j->path, owner, e);
        if (!link && fchmodat(j->target_fd, name, want.mode, 0) < 0) return err_sys(e, "change mode of '/%s'", j->path);
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, timespec_of_ns(want.mtime_ns)};
        if (utimensat(j->target_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
                return err_sys(e, "set time of '/%s'", j->path);
        return 0;
}

/* ---- jobs */

static int job_files(Applying *a, const CopyJob *job, Err **e) {
        FileJob j;
        job_init(&j, a);
        int r = 0;
        for (uint32_t i = job->from; i < job->end && r == 0; i++) {
                uint32_t index = a->order.v[i];
                const CopyEntry *entry = copy_entry(a->set, index);
                free(j.path);
                j.path = copy_target_path(a->set, entry);
                if (copy_cancelled(a, e) < 0 || (j.target_fd < 0 && open_target(&j, e) < 0))
                        r = -1;
                else
                        r = S_ISREG(entry->mode) ? make_file(&j, index, e) : make_special(&j, entry, e);
                if (r < 0) err_wrap(e, "copy '%s' to '/%s'", entry->path, j.path);
        }
        if (r == 0 && j.unreported) copy_progress(a, j.unreported);
        job_done(&j);
        return r;
}

static int job_hash(Applying *a, uint32_t index, Err **e) {
        CopyLarge *large = find_large(a, index);
        const CopyEntry *entry = copy_entry(a->set, index);
        AUTO(closep) int fd = -1;
        struct stat st;
        CopyReader reader;
        copy_reader_init(&reader);
        large->started_ns = clock_now_ns();
        int r = copy_open_entry(a->set, entry, &fd, &st, e);
        if (r == 0) r = copy_hash_contents(fd, &reader, a->how->cancelled, &large->digest, e);
        if (r == 0 && fstat(fd, &large->hashed) < 0) r = err_sys(e, "fstat");
        int layer_fd = view_layer_fd(a->set->view, entry->layer);
        if (r == 0) r = copy_digest_xattrs(layer_fd, entry->path, fd, &large->digest, e);
        copy_reader_done(&reader);
        return r < 0 ? err_wrap(e, "read '%s'", entry->path) : 0;
}

static int run_job(void *context, size_t index) {
        Applying *a = context;
        const CopyJob *job = &a->jobs.v[index];
        Err *e = NULL;
        int r = job->kind == JOB_HASH ? job_hash(a, a->order.v[job->from], &e) : job_files(a, job, &e);
        if (r == 0) return 0;
        pthread_mutex_lock(&a->lock);
        err_move(&a->error, &e);
        pthread_mutex_unlock(&a->lock);
        return -1;
}

static bool same_version(const struct stat *a, const struct stat *b) {
        return a->st_size == b->st_size && a->st_ino == b->st_ino && stat_mtime_ns(a) == stat_mtime_ns(b) &&
               a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* The two halves of a large file have to have seen the same file; if not, the copy is what counts. */
static int settle_large(Applying *a, CopyLarge *large, Err **e) {
        CopyEntry *entry = copy_entry(a->set, large->entry);
        AUTO(freep) char *path = copy_target_path(a->set, entry);
        if (same_version(&large->copied, &large->hashed)) {
                copy_entry_set_digest(a->set, entry, &large->hashed, large->started_ns, &large->digest);
        } else {
                AUTO(closep) int fd = openat(a->how->draft->fs_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
                if (fd < 0) return err_sys(e, "open '/%s'", path);
                CopyReader reader;
                copy_reader_init(&reader);
                int r = copy_hash_contents(fd, &reader, a->how->cancelled, &entry->digest, e);
                copy_reader_done(&reader);
                if (r < 0) return r;
                entry->flags |= ENTRY_HASHED;
        }
        if (a->how->record) digest_index_add(a->how->record, path, NULL, 0, &entry->digest);
        return 0;
}

int copy_jobs_run(Applying *a, Err **e) {
        if (parallel_for(a->jobs.n, run_job, a) < 0) {
                err_move(e, &a->error);
                return -1;
        }
        for (size_t i = 0; i < a->large.n; i++) {
                if (settle_large(a, &a->large.v[i], e) < 0) return -1;
        }
        return 0;
}
