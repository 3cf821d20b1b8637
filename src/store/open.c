/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "os/fs.h"
#include "os/lock.h"
#include "os/root_path.h"
#include "store/internal.h"

static bool in_user_namespace(void) {
        AUTO(freep) char *map = NULL;
        size_t size;
        if (file_read(AT_FDCWD, "/proc/self/uid_map", 4096, &map, &size, NULL) < 0) return false;
        unsigned inside, outside, count;
        return sscanf(map, "%u %u %u", &inside, &outside, &count) != 3 || inside || outside || count != 4294967295u;
}

static char *home_directory(void) {
        const char *home = getenv("HOME");
        if (home && home[0] == '/') return xstrdup(home);
        char buffer[4096];
        struct passwd entry, *found = NULL;
        getpwuid_r(getuid(), &entry, buffer, sizeof buffer, &found);
        return xstrdup(found && found->pw_dir ? found->pw_dir : "/");
}

char *store_default_root(void) {
        const char *root = getenv("DECANT_ROOT");
        if (root && *root) return xstrdup(root);
        if (getuid() == 0 && !in_user_namespace()) return xstrdup("/var/lib/decant");
        const char *data = getenv("XDG_DATA_HOME");
        if (data && data[0] == '/') return xasprintf("%s/decant", data);
        AUTO(freep) char *home = home_directory();
        return xasprintf("%s/.local/share/decant", home);
}

/* SQLite's WAL is shared memory between processes of one machine, and locks must be the kernel's. */
static int check_file_system(Store *s, Err **e) {
        enum { NFS = 0x6969, SMB = 0x517b, SMB2 = (int)0xfe534d42, CIFS = (int)0xff534d42, V9FS = 0x01021997 };
        struct statfs fs;
        if (statfs(s->root, &fs) < 0) return err_sys(e, "look at '%s'", s->root);
        int type = (int)fs.f_type;
        if (type != NFS && type != SMB && type != SMB2 && type != CIFS && type != V9FS) return 0;
        err_new(e, ERR_UNSUPPORTED, "the store '%s' would be on a network file system", s->root);
        return err_hint(e, "set DECANT_ROOT to a directory on a local disk");
}

/* ext4 spreads the directories made in a directory with this flag over the disk. Without it they crowd into one group of
 * inodes, and making one takes milliseconds once many were removed there. Elsewhere the flag means nothing. */
static void spread_directories(Store *s, const char *name) {
        AUTO(closep) int fd = openat(s->root_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int flags = 0;
        if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0) return;
        flags |= FS_TOPDIR_FL;
        (void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static int make_directories(Store *s, Err **e) {
        static const char *const names[] = {"blobs/sha256", "snapshots", "digests", "cache", "tmp", "locks/steps"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (dir_make_all(s->root_fd, names[i], 0700, e) < 0) return -1;
        spread_directories(s, "tmp");
        spread_directories(s, "snapshots");
        return 0;
}

/* One process at a time; the file "version" comes last and says that everything else is there. */
static int set_up(Store *s, Err **e) {
        if (check_file_system(s, e) < 0 || make_directories(s, e) < 0) return -1;
        AUTO(closep) int lock = -1;
        if (lock_file(s->root_fd, "locks/setup", LOCK_EXCLUSIVE, true, &lock, e) < 0) return -1;
        if (db_open(s, true, e) < 0 || schema_create(s, e) < 0) return -1;
        AUTO(freep) char *text = xasprintf("%d\n", STORE_VERSION);
        return file_write_atomic(s->root_fd, "version", text, strlen(text), 0600, e);
}

/* Ids of files mean something else to somebody else: root would take a user's files for wrong ones, and leave some that are
 * in the user's way. */
static int check_owner(const Store *s, int fd, Err **e) {
        struct stat st;
        if (fstat(fd, &st) < 0) return err_sys(e, "look at '%s/version'", s->root);
        if (st.st_uid == geteuid()) return 0;
        err_new(e, ERR_DENIED, "the store '%s' belongs to another user", s->root);
        return err_hint(e, "run decant as that user, or set DECANT_ROOT to a directory of your own");
}

enum { VERSION_FITS, VERSION_ABSENT };

static int read_version(Store *s, Err **e) {
        char text[16];
        AUTO(closep) int fd = openat(s->root_fd, "version", O_RDONLY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT) return VERSION_ABSENT;
        if (fd < 0) {
                int denied = errno == EACCES;
                err_sys(e, "open '%s/version'", s->root);
                return denied ? err_hint(e, "set DECANT_ROOT to a directory of your own") : -1;
        }
        if (check_owner(s, fd, e) < 0) return -1;
        ssize_t n = read(fd, text, sizeof text);
        if (n < 0) return err_sys(e, "read '%s/version'", s->root);
        uint64_t version;
        Str found = str_trim((Str){text, (size_t)n});
        if (n == 0) return VERSION_ABSENT; /* a crash of the machine while it was made */
        if (!u64_parse(found, 10, &version) || version == 0)
                return err_new(e, ERR_STORE, "'%s/version' is damaged", s->root);
        if (version == STORE_VERSION) return VERSION_FITS;
        err_new(e, ERR_STORE, "the store '%s' has version %llu, this decant knows version %d", s->root,
                (unsigned long long)version, STORE_VERSION);
        return err_hint(e, "use a newer decant, or another directory (DECANT_ROOT)");
}

static int open_root(Store *s, Err **e) {
        if (strlen(s->root) > STORE_ROOT_MAX) {
                err_new(e, ERR_LIMIT, "the path of the store is longer than %d bytes: '%s'", STORE_ROOT_MAX, s->root);
                return err_hint(e, "set DECANT_ROOT to a shorter one");
        }
        s->root_fd = open(s->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (s->root_fd >= 0) return 0;
        if (errno != ENOENT) return err_sys(e, "open the store '%s'", s->root);
        if (dir_make_all(AT_FDCWD, s->root, 0700, e) < 0) return err_wrap(e, "create the store");
        s->root_fd = open(s->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return s->root_fd < 0 ? err_sys(e, "open the store '%s'", s->root) : 0;
}

static Store *store_new(char *root) {
        Store *s = xcalloc(1, sizeof *s);
        s->root = root;
        s->root_fd = s->process_fd = s->gate_fd = -1;
        s->leases = map_new();
        pthread_mutex_init(&s->db_lock, NULL);
        pthread_mutex_init(&s->process_lock, NULL);
        return s;
}

static int absolute_path(const char *path, char **ret_path, Err **e) {
        char here[4096];
        if (path[0] != '/' && !getcwd(here, sizeof here)) return err_sys(e, "find the working directory");
        *ret_path = path_join(path[0] == '/' ? "/" : here, path);
        return 0;
}

int store_open(const char *root, Store **ret_store, Err **e) {
        char *path;
        if (absolute_path(root, &path, e) < 0) return -1;
        AUTO(store_closep) Store *s = store_new(path);
        if (open_root(s, e) < 0) return -1;
        int version = read_version(s, e);
        if (version < 0) return -1;
        if ((version == VERSION_FITS ? db_open(s, false, e) : set_up(s, e)) < 0) return -1;
        if (schema_check(s, e) < 0 || schema_drop_lost(s, e) < 0) return -1;
        *ret_store = TAKE(s);
        return 0;
}

/* Only the order of collection depends on it: a failure is none. */
static void flush_used(Store *s) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        step_flush_used(held, NULL);
}

void store_close(Store *s) {
        if (!s) return;
        if (s->db) {
                flush_used(s);
                log_trim(s);
        }
        db_close(s);
        process_stop(s);
        map_free(s->leases);
        vec_done(&s->used_pending);
        if (s->gate_fd >= 0) close(s->gate_fd);
        if (s->root_fd >= 0) close(s->root_fd);
        pthread_mutex_destroy(&s->db_lock);
        pthread_mutex_destroy(&s->process_lock);
        free(s->root);
        free(s);
}

const char *store_root(const Store *s) {
        return s->root;
}

int store_root_fd(const Store *s) {
        return s->root_fd;
}

int store_value_get(Store *s, const char *name, char **ret_value, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(held, ST_VALUE_GET, e);
        if (!q) return -1;
        bind_text(q, 1, name);
        int r = db_next(s, q, e);
        if (r != DB_ROW) return r < 0 ? r : STORE_ABSENT;
        const char *text = (const char *)sqlite3_column_text(q, 0);
        *ret_value = xstrdup(text ? text : "");
        return STORE_FOUND;
}

int store_value_set(Store *s, const char *name, const char *value, Err **e) {
        AUTO(db_unlockp) Store *held = db_lock(s);
        AUTO(statement_donep) sqlite3_stmt *q = db_statement(held, ST_VALUE_SET, e);
        if (!q) return -1;
        bind_text(q, 1, name);
        bind_text(q, 2, value);
        return db_run(s, q, e);
}
