/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "bake/interpolate.h"
#include "base/cleanup.h"

/* Variables as compose files and .env files write them. */

enum { NESTING_MAX = 16 };

typedef struct Expansion {
        Arena *arena;
        const BakeEnvironment *environment;
        const ConfigNode *at;
        Err **error;
} Expansion;

static bool is_name_start(char c) {
        return isalpha((unsigned char)c) || c == '_';
}

static size_t name_size(Str s) {
        size_t n = 0;
        if (s.n == 0 || !is_name_start(s.p[0])) return 0;
        while (n < s.n && (isalnum((unsigned char)s.p[n]) || s.p[n] == '_')) n++;
        return n;
}

static const char *look_up(Expansion *x, Str name) {
        AUTO(freep) char *text = str_dup(name);
        const ConfigNode *value = config_node_get(x->environment->values, text);
        return value ? value->text : NULL;
}

static const char *unset(Expansion *x, Str name) {
        ConfigNode *list = x->environment->unset;
        for (const ConfigNode *n = list ? list->first : NULL; n; n = n->next)
                if (str_is(name, n->text)) return "";
        if (list) config_node_append(list, config_node_text(x->arena, arena_str(x->arena, name), x->at));
        return "";
}

static int expand(Expansion *x, Str text, unsigned depth, Buf *out);

/* The '}' that closes what begins behind "${"; NULL when there is none. */
static const char *closing(Str rest) {
        unsigned open = 1;
        for (size_t i = 0; i < rest.n; i++) {
                if (rest.p[i] == '$' && i + 1 < rest.n && rest.p[i + 1] == '{') open++;
                if (rest.p[i] == '}' && --open == 0) return rest.p + i;
        }
        return NULL;
}

static int bad_form(Expansion *x, Str inside) {
        config_node_error(x->at, x->error, "'${" STR_FMT "}' is no variable", STR_ARG(inside));
        return err_hint(x->error,
                        "forms: ${NAME}, ${NAME:-default}, ${NAME:?message}, ${NAME:+other}; $$ stands for $");
}

/* Between "${" and "}". */
static int expand_braced(Expansion *x, Str inside, unsigned depth, Buf *out) {
        size_t n = name_size(inside);
        if (n == 0) return bad_form(x, inside);
        Str name = str_sub(inside, 0, n), rest = str_sub(inside, n, inside.n);
        const char *value = look_up(x, name);
        bool colon = rest.n && rest.p[0] == ':';
        if (colon) rest = str_sub(rest, 1, rest.n);
        if (rest.n == 0 && colon) return bad_form(x, inside);
        char form = rest.n ? rest.p[0] : 0;
        Str word = str_sub(rest, 1, rest.n);
        bool there = value && (!colon || *value);
        if (form == 0 || (form == '-' && there) || (form == '?' && there)) {
                buf_adds(out, value ? value : unset(x, name));
                return 0;
        }
        if (form == '-') return expand(x, word, depth + 1, out);
        if (form == '+') return there ? expand(x, word, depth + 1, out) : 0;
        if (form != '?') return bad_form(x, inside);
        AUTO(buf_done) Buf message = {0};
        if (expand(x, word, depth + 1, &message) < 0) return -1;
        return config_node_error(x->at, x->error, "the variable '" STR_FMT "' is needed%s%s", STR_ARG(name),
                                 message.n ? ": " : "", message.n ? message.p : "");
}

static int expand(Expansion *x, Str text, unsigned depth, Buf *out) {
        if (depth > NESTING_MAX) return config_node_error(x->at, x->error, "variables are nested too deep");
        while (text.n) {
                if (out->n > CONFIG_FILE_MAX || arena_used(x->arena) > BAKE_MEMORY_MAX)
                        return err_new(x->error, ERR_LIMIT, "%s:%u: the variables become too large", x->at->file,
                                       x->at->line);
                const char *dollar = memchr(text.p, '$', text.n);
                size_t before = dollar ? (size_t)(dollar - text.p) : text.n;
                buf_add_str(out, str_sub(text, 0, before));
                if (!dollar) return 0;
                text = str_sub(text, before + 1, text.n);
                size_t n = name_size(text);
                if (text.n && text.p[0] == '$') {
                        buf_addc(out, '$');
                        n = 1;
                } else if (text.n && text.p[0] == '{') {
                        Str rest = str_sub(text, 1, text.n);
                        const char *close = closing(rest);
                        if (!close) return config_node_error(x->at, x->error, "'${' without '}': $$ stands for $");
                        n = (size_t)(close - text.p) + 1;
                        if (expand_braced(x, str_sub(text, 1, n - 2), depth, out) < 0) return -1;
                } else if (n) {
                        const char *value = look_up(x, str_sub(text, 0, n));
                        buf_adds(out, value ? value : unset(x, str_sub(text, 0, n)));
                } else {
                        config_node_error(x->at, x->error, "a '$' that begins no variable");
                        return err_hint(x->error, "$$ stands for $");
                }
                text = str_sub(text, n, text.n);
        }
        return 0;
}

static int bake_compose_text(Arena *a, const BakeEnvironment *environment, const ConfigNode *n, const char **ret_text,
                             Err **e) {
        Expansion x = {a, environment, n, e};
        AUTO(buf_done) Buf out = {0};
        if (expand(&x, str_of(n->text), 0, &out) < 0) return -1;
        *ret_text = arena_str(a, buf_str(&out));
        return 0;
}

int bake_compose_expand(Arena *a, const BakeEnvironment *environment, ConfigNode *n, Err **e) {
        if (n->kind == CONFIG_TEXT && strchr(n->text, '$') && bake_compose_text(a, environment, n, &n->text, e) < 0)
                return -1;
        for (ConfigNode *child = n->first; child; child = child->next)
                if (bake_compose_expand(a, environment, child, e) < 0) return -1;
        return 0;
}

/* ---- .env */

/* From behind the opening quote; *rest ends up behind the closing one. Values in double quotes know escapes. */
static bool quoted(Str *rest, char quote, Buf *out) {
        static const char from[] = "nrt\"\\$", to[] = "\n\r\t\"\\$";
        while (rest->n && rest->p[0] != quote) {
                char c = rest->p[0];
                const char *at = NULL;
                if (quote == '"' && c == '\\' && rest->n > 1 && rest->p[1]) at = strchr(from, rest->p[1]);
                if (at && *at == '$') {
                        buf_adds(out, "$$"); /* expanded afterwards */
                } else if (at) {
                        buf_addc(out, to[at - from]);
                } else {
                        buf_addc(out, c);
                }
                *rest = str_sub(*rest, at ? 2 : 1, rest->n);
        }
        if (!rest->n) return false;
        *rest = str_sub(*rest, 1, rest->n);
        return true;
}

/* Unquoted: to the end of the line, or to a '#' behind a space. */
static void bare(Str *rest, Buf *out) {
        Str line;
        str_cut(rest, '\n', &line);
        if (rest->p == line.p) *rest = (Str){line.p + line.n, 0};
        for (size_t i = 0; i < line.n; i++) {
                bool space = i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t';
                if (line.p[i] == '#' && space) line.n = i;
        }
        buf_add_str(out, str_trim(line));
}

typedef struct Dotenv {
        Arena *arena;
        Str rest;
        const char *counted; /* how far lines are counted */
        ConfigNode *environment;
        ConfigNode at;
} Dotenv;

static void skip_blank(Dotenv *d) {
        while (d->rest.n && (d->rest.p[0] == ' ' || d->rest.p[0] == '\t')) d->rest = str_sub(d->rest, 1, d->rest.n);
}

static void count_lines(Dotenv *d) {
        for (; d->counted < d->rest.p; d->counted++)
                if (*d->counted == '\n') d->at.line++;
}

/* *ret_literal: in single quotes, nothing of it is a variable. */
static int dotenv_value(Dotenv *d, Buf *raw, bool *ret_literal, Err **e) {
        skip_blank(d);
        char quote = d->rest.n ? d->rest.p[0] : 0;
        *ret_literal = quote == '\'';
        if (quote != '"' && quote != '\'') {
                bare(&d->rest, raw);
                return 0;
        }
        d->rest = str_sub(d->rest, 1, d->rest.n);
        if (!quoted(&d->rest, quote, raw)) return config_node_error(&d->at, e, "the quoted value does not end");
        Str line;
        if (!str_cut(&d->rest, '\n', &line)) d->rest.n = 0; /* comments behind it */
        return 0;
}

static int dotenv_entry(Dotenv *d, Err **e) {
        count_lines(d);
        if (str_starts(d->rest, STR("export "))) d->rest = str_sub(d->rest, 7, d->rest.n);
        skip_blank(d);
        size_t n = name_size(d->rest);
        while (n && n < d->rest.n &&
               (d->rest.p[n] == '.' || d->rest.p[n] == '-' || isalnum((unsigned char)d->rest.p[n])))
                n++;
        if (n == 0) return config_node_error(&d->at, e, "expected NAME=VALUE");
        const char *name = arena_str(d->arena, str_sub(d->rest, 0, n));
        d->rest = str_sub(d->rest, n, d->rest.n);
        skip_blank(d);
        if (!d->rest.n || d->rest.p[0] == '\n' || d->rest.p[0] == '\r') return 0; /* from the environment */
        if (d->rest.p[0] != '=' && d->rest.p[0] != ':')
                return config_node_error(&d->at, e, "expected '=' behind '%s'", name);
        d->rest = str_sub(d->rest, 1, d->rest.n);
        bool literal;
        AUTO(buf_done) Buf raw = {0};
        if (dotenv_value(d, &raw, &literal, e) < 0) return -1;
        ConfigNode *value = config_node_text(d->arena, raw.n ? raw.p : "", &d->at);
        BakeEnvironment environment = {.values = d->environment};
        if (!literal && bake_compose_text(d->arena, &environment, value, &value->text, e) < 0) return -1;
        if (!config_node_get(d->environment, name)) config_node_set(d->arena, d->environment, name, value);
        if (d->environment->count <= CONFIG_KEYS_MAX) return 0;
        return err_new(e, ERR_LIMIT, "%s: more than %d variables", d->at.file, CONFIG_KEYS_MAX);
}

int bake_dotenv(Arena *a, const char *file, Str text, ConfigNode *environment, Err **e) {
        Dotenv d = {.arena = a, .rest = text, .counted = text.p, .environment = environment};
        if (text.n > CONFIG_FILE_MAX) return err_new(e, ERR_LIMIT, "%s: larger than %d bytes", file, CONFIG_FILE_MAX);
        d.at.file = arena_strdup(a, file);
        d.at.line = 1;
        for (;;) {
                while (d.rest.n && isspace((unsigned char)d.rest.p[0])) d.rest = str_sub(d.rest, 1, d.rest.n);
                if (!d.rest.n) return 0;
                if (d.rest.p[0] != '#') {
                        if (dotenv_entry(&d, e) < 0) return -1;
                        continue;
                }
                Str line;
                if (!str_cut(&d.rest, '\n', &line)) return 0;
        }
}
