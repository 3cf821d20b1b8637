/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/build_request.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "cli/app.h"
#include "cli/build_flags.h"

enum { JOBS_MAX = 4096, PLATFORMS_MAX = 64 };

int extra_host_parse(const char *text, StrVec *list, Err **e) {
        const char *cut = strchr(text, '=');
        if (!cut) cut = strchr(text, ':');
        if (!cut || cut == text || !cut[1]) return err_new(e, ERR_USAGE, "--add-host: '%s' is not HOST:IP", text);
        Str address = str_of(cut + 1);
        if (address.n > 2 && address.p[0] == '[' && address.p[address.n - 1] == ']')
                address = str_sub(address, 1, address.n - 2);
        /* the container shares our network: the host is itself */
        if (str_is(address, "host-gateway")) address = STR("127.0.0.1");
        AUTO(freep) char *ip = str_dup(address);
        unsigned char binary[sizeof(struct in6_addr)];
        if (inet_pton(AF_INET, ip, binary) != 1 && inet_pton(AF_INET6, ip, binary) != 1) {
                return err_new(e, ERR_USAGE, "--add-host: '%s' is not an IP address", ip);
        }
        strvec_pushf(list, "%.*s:%s", (int)(cut - text), text, ip);
        return 0;
}

void build_secret_done(BuildSecret *s) {
        free(s->id);
        free(s->path);
        free(s->env);
}

static void replace(char **text, Str value) {
        free(*text);
        *text = str_dup(value);
}

/* One key=value of a secret. *type: "file", "env" or NULL. */
static int secret_field(Str field, BuildSecret *s, char **type, Err **e) {
        Str key;
        if (!str_cut(&field, '=', &key))
                return err_new(e, ERR_USAGE, "--secret: '" STR_FMT "' is not KEY=VALUE", STR_ARG(field));
        if (str_is(key, "id")) {
                replace(&s->id, field);
        } else if (str_is(key, "src") || str_is(key, "source")) {
                replace(&s->path, field);
        } else if (str_is(key, "env")) {
                replace(&s->env, field);
        } else if (str_is(key, "type")) {
                if (!str_is(field, "file") && !str_is(field, "env")) {
                        return err_new(e, ERR_USAGE, "--secret: type is file or env, not '" STR_FMT "'",
                                       STR_ARG(field));
                }
                replace(type, field);
        } else {
                err_new(e, ERR_USAGE, "--secret: unknown key '" STR_FMT "'", STR_ARG(key));
                return err_hint(e, "keys: id, src, env, type");
        }
        return 0;
}

/* What is left out: type=env reads the variable that src or the id names; without src and env a variable of the id's name is
 * preferred to a file of that name. */
static void secret_defaults(BuildSecret *s, const char *type) {
        if (type && streq(type, "env") && !s->env) {
                s->env = s->path ? TAKE(s->path) : xstrdup(s->id);
        } else if (!s->env && !s->path) {
                bool variable = !type && getenv(s->id);
                *(variable ? &s->env : &s->path) = xstrdup(s->id);
        }
}

int build_secret_parse(const char *text, BuildSecret *ret_secret, Err **e) {
        BuildSecret s = {0};
        AUTO(freep) char *type = NULL;
        Str rest = str_of(text), field;
        bool more;
        int r = 0;
        do {
                more = str_cut(&rest, ',', &field);
                r = secret_field(field, &s, &type, e);
        } while (more && r == 0);
        if (r == 0 && (!s.id || !*s.id)) {
                if (s.path && *s.path) {
                        replace(&s.id, str_of(s.path)); /* as buildx: the source names it */
                } else {
                        r = err_new(e, ERR_USAGE, "--secret: '%s' has no id", text);
                }
        }
        if (r < 0) {
                build_secret_done(&s);
                return -1;
        }
        secret_defaults(&s, type);
        *ret_secret = s;
        return 0;
}

/* NAME[=VALUE]; *ret_pair.value NULL without "=". */
static PlanPair split_pair(Arena *a, const char *text) {
        const char *equals = strchr(text, '=');
        if (!equals) return (PlanPair){arena_strdup(a, text), NULL};
        return (PlanPair){arena_str(a, (Str){text, (size_t)(equals - text)}), arena_strdup(a, equals + 1)};
}

static int parse_build_args(BuildRequest *r, const Args *args, Err **e) {
        const char *text;
        bool has_epoch = false;
        for (size_t i = 0; (text = args_next(args, "build-arg", &i));) {
                PlanPair pair = split_pair(r->arena, text);
                if (!*pair.name) return err_new(e, ERR_USAGE, "--build-arg: '%s' has no name", text);
                if (!pair.value) pair.value = getenv(pair.name);
                has_epoch = has_epoch || streq(pair.name, "SOURCE_DATE_EPOCH");
                if (pair.value) vec_push(&r->build_args, pair); /* a variable that is not set gives no argument */
        }
        const char *epoch = getenv("SOURCE_DATE_EPOCH");
        if (epoch && *epoch && !has_epoch) vec_push(&r->build_args, (PlanPair){"SOURCE_DATE_EPOCH", epoch});
        return 0;
}

static int parse_labels(BuildRequest *r, const Args *args, Err **e) {
        const char *text;
        for (size_t i = 0; (text = args_next(args, "label", &i));) {
                PlanPair pair = split_pair(r->arena, text);
                if (!*pair.name) return err_new(e, ERR_USAGE, "--label: '%s' has no name", text);
                if (!pair.value) pair.value = "";
                vec_push(&r->labels, pair);
        }
        return 0;
}

static int parse_contexts(BuildRequest *r, const Args *args, Err **e) {
        const char *text;
        for (size_t i = 0; (text = args_next(args, "build-context", &i));) {
                PlanPair pair = split_pair(r->arena, text);
                if (!*pair.name || !pair.value || !*pair.value) {
                        return err_new(e, ERR_USAGE, "--build-context: '%s' is not NAME=SOURCE", text);
                }
                vec_push(&r->contexts, pair);
        }
        return 0;
}

static int parse_outputs(BuildRequest *r, const Args *args, Err **e) {
        const char *text;
        for (size_t i = 0; (text = args_next(args, "output", &i));) {
                BuildOutput output = {0};
                if (build_output_parse(text, &output, e) < 0) return -1;
                vec_push(&r->outputs, output);
        }
        /* who asks for an id asks for an image, named or not */
        bool wants_id = args_flag(args, "quiet") || args_text(args, "iidfile");
        bool nothing_else = r->outputs.n == 0 && !args_text(args, "tag");
        if (args_flag(args, "load") || (wants_id && nothing_else))
                vec_push(&r->outputs, (BuildOutput){.type = OUTPUT_IMAGE, .compression_level = -1});
        return 0;
}

static int parse_lists(BuildRequest *r, const Args *args, Err **e) {
        const char *text;
        for (size_t i = 0; (text = args_next(args, "tag", &i));) {
                char *name;
                if (app_full_name(text, &name, e) < 0) return err_wrap(e, "--tag");
                strvec_push_take(&r->params.tags, name);
        }
        for (size_t i = 0; (text = args_next(args, "secret", &i));) {
                BuildSecret secret;
                if (build_secret_parse(text, &secret, e) < 0) return -1;
                vec_push(&r->secrets, secret);
        }
        for (size_t i = 0; (text = args_next(args, "ulimit", &i));) {
                SandboxLimit limit;
                if (sandbox_limit_parse(text, &limit, e) < 0) return -1;
                vec_push(&r->limits, limit);
        }
        for (size_t i = 0; (text = args_next(args, "add-host", &i));) {
                if (extra_host_parse(text, &r->params.extra_hosts, e) < 0) return -1;
        }
        for (size_t i = 0; (text = args_next(args, "no-cache-filter", &i));) {
                Str rest = str_of(text), stage;
                bool more;
                do {
                        more = str_cut(&rest, ',', &stage);
                        if (stage.n) strvec_push_take(&r->no_cache_stages, str_dup(stage));
                } while (more);
        }
        return 0;
}

/* Each once, in the order in which they were said. */
static int add_platforms(BuildRequest *r, const char *text, Err **e) {
        Str rest = str_of(text), one;
        bool more;
        do {
                more = str_cut(&rest, ',', &one);
                AUTO(freep) char *word = str_dup(str_trim(one));
                Platform platform;
                bool known = false;
                if (app_platform(word, &platform, e) < 0) return -1;
                for (size_t i = 0; i < r->platforms.n && !known; i++)
                        known = platform_eq(&r->platforms.v[i], &platform);
                if (!known) vec_push(&r->platforms, platform);
        } while (more);
        return r->platforms.n <= PLATFORMS_MAX
                       ? 0
                       : err_new(e, ERR_LIMIT, "--platform: more than %d platforms", PLATFORMS_MAX);
}

static int parse_platform(BuildRequest *r, const Args *args, Err **e) {
        const char *text;
        platform_host(&r->params.plan.build_platform);
        for (size_t i = 0; (text = args_next(args, "platform", &i));)
                if (add_platforms(r, text, e) < 0) return -1;
        if (r->platforms.n == 0) return 0;
        r->platform = r->platforms.v[0];
        r->params.plan.platform = &r->platform;
        r->params.platforms = r->platforms.v;
        r->params.platform_count = r->platforms.n;
        return 0;
}

static int parse_context(BuildRequest *r, const Args *args, Err **e) {
        BuildParams *p = &r->params;
        p->context_path = args->operands.v[0];
        p->dockerfile_path = args_text(args, "file");
        p->ignore_file = args_text(args, "ignorefile");
        p->ignore_remote = args_flag(args, "ignore-remote");
        if (!streq(p->context_path, "-") || !p->dockerfile_path || !streq(p->dockerfile_path, "-")) return 0;
        err_new(e, ERR_USAGE, "standard input cannot be both the context and the Dockerfile");
        return err_hint(e, "a Dockerfile alone on standard input: decant build - <Dockerfile");
}

static int parse_rest(BuildRequest *r, const Args *args, Err **e) {
        BuildParams *p = &r->params;
        const char *jobs = args_text(args, "jobs"), *runtime = args_text(args, "runtime");
        uint32_t count = 0;
        if (jobs && (!u32_parse(str_of(jobs), 10, &count) || count > JOBS_MAX)) {
                return err_new(e, ERR_USAGE, "--jobs: '%s' is not a number of steps", jobs);
        }
        p->jobs = count;
        p->runtime = runtime && streq(runtime, "crun") ? RUNTIME_CRUN : RUNTIME_LAUNCHER;
        p->plan.target = args_text(args, "target");
        p->plan.network = args_text(args, "network");
        p->plan.no_cache = args_flag(args, "no-cache");
        p->plan.source_date_epoch_s = -1;
        if (args_size(args, "shm-size", &p->shm_size_bytes, e) < 0) return -1;
        return args_size(args, "memory", &p->memory_bytes, e);
}

/* ---- base images that the store does not have */

static int parse_bases(BuildRequest *r, const Args *args, Err **e) {
        static const struct {
                const char *name;
                BaseFrom from;
        } sources[] = {{"any", BASE_FROM_ANYWHERE}, {"recipe", BASE_FROM_RECIPE}, {"registry", BASE_FROM_REGISTRY}};
        BuildBases *bases = &r->params.bases;
        const char *from = args_text(args, "base-from"), *folder;
        (void)e; /* the option's choices were checked */
        for (size_t i = 0; from && i < ARRAY_SIZE(sources); i++)
                if (streq(from, sources[i].name)) bases->from = sources[i].from;
        for (size_t i = 0; (folder = args_next(args, "recipes", &i));) strvec_push(&bases->book.folders, folder);
        recipe_book_add(&bases->book, getenv("DECANT_RECIPES"));
        bases->pull = args_flag(args, "pull");
        bases->offline = args_flag(args, "offline");
        bases->allow_unsigned = args_flag(args, "allow-unsigned");
        return 0;
}

int build_request_init(BuildRequest *r, const Args *args, Err **e) {
        *r = (BuildRequest){.arena = arena_new()};
        r->params.cancel_fd = -1;
        static int (*const parts[])(BuildRequest * r, const Args *args, Err **e) = {
                parse_context,     build_flags_arg_file, parse_build_args,  parse_labels, parse_contexts,
                parse_outputs,     parse_lists,          parse_platform,    parse_rest,   build_flags_annotations,
                build_flags_image, build_flags_sandbox,  build_flags_retry, parse_bases,
        };
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                if (parts[i](r, args, e) < 0) return -1;
        }
        BuildParams *p = &r->params;
        p->plan.build_args = r->build_args.v;
        p->plan.build_arg_count = r->build_args.n;
        p->plan.labels = r->labels.v;
        p->plan.label_count = r->labels.n;
        p->plan.named_contexts = r->contexts.v;
        p->plan.named_context_count = r->contexts.n;
        if (r->no_cache_stages.n) p->plan.no_cache_stages = &r->no_cache_stages;
        p->outputs = r->outputs.v;
        p->output_count = r->outputs.n;
        p->secrets = r->secrets.v;
        p->secret_count = r->secrets.n;
        p->limits = r->limits.v;
        p->limit_count = r->limits.n;
        return 0;
}

void build_request_done(BuildRequest *r) {
        for (size_t i = 0; i < r->outputs.n; i++) build_output_done(&r->outputs.v[i]);
        for (size_t i = 0; i < r->secrets.n; i++) build_secret_done(&r->secrets.v[i]);
        vec_done(&r->build_args);
        vec_done(&r->labels);
        vec_done(&r->contexts);
        vec_done(&r->outputs);
        vec_done(&r->secrets);
        vec_done(&r->limits);
        vec_done(&r->platforms);
        vec_done(&r->ssh);
        free(r->annotations);
        recipe_book_done(&r->params.bases.book);
        strvec_done(&r->explanations);
        strvec_done(&r->unset_env);
        strvec_done(&r->unset_labels);
        run_options_done(&r->volumes);
        strvec_done(&r->params.cap_add);
        strvec_done(&r->params.cap_drop);
        strvec_done(&r->params.allowed_devices);
        strvec_done(&r->no_cache_stages);
        strvec_done(&r->params.tags);
        strvec_done(&r->params.extra_hosts);
        if (r->arena) arena_free(r->arena);
}
