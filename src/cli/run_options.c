/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_options.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/app.h"
#include "cli/build_request.h"
#include "os/fs.h"
#include "os/root_path.h"

enum { ENV_FILE_MAX = 1 << 20 };
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int check_variable(const char *text, Err **e) {
        if (*text && *text != '=') return 0;
        return err_new(e, ERR_USAGE, "'%s' is not NAME=VALUE", text);
}

/* NAME=VALUE, or NAME whose value comes from our own environment. */
int run_env_variable(StrVec *env, const char *text, Err **e) {
        if (check_variable(text, e) < 0) return -1;
        const char *equals = strchr(text, '=');
        const char *value = equals ? equals + 1 : getenv(text);
        AUTO(freep) char *name = equals ? xstrndup(text, (size_t)(equals - text)) : xstrdup(text);
        if (value) strvec_env_set(env, name, value);
        return 0;
}

int run_env_file(StrVec *env, const char *path, Err **e) {
        AUTO(freep) char *data = NULL;
        size_t size;
        if (file_read(AT_FDCWD, path, ENV_FILE_MAX, &data, &size, e) < 0) return err_wrap(e, "--env-file");
        Str rest = {data, size}, line;
        bool more;
        for (unsigned number = 1;; number++) {
                more = str_cut(&rest, '\n', &line);
                while (line.n && (line.p[0] == ' ' || line.p[0] == '\t')) line = str_sub(line, 1, line.n);
                if (line.n && line.p[line.n - 1] == '\r') line.n--;
                AUTO(freep) char *text = str_dup(line);
                if (*text && *text != '#' && run_env_variable(env, text, e) < 0)
                        return err_wrap(e, "%s:%u", path, number);
                if (!more) return 0;
        }
}

static void add_image_env(RunOptions *o, const Image *image) {
        strvec_env_set(&o->env, "PATH", DEFAULT_PATH);
        strvec_env_set(&o->env, "HOSTNAME", o->hostname);
        if (o->terminal) strvec_env_set(&o->env, "TERM", "xterm");
        for (size_t i = 0; i < image->config.env.n; i++) {
                if (check_variable(image->config.env.v[i], NULL) == 0)
                        run_env_variable(&o->env, image->config.env.v[i], NULL);
        }
}

static int make_env(RunOptions *o, const Args *args, const Image *image, Err **e) {
        const char *text;
        add_image_env(o, image);
        for (size_t i = 0; (text = args_next(args, "env-file", &i));) {
                if (run_env_file(&o->env, text, e) < 0) return -1;
        }
        for (size_t i = 0; (text = args_next(args, "env", &i));) {
                if (run_env_variable(&o->env, text, e) < 0) return err_wrap(e, "--env");
        }
        o->has_home = strvec_env_get(&o->env, "HOME") != NULL;
        return 0;
}

static void add_all(StrVec *to, const StrVec *from) {
        for (size_t i = 0; i < from->n; i++) strvec_push(to, from->v[i]);
}

/* Entrypoint and command: an entrypoint of the command line drops the image's command too. */
static int make_argv(RunOptions *o, const Args *args, const Image *image, Err **e) {
        const char *entrypoint = args_text(args, "entrypoint");
        if (!entrypoint) add_all(&o->argv, &image->config.entrypoint);
        if (entrypoint && *entrypoint) strvec_push(&o->argv, entrypoint);
        for (size_t i = 1; i < args->operands.n; i++) strvec_push(&o->argv, args->operands.v[i]);
        if (args->operands.n == 1 && !entrypoint) add_all(&o->argv, &image->config.cmd);
        if (o->argv.n) return 0;
        err_new(e, ERR_USAGE, "there is no command to run: image '%s' has none", args->operands.v[0]);
        return err_hint(e, "decant run %s COMMAND", args->operands.v[0]);
}

static const char *keep_text(RunOptions *o, char *text) {
        strvec_push_take(&o->mount_texts, text);
        return text;
}

static int volume_source(const char *source, char **ret_path, Err **e) {
        if (*source != '/' && *source != '.' && *source != '~') {
                err_new(e, ERR_UNSUPPORTED, "--volume: '%s' is not a path, and named volumes are not kept", source);
                return err_hint(e, "write ./%s for a path below the working directory", source);
        }
        *ret_path = realpath(source, NULL);
        if (*ret_path) return 0;
        if (dir_make_all(AT_FDCWD, source, 0755, e) < 0) return err_wrap(e, "--volume");
        *ret_path = realpath(source, NULL);
        return *ret_path ? 0 : err_sys(e, "--volume: find '%s'", source);
}

int run_volume_parse(RunOptions *o, const char *text, Err **e) {
        Str rest = str_of(text), source, target, option;
        SandboxMount mount = {.type = SANDBOX_BIND};
        if (!str_cut(&rest, ':', &source)) return err_new(e, ERR_USAGE, "--volume: '%s' is not SOURCE:PATH", text);
        bool more = str_cut(&rest, ':', &target);
        if (target.n == 0 || target.p[0] != '/')
                return err_new(e, ERR_USAGE, "--volume: '" STR_FMT "' is not an absolute path", STR_ARG(target));
        while (more) {
                more = str_cut(&rest, ',', &option);
                if (str_is(option, "ro")) {
                        mount.read_only = true;
                } else if (!str_is(option, "rw") && !str_is(option, "z") && !str_is(option, "Z")) {
                        return err_new(e, ERR_USAGE, "--volume: unknown option '" STR_FMT "' (ro, rw)",
                                       STR_ARG(option));
                }
        }
        AUTO(freep) char *from = str_dup(source);
        AUTO(freep) char *to = str_dup(target);
        char *path;
        if (volume_source(from, &path, e) < 0) return -1;
        strvec_push(&o->mount_texts, path);
        free(path);
        mount.source = o->mount_texts.v[o->mount_texts.n - 1];
        mount.target = keep_text(o, path_clean(to));
        vec_push(&o->mounts, mount);
        return 0;
}

static int tmpfs_option(SandboxMount *mount, Str option, Err **e) {
        Str key, value = option;
        if (!str_cut(&value, '=', &key)) {
                if (str_is(option, "ro")) mount->read_only = true;
                if (str_is(option, "noexec")) mount->no_exec = true;
                bool known = str_is(option, "ro") || str_is(option, "rw") || str_is(option, "noexec") ||
                             str_is(option, "exec") || str_is(option, "nosuid") || str_is(option, "nodev");
                return known ? 0 : err_new(e, ERR_USAGE, "--tmpfs: unknown option '" STR_FMT "'", STR_ARG(option));
        }
        if (str_is(key, "size")) return size_parse(value, &mount->size_bytes, e) < 0 ? err_wrap(e, "--tmpfs") : 0;
        if (str_is(key, "mode") && u32_parse(value, 8, &mount->mode)) return 0;
        return err_new(e, ERR_USAGE, "--tmpfs: unknown option '" STR_FMT "'", STR_ARG(option));
}

int run_tmpfs_parse(RunOptions *o, const char *text, Err **e) {
        Str rest = str_of(text), target, option;
        SandboxMount mount = {.type = SANDBOX_TMPFS, .no_suid = true, .no_dev = true, .mode = 01777};
        bool more = str_cut(&rest, ':', &target);
        if (target.n == 0 || target.p[0] != '/')
                return err_new(e, ERR_USAGE, "--tmpfs: '%s' is not an absolute path", text);
        while (more) {
                more = str_cut(&rest, ',', &option);
                if (tmpfs_option(&mount, option, e) < 0) return -1;
        }
        AUTO(freep) char *to = str_dup(target);
        mount.target = keep_text(o, path_clean(to));
        vec_push(&o->mounts, mount);
        return 0;
}

static int parse_lists(RunOptions *o, const Args *args, Err **e) {
        const char *text;
        for (size_t i = 0; (text = args_next(args, "volume", &i));) {
                if (run_volume_parse(o, text, e) < 0) return -1;
        }
        for (size_t i = 0; (text = args_next(args, "tmpfs", &i));) {
                if (run_tmpfs_parse(o, text, e) < 0) return -1;
        }
        for (size_t i = 0; (text = args_next(args, "add-host", &i));) {
                if (extra_host_parse(text, &o->extra_hosts, e) < 0) return -1;
        }
        for (size_t i = 0; (text = args_next(args, "ulimit", &i));) {
                SandboxLimit limit;
                if (sandbox_limit_parse(text, &limit, e) < 0) return -1;
                vec_push(&o->limits, limit);
        }
        for (size_t i = 0; (text = args_next(args, "cap-add", &i));) strvec_push(&o->cap_add, text);
        for (size_t i = 0; (text = args_next(args, "cap-drop", &i));) strvec_push(&o->cap_drop, text);
        return 0;
}

static char *make_hostname(void) {
        unsigned char bytes[6] = {0};
        char *text = xcalloc(1, 2 * sizeof bytes + 1);
        if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) < 0) bytes[0] = 1; /* any name will do */
        hex_render(bytes, sizeof bytes, text);
        return text;
}

static int check_platform(const Args *args, const Image *image, Err **e) {
        Platform want;
        char have[96];
        const char *text = args_text(args, "platform");
        if (!text) return 0;
        if (app_platform(text, &want, e) < 0) return -1;
        if (platform_match(&want, &image->config.platform) > 0) return 0;
        platform_render(&image->config.platform, have);
        return err_new(e, ERR_CONFLICT, "image '%s' is for %s, not for %s", args->operands.v[0], have, text);
}

NetworkMode run_network(const char *text) {
        if (text && streq(text, "none")) return NETWORK_NONE;
        return text && streq(text, "host") ? NETWORK_HOST : NETWORK_DEFAULT;
}

/* Its user and its directory. */
static void use_image(RunOptions *o, const Image *image) {
        o->user = image->config.user ? image->config.user : "";
        o->cwd = path_clean(image->config.working_dir ? image->config.working_dir : "/");
}

void run_options_of_image(RunOptions *o, const Image *image) {
        use_image(o, image);
        o->hostname = make_hostname();
        add_image_env(o, image);
        o->has_home = strvec_env_get(&o->env, "HOME") != NULL;
}

static int parse_modes(RunOptions *o, const Args *args, const Image *image, Err **e) {
        const char *network = args_text(args, "network"), *runtime = args_text(args, "runtime");
        const char *user = args_text(args, "user"), *cwd = args_text(args, "workdir"),
                   *hostname = args_text(args, "hostname");
        use_image(o, image);
        o->network = run_network(network);
        o->runtime = runtime && streq(runtime, "crun") ? RUNTIME_CRUN : RUNTIME_LAUNCHER;
        if (user) o->user = user;
        if (cwd && *cwd != '/') return err_new(e, ERR_USAGE, "--workdir: '%s' is not an absolute path", cwd);
        if (cwd) {
                free(o->cwd);
                o->cwd = path_clean(cwd);
        }
        o->hostname = hostname ? xstrdup(hostname) : make_hostname();
        o->interactive = args_flag(args, "interactive");
        o->terminal = args_flag(args, "tty");
        o->read_only = args_flag(args, "read-only");
        o->privileged = args_flag(args, "privileged");
        if (args_size(args, "shm-size", &o->shm_size_bytes, e) < 0) return -1;
        return args_size(args, "memory", &o->memory_bytes, e);
}

int run_options_init(RunOptions *o, const Args *args, const Image *image, Err **e) {
        *o = (RunOptions){0};
        if (check_platform(args, image, e) < 0 || parse_modes(o, args, image, e) < 0) return -1;
        if (make_argv(o, args, image, e) < 0 || make_env(o, args, image, e) < 0) return -1;
        return parse_lists(o, args, e);
}

void run_options_done(RunOptions *o) {
        strvec_done(&o->argv);
        strvec_done(&o->env);
        strvec_done(&o->extra_hosts);
        strvec_done(&o->cap_add);
        strvec_done(&o->cap_drop);
        strvec_done(&o->mount_texts);
        vec_done(&o->mounts);
        vec_done(&o->limits);
        free(o->cwd);
        free(o->hostname);
}
