/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include "base/str.h"
#include "cli/exit.h"

/* Text as troff takes it: a hyphen that is typed is \-, a backslash \e, and no line begins with a control character. */
static void add_text(Buf *out, const char *text) {
        if (*text == '.' || *text == '\'') buf_adds(out, "\\&");
        for (; *text; text++) {
                if (*text == '-') {
                        buf_adds(out, "\\-");
                } else if (*text == '\\') {
                        buf_adds(out, "\\e");
                } else {
                        buf_addc(out, *text);
                }
        }
}

static void add_line(Buf *out, const char *text) {
        add_text(out, text);
        buf_addc(out, '\n');
}

static void add_bold(Buf *out, const char *before, const char *text) {
        buf_adds(out, "\\fB");
        add_text(out, before);
        add_text(out, text);
        buf_adds(out, "\\fR");
}

static void add_option(Buf *out, const Option *option) {
        char letter[] = {option->letter, 0};
        buf_adds(out, ".TP\n");
        if (option->letter) {
                add_bold(out, "-", letter);
                buf_adds(out, ", ");
        }
        add_bold(out, "--", option->name);
        if (option->value) {
                buf_adds(out, " \\fI");
                add_text(out, option->value);
                buf_adds(out, "\\fR");
        }
        buf_addc(out, '\n');
        add_text(out, option->help);
        if (option->choices) {
                buf_adds(out, " (");
                add_text(out, option->choices);
                buf_addc(out, ')');
        }
        buf_adds(out, ".\n");
        if (option->state == OPTION_SERVED) return;
        buf_adds(out, option->state == OPTION_IGNORED ? "Accepted and ignored: " : "Not supported: ");
        add_text(out, option->note);
        buf_adds(out, ".\n");
}

static void add_command(Buf *out, const Command *c) {
        buf_adds(out, ".SS ");
        buf_addf(out, "\"decant %s", c->name);
        if (c->options->count) buf_adds(out, " [OPTIONS]");
        if (*c->operands) buf_addc(out, ' ');
        add_text(out, c->operands);
        buf_adds(out, "\"\n");
        add_text(out, c->help);
        buf_adds(out, ".\n");
        if (c->detail) {
                buf_adds(out, ".PP\n");
                add_line(out, c->detail);
        }
        for (size_t i = 0; i < c->options->count; i++) add_option(out, &c->options->rows[i]);
}

static void add_tables(Buf *out) {
        size_t count;
        const EnvironmentRow *variables = environment_rows(&count);
        buf_adds(out, ".SH ENVIRONMENT\n");
        for (size_t i = 0; i < count; i++) {
                buf_addf(out, ".TP\n.B %s\n", variables[i].name);
                add_line(out, variables[i].meaning);
        }
        const ExitRow *rows = exit_rows(&count);
        buf_adds(out, ".SH \"EXIT STATUS\"\n");
        for (size_t i = 0; i < count; i++) {
                buf_addf(out, ".TP\n.B %d\n", (int)rows[i].status);
                add_line(out, rows[i].meaning);
        }
}

void manual_page(Buf *out) {
        size_t count;
        const Command *table = command_table(&count);
        buf_adds(out, ".TH DECANT 1 \"\" \"decant " DECANT_VERSION "\" \"User Commands\"\n"
                      ".SH NAME\ndecant \\- build small container images\n"
                      ".SH SYNOPSIS\n.B decant\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENT\\fR...]\n"
                      ".SH DESCRIPTION\n");
        add_line(out, "decant builds container images from multi-stage Dockerfiles, keeps them in a local store, runs "
                      "them and writes "
                      "them as archives. It needs no daemon and no root.");
        buf_adds(out, ".SH OPTIONS\n");
        const Option *global = global_options(&count);
        for (size_t i = 0; i < count; i++) add_option(out, &global[i]);
        buf_adds(out, ".SH COMMANDS\n");
        table = command_table(&count);
        for (size_t i = 0; i < count; i++) {
                if (!table[i].hidden) add_command(out, &table[i]);
        }
        add_tables(out);
        buf_adds(out, ".SH FILES\n.TP\n.I /var/lib/decant\n");
        add_line(out, "The store of root. An ordinary user's is ~/.local/share/decant.");
        buf_adds(out, ".TP\n.IR Dockerfile \", \" .dockerignore\n");
        add_line(out, "What to build, and what not to see of the context.");
        buf_adds(out, ".SH \"SEE ALSO\"\n.BR skopeo (1),\n.BR crun (1),\n.BR newuidmap (1)\n");
}
