/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"

enum { NAMES_MAX = 128 };

static int unknown_command(const char *name, Err **e) {
        size_t count, n = 0;
        const Command *table = command_table(&count);
        const char *names[NAMES_MAX];
        for (size_t i = 0; i < count && n < NAMES_MAX; i++) {
                if (!table[i].hidden) names[n++] = table[i].name;
        }
        err_new(e, ERR_USAGE, "'%s' is not a command", name);
        const char *near = nearest_name(name, names, n);
        if (near) err_hint(e, "did you mean '%s'?", near);
        return err_hint(e, "decant help lists the commands");
}

static size_t option_names(const Command *command, const char **ret_names) {
        size_t count, n = 0;
        for (size_t i = 0; command && i < command->options->count && n < NAMES_MAX; i++)
                ret_names[n++] = command->options->rows[i].name;
        const Option *global = global_options(&count);
        for (size_t i = 0; i < count && n < NAMES_MAX; i++) ret_names[n++] = global[i].name;
        return n;
}

static int unknown_option(const Command *command, Str written, Err **e) {
        const char *names[NAMES_MAX];
        AUTO(freep) char *name = str_dup(str_sub(written, 2, written.n));
        size_t n = option_names(command, names);
        const char *near = written.n > 2 && written.p[1] == '-' ? nearest_name(name, names, n) : NULL;
        err_new(e, ERR_USAGE, "unknown option '" STR_FMT "'%s%s", STR_ARG(written), command ? " of decant " : "",
                command ? command->name : "");
        if (near) err_hint(e, "did you mean '--%s'?", near);
        return err_hint(e, "decant help%s%s lists the options", command ? " " : "", command ? command->name : "");
}

static bool is_choice(const char *choices, const char *value) {
        Str rest = str_of(choices), word;
        bool more;
        do {
                more = str_cut(&rest, ' ', &word);
                if (str_is(word, value)) return true;
        } while (more);
        return false;
}

static bool flag_value(const char *text, const char **ret_value) {
        static const char *const yes[] = {"true", "1", "t", "T", "TRUE", "True"};
        static const char *const no[] = {"false", "0", "f", "F", "FALSE", "False"};
        for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
                if (streq(text, yes[i])) return (*ret_value = "true") != NULL;
                if (streq(text, no[i])) return (*ret_value = "false") != NULL;
        }
        return false;
}

/* An unsupported option is fine as long as it asks for nothing. */
static int check_state(const Option *option, const char *value, Err **e) {
        if (option->state != OPTION_UNSUPPORTED) return 0;
        const char *neutral = option->neutral ? option->neutral : "false";
        if (streq(value, neutral)) return 0;
        return err_new(e, ERR_UNSUPPORTED, "--%s is not supported: %s", option->name, option->note);
}

static int add_value(Args *a, const Option *option, const char *value, Err **e) {
        if (option->kind == OPTION_FLAG && !flag_value(value, &value)) {
                return err_new(e, ERR_USAGE, "--%s takes true or false, not '%s'", option->name, value);
        }
        if (option->choices && !is_choice(option->choices, value)) {
                err_new(e, ERR_USAGE, "'%s' is not a value of --%s", value, option->name);
                return err_hint(e, "values: %s", option->choices);
        }
        if (a->values.n >= ARGS_COUNT_MAX) return err_new(e, ERR_LIMIT, "more than %d options", ARGS_COUNT_MAX);
        if (check_state(option, value, e) < 0) return -1;
        vec_push(&a->values, (ArgValue){option, value});
        return 0;
}

/* What is being read: word i of argv. */
typedef struct Cursor {
        char *const *argv;
        size_t count;
        size_t i;
} Cursor;

static int value_missing(const Option *option, Err **e) {
        return err_new(e, ERR_USAGE, "--%s needs a value: --%s %s", option->name, option->name, option->value);
}

static int parse_long(Args *a, Cursor *at, Err **e) {
        const char *word = at->argv[at->i] + 2;
        const char *equals = strchr(word, '=');
        size_t size = equals ? (size_t)(equals - word) : strlen(word);
        const Option *option = option_by_name(a->command, word, size);
        if (!option) return unknown_option(a->command, (Str){word - 2, size + 2}, e);
        if (equals) return add_value(a, option, equals + 1, e);
        if (option->kind == OPTION_FLAG) return add_value(a, option, "true", e);
        if (at->i + 1 >= at->count) return value_missing(option, e);
        return add_value(a, option, at->argv[++at->i], e);
}

/* -q, -it, -tNAME, -t=NAME, -t NAME */
static int parse_letters(Args *a, Cursor *at, Err **e) {
        const char *word = at->argv[at->i];
        for (const char *c = word + 1; *c; c++) {
                const Option *option = option_by_letter(a->command, *c);
                if (!option) {
                        char written[3] = {'-', *c, 0};
                        return unknown_option(a->command, str_of(written), e);
                }
                if (option->kind != OPTION_FLAG) {
                        if (c[1] == '=') return add_value(a, option, c + 2, e);
                        if (c[1]) return add_value(a, option, c + 1, e);
                        if (at->i + 1 >= at->count) return value_missing(option, e);
                        return add_value(a, option, at->argv[++at->i], e);
                }
                if (c[1] == '=') return add_value(a, option, c + 2, e);
                if (add_value(a, option, "true", e) < 0) return -1;
        }
        return 0;
}

static int take_operand(Args *a, const char *word, Err **e) {
        if (!a->command) {
                a->command = command_find(word);
                return a->command ? 0 : unknown_command(word, e);
        }
        if (a->operands.n >= ARGS_COUNT_MAX) return err_new(e, ERR_LIMIT, "more than %d operands", ARGS_COUNT_MAX);
        vec_push(&a->operands, word);
        return 0;
}

static int parse_words(Args *a, Cursor *at, Err **e) {
        bool options_over = false;
        for (; at->i < at->count; at->i++) {
                const char *word = at->argv[at->i];
                int r;
                if (options_over || word[0] != '-' || word[1] == '\0') {
                        r = take_operand(a, word, e);
                        if (a->command && a->command->options_first && a->operands.n > 0) options_over = true;
                } else if (streq(word, "--")) {
                        options_over = true;
                        r = 0;
                } else {
                        r = word[1] == '-' ? parse_long(a, at, e) : parse_letters(a, at, e);
                }
                if (r < 0) return -1;
        }
        return 0;
}

static int check_operands(const Args *a, Err **e) {
        const Command *c = a->command;
        if (!c || args_flag(a, "help")) return 0;
        if (a->operands.n >= c->operand_min && a->operands.n <= c->operand_max) return 0;
        if (a->operands.n < c->operand_min) {
                err_new(e, ERR_USAGE, "decant %s needs %s: %s", c->name,
                        c->operand_min == 1 ? "an operand" : "more operands", c->operands);
        } else {
                err_new(e, ERR_USAGE, "decant %s: '%s' is one operand too many", c->name,
                        a->operands.v[c->operand_max]);
        }
        return err_hint(e, "usage: decant %s [OPTIONS] %s", c->name, c->operands);
}

int args_parse(char *const *argv, size_t count, Args *ret_args, Err **e) {
        Args a = {0};
        Cursor at = {argv, count, 0};
        if (parse_words(&a, &at, e) < 0 || check_operands(&a, e) < 0) {
                args_done(&a);
                return -1;
        }
        *ret_args = a;
        return 0;
}

void args_done(Args *a) {
        vec_done(&a->values);
        vec_done(&a->operands);
}

/* A misspelt name in our own code must not pass as an option that was not given. */
static const Option *known_option(const Args *a, const char *name) {
        const Option *option = option_by_name(a->command, name, strlen(name));
        if (!option) abort();
        return option;
}

const char *args_next(const Args *a, const char *name, size_t *i) {
        const Option *option = known_option(a, name);
        while (*i < a->values.n) {
                const ArgValue *value = &a->values.v[(*i)++];
                /* a global option may have been given before the command was known: the names decide */
                if (value->option == option || streq(value->option->name, option->name)) return value->value;
        }
        return NULL;
}

const char *args_text(const Args *a, const char *name) {
        const char *last = NULL, *value;
        for (size_t i = 0; (value = args_next(a, name, &i));) last = value;
        return last;
}

bool args_flag(const Args *a, const char *name) {
        const char *value = args_text(a, name);
        return value && streq(value, "true");
}

int args_size(const Args *a, const char *name, uint64_t *ret_bytes, Err **e) {
        const char *value = args_text(a, name);
        if (!value) return 0;
        if (size_parse(str_of(value), ret_bytes, e) < 0) return err_wrap(e, "--%s", name);
        return 0;
}

const Option *args_next_ignored(const Args *a, size_t *i) {
        while (*i < a->values.n) {
                const ArgValue *value = &a->values.v[(*i)++];
                if (value->option->state == OPTION_IGNORED && !streq(value->value, "false")) return value->option;
        }
        return NULL;
}
