/* SPDX-License-Identifier: Apache-2.0 */
#include "net/git_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "base/vec.h"
#include "net/url.h"
#include "os/process.h"

enum { GIT_OUTPUT_MAX = 64 << 20 };

extern char **environ;

/* What of the user's own variables still counts: how to get through to a host. */
static bool variable_stays(const char *variable) {
        static const char *const kept[] = {
                "GIT_SSH=", "GIT_SSH_COMMAND=", "GIT_SSL_CAINFO=", "GIT_PROXY_COMMAND=", "GIT_EXEC_PATH="};
        if (starts_with(variable, "SSH_ASKPASS=") || starts_with(variable, "LC_") || starts_with(variable, "LANG"))
                return false;
        if (!starts_with(variable, "GIT_")) return true;
        for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
                if (starts_with(variable, kept[i])) return true;
        }
        return false;
}

static void add_config(StrVec *env, size_t *count, const char *key, const char *value) {
        strvec_pushf(env, "GIT_CONFIG_KEY_%zu=%s", *count, key);
        strvec_pushf(env, "GIT_CONFIG_VALUE_%zu=%s", *count, value);
        ++*count;
}

/* In the environment, where other users do not see it, unlike in the arguments. */
static void add_authorization(const GitRequest *r, StrVec *env, size_t *count) {
        if (!r->authorization || !url_is_http(r->ref->remote)) return;
        const char *rest = strstr(r->ref->remote, "://") + 3;
        size_t n = (size_t)(rest - r->ref->remote) + strcspn(rest, "/");
        AUTO(freep) char *key = xasprintf("http.%.*s/.extraheader", (int)n, r->ref->remote);
        AUTO(freep) char *value = xasprintf("Authorization: %s", r->authorization);
        add_config(env, count, key, value);
}

static void git_environment(const GitRequest *r, StrVec *env) {
        static const char *const fixed[] = {"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
                                            "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=http:https:git:ssh",
                                            "LC_ALL=C"};
        static const char *const config[][2] = {
                {"core.hooksPath", "/dev/null"},
                {"core.fsmonitor", "false"},
                {"advice.detachedHead", "false"},
                {"init.defaultBranch", "main"},
                {"gc.auto", "0"},
                {"http.lowSpeedLimit", "64"},
        };
        for (char **v = environ; *v; v++) {
                if (variable_stays(*v)) strvec_push(env, *v);
        }
        for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) strvec_push(env, fixed[i]);
        if (!getenv("GIT_SSH_COMMAND") && !getenv("GIT_SSH"))
                strvec_pushf(env, "GIT_SSH_COMMAND=ssh -o BatchMode=yes -o ConnectTimeout=%u", r->silence_s);
        size_t count = 0;
        for (size_t i = 0; i < ARRAY_SIZE(config); i++) add_config(env, &count, config[i][0], config[i][1]);
        AUTO(freep) char *stall = xasprintf("%u", r->silence_s);
        add_config(env, &count, "http.lowSpeedTime", stall);
        add_authorization(r, env, &count);
        strvec_pushf(env, "GIT_CONFIG_COUNT=%zu", count);
}

static const char *command_name(const char *const *argv) {
        while (argv[0][0] == '-' && argv[1]) argv++;
        return argv[0];
}

/* The line that says why: the first "fatal:", else the last one. */
static char *reason(Str errors) {
        Str rest = errors, line, last = {"no reason given", 15};
        bool more = errors.n > 0;
        while (more) {
                more = str_cut(&rest, '\n', &line);
                line = str_trim(line);
                if (str_starts(line, STR("fatal: "))) return str_dup(str_sub(line, 7, line.n));
                if (line.n) last = line;
        }
        return str_dup(last);
}

static int git_failed(const GitRequest *r, const char *command, Str errors, Err **e) {
        AUTO(freep) char *why = reason(errors);
        AUTO(freep) char *host = url_host(r->ref->remote);
        err_new(e, ERR_NETWORK, "git %s: %s", command, why);
        if (strstr(why, "could not read Username") || strstr(why, "Authentication failed"))
                err_hint(e, "credentials come from a secret: --secret id=GIT_AUTH_TOKEN.%s,env=NAME", host);
        if (strstr(why, "transport '")) err_hint(e, "repositories are fetched by http, https, ssh and git only");
        return -1;
}

int git_run(const GitRequest *request, const char *directory, const char *const *argv, Buf *ret_output, Err **e) {
        AUTO(strvec_done) StrVec words = {0};
        AUTO(strvec_done) StrVec env = {0};
        AUTO(buf_done) Buf errors = {0};
        static const char *const with_umask[] = {"sh", "-c", "umask 022; exec git \"$@\"", "git"};
        for (size_t i = 0; i < ARRAY_SIZE(with_umask); i++) strvec_push(&words, with_umask[i]);
        for (size_t i = 0; argv[i]; i++) strvec_push(&words, argv[i]);
        git_environment(request, &env);
        ProcessParams params = {
                .argv = (const char *const *)words.v,
                .env = (const char *const *)env.v,
                .directory = directory,
                .output_max = GIT_OUTPUT_MAX,
                .silence_s = request->silence_s,
                .cancelled = request->cancelled,
        };
        int status = 0;
        if (process_run(&params, &status, ret_output, &errors, e) < 0) return err_wrap(e, "git %s", command_name(argv));
        if (status == 127) {
                err_new(e, ERR_NOT_FOUND, "git is not installed");
                return err_hint(e, "git repositories need it (Debian: apt-get install git)");
        }
        return status == 0 ? 0 : git_failed(request, command_name(argv), buf_str(&errors), e);
}
