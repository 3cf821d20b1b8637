/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <string.h>

#include "base/str.h"
#include "cli/exit.h"

enum { LINE_WIDTH = 100, NAME_WIDTH_MAX = 34 };

/* text wrapped at LINE_WIDTH; following lines are indented. */
static void add_wrapped(Buf *out, const char *text, size_t indent) {
        size_t column = indent;
        Str rest = str_of(text), word;
        bool more, first = true;
        do {
                more = str_cut(&rest, ' ', &word);
                if (!first && column + 1 + word.n > LINE_WIDTH) {
                        buf_addf(out, "\n%*s", (int)indent, "");
                        column = indent;
                } else if (!first) {
                        buf_addc(out, ' ');
                        column++;
                }
                buf_add_str(out, word);
                column += word.n;
                first = false;
        } while (more);
        buf_addc(out, '\n');
}

static void option_spelling(const Option *option, Buf *out) {
        if (option->letter) {
                buf_addf(out, "-%c, --%s", option->letter, option->name);
        } else {
                buf_addf(out, "    --%s", option->name);
        }
        if (option->value) buf_addf(out, " %s", option->value);
}

static void add_option(const Option *option, size_t width, Buf *out) {
        Buf name = {0}, text = {0};
        option_spelling(option, &name);
        buf_addf(out, "  %-*s", (int)width, name.p);
        if (name.n > width) buf_addf(out, "\n  %*s", (int)width, "");
        buf_adds(&text, option->help);
        if (option->choices) buf_addf(&text, " (%s)", option->choices);
        if (option->state != OPTION_SERVED) buf_addf(&text, ": %s", option->note);
        buf_adds(out, "  ");
        add_wrapped(out, text.p, width + 4);
        buf_done(&name);
        buf_done(&text);
}

static size_t spelling_width(const Option *options, size_t count) {
        size_t width = 0;
        for (size_t i = 0; i < count; i++) {
                size_t n = 6 + strlen(options[i].name) + (options[i].value ? 1 + strlen(options[i].value) : 0);
                if (n > width && n <= NAME_WIDTH_MAX) width = n;
        }
        return width;
}

static void add_options(const char *title, const Option *options, size_t count, int state, Buf *out) {
        bool any = false;
        for (size_t i = 0; i < count; i++) {
                if ((int)options[i].state != state) continue;
                if (!any) buf_addf(out, "\n%s:\n", title);
                any = true;
                add_option(&options[i], spelling_width(options, count), out);
        }
}

void help_command(const Command *c, Buf *out) {
        size_t count;
        const Option *global = global_options(&count);
        buf_addf(out, "Usage:  decant %s%s%s%s\n\n%s\n", c->name, c->options->count ? " [OPTIONS]" : "",
                 *c->operands ? " " : "", c->operands, c->help);
        if (c->detail) {
                buf_addc(out, '\n');
                add_wrapped(out, c->detail, 0);
        }
        add_options("Options", c->options->rows, c->options->count, OPTION_SERVED, out);
        add_options("Global options", global, count, OPTION_SERVED, out);
        add_options("Accepted and ignored", c->options->rows, c->options->count, OPTION_IGNORED, out);
        add_options("Not supported", c->options->rows, c->options->count, OPTION_UNSUPPORTED, out);
}

static void add_exit_statuses(Buf *out) {
        size_t count;
        const ExitRow *rows = exit_rows(&count);
        buf_adds(out, "\nExit statuses:\n");
        for (size_t i = 0; i < count; i++) buf_addf(out, "  %-4d %s\n", (int)rows[i].status, rows[i].meaning);
}

void help_program(Buf *out) {
        size_t count;
        const Command *table = command_table(&count);
        buf_adds(out, "Usage:  decant [OPTIONS] COMMAND [ARGUMENT...]\n\nBuild small container images, without a "
                      "daemon\n\nCommands:\n");
        for (size_t i = 0; i < count; i++) {
                if (!table[i].hidden) buf_addf(out, "  %-11s %s\n", table[i].name, table[i].help);
        }
        const Option *global = global_options(&count);
        add_options("Options", global, count, OPTION_SERVED, out);
        const EnvironmentRow *rows = environment_rows(&count);
        buf_adds(out, "\nEnvironment:\n");
        for (size_t i = 0; i < count; i++) buf_addf(out, "  %-23s %s\n", rows[i].name, rows[i].meaning);
        add_exit_statuses(out);
        buf_adds(out, "\ndecant help COMMAND shows the options of a command.\n");
}
