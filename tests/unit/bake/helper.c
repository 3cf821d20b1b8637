/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "os/fs.h"

int enter_scratch(void **state) {
        const char *base = getenv("TMPDIR");
        char *path = xasprintf("%s/decant-bake-XXXXXX", base ? base : "/tmp");
        if (!mkdtemp(path) || chdir(path) < 0) return -1;
        *state = path;
        return 0;
}

int leave_scratch(void **state) {
        int r = chdir("/");
        tree_remove(AT_FDCWD, *state, NULL);
        free(*state);
        return r;
}

void put_file(const char *name, const char *text) {
        Err *e = NULL;
        assert_int_equal(file_write_atomic(AT_FDCWD, name, text, strlen(text), 0644, &e), 0);
}

static char *squeeze(Buf *out) {
        Buf small = {0};
        bool quoted = false;
        for (size_t i = 0; i < out->n; i++) {
                char c = out->p[i];
                if (c == '"' && out->p[i - 1] != '\\') quoted = !quoted;
                if (quoted || (c != ' ' && c != '\n')) buf_addc(&small, c);
        }
        buf_done(out);
        return buf_take(&small);
}

static char *failed(Err *e) {
        char *text = xasprintf("ERROR: %s|%s", err_message(e), err_hints(e));
        err_free(e);
        return text;
}

char *printed(const BakeParams *params) {
        AUTO(bake_freep) Bake *b = NULL;
        Err *e = NULL;
        Buf out = {0};
        if (bake_load(params, &b, &e) < 0 || bake_select(b, &e) < 0) return failed(e);
        bake_print(b, &out);
        return squeeze(&out);
}

typedef struct Words {
        StrVec files, names, sets, variables, environment;
} Words;

static BakeParams parse_words(const char *words, Words *w) {
        Str rest = str_of(words), one;
        StrVec *into = NULL;
        bool more = true;
        strvec_push(&w->environment, "PATH=/bin");
        while (more) {
                more = str_cut(&rest, ' ', &one);
                AUTO(freep) char *word = str_dup(one);
                if (!*word) continue;
                if (into) {
                        strvec_push(into, word);
                        into = NULL;
                } else if (streq(word, "-f")) {
                        into = &w->files;
                } else if (streq(word, "--set")) {
                        into = &w->sets;
                } else if (streq(word, "--var")) {
                        into = &w->variables;
                } else {
                        strvec_push(strchr(word, '=') ? &w->environment : &w->names, word);
                }
        }
        return (BakeParams){
                .files = (const char *const *)w->files.v,
                .file_count = w->files.n,
                .names = (const char *const *)w->names.v,
                .name_count = w->names.n,
                .sets = (const char *const *)w->sets.v,
                .set_count = w->sets.n,
                .variables = (const char *const *)w->variables.v,
                .variable_count = w->variables.n,
                .environment = (const char *const *)w->environment.v,
                .local_platform = "linux/amd64",
        };
}

static void words_done(Words *w) {
        strvec_done(&w->files);
        strvec_done(&w->names);
        strvec_done(&w->sets);
        strvec_done(&w->variables);
        strvec_done(&w->environment);
}

char *baked(const char *words) {
        Words w = {0};
        BakeParams params = parse_words(words, &w);
        char *text = printed(&params);
        words_done(&w);
        return text;
}

static char *lines_of(const BakeParams *params) {
        AUTO(bake_freep) Bake *b = NULL;
        Err *e = NULL;
        Buf out = {0};
        if (bake_load(params, &b, &e) < 0 || bake_select(b, &e) < 0 || bake_commands(b, &e) < 0) return failed(e);
        for (size_t i = 0; i < bake_count(b); i++) {
                const BakeBuild *build = bake_build(b, i);
                buf_addf(&out, "%s:", build->name);
                for (size_t k = 0; k < build->argc; k++) buf_addf(&out, " %s", build->argv[k]);
                for (size_t k = 0; k < build->link_count; k++)
                        buf_addf(&out, " (%s=%zu)", build->links[k].context, build->links[k].target);
                buf_adds(&out, build->linked_only ? " (linked)\n" : "\n");
        }
        return buf_take(&out);
}

char *commands_of(const char *words) {
        Words w = {0};
        BakeParams params = parse_words(words, &w);
        char *text = lines_of(&params);
        words_done(&w);
        return text;
}
