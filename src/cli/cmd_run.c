/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/app.h"
#include "cli/container.h"
#include "cli/relay.h"
#include "cli/signals.h"

/* Everything that has to go away again, in one place. */
typedef struct Run {
        RunOptions options;
        Container container;
        int master, slave;
        SandboxProcess *process;
} Run;

static ContainerStdio stdio_of(const Run *r) {
        if (r->options.terminal) return (ContainerStdio){r->slave, r->slave, r->slave};
        return (ContainerStdio){r->options.interactive ? STDIN_FILENO : -1, STDOUT_FILENO, STDERR_FILENO};
}

static int start_and_wait(Run *r, int *ret_status, Err **e) {
        if (r->options.terminal && terminal_open(&r->master, &r->slave, e) < 0) return -1;
        ContainerStdio stdio = stdio_of(r);
        int signal_fd = signals_collect(e);
        if (signal_fd < 0 || container_start(&r->container, &stdio, &r->process, e) < 0) return -1;
        closep(&r->slave); /* only the container holds it, so that its end shows on our side */
        r->slave = -1;
        Relay *relay = NULL;
        RelayParams relay_params = {r->process, signal_fd, r->master, r->options.interactive};
        if (relay_start(&relay_params, &relay, e) < 0) return -1;
        bool oom = false;
        int result = sandbox_wait(r->process, ret_status, &oom, e);
        relay_stop(relay);
        if (oom) app_printf_error("decant: the container was killed: it needed more memory than --memory allows");
        return result;
}

static void run_done(Run *r) {
        sandbox_process_free(r->process);
        closep(&r->master);
        closep(&r->slave);
        container_done(&r->container);
        run_options_done(&r->options);
}

static int check_terminal(const Args *args, Err **e) {
        if (!args_flag(args, "tty") || !args_flag(args, "interactive") || isatty(STDIN_FILENO)) return 0;
        err_new(e, ERR_USAGE, "standard input is not a terminal");
        return err_hint(e, "leave --tty out");
}

int command_run(App *app, const Args *args, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        AUTO(image_done) Image image = {0};
        int status = 0;
        if (check_terminal(args, e) < 0 || app_store_open(app, &store.store, e) < 0) return -1;
        if (image_find(store.store, args->operands.v[0], &image, NULL, e) < 0) return -1;
        Run run = {.master = -1, .slave = -1};
        int r = run_options_init(&run.options, args, &image, e);
        if (r == 0) r = container_init(&run.container, store.store, &image, &run.options, e);
        if (r == 0) r = start_and_wait(&run, &status, e);
        run_done(&run);
        return r < 0 ? -1 : status;
}
