/* SPDX-License-Identifier: Apache-2.0 */
#include "build/ssh_agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "build/memory_dir.h"
#include "os/fs.h"
#include "os/process.h"

enum { KEY_MAX = 1 << 20, OUTPUT_MAX = 64 << 10 };

struct SshAgent {
        SshAgent *next;
        const BuildSsh *ssh; /* whose keys it has */
        char *directory, *socket;
        int lock_fd;
        Companion companion;
};

extern char **environ;

static int not_installed(Err **e) {
        if (!e || err_kind(*e) != ERR_NOT_FOUND) return -1;
        return err_hint(e, "install it (Debian: apt-get install openssh-client), or forward an agent: --ssh ID=SOCKET");
}

/* It says a line when the socket is there. When its input ends, because we close it or are no more, it ends the agent. */
static int start(SshAgent *a, Err **e) {
        static const char script[] = "echo && cat >/dev/null; kill \"$SSH_AGENT_PID\"";
        const char *const argv[] = {"ssh-agent", "-a", a->socket, "/bin/sh", "-c", script, NULL};
        char line;
        if (companion_start(argv, &a->companion, e) < 0) return not_installed(e);
        ssize_t n;
        while ((n = read(a->companion.output_fd, &line, 1)) < 0 && errno == EINTR) continue;
        if (n == 1) return 0;
        int status = companion_stop(&a->companion);
        a->companion.pid = 0;
        return err_new(e, ERR_SYS, "ssh-agent does not start: exit status %d", status);
}

/* Nobody is asked for a passphrase: the program that would is one that says nothing. */
static void key_environment(const SshAgent *a, StrVec *env) {
        for (char **v = environ; *v; v++) strvec_push(env, *v);
        strvec_env_set(env, "SSH_AUTH_SOCK", a->socket);
        strvec_env_set(env, "SSH_ASKPASS", "/bin/false");
        strvec_env_set(env, "SSH_ASKPASS_REQUIRE", "force");
        strvec_env_set(env, "DISPLAY", "none");
        strvec_env_set(env, "LC_ALL", "C");
}

static bool has_passphrase(const char *path) {
        const char *const argv[] = {"ssh-keygen", "-y", "-P", "", "-f", path, NULL};
        ProcessParams params = {.argv = argv, .output_max = OUTPUT_MAX};
        AUTO(buf_done) Buf out = {0}, errors = {0};
        int status;
        if (process_run(&params, &status, &out, &errors, NULL) < 0 || !errors.n) return false;
        return strstr(errors.p, "passphrase") != NULL;
}

static int key_refused(const char *path, const Buf *errors, Err **e) {
        if (has_passphrase(path)) {
                err_new(e, ERR_DENIED, "the key '%s' is protected by a passphrase", path);
                return err_hint(
                        e, "add it to an agent, which asks for it (ssh-add %s), and forward that: --ssh default", path);
        }
        Str rest = str_of(errors->n ? errors->p : ""), line;
        str_cut(&rest, '\n', &line);
        return err_new(e, ERR_FORMAT, "'%s' is no private key that ssh-add takes: " STR_FMT, path, STR_ARG(line));
}

/* Through its standard input: whose file it is and who may read it is the user's business. */
static int add_key(const SshAgent *a, const char *path, Err **e) {
        static const char *const argv[] = {"ssh-add", "-q", "-", NULL};
        AUTO(freep) char *key = NULL;
        AUTO(buf_done) Buf out = {0}, errors = {0};
        AUTO(strvec_done) StrVec env = {0};
        size_t size;
        int status;
        if (file_read(AT_FDCWD, path, KEY_MAX, &key, &size, e) < 0) return -1;
        key_environment(a, &env);
        ProcessParams params = {.argv = argv,
                                .env = (const char *const *)env.v,
                                .input = key,
                                .input_size = size,
                                .output_max = OUTPUT_MAX};
        int r = process_run(&params, &status, &out, &errors, e);
        explicit_bzero(key, size);
        if (r < 0) return not_installed(e);
        return status == 0 ? 0 : key_refused(path, &errors, e);
}

static int fill(SshAgent *a, Err **e) {
        if (memory_dir_make(&a->directory, &a->lock_fd, e) < 0) return -1;
        a->socket = xasprintf("%s/agent", a->directory);
        if (start(a, e) < 0) return -1;
        for (size_t i = 0; a->ssh->keys[i]; i++)
                if (add_key(a, a->ssh->keys[i], e) < 0) return -1;
        return 0;
}

static void agent_free(SshAgent *a) {
        if (a->companion.pid) companion_stop(&a->companion);
        if (a->directory) tree_remove(AT_FDCWD, a->directory, NULL);
        closep(&a->lock_fd);
        free(a->directory);
        free(a->socket);
        free(a);
}

static int find_or_start(SshAgents *agents, const BuildSsh *ssh, const char **ret_socket, Err **e) {
        SshAgent *a = agents->first;
        while (a && a->ssh != ssh) a = a->next;
        if (!a) {
                a = xcalloc(1, sizeof *a);
                *a = (SshAgent){.ssh = ssh, .lock_fd = -1};
                if (fill(a, e) < 0) {
                        agent_free(a);
                        return err_wrap(e, "--ssh %s", ssh->id);
                }
                a->next = agents->first;
                agents->first = a;
        }
        *ret_socket = a->socket;
        return 0;
}

int ssh_agent_socket(SshAgents *a, const BuildSsh *ssh, const char **ret_socket, Err **e) {
        *ret_socket = ssh->path;
        if (ssh->path) return 0;
        pthread_mutex_lock(&a->lock);
        int r = find_or_start(a, ssh, ret_socket, e);
        pthread_mutex_unlock(&a->lock);
        return r;
}

void ssh_agents_init(SshAgents *a) {
        *a = (SshAgents){0};
        pthread_mutex_init(&a->lock, NULL);
}

void ssh_agents_done(SshAgents *a) {
        while (a->first) {
                SshAgent *next = a->first->next;
                agent_free(a->first);
                a->first = next;
        }
        pthread_mutex_destroy(&a->lock);
}
