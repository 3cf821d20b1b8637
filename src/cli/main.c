/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cli/app.h"
#include "cli/args.h"
#include "cli/exit.h"
#include "cli/help.h"
#include "cli/signals.h"
#include "cli/text.h"
#include "sandbox/rootless.h"

static int command_version(App *app, const Args *args, Err **e) {
        (void)app;
        (void)args;
        AUTO(buf_done) Buf out = {0};
        buf_adds(&out, DECANT_VERSION_TEXT "\n");
        return app_print(&out, e);
}

static int command_help(App *app, const Args *args, Err **e) {
        (void)app;
        AUTO(buf_done) Buf out = {0};
        if (args->operands.n == 0) {
                help_program(&out);
                return app_print(&out, e);
        }
        const Command *about = command_find(args->operands.v[0]);
        if (!about) {
                err_new(e, ERR_USAGE, "'%s' is not a command", args->operands.v[0]);
                return err_hint(e, "decant help lists the commands");
        }
        help_command(about, &out);
        return app_print(&out, e);
}

static int command_completion(App *app, const Args *args, Err **e) {
        (void)app;
        AUTO(buf_done) Buf out = {0};
        const char *shell = args->operands.v[0];
        if (streq(shell, "bash")) {
                completion_bash(&out);
        } else if (streq(shell, "zsh")) {
                completion_zsh(&out);
        } else if (streq(shell, "fish")) {
                completion_fish(&out);
        } else {
                err_new(e, ERR_USAGE, "there is no completion for '%s'", shell);
                return err_hint(e, "shells: bash zsh fish");
        }
        return app_print(&out, e);
}

static int command_man(App *app, const Args *args, Err **e) {
        (void)app;
        (void)args;
        AUTO(buf_done) Buf out = {0};
        manual_page(&out);
        return app_print(&out, e);
}

/* Who runs what; the table of commands itself is cli/command.c. */
static CommandFunction *const functions[COMMAND_ID_MAX] = {
        [COMMAND_BAKE] = command_bake,       [COMMAND_BASE] = command_base,
        [COMMAND_BUILD] = command_build,     [COMMAND_COMPLETION] = command_completion,
        [COMMAND_DF] = command_df,           [COMMAND_DOCTOR] = command_doctor,
        [COMMAND_HELP] = command_help,       [COMMAND_HISTORY] = command_history,
        [COMMAND_IMAGES] = command_images,   [COMMAND_IMPORT] = command_import,
        [COMMAND_INSPECT] = command_inspect, [COMMAND_LINT] = command_lint,
        [COMMAND_LOAD] = command_load,       [COMMAND_MAN] = command_man,
        [COMMAND_PRUNE] = command_prune,     [COMMAND_RMI] = command_rmi,
        [COMMAND_RUN] = command_run,         [COMMAND_SAVE] = command_save,
        [COMMAND_SBOM] = command_sbom,       [COMMAND_SYNC] = command_sync,
        [COMMAND_TAG] = command_tag,         [COMMAND_TEST] = command_test,
        [COMMAND_VERSION] = command_version,
};

static int show_help_of(const Command *command, Err **e) {
        AUTO(buf_done) Buf out = {0};
        help_command(command, &out);
        return app_print(&out, e);
}

static void note_ignored(const Args *args) {
        const Option *option, *quiet = option_by_name(args->command, "quiet", strlen("quiet"));
        if (quiet && args_flag(args, quiet->name)) return;
        for (size_t i = 0; (option = args_next_ignored(args, &i));) {
                app_printf_error("decant: note: --%s changes nothing: %s", option->name, option->note);
        }
}

static int run_command(App *app, const Args *args, Err **e) {
        if (!args->command)
                return args_flag(args, "version") ? command_version(app, args, e) : command_help(app, args, e);
        if (args_flag(args, "help")) return show_help_of(args->command, e);
        app->root = args_text(args, "root");
        app->debug = args_flag(args, "debug");
        note_ignored(args);
        if (args->command->uses_store && rootless_enter(app->argv, e) < 0) return -1;
        return functions[args->command->id](app, args, e);
}

/* "decant: message", the excerpt, the hints. Names in them come from anywhere. */
static void print_error(const Err *e) {
        Buf out = {0}, safe = {0};
        buf_addf(&out, "decant: %s\n", err_message(e));
        const char *excerpt = err_excerpt_text(e);
        if (excerpt) buf_addf(&out, "%s%s", excerpt, ends_with(excerpt, "\n") ? "" : "\n");
        Str rest = str_of(err_hints(e)), line;
        while (str_cut(&rest, '\n', &line)) buf_addf(&out, "hint: " STR_FMT "\n", STR_ARG(line));
        text_add_safe(&safe, (Str){out.p, out.n - 1});
        app_printf_error("%s", buf_str(&safe).p);
        buf_done(&safe);
        buf_done(&out);
}

static int failure_status(const Command *command, const Err *e) {
        if (err_kind(e) == ERR_CANCELLED) return signals_received() ? 128 + signals_received() : EXIT_INTERRUPTED;
        if (!command || command->id != COMMAND_RUN) {
                bool absent = err_kind(e) == ERR_SYS && err_errno(e) == ENOENT;
                return (int)exit_status_of(absent ? ERR_NOT_FOUND : err_kind(e));
        }
        int status = err_exit_status(e);
        return status == EXIT_RUN_NOT_EXECUTABLE || status == EXIT_RUN_NOT_FOUND ? status : EXIT_RUN_FAILED;
}

/* For a failure before the command line was understood: is it a `run`, whose failures have a status of their own? */
static const Command *named_command(char **argv) {
        for (; *argv; argv++) {
                const Command *command = command_find(*argv);
                if (command) return command;
        }
        return NULL;
}

/* What we open must never come to stand where output goes. A standard descriptor that is closed is replaced by one from
 * which nothing comes and, for standard output, to which nothing can be written: who closed it is told. They are
 * inherited, hence no O_CLOEXEC. */
static void fill_standard_descriptors(void) {
        static const int modes[] = {O_RDONLY, O_RDONLY, O_WRONLY};
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
                if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd) _exit(EXIT_FAILED);
}

int main(int argc, char **argv) {
        AUTO(err_freep) Err *e = NULL;
        App app = {.argv = argv};
        Args args = {0};
        const Command *command;
        int status;
        fill_standard_descriptors();
        if (args_parse(argv + 1, argc > 0 ? (size_t)argc - 1 : 0, &args, &e) < 0) {
                command = argc > 1 ? named_command(argv + 1) : NULL;
                status = -1;
        } else {
                command = args.command;
                status = run_command(&app, &args, &e);
        }
        if (status < 0) {
                print_error(e);
                status = failure_status(command, e);
        }
        args_done(&args);
        return status;
}
