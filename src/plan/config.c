/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/num.h"

/* Instructions that only change the configuration: each sets its fields and leaves a history entry without a layer. */

static const char *argument(const Instruction *i) {
        return i->word_count > 0 ? i->words[0] : "";
}

static void replace(char **field, const char *value) {
        free(*field);
        *field = xstrdup(value);
}

/* Expand the one argument, keep it in the field and in the history. */
static int set_field(Stage *s, const Instruction *i, char **field, Err **e) {
        const char *value = NULL;
        if (stage_expand(s, i, argument(i), &value, e) < 0) return -1;
        replace(field, value);
        history_commit(s, arena_printf(s->maker->arena, "%s %s", instruction_name(i->kind), value), false);
        return 0;
}

int dispatch_label(Stage *s, const Instruction *i, Err **e) {
        AUTO(buf_done) Buf text = {0};
        buf_adds(&text, "LABEL");
        for (size_t k = 0; k < i->pair_count; k++) {
                const char *key = NULL, *value = NULL;
                if (stage_expand(s, i, i->pairs[k].key, &key, e) < 0) return -1;
                if (!*key) return plan_error(s->maker, i, NULL, e, "LABEL names can not be blank");
                if (stage_expand(s, i, i->pairs[k].value ? i->pairs[k].value : "", &value, e) < 0) return -1;
                image_config_set_label(&s->pub.config, key, value);
                buf_addf(&text, " %s=%s", key, value);
        }
        history_commit(s, text.p, false);
        return 0;
}

int dispatch_user(Stage *s, const Instruction *i, Err **e) {
        return set_field(s, i, &s->pub.config.user, e);
}

int dispatch_maintainer(Stage *s, const Instruction *i, Err **e) {
        (void)e;
        replace(&s->pub.config.author, argument(i));
        history_commit(s, arena_printf(s->maker->arena, "MAINTAINER %s", argument(i)), false);
        return 0;
}

/* 1 to 64 or a name with or without SIG, RTMIN+n and RTMAX-n too. */
static bool signal_known(const char *text) {
        static const char *const names[] = {
                "ABRT", "ALRM", "BUS",  "CHLD", "CLD",  "CONT", "FPE",    "HUP",    "ILL",  "INT",  "IO",    "IOT",
                "KILL", "PIPE", "POLL", "PROF", "PWR",  "QUIT", "SEGV",   "STKFLT", "STOP", "SYS",  "TERM",  "TRAP",
                "TSTP", "TTIN", "TTOU", "URG",  "USR1", "USR2", "VTALRM", "WINCH",  "XCPU", "XFSZ", "RTMIN", "RTMAX"};
        uint32_t number = 0;
        if (u32_parse(str_of(text), 10, &number)) return number >= 1 && number <= 64;
        Str name = str_of(text);
        if (name.n > 3 && str_eq_nocase(str_sub(name, 0, 3), STR("SIG"))) name = str_sub(name, 3, name.n);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (str_eq_nocase(name, str_of(names[i]))) return true;
        bool real_time = name.n > 6 && (str_eq_nocase(str_sub(name, 0, 6), STR("RTMIN+")) ||
                                        str_eq_nocase(str_sub(name, 0, 6), STR("RTMAX-")));
        return real_time && u32_parse(str_sub(name, 6, name.n), 10, &number) && number >= 1 && number <= 15;
}

int dispatch_stopsignal(Stage *s, const Instruction *i, Err **e) {
        const char *value = NULL;
        if (stage_expand(s, i, argument(i), &value, e) < 0) return -1;
        if (!signal_known(value)) return plan_error(s->maker, i, value, e, "invalid signal: %s", value);
        return set_field(s, i, &s->pub.config.stop_signal, e);
}

int dispatch_volume(Stage *s, const Instruction *i, Err **e) {
        AUTO(strvec_done) StrVec volumes = {0};
        for (size_t k = 0; k < i->word_count; k++) {
                const char *path = NULL;
                if (stage_expand(s, i, i->words[k], &path, e) < 0) return -1;
                if (str_trim(str_of(path)).n == 0)
                        return plan_error(s->maker, i, NULL, e, "a VOLUME can not be an empty string");
                strvec_push(&volumes, path);
                if (strvec_index(&s->pub.config.volumes, path) < 0) strvec_push(&s->pub.config.volumes, path);
        }
        AUTO(buf_done) Buf text = {0};
        buf_adds(&text, "VOLUME ");
        plan_text_list(&text, &volumes);
        history_commit(s, text.p, false);
        return 0;
}
