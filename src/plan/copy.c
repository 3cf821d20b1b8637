/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/num.h"

/* COPY and ADD of files; the sources are words, heredocs among them stand for files with that text. */

typedef struct CopyDraft {
        Stage *s;
        const Instruction *i;
        PlanCopy copy;
        const char **sources;
        PlanInline *inlines;
        const char *destination; /* as written, expanded */
        const char *checksum;
} CopyDraft;

static int add_inline(CopyDraft *d, const Heredoc *h, Err **e) {
        const char *data = h->content;
        size_t size = h->content_size;
        if (h->expand) {
                if (stage_expand_raw(d->s, d->i, h->content, &data, e) < 0) return -1;
                size = strlen(data);
        }
        d->inlines[d->copy.inline_count++] = (PlanInline){h->name, data, size};
        return 0;
}

static int check_source(const CopyDraft *d, const char *source, Err **e) {
        const Maker *m = d->s->maker;
        if (d->copy.add) return plan_remote_source(d->s, d->i, source, e) < 0 ? -1 : 0;
        if (!starts_with(source, "http://") && !starts_with(source, "https://")) return 0;
        return plan_error(m, d->i, source, e, "source can't be a URL for COPY (ADD takes URLs): %s", source);
}

/* Who writes a quote means that blanks are part of the path. */
static int expand_path(const CopyDraft *d, const char *word, const char **ret_path, Err **e) {
        if (stage_expand(d->s, d->i, word, ret_path, e) == 0) return 0;
        if (d->i->json || !strpbrk(word, "\"'")) return -1;
        return err_hint(e, "paths with blanks need the JSON form: %s [\"a b\", \"/c/\"]", instruction_name(d->i->kind));
}

static int read_words(CopyDraft *d, Err **e) {
        const Instruction *i = d->i;
        Arena *a = d->s->maker->arena;
        d->sources = arena_array(a, i->word_count, sizeof *d->sources);
        d->inlines = arena_array(a, i->heredoc_count, sizeof *d->inlines);
        for (size_t k = 0; k + 1 < i->word_count; k++) {
                const Heredoc *h = instruction_heredoc(i, k);
                if (h) {
                        if (add_inline(d, h, e) < 0) return -1;
                        continue;
                }
                const char **source = &d->sources[d->copy.source_count++];
                if (expand_path(d, i->words[k], source, e) < 0 || check_source(d, *source, e) < 0) return -1;
        }
        return expand_path(d, i->words[i->word_count - 1], &d->destination, e);
}

/* [ugoa]*[+-=][rwxXstugo]*, several with commas. */
static bool mode_symbolic(const char *text) {
        for (;;) {
                text += strspn(text, "ugoa");
                if (!*text || !strchr("+-=", *text)) return false;
                while (*text && strchr("+-=", *text)) text += 1 + strspn(text + 1, "rwxXstugo");
                if (!*text) return true;
                if (*text++ != ',') return false;
        }
}

static int check_mode(const CopyDraft *d, Err **e) {
        const char *mode = d->copy.chmod;
        uint32_t bits = 0;
        if (!mode || !*mode) return 0;
        bool number = isdigit((unsigned char)*mode);
        if (number ? u32_parse(str_of(mode), 8, &bits) && bits <= 07777 : mode_symbolic(mode)) return 0;
        return plan_error(d->s->maker, d->i, mode, e,
                          "invalid chmod parameter: '%s': it should be an octal mode between 0 and 07777 or symbolic "
                          "as in u=rwX,go=rX",
                          mode);
}

static int expand_flag(const CopyDraft *d, const char *name, const char **ret_value, Err **e) {
        const char *text = instruction_flag(d->i, name);
        *ret_value = NULL;
        if (!text || !*text) return 0;
        if (stage_expand(d->s, d->i, text, ret_value, e) < 0) return -1;
        if (!**ret_value) *ret_value = NULL; /* a variable that is not set takes the flag away */
        return 0;
}

static int read_flags(CopyDraft *d, Err **e) {
        const Maker *m = d->s->maker;
        const Instruction *i = d->i;
        const char *const *unpack = NULL;
        if (expand_flag(d, "chown", &d->copy.chown, e) < 0 || expand_flag(d, "chmod", &d->copy.chmod, e) < 0) return -1;
        if (expand_flag(d, "checksum", &d->checksum, e) < 0) return -1;
        d->copy.link = instruction_flag_on(i, "link");
        d->copy.parents = instruction_flag_on(i, "parents");
        if (plan_flag_list(m, i, "unpack", &unpack) > 0) d->copy.unpack = instruction_flag_on(i, "unpack");
        d->copy.exclude_count = plan_flag_list(m, i, "exclude", &d->copy.excludes);
        return check_mode(d, e);
}

static int find_from(CopyDraft *d, Err **e) {
        Maker *m = d->s->maker;
        const char *from = instruction_flag(d->i, "from");
        if (!from || !*from) {
                d->copy.context = "";
                m->context_needed |= d->copy.source_count > d->copy.fetched_count;
                return 0;
        }
        Source source;
        if (plan_source_find(d->s, d->i, from, &source, e) < 0) return -1;
        d->copy.from = source.step;
        d->copy.context = source.context;
        return 0;
}

static void commit_copy(const CopyDraft *d) {
        AUTO(buf_done) Buf text = {0};
        buf_adds(&text, instruction_name(d->i->kind));
        if (d->copy.parents) buf_adds(&text, " --parents");
        if (d->copy.chown) buf_addf(&text, " --chown=%s", d->copy.chown);
        if (d->copy.chmod) buf_addf(&text, " --chmod=%s", d->copy.chmod);
        for (size_t k = 0; k < d->copy.source_count; k++) buf_addf(&text, " %s", d->sources[k]);
        for (size_t k = 0; k < d->copy.inline_count; k++) buf_addf(&text, " <<%s", d->inlines[k].name);
        buf_addf(&text, " %s # buildkit", d->destination);
        history_commit(d->s, text.p, true);
}

int dispatch_copy(Stage *s, const Instruction *i, Err **e) {
        CopyDraft d = {.s = s, .i = i, .copy = {.add = i->kind == INSTR_ADD, .unpack = -1}};
        Maker *m = s->maker;
        if (read_words(&d, e) < 0 || read_flags(&d, e) < 0) return -1;
        d.copy.sources = d.sources;
        if (plan_fetch_sources(s, i, d.checksum, &d.copy, e) < 0 || find_from(&d, e) < 0) return -1;
        const char *directory = s->pub.config.working_dir ? s->pub.config.working_dir : "/";
        d.copy.inlines = d.inlines;
        d.copy.destination = plan_path_destination(m->arena, directory, d.destination);
        PlanStep *step = step_new(s, STEP_COPY, i, step_name(s, instruction_text(s, i)));
        step->copy = d.copy;
        if (d.copy.fetched_count)
                step_set_inputs(m, step, d.copy.fetched, d.copy.fetched_count);
        else
                step_set_inputs(m, step, &step->copy.from, 1);
        stage_push(s, step);
        commit_copy(&d);
        return 0;
}
