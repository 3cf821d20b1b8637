/* SPDX-License-Identifier: Apache-2.0 */
#include "dockerfile/ignore.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "dockerfile/path_pattern.h"
#include "dockerfile/text.h"

enum { IGNORE_SIZE_MAX = 16 << 20 };

typedef struct Rule {
        PathPattern pattern;
        bool exception; /* "!" */
        unsigned line;
        const char *text; /* as written, without white space around it */
} Rule;

struct Ignore {
        Arena *arena;
        VEC(Rule) rules;
        bool exceptions;
        size_t last_exception; /* index, when there are any */
};

void ignore_free(Ignore *x) {
        if (!x) return;
        vec_done(&x->rules);
        arena_free(x->arena);
        free(x);
}

/* Drop the last component of the n bytes at path, unless there is none or it is "..". */
static bool drop_component(const char *path, size_t *n) {
        size_t start = *n;
        if (start == 0) return false;
        while (start > 0 && path[start - 1] != '/') start--;
        if (*n - start == 2 && path[start] == '.' && path[start + 1] == '.') return false;
        *n = start > 0 ? start - 1 : 0;
        return true;
}

/* By the text alone: no "." and no empty components, ".." taken together with what is before it. A leading slash says
 * nothing, and ".." cannot climb above it. */
static Str clean(Arena *a, Str path) {
        bool rooted = path.p[0] == '/', more = true;
        char *out = arena_alloc(a, path.n + 1);
        size_t n = 0;
        Str rest = path, one;
        while (more) {
                more = str_cut(&rest, '/', &one);
                if (one.n == 0 || str_is(one, ".")) continue;
                if (str_is(one, "..") && (drop_component(out, &n) || rooted)) continue;
                if (n > 0) out[n++] = '/';
                memcpy(out + n, one.p, one.n);
                n += one.n;
        }
        return (Str){out, n};
}

static int bad_rule(const char *name, unsigned line, Str text, Err **e) {
        err_new(e, ERR_SYNTAX, "%s:%u: syntax error in pattern '" STR_FMT "'", name, line,
                STR_ARG(str_sub(text, 0, 200)));
        return err_hint(
                e, "a '[' needs its ']', a backslash needs a character behind it; write \\[ for the character itself");
}

static int add_rule(Ignore *x, const char *name, unsigned line, Str text, Err **e) {
        Rule rule = {.line = line, .exception = text.p[0] == '!'};
        Str pattern = rule.exception ? text_trim(str_sub(text, 1, text.n)) : text;
        if (pattern.n == 0) {
                return err_new(e, ERR_SYNTAX, "%s:%u: illegal exclusion pattern: '!' has no pattern behind it", name,
                               line);
        }
        if (pattern.n > PATH_PATTERN_MAX) {
                return err_new(e, ERR_LIMIT, "%s:%u: pattern of %zu bytes (at most %d)", name, line, pattern.n,
                               PATH_PATTERN_MAX);
        }
        pattern = clean(x->arena, pattern);
        if (pattern.n == 0) return 0; /* "." and "/" are no path inside the context */
        PathToken *tokens = arena_array(x->arena, pattern.n + 1, sizeof *tokens);
        if (!path_pattern_compile(&rule.pattern, pattern, true, tokens)) return bad_rule(name, line, text, e);
        rule.text = arena_str(x->arena, text);
        if (rule.exception) {
                x->exceptions = true;
                x->last_exception = x->rules.n;
        }
        vec_push(&x->rules, rule);
        return 0;
}

int ignore_parse(const char *name, Str text, Ignore **ret_ignore, Err **e) {
        if (text.n > IGNORE_SIZE_MAX) {
                return err_new(e, ERR_LIMIT, "%s: %zu bytes are too many (at most %d)", name, text.n, IGNORE_SIZE_MAX);
        }
        AUTO(ignore_freep) Ignore *x = xcalloc(1, sizeof *x);
        x->arena = arena_new();
        if (str_starts(text, STR("\xEF\xBB\xBF"))) text = str_sub(text, 3, text.n);
        bool more = text.n > 0;
        for (unsigned line = 1; more; line++) {
                Str one;
                more = str_cut(&text, '\n', &one);
                if (one.n > 0 && one.p[0] == '#') continue;
                one = text_trim(one);
                if (one.n > 0 && add_rule(x, name, line, one, e) < 0) return -1;
        }
        *ret_ignore = TAKE(x);
        return 0;
}

bool ignore_has_exceptions(const Ignore *x) {
        return x->exceptions;
}

/* The last rule that matches path or a directory above it decides. */
static const Rule *deciding_rule(const Ignore *x, Str path) {
        for (size_t i = x->rules.n; i-- > 0;) {
                if (path_pattern_match(&x->rules.v[i].pattern, path, true)) return &x->rules.v[i];
        }
        return NULL;
}

/* Does a rule behind rule bring back something below the directory path? */
static bool comes_back(const Ignore *x, const Rule *rule, Str path) {
        for (size_t i = (size_t)(rule - x->rules.v) + 1; x->exceptions && i <= x->last_exception; i++) {
                const Rule *later = &x->rules.v[i];
                if (later->exception && path_pattern_reaches(&later->pattern, path)) return true;
        }
        return false;
}

bool ignore_match(const Ignore *x, const char *path, bool directory, bool *ret_prune) {
        Str text = str_of(path);
        bool root = text.n == 0 || str_is(text, ".");
        const Rule *rule = root ? NULL : deciding_rule(x, text);
        bool hidden = rule && !rule->exception;
        if (ret_prune) *ret_prune = hidden && directory && !comes_back(x, rule, text);
        return hidden;
}

bool ignore_explain(const Ignore *x, const char *path, unsigned *ret_line, const char **ret_rule) {
        const Rule *rule = deciding_rule(x, str_of(path));
        if (!rule) return false;
        *ret_line = rule->line;
        *ret_rule = rule->text;
        return true;
}
