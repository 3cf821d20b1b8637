/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/num.h"

/* SHELL, CMD, ENTRYPOINT, HEALTHCHECK: words for a process that runs later. Nothing is expanded here. */

static void words_set(StrVec *to, const StrVec *from, bool *has) {
        strvec_copy(to, from);
        *has = from->n > 0;
}

static void add_json(const Instruction *i, StrVec *ret_words) {
        for (size_t k = 0; k < i->word_count; k++) strvec_push(ret_words, i->words[k]);
}

void plan_command_words(const Stage *s, const Instruction *i, const char *text, StrVec *ret_words) {
        if (i->json) {
                add_json(i, ret_words);
                return;
        }
        const StrVec *shell = &s->pub.config.shell;
        for (size_t k = 0; k < shell->n; k++) strvec_push(ret_words, shell->v[k]);
        if (shell->n == 0) {
                strvec_push(ret_words, "/bin/sh");
                strvec_push(ret_words, "-c");
        }
        strvec_push(ret_words, text);
}

static const char *shell_text(const Instruction *i) {
        return i->word_count > 0 ? i->words[0] : "";
}

int dispatch_shell(Stage *s, const Instruction *i, Err **e) {
        (void)e;
        AUTO(strvec_done) StrVec words = {0};
        AUTO(buf_done) Buf text = {0};
        add_json(i, &words);
        strvec_copy(&s->pub.config.shell, &words);
        buf_adds(&text, "SHELL ");
        plan_text_list(&text, &words);
        history_commit(s, text.p, false);
        return 0;
}

static void commit_quoted(Stage *s, const Instruction *i, const StrVec *words) {
        AUTO(buf_done) Buf text = {0};
        buf_addf(&text, "%s ", instruction_name(i->kind));
        plan_text_quoted_list(&text, words);
        history_commit(s, text.p, false);
}

int dispatch_cmd(Stage *s, const Instruction *i, Err **e) {
        (void)e;
        AUTO(strvec_done) StrVec words = {0};
        plan_command_words(s, i, shell_text(i), &words);
        words_set(&s->pub.config.cmd, &words, &s->pub.config.has_cmd);
        s->pub.config.args_escaped = true;
        s->command_set = true;
        commit_quoted(s, i, &words);
        return 0;
}

int dispatch_entrypoint(Stage *s, const Instruction *i, Err **e) {
        (void)e;
        AUTO(strvec_done) StrVec words = {0};
        plan_command_words(s, i, shell_text(i), &words);
        words_set(&s->pub.config.entrypoint, &words, &s->pub.config.has_entrypoint);
        if (!s->command_set) { /* a CMD of the base was meant for the base's ENTRYPOINT */
                strvec_done(&s->pub.config.cmd);
                s->pub.config.has_cmd = false;
        }
        commit_quoted(s, i, &words);
        return 0;
}

static int duration_flag(const Stage *s, const Instruction *i, const char *name, int64_t *ret_ns, Err **e) {
        const char *text = instruction_flag(i, name);
        *ret_ns = 0;
        if (!text || !*text) return 0;
        if (duration_parse(str_of(text), ret_ns, e) < 0) return plan_locate(s->maker, i, text, e);
        return 0;
}

static int retries_flag(const Instruction *i) {
        const char *text = instruction_flag(i, "retries");
        uint32_t value = 0;
        return text && u32_parse(str_of(text), 10, &value) && value <= INT32_MAX ? (int)value : 0;
}

static void health_test(const Instruction *i, Healthcheck *h) {
        if (streq(i->health_type, "NONE")) {
                strvec_push(&h->test, "NONE");
                return;
        }
        strvec_push(&h->test, i->json ? "CMD" : "CMD-SHELL");
        add_json(i, &h->test);
}

static void commit_health(Stage *s, const Healthcheck *h) {
        AUTO(buf_done) Buf text = {0};
        const struct {
                const char *name;
                int64_t ns;
        } rows[] = {{"Interval", h->interval_ns},
                    {"Timeout", h->timeout_ns},
                    {"StartPeriod", h->start_period_ns},
                    {"StartInterval", h->start_interval_ns}};
        buf_adds(&text, "HEALTHCHECK {Test:");
        plan_text_list(&text, &h->test);
        for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
                buf_addf(&text, " %s:", rows[k].name);
                plan_text_duration(&text, rows[k].ns);
        }
        buf_addf(&text, " Retries:%d}", h->retries);
        history_commit(s, text.p, false);
}

static void health_free(Healthcheck *h) {
        strvec_done(&h->test);
        free(h);
}
DEFINE_FREEP(Healthcheck, health_free);

int dispatch_healthcheck(Stage *s, const Instruction *i, Err **e) {
        AUTO(health_freep) Healthcheck *h = xcalloc(1, sizeof *h);
        health_test(i, h);
        h->retries = retries_flag(i);
        if (duration_flag(s, i, "interval", &h->interval_ns, e) < 0) return -1;
        if (duration_flag(s, i, "timeout", &h->timeout_ns, e) < 0) return -1;
        if (duration_flag(s, i, "start-period", &h->start_period_ns, e) < 0) return -1;
        if (duration_flag(s, i, "start-interval", &h->start_interval_ns, e) < 0) return -1;
        commit_health(s, h);
        if (s->pub.config.healthcheck) health_free(s->pub.config.healthcheck);
        s->pub.config.healthcheck = TAKE(h);
        return 0;
}
