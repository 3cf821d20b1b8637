/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/vec.h"

enum { COPY_BUFFER_SIZE = 128 * 1024, READ_CHUNK = 64 * 1024 };

int fd_read_all(int fd, size_t max_size, char **ret_data, size_t *ret_size, Err **e) {
        struct stat st;
        Buf out = {0};
        size_t expected = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (size_t)st.st_size + 1 : READ_CHUNK;
        for (;;) {
                if (out.n > max_size) {
                        buf_done(&out);
                        return err_new(e, ERR_LIMIT, "more than %zu bytes", max_size);
                }
                buf_reserve(&out, out.n == 0 && expected <= max_size ? expected : READ_CHUNK);
                ssize_t n = read(fd, out.p + out.n, out.capacity - out.n - 1);
                if (n < 0 && errno == EINTR) continue;
                if (n < 0) {
                        buf_done(&out);
                        return err_sys(e, "read");
                }
                if (n == 0) break;
                out.n += (size_t)n;
        }
        if (out.n > max_size) {
                buf_done(&out);
                return err_new(e, ERR_LIMIT, "more than %zu bytes", max_size);
        }
        *ret_size = out.n;
        *ret_data = buf_take(&out);
        return 0;
}

int file_read(int dir_fd, const char *path, size_t max_size, char **ret_data, size_t *ret_size, Err **e) {
        AUTO(closep) int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0) return err_sys(e, "open '%s'", path);
        if (fd_read_all(fd, max_size, ret_data, ret_size, e) < 0) return err_wrap(e, "file '%s'", path);
        return 0;
}

int fd_write_all(int fd, const void *data, size_t size, Err **e) {
        const char *p = data;
        while (size > 0) {
                ssize_t n = write(fd, p, size);
                if (n < 0 && errno == EINTR) continue;
                if (n < 0) return err_sys(e, "write");
                p += n;
                size -= (size_t)n;
        }
        return 0;
}

int fd_read_full(int fd, void *data, size_t size, size_t *ret_size, Err **e) {
        size_t done = 0;
        while (done < size) {
                ssize_t n = read(fd, (char *)data + done, size - done);
                if (n < 0 && errno == EINTR) continue;
                if (n < 0) return err_sys(e, "read");
                if (n == 0) break;
                done += (size_t)n;
        }
        *ret_size = done;
        return 0;
}

int fd_read_at(int fd, uint64_t offset, void *data, size_t size, size_t *ret_size, Err **e) {
        size_t done = 0;
        while (done < size) {
                ssize_t n = pread(fd, (char *)data + done, size - done, (off_t)(offset + done));
                if (n < 0 && errno == EINTR) continue;
                if (n < 0) return err_sys(e, "read at offset %llu", (unsigned long long)offset);
                if (n == 0) break;
                done += (size_t)n;
        }
        *ret_size = done;
        return 0;
}

int file_write_atomic(int dir_fd, const char *path, const void *data, size_t size, mode_t mode, Err **e) {
        AUTO(freep) char *beside = xasprintf("%s.%d.%lx", path, (int)getpid(), (unsigned long)&data);
        {
                AUTO(closep) int fd = openat(dir_fd, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
                if (fd < 0) return err_sys(e, "create '%s'", beside);
                if (fd_write_all(fd, data, size, e) < 0) {
                        unlinkat(dir_fd, beside, 0);
                        return err_wrap(e, "file '%s'", beside);
                }
        }
        if (renameat(dir_fd, beside, dir_fd, path) < 0) {
                err_sys(e, "rename '%s' to '%s'", beside, path);
                unlinkat(dir_fd, beside, 0);
                return -1;
        }
        return 0;
}

static bool is_replaceable(const char *path) {
        struct stat st;
        return lstat(path, &st) < 0 || S_ISREG(st.st_mode);
}

int file_write_result(const char *path, const void *data, size_t size, Err **e) {
        if (is_replaceable(path)) return file_write_atomic(AT_FDCWD, path, data, size, 0644, e);
        AUTO(closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0) return err_sys(e, "open '%s'", path);
        return fd_write_all(fd, data, size, e) < 0 ? err_wrap(e, "'%s'", path) : 0;
}

void file_remove_result(const char *path) {
        if (is_replaceable(path)) unlink(path);
}

/* 1: done, 0: not possible this way, try the next; <0 failed. */
static int copy_in_kernel(int in_fd, int out_fd, uint64_t *size, Err **e) {
        while (*size > 0) {
                ssize_t n =
                        copy_file_range(in_fd, NULL, out_fd, NULL, *size > (1 << 30) ? (1 << 30) : (size_t)*size, 0);
                if (n < 0 && errno == EINTR) continue;
                if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS)) return 0;
                if (n < 0) return err_sys(e, "copy");
                if (n == 0) return 1;
                *size -= (uint64_t)n;
        }
        return 1;
}

int fd_copy(int in_fd, int out_fd, uint64_t size, Err **e) {
        if (lseek(in_fd, 0, SEEK_CUR) == 0 && lseek(out_fd, 0, SEEK_CUR) == 0) {
                struct stat st;
                if (fstat(in_fd, &st) == 0 && (uint64_t)st.st_size == size && ioctl(out_fd, FICLONE, in_fd) == 0)
                        return 0;
        }
        int r = copy_in_kernel(in_fd, out_fd, &size, e);
        if (r != 0) return r < 0 ? -1 : 0;
        AUTO(freep) char *buffer = xmalloc(COPY_BUFFER_SIZE);
        while (size > 0) {
                size_t got;
                if (fd_read_full(in_fd, buffer, size < COPY_BUFFER_SIZE ? (size_t)size : COPY_BUFFER_SIZE, &got, e) < 0)
                        return -1;
                if (got == 0) break;
                if (fd_write_all(out_fd, buffer, got, e) < 0) return -1;
                size -= got;
        }
        return 0;
}

int dir_make_all(int dir_fd, const char *path, mode_t mode, Err **e) {
        if (mkdirat(dir_fd, path, mode) == 0 || errno == EEXIST) return 0;
        if (errno != ENOENT) return err_sys(e, "make directory '%s'", path);
        AUTO(freep) char *copy = xstrdup(path);
        for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                if (mkdirat(dir_fd, copy, mode) < 0 && errno != EEXIST) return err_sys(e, "make directory '%s'", copy);
                *slash = '/';
        }
        if (mkdirat(dir_fd, path, mode) < 0 && errno != EEXIST) return err_sys(e, "make directory '%s'", path);
        return 0;
}

static int remove_children(int fd, Err **e);

static int remove_entry(int dir_fd, const char *name, unsigned char type, Err **e) {
        if (type != DT_DIR) {
                if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT) return 0;
                if (errno != EISDIR && errno != EPERM) return err_sys(e, "remove '%s'", name);
        }
        int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == EACCES && fchmodat(dir_fd, name, 0700, 0) == 0) {
                fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        }
        if (fd < 0) return errno == ENOENT ? 0 : err_sys(e, "open directory '%s'", name);
        if (remove_children(fd, e) < 0) return err_wrap(e, "in '%s'", name);
        if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
                return err_sys(e, "remove directory '%s'", name);
        return 0;
}

/* fd is consumed. */
static int remove_children(int fd, Err **e) {
        AUTO(closedirp) DIR *dir = fdopendir(fd);
        if (!dir) {
                close(fd);
                return err_sys(e, "read directory");
        }
        struct stat st;
        if (fstat(fd, &st) == 0 && (st.st_mode & 0300) != 0300) (void)fchmod(fd, 0700);
        for (struct dirent *entry; (entry = readdir(dir));) {
                if (streq(entry->d_name, ".") || streq(entry->d_name, "..")) continue;
                if (remove_entry(fd, entry->d_name, entry->d_type, e) < 0) return -1;
        }
        return 0;
}

int tree_remove(int dir_fd, const char *path, Err **e) {
        struct stat st;
        if (fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : err_sys(e, "look at '%s'", path);
        return remove_entry(dir_fd, path, S_ISDIR(st.st_mode) ? DT_DIR : DT_REG, e);
}

static unsigned char type_of_mode(mode_t mode) {
        return (unsigned char)((mode & S_IFMT) >> 12);
}

typedef struct NameOffset {
        size_t offset;
        unsigned char type;
        ino_t inode;
} NameOffset;

typedef struct DirScan {
        VEC(NameOffset) entries;
        Buf names;
} DirScan;

static int scan_directory(DIR *dir, DirScan *scan, Err **e) {
        for (;;) {
                errno = 0;
                struct dirent *entry = readdir(dir);
                if (!entry) return errno ? err_sys(e, "read directory") : 0;
                if (streq(entry->d_name, ".") || streq(entry->d_name, "..")) continue;
                unsigned char type = entry->d_type;
                struct stat st;
                if (type == DT_UNKNOWN && fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
                        type = type_of_mode(st.st_mode);
                }
                vec_push(&scan->entries, (NameOffset){scan->names.n, type, entry->d_ino});
                buf_add(&scan->names, entry->d_name, strlen(entry->d_name) + 1);
        }
}

static int compare_entries(const void *a, const void *b) {
        return strcmp(((const DirEntry *)a)->name, ((const DirEntry *)b)->name);
}

int dir_list(int dir_fd, const char *path, DirList *ret_list, Err **e) {
        int fd = openat(dir_fd, path[0] ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open directory '%s'", path);
        AUTO(closedirp) DIR *dir = fdopendir(fd);
        if (!dir) {
                close(fd);
                return err_sys(e, "open directory '%s'", path);
        }
        DirScan scan = {0};
        int r = scan_directory(dir, &scan, e);
        if (r < 0) {
                buf_done(&scan.names);
                vec_done(&scan.entries);
                return err_wrap(e, "directory '%s'", path);
        }
        DirList list = {
                .v = xcalloc(scan.entries.n, sizeof(DirEntry)), .n = scan.entries.n, .names = buf_take(&scan.names)};
        for (size_t i = 0; i < list.n; i++) {
                NameOffset *from = &scan.entries.v[i];
                list.v[i] = (DirEntry){list.names + from->offset, from->type, from->inode};
        }
        vec_done(&scan.entries);
        if (list.n > 1) qsort(list.v, list.n, sizeof *list.v, compare_entries);
        *ret_list = list;
        return 0;
}

void dir_list_done(DirList *list) {
        free(list->v);
        free(list->names);
        *list = (DirList){0};
}
