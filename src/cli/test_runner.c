/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/test_runner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/capture.h"
#include "cli/container.h"
#include "cli/relay.h"
#include "cli/signals.h"

struct TestRunner {
        TestRunnerParams params;
        StructureRunner interface;
        RunOptions options; /* of the test that is running */
        Container container;
};

static int check_signals(Err **e) {
        return *signals_flag() ? err_new(e, ERR_CANCELLED, "interrupted") : 0;
}

/* ---- the options: image, then the file, then the command line */

static int add_file_options(RunOptions *o, const StructureRunOptions *file, Err **e) {
        if (file->user) o->user = file->user;
        o->privileged = file->privileged;
        if (file->env_file && run_env_file(&o->env, file->env_file, e) < 0) return -1;
        for (size_t i = 0; i < file->env_names.n; i++)
                if (run_env_variable(&o->env, file->env_names.v[i], e) < 0) return -1;
        for (size_t i = 0; i < file->capabilities.n; i++) strvec_push(&o->cap_add, file->capabilities.v[i]);
        for (size_t i = 0; i < file->bind_mounts.n; i++)
                if (run_volume_parse(o, file->bind_mounts.v[i], e) < 0) return -1;
        return 0;
}

static int add_line_options(RunOptions *o, const Args *args, Err **e) {
        const char *user = args_text(args, "user"), *runtime = args_text(args, "runtime"), *text;
        if (user) o->user = user;
        o->runtime = runtime && streq(runtime, "crun") ? RUNTIME_CRUN : RUNTIME_LAUNCHER;
        o->network = run_network(args_text(args, "network"));
        for (size_t i = 0; (text = args_next(args, "tmpfs", &i));)
                if (run_tmpfs_parse(o, text, e) < 0) return -1;
        return 0;
}

static int begin(void *context, const StructureRunOptions *file, StrVec *ret_base_env, Err **e) {
        TestRunner *r = context;
        RunOptions *o = &r->options;
        *o = (RunOptions){.terminal = file->allocate_tty};
        run_options_of_image(o, r->params.image);
        if (check_signals(e) < 0) return -1;
        if (add_file_options(o, file, e) < 0) return err_wrap(e, "containerRunOptions");
        if (add_line_options(o, r->params.args, e) < 0) return -1;
        o->has_home = strvec_env_get(&o->env, "HOME") != NULL;
        if (container_init(&r->container, r->params.store, r->params.image, o, e) < 0) return -1;
        strvec_copy(ret_base_env, &o->env);
        return 0;
}

static void end(void *context) {
        TestRunner *r = context;
        container_done(&r->container);
        run_options_done(&r->options);
}

/* ---- one command */

typedef struct Streams {
        int output[2], errors[2]; /* reading end, writing end; a terminal has no errors of its own */
} Streams;

static void streams_done(Streams *s) {
        for (int i = 0; i < 2; i++) {
                closep(&s->output[i]);
                closep(&s->errors[i]);
        }
}

static int make_pipe(int *ret_ends, Err **e) {
        if (pipe2(ret_ends, O_CLOEXEC) < 0 || fcntl(ret_ends[0], F_SETFL, O_NONBLOCK) < 0)
                return err_sys(e, "make a pipe");
        return 0;
}

static int open_streams(bool terminal, Streams *s, Err **e) {
        if (terminal) return terminal_open(&s->output[0], &s->output[1], e);
        return make_pipe(s->output, e) < 0 || make_pipe(s->errors, e) < 0 ? -1 : 0;
}

static int start(TestRunner *r, Streams *s, SandboxProcess **ret_process, Err **e) {
        bool terminal = r->options.terminal;
        ContainerStdio stdio = {terminal ? s->output[1] : -1, s->output[1], terminal ? s->output[1] : s->errors[1]};
        if (container_start(&r->container, &stdio, ret_process, e) < 0) return -1;
        closep(&s->output[1]); /* only the container holds them, so that its end shows on our side */
        closep(&s->errors[1]);
        s->output[1] = s->errors[1] = -1;
        return 0;
}

static int wait_for(TestRunner *r, const Streams *s, SandboxProcess *process, StructureCommandResult *ret, Err **e) {
        CaptureParams params = {process, s->output[0], s->errors[0], signals_fd(), r->params.timeout_s};
        AUTO(capture_result_done) CaptureResult captured = {0};
        Capture *capture;
        if (capture_start(&params, &capture, e) < 0) return -1;
        int status = sandbox_wait(process, &ret->status, &ret->out_of_memory, e);
        capture_finish(capture, &captured);
        if (status < 0 || check_signals(e) < 0) return -1;
        ret->output = captured.output;
        ret->errors = captured.errors;
        ret->timed_out = captured.timed_out;
        ret->truncated = captured.truncated;
        captured = (CaptureResult){0};
        return 0;
}

static int run(void *context, const StructureCommand *command, StructureCommandResult *ret, Err **e) {
        TestRunner *r = context;
        AUTO(streams_done) Streams streams = {{-1, -1}, {-1, -1}};
        SandboxProcess *process = NULL;
        strvec_copy(&r->options.argv, command->argv);
        strvec_copy(&r->options.env, command->env);
        r->options.read_only = !command->is_preparation && args_flag(r->params.args, "read-only");
        int status = open_streams(r->options.terminal, &streams, e);
        if (status == 0) status = start(r, &streams, &process, e);
        if (status == 0) status = wait_for(r, &streams, process, ret, e);
        sandbox_process_free(process);
        return status;
}

TestRunner *test_runner_new(const TestRunnerParams *params) {
        TestRunner *r = xcalloc(1, sizeof *r);
        r->params = *params;
        r->interface =
                (StructureRunner){.context = r, .timeout_s = params->timeout_s, .begin = begin, .run = run, .end = end};
        return r;
}

void test_runner_free(TestRunner *r) {
        free(r);
}

const StructureRunner *test_runner_interface(const TestRunner *r) {
        return &r->interface;
}
