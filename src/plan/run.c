/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

/* Is the whole text one heredoc mark ("<<EOF", "3<<-'E F'")? */
static bool only_heredoc(const char *text) {
        while (isdigit((unsigned char)*text)) text++;
        if (!starts_with(text, "<<")) return false;
        text += 2;
        if (*text == '-') text++;
        Str word = str_trim(str_of(text));
        char quote = 0;
        for (size_t k = 0; k < word.n; k++) {
                char c = word.p[k];
                if (quote) {
                        if (c == quote) quote = 0;
                } else if (c == '\'' || c == '"') {
                        quote = c;
                } else if (c == '<' || isspace((unsigned char)c)) {
                        return false;
                }
        }
        return word.n > 0;
}

static bool is_script(const Heredoc *h) {
        return h->content_size > 2 && h->content[0] == '#' && h->content[1] == '!';
}

/* What the shell gets. *ret_script: the heredoc that is a program of its own, else NULL. */
static const char *shell_text(const Stage *s, const Instruction *i, const Heredoc **ret_script) {
        const char *text = i->word_count > 0 ? i->words[0] : "";
        *ret_script = NULL;
        if (i->heredoc_count == 0) return text;
        const Heredoc *first = &i->heredocs[0];
        if (i->heredoc_count == 1 && only_heredoc(text)) {
                if (!is_script(first)) return arena_str(s->maker->arena, (Str){first->content, first->content_size});
                *ret_script = first;
                return arena_printf(s->maker->arena, "/dev/pipes/%s", first->name);
        }
        AUTO(buf_done) Buf full = {0};
        buf_adds(&full, text);
        for (size_t k = 0; k < i->heredoc_count; k++) {
                buf_addc(&full, '\n');
                /* The shell strips the tabs of <<- itself. */
                buf_add(&full, i->heredocs[k].raw, i->heredocs[k].raw_size);
                buf_adds(&full, i->heredocs[k].name);
        }
        return arena_str(s->maker->arena, buf_str(&full));
}

static const char *const *arena_words(Arena *a, const StrVec *words) {
        const char **list = arena_array(a, words->n + 1, sizeof *list);
        for (size_t k = 0; k < words->n; k++) list[k] = arena_strdup(a, words->v[k]);
        return list;
}

static const char *const *environment(Stage *s) {
        if (s->environment) return s->environment;
        const Scope *env = &s->env;
        const char **list = arena_array(s->maker->arena, env->list.n + 2, sizeof *list);
        size_t n = 0;
        for (size_t k = 0; k < env->list.n; k++)
                list[n++] = arena_printf(s->maker->arena, "%s=%s", env->list.v[k].name, env->list.v[k].value);
        if (!scope_has(env, "PATH")) list[n++] = "PATH=" PLAN_DEFAULT_PATH;
        s->environment = list;
        return list;
}

static int network_parse(const Stage *s, const Instruction *i, PlanNetwork *ret_network, Err **e) {
        static const char *const names[] = {"default", "none", "host"};
        const char *flag = instruction_flag(i, "network");
        const char *text = flag ? flag : s->maker->params->network;
        *ret_network = PLAN_NETWORK_DEFAULT;
        if (!text || !*text) return 0;
        for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
                if (!streq(text, names[k])) continue;
                *ret_network = (PlanNetwork)k;
                return 0;
        }
        return plan_error(s->maker, i, flag, e, "network mode '%s' is not valid (default, none or host)", text);
}

static int security_parse(const Stage *s, const Instruction *i, bool *ret_insecure, Err **e) {
        const char *text = instruction_flag(i, "security");
        *ret_insecure = text && streq(text, "insecure");
        if (!*ret_insecure || s->maker->params->allow_insecure) return 0;
        err_new(e, ERR_DENIED, "RUN --security=insecure: security.insecure is not allowed");
        err_hint(e, "allow it for this build with --allow security.insecure");
        return plan_locate(s->maker, i, "--security=insecure", e);
}

static int flags_parse(Stage *s, const Instruction *i, PlanRun *run, Err **e) {
        if (devices_parse(s, i, run, e) < 0) return -1;
        if (network_parse(s, i, &run->network, e) < 0) return -1;
        if (security_parse(s, i, &run->insecure, e) < 0) return -1;
        return mounts_parse(s, i, &run->mounts, &run->mount_count, e);
}

/* The declared ARGs with the values that they have now. */
static const char *args_text(Stage *s) {
        AUTO(buf_done) Buf text = {0};
        const Scope *args = &s->args;
        if (s->args_text) return s->args_text;
        if (args->list.n > 0) buf_addf(&text, " |%zu", args->list.n);
        for (size_t k = 0; k < args->list.n; k++) {
                const Variable *v = &args->list.v[k];
                const char *value = scope_get(&s->env, v->name, v->name_size);
                if (!value) value = v->value;
                buf_addf(&text, " %s=%s", v->name, value ? value : "");
        }
        s->args_text = arena_str(s->maker->arena, buf_str(&text));
        return s->args_text;
}

static void commit_run(Stage *s, const StrVec *words) {
        AUTO(buf_done) Buf text = {0};
        buf_addf(&text, "RUN%s", args_text(s));
        for (size_t k = 0; k < words->n; k++) {
                buf_addc(&text, ' ');
                buf_adds(&text, words->v[k]);
        }
        buf_adds(&text, " # buildkit");
        history_commit(s, text.p, true);
}

static void set_inputs(Maker *m, PlanStep *step) {
        const PlanRun *run = &step->run;
        PlanStep **inputs = arena_array(m->arena, run->mount_count, sizeof *inputs);
        for (size_t k = 0; k < run->mount_count; k++) inputs[k] = run->mounts[k].from;
        step_set_inputs(m, step, inputs, run->mount_count);
}

int dispatch_run(Stage *s, const Instruction *i, Err **e) {
        Maker *m = s->maker;
        AUTO(strvec_done) StrVec words = {0};
        PlanRun run = {0};
        if (flags_parse(s, i, &run, e) < 0) return -1;
        run.shell_text = shell_text(s, i, &run.script);
        plan_command_words(s, i, run.shell_text, &words);
        run.argv = arena_words(m->arena, &words);
        run.env = environment(s);
        run.proxy_env = plan_proxy_environment(m);
        run.cwd = plan_path_clean(m->arena, s->pub.config.working_dir ? s->pub.config.working_dir : "/");
        run.user = arena_strdup(m->arena, s->pub.config.user ? s->pub.config.user : "");
        PlanStep *step = step_new(s, STEP_RUN, i, step_name(s, instruction_text(s, i)));
        step->run = run;
        set_inputs(m, step);
        stage_push(s, step);
        commit_run(s, &words);
        return 0;
}
