/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/failure_shell.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/app.h"
#include "cli/relay.h"

int failure_shell_progress(ProgressMode *mode, Err **e) {
        if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
                err_new(e, ERR_USAGE, "--on-error=shell needs a terminal");
                return err_hint(e, "standard input and output must be one; leave the option out in scripts");
        }
        if (*mode == PROGRESS_AUTO || *mode == PROGRESS_TTY) *mode = PROGRESS_PLAIN;
        return 0;
}

static void process_freep(SandboxProcess **p) {
        if (*p) sandbox_process_free(*p);
}

static int converse(const BuildFailure *failure, int master, int *slave, Err **e) {
        AUTO(process_freep) SandboxProcess *process = NULL;
        Relay *relay = NULL;
        if (sandbox_start(failure->sandbox, failure->spec, &process, e) < 0) return -1;
        close(TAKE_FD(*slave)); /* only the shell holds it, so that its end shows on our side */
        RelayParams params = {.process = process, .signal_fd = -1, .master_fd = master, .interactive = true};
        if (relay_start(&params, &relay, e) < 0) return -1;
        int status;
        bool oom;
        int r = sandbox_wait(process, &status, &oom, e);
        relay_stop(relay);
        return r;
}

int failure_shell(void *context, const BuildFailure *failure, Err **e) {
        (void)context;
        AUTO(closep) int master = -1;
        AUTO(closep) int slave = -1;
        AUTO(strvec_done) StrVec env = {0};
        const char *term = getenv("TERM");
        if (terminal_open(&master, &slave, e) < 0) return -1;
        strvec_copy(&env, failure->spec->env);
        strvec_env_set(&env, "TERM", term && *term ? term : "xterm");
        SandboxSpec *spec = failure->spec;
        spec->env = &env;
        spec->terminal = true;
        spec->stdin_fd = spec->stdout_fd = spec->stderr_fd = slave;
        app_printf_error("\n%s: %s\nA shell in the state that it left, with its mounts; exit ends the build.",
                         failure->step, failure->message);
        return converse(failure, master, &slave, e);
}
