/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "inspect/structure_internal.h"

/* A command test: setup, the command, teardown in one root file system. */

enum { EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_THERE = 127, EXIT_SIGNAL = 128 };

static void structure_command_result_done(StructureCommandResult *r) {
        buf_done(&r->output);
        buf_done(&r->errors);
        *r = (StructureCommandResult){0};
}

/* A failure of what every later test needs as well ends everything; any other is this test's own. */
static bool ends_everything(const Err *why) {
        switch (err_kind(why)) {
        case ERR_CANCELLED:
        case ERR_DENIED:
        case ERR_INTERNAL:
        case ERR_NO_SPACE:
        case ERR_STORE: return true;
        default: return false;
        }
}

/* Returns -1, or 1: the test failed. */
static int fail_or_end(StructureRun *r, Err **why, Err **e) {
        bool ends = ends_everything(*why);
        if (!ends) structure_fail(r, "%s", err_message(*why));
        if (ends) {
                err_move(e, why);
        } else {
                err_clear(why);
        }
        return ends ? -1 : 1;
}

/* Values are expanded one after the other, so that one may use an earlier one. */
static void add_variables(StrVec *env, const StructurePairs *pairs) {
        for (size_t i = 0; i < pairs->n; i++) {
                AUTO(freep) char *value = structure_expand(pairs->v[i].value, env, false);
                strvec_env_set(env, pairs->v[i].key, value);
        }
}

static int run(StructureRun *r, const StructureTexts *argv, bool is_preparation, StructureCommandResult *result,
               Err **e) {
        AUTO(strvec_done) StrVec words = {0};
        AUTO(err_freep) Err *why = NULL;
        for (size_t i = 0; i < argv->n; i++) strvec_push_take(&words, structure_expand(argv->v[i], &r->env, true));
        StructureCommand command = {&words, &r->env, is_preparation};
        const StructureRunner *runner = r->params->runner;
        if (runner->run(runner->context, &command, result, &why) < 0) return fail_or_end(r, &why, e);
        return 0;
}

static const char *status_reason(int status) {
        return status == EXIT_NOT_THERE        ? " (the program is not in the image)"
               : status == EXIT_NOT_EXECUTABLE ? " (the program cannot be executed)"
               : status > EXIT_SIGNAL          ? " (ended by a signal)"
                                               : "";
}

/* False when the running test failed for it: it was not the command itself that ended. */
static bool check_ended(StructureRun *r, const char *what, const StructureCommandResult *result) {
        if (result->timed_out) structure_fail(r, "expected %s to end within %u s", what, r->params->runner->timeout_s);
        if (result->out_of_memory) structure_fail(r, "%s was killed for lack of memory", what);
        return !result->timed_out && !result->out_of_memory;
}

/* Returns 1 when one failed. */
static int run_preparations(StructureRun *r, const char *what, const StructureCommands *list, Err **e) {
        for (size_t i = 0; i < list->n; i++) {
                AUTO(structure_command_result_done) StructureCommandResult result = {0};
                int outcome = run(r, &list->v[i], true, &result, e);
                if (outcome != 0) return outcome;
                AUTO(freep) char *name = xasprintf("%s command %zu ('%s')", what, i + 1, list->v[i].v[0]);
                if (!check_ended(r, name, &result)) return 1;
                if (result.status == 0) continue;
                AUTO(freep) char *errors = structure_quote(buf_str(&result.errors));
                structure_fail(r, "expected %s to end with status 0, found %d%s and on standard error %s", name,
                               result.status, status_reason(result.status), errors);
                return 1;
        }
        return 0;
}

static void check_result(StructureRun *r, const CommandTest *t, const StructureCommandResult *result) {
        const StructureMatch output = {"standard output", buf_str(&result->output), &t->expected_output,
                                       &t->excluded_output};
        const StructureMatch errors = {"standard error", buf_str(&result->errors), &t->expected_error,
                                       &t->excluded_error};
        if (!check_ended(r, "the command", result)) return;
        if (result->truncated) structure_fail(r, "the command wrote more than is kept of its output");
        structure_match(r, &output);
        structure_match(r, &errors);
        if (result->status != t->exit_code)
                structure_fail(r, "expected exit status %lld, found %d%s", (long long)t->exit_code, result->status,
                               status_reason(result->status));
}

static int run_command(StructureRun *r, const CommandTest *t, Err **e) {
        AUTO(structure_command_result_done) StructureCommandResult result = {0};
        int outcome = run_preparations(r, "setup", &t->setup, e);
        if (outcome == 0) {
                outcome = run(r, &t->argv, false, &result, e);
                if (outcome == 0) check_result(r, t, &result);
        }
        if (outcome >= 0 && run_preparations(r, "teardown", &t->teardown, e) < 0) outcome = -1;
        r->result->output_size = result.output.n;
        r->result->errors_size = result.errors.n;
        r->result->output = result.output.n ? buf_take(&result.output) : NULL;
        r->result->errors = result.errors.n ? buf_take(&result.errors) : NULL;
        return outcome < 0 ? -1 : 0;
}

int structure_run_command(StructureRun *r, const CommandTest *t, Err **e) {
        const StructureRunner *runner = r->params->runner;
        AUTO(err_freep) Err *why = NULL;
        int status;
        if (!runner) {
                r->result->status = STRUCTURE_SKIPPED;
                return 0;
        }
        if (runner->begin(runner->context, &r->file->run_options, &r->env, &why) < 0) {
                status = fail_or_end(r, &why, e);
        } else {
                add_variables(&r->env, &r->file->global_env);
                add_variables(&r->env, &t->env);
                status = run_command(r, t, e);
        }
        runner->end(runner->context);
        strvec_done(&r->env);
        return status < 0 ? -1 : 0;
}
