/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "base/cleanup.h"
#include "dockerfile/parser.h"
#include "dockerfile/text.h"

typedef enum FlagType { FLAG_TEXT, FLAG_BOOLEAN, FLAG_LIST } FlagType;

#define ON(kind) (1U << (kind))

static const struct FlagRule {
        const char *name;
        FlagType type;
        unsigned instructions;
        const char *values; /* "|" between; NULL: checked by whoever uses it */
} flag_rules[] = {
        {"platform", FLAG_TEXT, ON(INSTR_FROM), NULL},
        {"mount", FLAG_LIST, ON(INSTR_RUN), NULL},
        {"network", FLAG_TEXT, ON(INSTR_RUN), "default|none|host"},
        {"security", FLAG_TEXT, ON(INSTR_RUN), "sandbox|insecure"},
        {"device", FLAG_LIST, ON(INSTR_RUN), NULL},
        {"from", FLAG_TEXT, ON(INSTR_COPY), NULL},
        {"chown", FLAG_TEXT, ON(INSTR_COPY) | ON(INSTR_ADD), NULL},
        {"chmod", FLAG_TEXT, ON(INSTR_COPY) | ON(INSTR_ADD), NULL},
        {"link", FLAG_BOOLEAN, ON(INSTR_COPY) | ON(INSTR_ADD), NULL},
        {"parents", FLAG_BOOLEAN, ON(INSTR_COPY), NULL},
        {"exclude", FLAG_LIST, ON(INSTR_COPY) | ON(INSTR_ADD), NULL},
        {"keep-git-dir", FLAG_BOOLEAN, ON(INSTR_ADD), NULL},
        {"checksum", FLAG_TEXT, ON(INSTR_ADD), NULL},
        {"unpack", FLAG_BOOLEAN, ON(INSTR_ADD), NULL},
        {"interval", FLAG_TEXT, ON(INSTR_HEALTHCHECK), NULL},
        {"timeout", FLAG_TEXT, ON(INSTR_HEALTHCHECK), NULL},
        {"start-period", FLAG_TEXT, ON(INSTR_HEALTHCHECK), NULL},
        {"start-interval", FLAG_TEXT, ON(INSTR_HEALTHCHECK), NULL},
        {"retries", FLAG_TEXT, ON(INSTR_HEALTHCHECK), NULL},
};

typedef struct FlagRule FlagRule;

/* One word of text with quotes and backslashes resolved (a backslash whatever the escape directive says). False when
 * the quote is not closed: what is there counts. *ret_any: there was something, even if only empty quotes. */
static Str flag_word(Str *text, Buf *word, bool *ret_any) {
        char quote = 0;
        size_t i = 0;
        *ret_any = false;
        buf_clear(word);
        for (; i < text->n; i++) {
                char c = text->p[i];
                if (!quote && text_space(str_sub(*text, i, text->n)) > 0) break;
                if (!quote && (c == '\'' || c == '"')) {
                        quote = c;
                        *ret_any = true;
                        continue;
                }
                if (quote && c == quote) {
                        quote = 0;
                        continue;
                }
                if (c == '\\') {
                        if (i + 1 == text->n) continue;
                        c = text->p[++i];
                }
                buf_addc(word, c);
        }
        *text = str_sub(*text, i, text->n);
        *ret_any = *ret_any || word->n > 0;
        return buf_str(word);
}

static const FlagRule *find_rule(Str name, InstructionKind kind) {
        for (size_t i = 0; i < ARRAY_SIZE(flag_rules); i++) {
                if (flag_rules[i].instructions & ON(kind) && str_is(name, flag_rules[i].name)) return &flag_rules[i];
        }
        return NULL;
}

static size_t flag_names(InstructionKind kind, const char **names) {
        size_t count = 0;
        for (size_t i = 0; i < ARRAY_SIZE(flag_rules); i++) {
                if (flag_rules[i].instructions & ON(kind)) names[count++] = flag_rules[i].name;
        }
        return count;
}

static int unknown_flag(const Parser *p, const Instruction *in, Str name, Err **e) {
        const char *names[ARRAY_SIZE(flag_rules)];
        size_t count = flag_names(in->kind, names);
        const char *near = text_suggest(name, names, count);
        AUTO(freep) char *mark = xasprintf("--" STR_FMT, STR_ARG(name));
        parser_error(p, in, mark, e, "unknown flag: --" STR_FMT "%s%s%s", STR_ARG(name),
                     near ? " (did you mean --" : "", near ? near : "", near ? "?)" : "");
        if (count == 0) return err_hint(e, "%s takes no flags", instruction_name(in->kind));
        Buf list = {0};
        for (size_t i = 0; i < count; i++) buf_addf(&list, "%s--%s", i ? ", " : "", names[i]);
        err_hint(e, "flags of %s: %s", instruction_name(in->kind), list.p);
        buf_done(&list);
        return -1;
}

static bool is_one_of(const char *values, const char *value) {
        Str rest = str_of(values), one;
        bool more = true;
        while (more) {
                more = str_cut(&rest, '|', &one);
                if (str_is(one, value)) return true;
        }
        return false;
}

/* value is owned by the arena and may be changed. */
static int check_value(const Parser *p, const Instruction *in, const FlagRule *rule, char *value, Err **e) {
        const char *name = rule->name;
        if (!value) {
                return rule->type == FLAG_BOOLEAN ? 0
                                                  : parser_error(p, in, name, e, "missing a value on flag: --%s", name);
        }
        if (rule->type == FLAG_BOOLEAN) {
                if (!*value) return parser_error(p, in, name, e, "missing a value on flag: --%s", name);
                bool on = strcasecmp(value, "true") == 0;
                if (!on && strcasecmp(value, "false") != 0) {
                        return parser_error(p, in, value, e, "expecting boolean value for flag --%s, not: %s", name,
                                            value);
                }
                memcpy(value, on ? "true" : "false", on ? 5 : 6);
        }
        if (rule->values && !is_one_of(rule->values, value)) {
                parser_error(p, in, value, e, "invalid %s mode '%s'", name, value);
                return err_hint(e, "--%s takes one of %s", name, rule->values);
        }
        return 0;
}

typedef VEC(Flag) FlagVec;

static bool is_given(const FlagVec *flags, const char *name) {
        for (size_t i = 0; i < flags->n; i++) {
                if (streq(flags->v[i].name, name)) return true;
        }
        return false;
}

static int add_flag(Parser *p, const Instruction *in, Str word, FlagVec *flags, Err **e) {
        Str value = str_sub(word, 2, word.n), name;
        bool has_value = str_cut(&value, '=', &name);
        const FlagRule *rule = find_rule(name, in->kind);
        if (!rule) return unknown_flag(p, in, name, e);
        if (rule->type != FLAG_LIST && is_given(flags, rule->name)) {
                return parser_error(p, in, rule->name, e, "duplicate flag specified: --%s", rule->name);
        }
        char *text = has_value ? arena_str(p->arena, value) : NULL;
        if (check_value(p, in, rule, text, e) < 0) return -1;
        Flag flag = {.name = rule->name, .value = text, .line = in->first_line};
        vec_push(flags, flag);
        return 0;
}

static bool begins_flag(Str *text) {
        *text = text_trim_left(*text);
        return str_starts(*text, STR("--"));
}

int flags_parse(Parser *p, Instruction *in, Str *text, Err **e) {
        FlagVec flags = {0};
        Buf word = {0};
        int r = 0;
        while (r == 0 && begins_flag(text)) {
                bool any;
                Str flag = flag_word(text, &word, &any);
                if (str_is(flag, "--")) break; /* what follows are arguments, whatever they begin with */
                if (any) r = add_flag(p, in, flag, &flags, e);
        }
        if (r == 0 && flags.n > 0) {
                Flag *copy = arena_array(p->arena, flags.n, sizeof *copy);
                memcpy(copy, flags.v, flags.n * sizeof *copy);
                in->flags = copy;
                in->flag_count = flags.n;
        }
        vec_done(&flags);
        buf_done(&word);
        return r;
}

static const Flag *find_flag(const Instruction *in, const char *name) {
        for (size_t i = 0; i < in->flag_count; i++) {
                if (streq(in->flags[i].name, name)) return &in->flags[i];
        }
        return NULL;
}

const char *instruction_flag(const Instruction *in, const char *name) {
        const Flag *flag = find_flag(in, name);
        return flag ? flag->value : NULL;
}

bool instruction_flag_on(const Instruction *in, const char *name) {
        const Flag *flag = find_flag(in, name);
        return flag && (!flag->value || streq(flag->value, "true"));
}
