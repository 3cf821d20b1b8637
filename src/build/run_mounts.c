/* SPDX-License-Identifier: Apache-2.0 */
#include "build/run_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "build/memory_dir.h"
#include "build/mount_tree.h"
#include "build/run_devices.h"
#include "os/fs.h"
#include "os/lock.h"

enum { SECRET_MAX = 500 * 1024, CACHE_DIRS_MAX = 1000 };

static const char *keep_text(RunMounts *m, char *text) {
        strvec_push_take(&m->texts, text);
        return text;
}

const char *run_mounts_keep(RunMounts *m, const char *text) {
        return keep_text(m, xstrdup(text));
}

static void add_mount(RunMounts *m, SandboxMount mount) {
        vec_push(&m->list, mount);
}

static int scratch_dir(RunMounts *m, const char *purpose, const char **ret_path, Err **e) {
        char *path;
        if (store_scratch(m->store, purpose, &path, e) < 0) return -1;
        strvec_push(&m->scratch, path);
        *ret_path = keep_text(m, path);
        return 0;
}

/* ---- key */

bool run_mounts_need_reading(const Node *n) {
        const PlanRun *run = &n->step->run;
        for (size_t i = 0; i < run->mount_count; i++) {
                if (run->mounts[i].type == MOUNT_BIND) return true;
        }
        return false;
}

static void common_fields(KeyText *k, const PlanMount *mount) {
        key_number(k, "mount", mount->type);
        key_text(k, "target", mount->target);
        key_number(k, "read-only", mount->read_only);
        key_number(k, "size", mount->size_bytes);
        if (mount->type != MOUNT_SECRET && mount->type != MOUNT_SSH) return;
        key_text(k, "id", mount->id);
        key_text(k, "env", mount->env);
}

static int mount_fields(Build *b, Node *n, KeyText *k, const PlanMount *mount, Err **e) {
        common_fields(k, mount);
        if (mount->type == MOUNT_CACHE && mount->from) key_digest(k, "from", &node_of(n, mount->from)->result.key);
        if (mount->type != MOUNT_BIND) return 0;
        Digest content;
        if (mount_tree_digest(b, n, mount, &content, e) < 0) return -1;
        key_digest(k, "content", &content);
        return 0;
}

int run_mounts_key(Build *b, Node *n, KeyText *k, Err **e) {
        const PlanRun *run = &n->step->run;
        key_number(k, "mounts", run->mount_count);
        for (size_t i = 0; i < run->mount_count; i++) {
                if (mount_fields(b, n, k, &run->mounts[i], e) < 0) return -1;
        }
        return 0;
}

/* ---- one function a type */

typedef struct MountJob {
        Build *b;
        Node *n;
        const User *user;
        StrVec *env;
        RunMounts *m;
        const PlanMount *mount;
} MountJob;

static int prepare_bind(MountJob *j, Err **e) {
        const char *scratch;
        char *source;
        if (scratch_dir(j->m, "bind", &scratch, e) < 0) return -1;
        if (mount_tree_make(j->b, j->n, j->mount, scratch, &source, e) < 0) return -1;
        add_mount(j->m, (SandboxMount){.type = SANDBOX_BIND,
                                       .source = keep_text(j->m, source),
                                       .target = j->mount->target,
                                       .read_only = j->mount->read_only});
        return 0;
}

static int prepare_tmpfs(MountJob *j, Err **e) {
        (void)e;
        add_mount(j->m, (SandboxMount){.type = SANDBOX_TMPFS,
                                       .target = j->mount->target,
                                       .size_bytes = j->mount->size_bytes,
                                       .mode = 01777,
                                       .no_suid = true});
        return 0;
}

static const BuildSecret *find_secret(const BuildParams *params, const char *id) {
        for (size_t i = 0; i < params->secret_count; i++) {
                if (streq(params->secrets[i].id, id)) return &params->secrets[i];
        }
        return NULL;
}

static int read_secret(const BuildSecret *secret, Buf *ret_value, Err **e) {
        if (secret->env) {
                const char *value = getenv(secret->env);
                buf_adds(ret_value, value ? value : "");
                return 0;
        }
        AUTO(freep) char *data = NULL;
        size_t size;
        if (file_read(AT_FDCWD, secret->path, SECRET_MAX, &data, &size, e) < 0)
                return err_wrap(e, "secret %s", secret->id);
        buf_add(ret_value, data, size);
        return 0;
}

/* Secrets never touch the disk. */
static int memory_dir(RunMounts *m, char **ret_path, Err **e) {
        int lock;
        if (memory_dir_make(ret_path, &lock, e) < 0) return -1;
        vec_push(&m->locks, lock);
        strvec_push(&m->scratch, *ret_path);
        return 0;
}

static int secret_file(MountJob *j, Str value, Err **e) {
        const PlanMount *mount = j->mount;
        AUTO(freep) char *dir = NULL;
        if (memory_dir(j->m, &dir, e) < 0) return -1;
        char *path = xasprintf("%s/value", dir);
        keep_text(j->m, path);
        mode_t mode = mount->has_mode ? mount->mode : 0400;
        AUTO(closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0) return err_sys(e, "create a secret's file");
        if (fd_write_all(fd, value.p, value.n, e) < 0) return -1;
        if (fchown(fd, mount->has_uid ? mount->uid : 0, mount->has_gid ? mount->gid : 0) < 0 || fchmod(fd, mode) < 0) {
                return err_sys(e, "set owner and mode of a secret's file");
        }
        add_mount(j->m, (SandboxMount){.type = SANDBOX_BIND,
                                       .source = path,
                                       .target = mount->target,
                                       .read_only = true,
                                       .no_suid = true,
                                       .no_dev = true,
                                       .no_exec = true});
        return 0;
}

static int prepare_secret(MountJob *j, Err **e) {
        const PlanMount *mount = j->mount;
        const BuildSecret *secret = find_secret(j->b->params, mount->id);
        if (!secret && mount->required) {
                err_new(e, ERR_NOT_FOUND, "secret %s: not found", mount->id);
                return err_hint(e, "pass it with --secret id=%s,src=FILE or --secret id=%s,env=NAME", mount->id,
                                mount->id);
        }
        if (!secret) {
                if (mount->env) strvec_env_set(j->env, mount->env, "");
                return 0;
        }
        AUTO(buf_done) Buf value = {0};
        if (read_secret(secret, &value, e) < 0) return -1;
        if (mount->env) strvec_env_set(j->env, mount->env, value.p ? value.p : "");
        return mount->target ? secret_file(j, buf_str(&value), e) : 0;
}

static const BuildSsh *find_ssh(const BuildParams *params, const char *id) {
        for (size_t i = 0; i < params->ssh_count; i++) {
                if (streq(params->ssh[i].id, id)) return &params->ssh[i];
        }
        return NULL;
}

static int forward_agent(MountJob *j, const BuildSsh *ssh, Err **e) {
        const PlanMount *mount = j->mount;
        AUTO(freep) char *dir = NULL;
        const char *agent;
        if (ssh_agent_socket(&j->b->ssh_agents, ssh, &agent, e) < 0) return -1;
        if (memory_dir(j->m, &dir, e) < 0) return -1; /* a short path, as sockets need */
        char *path = xasprintf("%s/agent", dir);
        keep_text(j->m, path);
        SshForwardParams params = {
                .agent = agent,
                .socket = path,
                .mode = mount->has_mode ? mount->mode : 0600,
                .uid = mount->has_uid ? mount->uid : 0,
                .gid = mount->has_gid ? mount->gid : 0,
        };
        SshForward *forward;
        if (ssh_forward_start(&params, &forward, e) < 0) return -1;
        vec_push(&j->m->agents, forward);
        add_mount(j->m, (SandboxMount){.type = SANDBOX_BIND, .source = path, .target = mount->target});
        return 0;
}

/* The first one's socket is what programs find by themselves. */
static int prepare_ssh(MountJob *j, Err **e) {
        const PlanMount *mount = j->mount;
        const BuildSsh *ssh = find_ssh(j->b->params, mount->id);
        if (!strvec_env_get(j->env, "SSH_AUTH_SOCK")) strvec_env_set(j->env, "SSH_AUTH_SOCK", mount->target);
        if (ssh) return forward_agent(j, ssh, e);
        if (!mount->required) return 0;
        err_new(e, ERR_NOT_FOUND, "no SSH agent \"%s\" is forwarded to this build", mount->id);
        return err_hint(e, "forward one with --ssh %s%s", mount->id,
                        streq(mount->id, "default") ? "" : "=SOCKET, or =KEYFILE");
}

/* ---- cache mounts. Who uses one holds the lock beside it, alone or with others; nobody removes it meanwhile. */

static int open_caches(Build *b, Err **e) {
        AUTO(freep) char *root = xasprintf("%s/mounts", store_root(b->store));
        if (dir_make_all(AT_FDCWD, root, 0700, e) < 0) return -1;
        int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? err_sys(e, "open '%s'", root) : fd;
}

/* Does a step of this build that is to run without cache mount a cache of that id? */
static bool is_unwanted(const Build *b, const char *id) {
        for (size_t i = 0; i < b->node_count; i++) {
                const PlanStep *step = b->nodes[i].step;
                if (step->kind != STEP_RUN || !step->no_cache) continue;
                for (size_t k = 0; k < step->run.mount_count; k++) {
                        const PlanMount *mount = &step->run.mounts[k];
                        if (mount->type == MOUNT_CACHE && streq(mount->id, id)) return true;
                }
        }
        return false;
}

/* Set the directory aside, unless somebody else uses it. held: we have its lock. */
static int set_aside(int root_fd, const char *name, bool held, const char *scratch, Err **e) {
        AUTO(closep) int lock = -1;
        AUTO(freep) char *lock_path = xasprintf("%s.lock", name), *old = xasprintf("%s/%s", scratch, name);
        int r = held ? LOCK_TAKEN : lock_file(root_fd, lock_path, LOCK_EXCLUSIVE, false, &lock, e);
        if (r != LOCK_TAKEN) return r < 0 ? -1 : 0;
        if (renameat(root_fd, name, AT_FDCWD, old) == 0 || errno == ENOENT) return 0;
        return err_sys(e, "empty a cache mount");
}

/* --no-cache is meant for what the steps left in their caches, too: a build that runs without cache finds them empty when it first
 * comes to use them. */
static int empty_unwanted(MountJob *j, int root_fd, const char *name, bool held, Err **e) {
        Build *b = j->b;
        const char *scratch;
        if (!is_unwanted(b, j->mount->id)) return 0;
        if (scratch_dir(j->m, "old-cache", &scratch, e) < 0) return -1;
        pthread_mutex_lock(&b->caches_lock);
        if (!b->caches) b->caches = map_new();
        bool first = map_puts(b->caches, name, b) == NULL;
        int r = first ? set_aside(root_fd, name, held, scratch, e) : 0;
        pthread_mutex_unlock(&b->caches_lock);
        return r;
}

typedef struct CacheClaim {
        char name[DIGEST_HEX_SIZE];
        const PlanMount *mount;
        bool alone;
} CacheClaim;
typedef VEC(CacheClaim) CacheClaims;

static int claim_order(const void *a, const void *b) {
        return strcmp(((const CacheClaim *)a)->name, ((const CacheClaim *)b)->name);
}

static void cache_name(const MountJob *j, char ret_name[DIGEST_HEX_SIZE]);

/* One claim a cache, however often it is mounted. */
static void list_claims(MountJob *j, CacheClaims *claims) {
        const PlanRun *run = &j->n->step->run;
        for (size_t i = 0; i < run->mount_count; i++) {
                j->mount = &run->mounts[i];
                if (j->mount->type != MOUNT_CACHE || j->mount->sharing == SHARING_PRIVATE) continue;
                CacheClaim claim = {.mount = j->mount, .alone = j->mount->sharing == SHARING_LOCKED};
                cache_name(j, claim.name);
                vec_push(claims, claim);
        }
        if (claims->n > 1) qsort(claims->v, claims->n, sizeof *claims->v, claim_order);
        size_t kept = 0;
        for (size_t i = 0; i < claims->n; i++) {
                bool again = kept > 0 && streq(claims->v[kept - 1].name, claims->v[i].name);
                if (again) claims->v[kept - 1].alone |= claims->v[i].alone;
                if (!again) claims->v[kept++] = claims->v[i];
        }
        claims->n = kept;
}

static int claim_cache(MountJob *j, int root_fd, const CacheClaim *claim, Err **e) {
        AUTO(freep) char *path = xasprintf("%s.lock", claim->name);
        int fd;
        j->mount = claim->mount;
        if (empty_unwanted(j, root_fd, claim->name, false, e) < 0) return -1;
        LockMode mode = claim->alone ? LOCK_EXCLUSIVE : LOCK_SHARED;
        int r = lock_file_until(root_fd, path, mode, &j->b->cancelled, &fd, e);
        if (r == LOCK_BUSY) return err_new(e, ERR_CANCELLED, "cancelled");
        if (r == LOCK_TAKEN) vec_push(&j->m->locks, fd);
        return r;
}

/* Whatever may have to be waited for is claimed before anything else and in the same order everywhere, so that nobody
 * waits for somebody who waits for him. */
static int claim_caches(MountJob *j, Err **e) {
        CacheClaims claims = {0};
        list_claims(j, &claims);
        AUTO(closep) int root_fd = claims.n ? open_caches(j->b, e) : -1;
        int r = claims.n && root_fd < 0 ? -1 : 0;
        for (size_t i = 0; i < claims.n && r == 0; i++) r = claim_cache(j, root_fd, &claims.v[i], e);
        vec_done(&claims);
        return r;
}

/* The directory's name: the id itself, or for private ones the first that nobody uses. */
static int choose_cache(MountJob *j, int root_fd, const char *base, char **ret_name, Err **e) {
        if (j->mount->sharing != SHARING_PRIVATE) {
                *ret_name = xstrdup(base);
                return 0;
        }
        for (unsigned i = 0; i < CACHE_DIRS_MAX; i++) {
                AUTO(freep) char *name = i ? xasprintf("%s-%u", base, i) : xstrdup(base);
                AUTO(freep) char *path = xasprintf("%s.lock", name);
                int fd;
                int r = lock_file(root_fd, path, LOCK_EXCLUSIVE, false, &fd, e);
                if (r < 0) return -1;
                if (r == LOCK_BUSY) continue;
                vec_push(&j->m->locks, fd);
                if (empty_unwanted(j, root_fd, name, true, e) < 0) return -1;
                *ret_name = TAKE(name);
                return 0;
        }
        return err_new(e, ERR_LIMIT, "cache mount '%s': more than %d in use", j->mount->id, CACHE_DIRS_MAX);
}

/* New: owner, mode and contents as the mount says, made beside and renamed so that nobody sees half of it. */
static int create_cache(MountJob *j, const char *path, Err **e) {
        const PlanMount *mount = j->mount;
        const char *scratch;
        char *source = NULL;
        if (scratch_dir(j->m, "cache", &scratch, e) < 0) return -1;
        if (mount->from) {
                if (mount_tree_make(j->b, j->n, mount, scratch, &source, e) < 0) return -1;
        } else {
                source = xasprintf("%s/new", scratch);
                if (dir_make_all(AT_FDCWD, source, 0755, e) < 0) return -1;
        }
        keep_text(j->m, source);
        if (chmod(source, mount->has_mode ? mount->mode : 0755) < 0 ||
            chown(source, mount->has_uid ? mount->uid : 0, mount->has_gid ? mount->gid : 0) < 0) {
                return err_sys(e, "prepare cache mount '%s'", mount->id);
        }
        if (rename(source, path) < 0 && errno != EEXIST && errno != ENOTEMPTY)
                return err_sys(e, "create cache mount '%s'", mount->id);
        return 0;
}

static void cache_name(const MountJob *j, char ret_name[DIGEST_HEX_SIZE]) {
        const PlanMount *mount = j->mount;
        KeyText k;
        Digest digest;
        key_begin(&k, "cache");
        key_text(&k, "id", mount->id);
        if (mount->from || mount->has_uid || mount->has_gid || mount->has_mode) {
                key_number(&k, "uid", mount->uid);
                key_number(&k, "gid", mount->gid);
                key_number(&k, "mode", mount->has_mode ? mount->mode : 0755);
                if (mount->from) key_digest(&k, "from", &node_of(j->n, mount->from)->result.key);
        }
        key_finish(&k, &digest);
        digest_hex(&digest, ret_name);
}

static int prepare_cache(MountJob *j, Err **e) {
        AUTO(closep) int root_fd = open_caches(j->b, e);
        if (root_fd < 0) return -1;
        char base[DIGEST_HEX_SIZE];
        cache_name(j, base);
        AUTO(freep) char *name = NULL;
        if (choose_cache(j, root_fd, base, &name, e) < 0) return -1;
        char *path = xasprintf("%s/mounts/%s", store_root(j->b->store), name);
        keep_text(j->m, path);
        if (access(path, F_OK) < 0 && create_cache(j, path, e) < 0) return -1;
        char *source = path;
        if (!j->mount->from && j->mount->source && j->mount->source[0] &&
            mount_path_inside(path, j->mount->source, &source, e) < 0)
                return -1;
        if (source != path) keep_text(j->m, source);
        add_mount(j->m, (SandboxMount){.type = SANDBOX_BIND,
                                       .source = source,
                                       .target = j->mount->target,
                                       .read_only = j->mount->read_only});
        return 0;
}

typedef int (*PrepareMount)(MountJob *j, Err **e);
static const PrepareMount prepare_by_type[] = {
        [MOUNT_BIND] = prepare_bind,     [MOUNT_CACHE] = prepare_cache, [MOUNT_TMPFS] = prepare_tmpfs,
        [MOUNT_SECRET] = prepare_secret, [MOUNT_SSH] = prepare_ssh,
};

/* A heredoc that starts with "#!" is a program of its own, seen read-only under /dev/pipes. */
static int prepare_script(MountJob *j, const Heredoc *script, Err **e) {
        const char *dir;
        if (scratch_dir(j->m, "script", &dir, e) < 0) return -1;
        char *path = xasprintf("%s/script", dir);
        keep_text(j->m, path);
        if (file_write_atomic(AT_FDCWD, path, script->content, script->content_size, 0755, e) < 0) return -1;
        if (chmod(path, 0755) < 0) return err_sys(e, "make the script executable");
        char *target = xasprintf("/dev/pipes/%s", script->name);
        add_mount(j->m,
                  (SandboxMount){
                          .type = SANDBOX_BIND, .source = path, .target = keep_text(j->m, target), .read_only = true});
        return 0;
}

int run_mounts_prepare(Build *b, Node *n, const User *user, StrVec *env, RunMounts *m, Err **e) {
        const PlanRun *run = &n->step->run;
        m->store = b->store;
        MountJob j = {.b = b, .n = n, .user = user, .env = env, .m = m};
        if (claim_caches(&j, e) < 0) return -1;
        for (size_t i = 0; i < run->mount_count; i++) {
                j.mount = &run->mounts[i];
                if (prepare_by_type[j.mount->type](&j, e) < 0) return -1;
        }
        if (run_devices_prepare(b, n, env, m, e) < 0) return -1;
        for (size_t i = 0; i < b->params->volume_count; i++) add_mount(m, b->params->volumes[i]);
        return run->script ? prepare_script(&j, run->script, e) : 0;
}

void run_mounts_done(RunMounts *m) {
        for (size_t i = 0; i < m->agents.n; i++) ssh_forward_stop(m->agents.v[i]);
        for (size_t i = 0; i < m->locks.n; i++) close(m->locks.v[i]);
        for (size_t i = 0; i < m->scratch.n; i++) tree_remove(AT_FDCWD, m->scratch.v[i], NULL);
        vec_done(&m->agents);
        vec_done(&m->locks);
        vec_done(&m->list);
        strvec_done(&m->texts);
        strvec_done(&m->scratch);
}
