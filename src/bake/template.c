/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "bake/interpolate.h"
#include "base/cleanup.h"
#include "base/num.h"

/* The part of HCL's templates that bake files in JSON live on: references to variables. */

static bool is_name_start(char c) {
        return isalpha((unsigned char)c) || c == '_';
}

static bool is_name(char c) {
        return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static int unsupported(const ConfigNode *at, Str expression, Err **e) {
        err_new(e, ERR_UNSUPPORTED, "%s:%u: '${" STR_FMT "}' is an expression of HCL", at->file, at->line,
                STR_ARG(expression));
        return err_hint(e, "only ${NAME}, ${NAME.key} and ${NAME[0]} are evaluated; $${ stands for ${ itself");
}

/* ".key", "[0]", "[\"key\"]" from the front of *rest. NULL: no such member, or no such form (*ret_form false). */
static const ConfigNode *step(const ConfigNode *n, Str *rest, bool *ret_form) {
        *ret_form = false;
        if (rest->n > 1 && rest->p[0] == '.') {
                size_t end = 1;
                while (end < rest->n && is_name(rest->p[end])) end++;
                AUTO(freep) char *key = str_dup(str_sub(*rest, 1, end - 1));
                *rest = str_sub(*rest, end, rest->n);
                *ret_form = end > 1;
                return config_node_get(n, key);
        }
        const char *close = rest->n > 2 && rest->p[0] == '[' ? memchr(rest->p, ']', rest->n) : NULL;
        if (!close) return NULL;
        Str inside = str_trim((Str){rest->p + 1, (size_t)(close - rest->p - 1)});
        *rest = str_sub(*rest, (size_t)(close - rest->p) + 1, rest->n);
        uint32_t index;
        if (u32_parse(inside, 10, &index)) {
                *ret_form = true;
                const ConfigNode *child = n->kind == CONFIG_LIST ? n->first : NULL;
                while (child && index-- > 0) child = child->next;
                return child;
        }
        if (inside.n < 2 || inside.p[0] != '"' || inside.p[inside.n - 1] != '"') return NULL;
        *ret_form = true;
        AUTO(freep) char *key = str_dup(str_sub(inside, 1, inside.n - 2));
        return config_node_get(n, key);
}

/* What stands between "${" and "}". */
static int evaluate(const BakeScope *scope, const ConfigNode *at, Str expression, const ConfigNode **ret_node,
                    Err **e) {
        Str rest = str_trim(expression);
        size_t end = 0;
        if (rest.n == 0 || !is_name_start(rest.p[0])) return unsupported(at, expression, e);
        while (end < rest.n && is_name(rest.p[end])) end++;
        AUTO(freep) char *name = str_dup(str_sub(rest, 0, end));
        rest = str_sub(rest, end, rest.n);
        if (rest.n && rest.p[0] != '.' && rest.p[0] != '[') return unsupported(at, expression, e);
        const ConfigNode *n = scope->variable(scope->context, name, e);
        if (!n) {
                if (!*e) config_node_error(at, e, "there is no variable '%s'", name);
                return -1;
        }
        while (rest.n) {
                bool form;
                n = step(n, &rest, &form);
                if (!form) return unsupported(at, expression, e);
                if (!n) return config_node_error(at, e, "'" STR_FMT "' has no such member", STR_ARG(expression));
        }
        *ret_node = n;
        return 0;
}

typedef struct Text {
        const BakeScope *scope;
        const ConfigNode *at;
        Str rest;
        Buf out;
        const ConfigNode *whole; /* the text is one variable */
} Text;

/* *text->rest begins behind "${". */
static int add_variable(Text *t, bool first, Err **e) {
        const char *close = memchr(t->rest.p, '}', t->rest.n);
        if (!close) return config_node_error(t->at, e, "'${' without '}': write $${ for the characters themselves");
        const ConfigNode *value = NULL;
        Str expression = {t->rest.p, (size_t)(close - t->rest.p)};
        if (evaluate(t->scope, t->at, expression, &value, e) < 0) return -1;
        t->rest = str_sub(t->rest, expression.n + 1, t->rest.n);
        if (first && t->rest.n == 0) {
                t->whole = value;
                return 0;
        }
        const char *text = config_node_scalar(value);
        if (!text)
                return config_node_error(t->at, e, "'${" STR_FMT "}' is %s and cannot stand inside a text",
                                         STR_ARG(expression), config_node_kind_name(value));
        buf_adds(&t->out, text);
        return 0;
}

static int expand_pieces(Text *t, Err **e) {
        bool first = true;
        while (t->rest.n) {
                Str r = t->rest;
                bool escaped = str_starts(r, STR("$${")) || str_starts(r, STR("%%{"));
                if (str_starts(r, STR("%{"))) {
                        config_node_error(t->at, e, "'%%{' begins a directive of HCL, which is not evaluated");
                        return err_hint(e, "%%%%{ stands for %%{ itself");
                }
                if (str_starts(r, STR("${"))) {
                        t->rest = str_sub(r, 2, r.n);
                        if (add_variable(t, first, e) < 0) return -1;
                } else {
                        size_t taken = escaped ? 3 : 1;
                        buf_add_str(&t->out, escaped ? str_sub(r, 1, 2) : str_sub(r, 0, 1));
                        t->rest = str_sub(r, taken, r.n);
                }
                first = false;
                if (t->out.n > CONFIG_FILE_MAX)
                        return err_new(e, ERR_LIMIT, "%s:%u: the text becomes larger than %d bytes", t->at->file,
                                       t->at->line, CONFIG_FILE_MAX);
        }
        return 0;
}

static int expand_text(Arena *a, const BakeScope *scope, const ConfigNode *at, const char *text, ConfigNode **ret_node,
                       Err **e) {
        Text t = {.scope = scope, .at = at, .rest = str_of(text)};
        if (arena_used(a) > BAKE_MEMORY_MAX)
                return err_new(e, ERR_LIMIT, "%s:%u: the variables become larger than %d bytes", at->file, at->line,
                               BAKE_MEMORY_MAX);
        int r = expand_pieces(&t, e);
        if (r == 0 && t.whole) {
                *ret_node = config_node_copy(a, t.whole);
                (*ret_node)->file = at->file;
                (*ret_node)->line = at->line;
        } else if (r == 0) {
                *ret_node = config_node_text(a, t.out.n ? t.out.p : "", at);
        }
        buf_done(&t.out);
        return r;
}

static int expand_key(Arena *a, const BakeScope *scope, const ConfigNode *at, const char **ret_key, Err **e) {
        ConfigNode *key;
        if (expand_text(a, scope, at, at->key, &key, e) < 0) return -1;
        const char *text = config_node_scalar(key);
        if (!text)
                return config_node_error(at, e, "the key '%s' is %s, not a text", at->key, config_node_kind_name(key));
        *ret_key = text;
        return 0;
}

int bake_template_expand(Arena *a, const BakeScope *scope, const ConfigNode *n, ConfigNode **ret_node, Err **e) {
        if (n->kind == CONFIG_TEXT) return expand_text(a, scope, n, n->text, ret_node, e);
        ConfigNode *copy = arena_alloc(a, sizeof *copy);
        *copy = *n;
        copy->first = copy->last = copy->next = NULL;
        copy->count = 0;
        for (const ConfigNode *child = n->first; child; child = child->next) {
                ConfigNode *expanded;
                if (bake_template_expand(a, scope, child, &expanded, e) < 0) return -1;
                if (n->kind == CONFIG_MAP) {
                        const char *key = NULL;
                        if (expand_key(a, scope, child, &key, e) < 0) return -1;
                        config_node_set(a, copy, key, expanded);
                } else {
                        config_node_append(copy, expanded);
                }
        }
        *ret_node = copy;
        return 0;
}
