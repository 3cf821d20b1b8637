/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/build_flags.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/app.h"
#include "net/http.h"
#include "os/fs.h"

enum { ARG_FILE_MAX = 1 << 20 };

/* ---- annotations */

static const char *const target_names[] = {
        [ANNOTATE_MANIFEST] = "manifest",
        [ANNOTATE_INDEX] = "index",
        [ANNOTATE_MANIFEST_DESCRIPTOR] = "manifest-descriptor",
        [ANNOTATE_INDEX_DESCRIPTOR] = "index-descriptor",
};

/* "index" or "manifest[linux/arm64]". */
static int one_target(Str word, Annotation *annotation, Err **e) {
        Str name = word;
        if (word.n > 0 && word.p[word.n - 1] == ']') {
                Str rest = str_sub(word, 0, word.n - 1);
                str_cut(&rest, '[', &name);
                AUTO(freep) char *text = str_dup(rest);
                annotation->has_platform = true;
                if (app_platform(text, &annotation->platform, e) < 0) return err_wrap(e, "--annotation");
        }
        for (size_t i = 0; i < ARRAY_SIZE(target_names); i++) {
                if (!str_is(name, target_names[i])) continue;
                annotation->target = (AnnotationTarget)i;
                return 0;
        }
        err_new(e, ERR_USAGE, "--annotation: unknown type '" STR_FMT "'", STR_ARG(name));
        return err_hint(e, "types: manifest, index, manifest-descriptor, index-descriptor");
}

/* Is the text before the first colon a list of types? Keys may hold colons too. */
static bool names_targets(Str text) {
        bool inside = false;
        for (size_t i = 0; i < text.n; i++) {
                char c = text.p[i];
                if (c == '[' || c == ']') inside = c == '[';
                bool platform = inside && (isalnum((unsigned char)c) || c == '_' || c == '/');
                if (!(islower((unsigned char)c) || strchr("-,[]", c) || platform)) return false;
        }
        return text.n > 0;
}

int annotation_parse(Arena *a, const char *text, Annotations *list, Err **e) {
        const char *equals = strchr(text, '=');
        if (!equals || equals == text)
                return err_new(e, ERR_USAGE, "--annotation: '%s' is not [TYPE[PLATFORM]:]KEY=VALUE", text);
        Str key = {text, (size_t)(equals - text)}, targets = STR("manifest"), rest = key, front;
        if (str_cut(&rest, ':', &front) && names_targets(front)) {
                targets = front;
                key = rest;
        }
        if (key.n == 0) return err_new(e, ERR_USAGE, "--annotation: '%s' has no key", text);
        Annotation annotation = {.key = arena_str(a, key), .value = arena_strdup(a, equals + 1)};
        Str one;
        bool more;
        do {
                more = str_cut(&targets, ',', &one);
                annotation.has_platform = false;
                if (one_target(one, &annotation, e) < 0) return -1;
                vec_push(list, annotation);
        } while (more);
        return 0;
}

static bool for_index(const Annotation *a) {
        return a->target == ANNOTATE_INDEX || a->target == ANNOTATE_INDEX_DESCRIPTOR;
}

/* What an output can keep: an archive all of them; the store those of manifests; a tree none. */
static bool keeps(OutputType type, const Annotation *a) {
        if (type == OUTPUT_OCI || type == OUTPUT_DOCKER) return true;
        return type == OUTPUT_IMAGE && a->target == ANNOTATE_MANIFEST;
}

static bool kept_somewhere(const BuildRequest *r, const Annotation *a) {
        bool kept = r->outputs.n == 0 && keeps(OUTPUT_IMAGE, a);
        for (size_t i = 0; i < r->outputs.n; i++) kept = kept || keeps(r->outputs.v[i].type, a);
        return kept;
}

static void warn_of_annotations(const BuildRequest *r, const Annotations *list) {
        bool lost = false;
        for (size_t i = 0; i < list->n; i++) lost = lost || !kept_somewhere(r, &list->v[i]);
        for (size_t i = 0; i < r->outputs.n; i++) {
                const BuildOutput *o = &r->outputs.v[i];
                for (size_t j = 0; j < o->annotations.n; j++) lost = lost || !keeps(o->type, &o->annotations.v[j]);
        }
        if (lost)
                app_printf_error("WARNING: the store keeps the annotations of manifests only, and a tree none: some "
                                 "have no effect; write the image with -o type=oci,dest=FILE");
}

int build_flags_annotations(BuildRequest *r, const Args *args, Err **e) {
        const char *text;
        Annotations list = {0};
        int result = 0;
        for (size_t i = 0; result == 0 && (text = args_next(args, "annotation", &i));)
                result = annotation_parse(r->arena, text, &list, e);
        for (size_t i = 0; result == 0 && i < list.n; i++) {
                if (for_index(&list.v[i]) && r->platforms.n < 2) {
                        result = err_new(e, ERR_USAGE, "--annotation: a build of one platform makes no index");
                        err_hint(e, "annotate the manifest, or build several: --platform linux/amd64,linux/arm64");
                }
        }
        if (result == 0) warn_of_annotations(r, &list);
        r->annotations = list.v;
        r->params.annotations = list.v;
        r->params.annotation_count = list.n;
        return result;
}

/* ---- the image */

/* As SOURCE_DATE_EPOCH: of the image, its history and every file that a step makes. */
static int parse_timestamp(BuildRequest *r, const Args *args, Err **e) {
        const char *text = args_text(args, "timestamp");
        int64_t seconds;
        if (!text) return 0;
        if (!i64_parse(str_of(text), &seconds) || seconds < 0)
                return err_new(e, ERR_USAGE, "--timestamp: '%s' is not a number of seconds since 1970", text);
        vec_push(&r->build_args, (PlanPair){"SOURCE_DATE_EPOCH", text});
        return 0;
}

int build_flags_image(BuildRequest *r, const Args *args, Err **e) {
        const char *text;
        for (size_t i = 0; (text = args_next(args, "unsetenv", &i));) strvec_push(&r->unset_env, text);
        for (size_t i = 0; (text = args_next(args, "unsetlabel", &i));) strvec_push(&r->unset_labels, text);
        r->params.plan.unset_env = &r->unset_env;
        r->params.plan.unset_labels = &r->unset_labels;
        r->params.squash = args_flag(args, "squash");
        if (args_flag(args, "explain")) r->params.explanations = &r->explanations;
        return parse_timestamp(r, args, e);
}

/* ---- build arguments from files */

static int arg_line(BuildRequest *r, Str line, Err **e) {
        Str value = str_trim(line), name;
        if (value.n == 0 || value.p[0] == '#') return 0;
        bool has_value = str_cut(&value, '=', &name);
        if (name.n == 0) return err_new(e, ERR_USAGE, "'" STR_FMT "' is not NAME=VALUE", STR_ARG(line));
        PlanPair pair = {.name = arena_str(r->arena, name)};
        pair.value = has_value ? arena_str(r->arena, value) : getenv(pair.name);
        if (pair.value) vec_push(&r->build_args, pair);
        return 0;
}

/* Before --build-arg, so that the command line wins. */
int build_flags_arg_file(BuildRequest *r, const Args *args, Err **e) {
        const char *path;
        for (size_t i = 0; (path = args_next(args, "build-arg-file", &i));) {
                AUTO(freep) char *data = NULL;
                size_t size;
                if (file_read(AT_FDCWD, path, ARG_FILE_MAX, &data, &size, e) < 0)
                        return err_wrap(e, "--build-arg-file");
                Str rest = {data, size}, line;
                bool more = true;
                for (unsigned number = 1; more; number++) {
                        more = str_cut(&rest, '\n', &line);
                        if (arg_line(r, line, e) < 0) return err_wrap(e, "%s:%u", path, number);
                }
        }
        return 0;
}

/* ---- what steps may do */

static int parse_allow(BuildRequest *r, const char *text, Err **e) {
        static const char *const known[] = {"security.insecure", "network.host", "device"};
        if (streq(text, "security.insecure")) {
                r->params.plan.allow_insecure = true;
        } else if (streq(text, "device")) {
                r->params.allow_devices = true;
        } else if (starts_with(text, "device=")) {
                Str rest = str_of(text + strlen("device=")), name;
                str_cut(&rest, ',', &name); /* ",alias=..." names it for the daemon's other clients */
                strvec_push_take(&r->params.allowed_devices, str_dup(name));
        } else if (!streq(text, "network.host")) { /* steps are in the host's network anyway */
                err_new(e, ERR_USAGE, "--allow: unknown entitlement '%s'", text);
                const char *near = nearest_name(text, known, ARRAY_SIZE(known));
                if (near) err_hint(e, "did you mean '%s'?", near);
                return err_hint(e, "entitlements: security.insecure, network.host, device[=NAME]");
        }
        return 0;
}

/* One file behind "id=": a socket, or one of several keys. */
static int ssh_path(Arena *a, const char *text, Str path, BuildSsh *ssh, StrVec *keys, Err **e) {
        struct stat st;
        AUTO(freep) char *file = str_dup(path);
        if (stat(file, &st) < 0) return err_sys(e, "--ssh %s: '%s'", text, file);
        if (!S_ISSOCK(st.st_mode) && !S_ISREG(st.st_mode))
                return err_new(e, ERR_USAGE, "--ssh %s: '%s' is neither the socket of an agent nor a key", text, file);
        if (ssh->path || (S_ISSOCK(st.st_mode) && keys->n))
                return err_new(e, ERR_USAGE, "--ssh %s: an id has either one socket or keys", text);
        if (S_ISSOCK(st.st_mode))
                ssh->path = arena_strdup(a, file);
        else
                strvec_push(keys, file);
        return 0;
}

static int own_agent(const char *text, BuildSsh *ssh, Err **e) {
        const char *agent = getenv("SSH_AUTH_SOCK");
        struct stat st;
        if (!agent || !*agent) {
                err_new(e, ERR_USAGE, "--ssh %s: SSH_AUTH_SOCK is not set", text);
                return err_hint(e, "start an agent (eval $(ssh-agent)), or name its socket or a key: --ssh %s=/path",
                                ssh->id);
        }
        ssh->path = agent;
        if (stat(agent, &st) < 0) return err_sys(e, "--ssh %s: '%s'", text, agent);
        return S_ISSOCK(st.st_mode) ? 0 : err_new(e, ERR_USAGE, "--ssh %s: SSH_AUTH_SOCK is no socket", text);
}

static const char *const *keep_list(Arena *a, const StrVec *list) {
        const char **kept = arena_alloc(a, (list->n + 1) * sizeof *kept);
        for (size_t i = 0; i < list->n; i++) kept[i] = arena_strdup(a, list->v[i]);
        kept[list->n] = NULL;
        return kept;
}

int build_ssh_parse(Arena *a, const char *text, BuildSsh *ret_ssh, Err **e) {
        AUTO(strvec_done) StrVec keys = {0};
        Str rest = str_of(text), id, one;
        bool more = str_cut(&rest, '=', &id), raw = false;
        BuildSsh ssh = {.id = arena_str(a, id)};
        if (id.n == 0) return err_new(e, ERR_USAGE, "--ssh: '%s' has no id", text);
        while (more) {
                more = str_cut(&rest, ',', &one);
                raw = raw || str_is(one, "raw=true");
                bool option = one.n == 0 || str_starts(one, STR("raw="));
                if (!option && ssh_path(a, text, one, &ssh, &keys, e) < 0) return -1;
        }
        if (raw && keys.n) return err_new(e, ERR_USAGE, "--ssh %s: raw=true is for sockets, and this is a key", text);
        if (keys.n)
                ssh.keys = keep_list(a, &keys);
        else if (!ssh.path && own_agent(text, &ssh, e) < 0)
                return -1;
        *ret_ssh = ssh;
        return 0;
}

static int parse_ssh(BuildRequest *r, const Args *args, Err **e) {
        const char *text;
        for (size_t i = 0; (text = args_next(args, "ssh", &i));) {
                BuildSsh ssh;
                if (build_ssh_parse(r->arena, text, &ssh, e) < 0) return -1;
                vec_push(&r->ssh, ssh);
        }
        r->params.ssh = r->ssh.v;
        r->params.ssh_count = r->ssh.n;
        return 0;
}

int build_flags_sandbox(BuildRequest *r, const Args *args, Err **e) {
        const char *text;
        for (size_t i = 0; (text = args_next(args, "allow", &i));)
                if (parse_allow(r, text, e) < 0) return -1;
        for (size_t i = 0; (text = args_next(args, "cap-add", &i));) strvec_push(&r->params.cap_add, text);
        for (size_t i = 0; (text = args_next(args, "cap-drop", &i));) strvec_push(&r->params.cap_drop, text);
        for (size_t i = 0; (text = args_next(args, "volume", &i));)
                if (run_volume_parse(&r->volumes, text, e) < 0) return -1;
        if (r->volumes.mounts.n)
                app_printf_error("WARNING: what steps read from --volume is not part of their cache keys; use RUN "
                                 "--mount=type=bind for what decides the result");
        r->params.volumes = r->volumes.mounts.v;
        r->params.volume_count = r->volumes.mounts.n;
        return parse_ssh(r, args, e);
}

/* Where remote sources are read is far from here; the environment is how it is told about its limits. */
int build_flags_retry(BuildRequest *r, const Args *args, Err **e) {
        (void)r;
        const char *text = args_text(args, "retry");
        uint32_t count;
        if (!text) return 0;
        if (!u32_parse(str_of(text), 10, &count) || count > HTTP_RETRIES_MAX)
                return err_new(e, ERR_USAGE, "--retry: '%s' is not a number up to %d", text, HTTP_RETRIES_MAX);
        return setenv("DECANT_FETCH_RETRIES", text, 1) < 0 ? err_sys(e, "--retry") : 0;
}
