/* SPDX-License-Identifier: Apache-2.0 */
#include <strings.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "dockerfile/parser.h"
#include "dockerfile/text.h"

enum { HEALTH_DURATION_MIN_NS = 1000000 };

static int need_arguments(const Parser *p, const Instruction *in, size_t count, Err **e) {
        if (count > 0) return 0;
        return parser_error(p, in, NULL, e, "%s requires at least one argument", instruction_name(in->kind));
}

static int check_some(Parser *p, Instruction *in, Err **e) {
        return need_arguments(p, in, in->word_count, e);
}

static int check_one(Parser *p, Instruction *in, Err **e) {
        if (in->word_count == 1) return 0;
        return parser_error(p, in, NULL, e, "%s requires exactly one argument", instruction_name(in->kind));
}

/* CMD and ENTRYPOINT may be empty: that clears what the base image says. */
static int check_command(Parser *p, Instruction *in, Err **e) {
        if (in->kind != INSTR_RUN || in->word_count > 0 || in->heredoc_count > 0) return 0;
        return parser_error(p, in, NULL, e, "RUN requires a command: %s",
                            in->json ? "the array is empty, no command is left" : "at least one argument");
}

static bool is_stage_name(const char *name) {
        if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z'))) return false;
        for (const char *c = name; *c; c++) {
                bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
                if (!letter && !strchr("-_.", *c)) return false;
        }
        return true;
}

static int check_from(Parser *p, Instruction *in, Err **e) {
        if (in->word_count == 1) return 0;
        if (in->word_count != 3 || strcasecmp(in->words[1], "as") != 0) {
                parser_error(p, in, NULL, e, "FROM requires either one or three arguments");
                return err_hint(e, "write FROM IMAGE or FROM IMAGE AS NAME");
        }
        if (is_stage_name(in->words[2])) return 0;
        return parser_error(p, in, in->words[2], e,
                            "invalid name for build stage: \"%s\", name can't start with a number or contain symbols",
                            in->words[2]);
}

static int check_pairs(Parser *p, Instruction *in, Err **e) {
        if (need_arguments(p, in, in->pair_count, e) < 0) return -1;
        for (size_t i = 0; i < in->pair_count; i++) {
                if (*in->pairs[i].key) continue;
                return parser_error(p, in, NULL, e, "%s names can not be blank", instruction_name(in->kind));
        }
        return 0;
}

static int check_sources(Parser *p, Instruction *in, Err **e) {
        const char *name = instruction_name(in->kind);
        if (in->word_count < 2) {
                return parser_error(p, in, NULL, e,
                                    "%s requires at least two arguments, but %s. Destination could not be determined",
                                    name, in->word_count ? "only one was provided" : "none was provided");
        }
        Heredoc ignored;
        const char *destination = in->words[in->word_count - 1];
        if (!in->json && heredoc_parse(p->arena, str_of(destination), &ignored)) {
                return parser_error(p, in, destination, e, "%s cannot accept a heredoc as a destination", name);
        }
        const char *from = instruction_flag(in, "from");
        if (from && strchr(from, '$')) {
                parser_error(p, in, from, e, "variable expansion is not supported for --from");
                return err_hint(
                        e, "name a stage with FROM %s AS NAME and an ARG above the first FROM, then use --from=NAME",
                        from);
        }
        return 0;
}

static int check_shell(Parser *p, Instruction *in, Err **e) {
        if (!in->json) {
                parser_error(p, in, NULL, e, "SHELL requires the arguments to be in JSON form");
                return err_hint(e, "write SHELL [\"/bin/sh\", \"-c\"]");
        }
        return check_some(p, in, e);
}

static int check_volume(Parser *p, Instruction *in, Err **e) {
        if (check_some(p, in, e) < 0) return -1;
        for (size_t i = 0; i < in->word_count; i++) {
                if (text_trim(str_of(in->words[i])).n > 0) continue;
                return parser_error(p, in, NULL, e, "VOLUME specified can not be an empty string");
        }
        return 0;
}

static int check_health_duration(const Parser *p, const Instruction *in, const Flag *flag, Err **e) {
        int64_t ns;
        Err *cause = NULL;
        if (!*flag->value) return 0;
        if (duration_parse(str_of(flag->value), &ns, &cause) < 0) {
                parser_error(p, in, flag->value, e, "--%s: %s", flag->name, err_message(cause));
                err_free(cause);
                return -1;
        }
        if (ns == 0 || ns >= HEALTH_DURATION_MIN_NS) return 0;
        return parser_error(p, in, flag->value, e, "interval \"--%s\" cannot be less than 1ms", flag->name);
}

static int check_health_retries(const Parser *p, const Instruction *in, const Flag *flag, Err **e) {
        int64_t count;
        if (!*flag->value) return 0;
        if (!i64_parse(str_of(flag->value), &count) || count > INT32_MAX) {
                return parser_error(p, in, flag->value, e, "--retries: '%s' is not a number", flag->value);
        }
        if (count >= 0) return 0;
        return parser_error(p, in, flag->value, e, "--retries cannot be negative (%lld)", (long long)count);
}

static int check_health_flags(const Parser *p, const Instruction *in, Err **e) {
        for (size_t i = 0; i < in->flag_count; i++) {
                const Flag *flag = &in->flags[i];
                bool retries = streq(flag->name, "retries");
                int r = retries ? check_health_retries(p, in, flag, e) : check_health_duration(p, in, flag, e);
                if (r < 0) return -1;
        }
        return 0;
}

static int check_health(Parser *p, Instruction *in, Err **e) {
        if (need_arguments(p, in, in->health_type ? 1 : 0, e) < 0) return -1;
        if (streq(in->health_type, "NONE")) {
                if (in->word_count == 0) return 0;
                return parser_error(p, in, in->words[0], e, "HEALTHCHECK NONE takes no arguments");
        }
        if (!streq(in->health_type, "CMD")) {
                return parser_error(p, in, NULL, e, "unknown type \"%s\" in HEALTHCHECK (try CMD)", in->health_type);
        }
        if (check_health_flags(p, in, e) < 0) return -1;
        if (in->word_count > 0) return 0;
        return parser_error(p, in, NULL, e, "missing command after HEALTHCHECK CMD");
}

/* The text that goes into the image: as written, with the heredocs behind it. */
static int check_trigger(Parser *p, Instruction *in, Err **e) {
        Str text = text_trim_left(str_of(in->original));
        if (need_arguments(p, in, *in->rest ? 1 : 0, e) < 0) return -1;
        text = text_trim_left(str_sub(text, strlen(in->written), text.n));
        Buf full = {0};
        buf_add_str(&full, text);
        for (size_t i = 0; i < in->heredoc_count; i++) {
                buf_addc(&full, '\n');
                buf_add(&full, in->heredocs[i].raw, in->heredocs[i].raw_size);
                buf_adds(&full, in->heredocs[i].name);
        }
        const char **words = arena_array(p->arena, 2, sizeof *words);
        words[0] = in->rest = arena_str(p->arena, buf_str(&full));
        buf_done(&full);
        in->words = words;
        in->word_count = 1;
        return 0;
}

typedef int (*Check)(Parser *p, Instruction *in, Err **e);

int instruction_check(Parser *p, Instruction *in, Err **e) {
        static const Check checks[INSTR_KIND_MAX] = {
                [INSTR_FROM] = check_from,          [INSTR_ARG] = check_pairs,       [INSTR_RUN] = check_command,
                [INSTR_COPY] = check_sources,       [INSTR_ADD] = check_sources,     [INSTR_ENV] = check_pairs,
                [INSTR_LABEL] = check_pairs,        [INSTR_CMD] = check_command,     [INSTR_ENTRYPOINT] = check_command,
                [INSTR_SHELL] = check_shell,        [INSTR_WORKDIR] = check_one,     [INSTR_USER] = check_one,
                [INSTR_EXPOSE] = check_some,        [INSTR_VOLUME] = check_volume,   [INSTR_STOPSIGNAL] = check_one,
                [INSTR_HEALTHCHECK] = check_health, [INSTR_ONBUILD] = check_trigger, [INSTR_MAINTAINER] = check_one,
        };
        return checks[in->kind](p, in, e);
}
