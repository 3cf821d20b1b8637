/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/template_eval.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"

typedef struct Reader {
        const EvalScope *scope;
        Str rest;
        unsigned depth;
} Reader;

static int eval_pipeline(Reader *r, json_t **ret_value, Err **e);

static void skip_space(Reader *r) {
        while (r->rest.n > 0 && isspace((unsigned char)r->rest.p[0])) r->rest = str_sub(r->rest, 1, r->rest.n);
}

static bool is_word(char c) {
        return isalnum((unsigned char)c) || c == '_';
}

static Str take_word(Reader *r) {
        size_t n = 0;
        while (n < r->rest.n && is_word(r->rest.p[n])) n++;
        Str word = str_sub(r->rest, 0, n);
        r->rest = str_sub(r->rest, n, r->rest.n);
        return word;
}

static json_t *json_of(Str s) {
        json_t *value = json_stringn(s.p ? s.p : "", s.n);
        return value ? value : json_string(""); /* not UTF-8 */
}

static int no_field(const json_t *object, Str name, Err **e) {
        const char *names[64], *key;
        json_t *value;
        size_t n = 0;
        json_object_foreach((json_t *)object, key, value) {
                if (n < 64) names[n++] = key;
        }
        AUTO(freep) char *text = str_dup(name);
        const char *near = nearest_name(text, names, n);
        err_new(e, ERR_USAGE, "template: there is no field '%s'", text);
        return near ? err_hint(e, "did you mean '.%s'?", near) : -1;
}

/* .A.B behind a value; consumes *value and gives a new reference. */
static int take_fields(Reader *r, json_t **value, Err **e) {
        while (r->rest.n > 1 && r->rest.p[0] == '.' && is_word(r->rest.p[1])) {
                r->rest = str_sub(r->rest, 1, r->rest.n);
                Str name = take_word(r);
                AUTO(freep) char *key = str_dup(name);
                if (!json_is_object(*value))
                        return err_new(e, ERR_USAGE, "template: '.%s' of something that has no fields", key);
                json_t *field = json_object_get(*value, key);
                if (!field) return no_field(*value, name, e);
                json_incref(field);
                json_decref(*value);
                *value = field;
        }
        return 0;
}

static int take_string(Reader *r, json_t **ret_value, Err **e) {
        char quote = r->rest.p[0];
        Buf text = {0};
        size_t i = 1;
        for (; i < r->rest.n && r->rest.p[i] != quote; i++) {
                char c = r->rest.p[i];
                if (c == '\\' && quote == '"' && i + 1 < r->rest.n) {
                        c = r->rest.p[++i];
                        c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
                }
                buf_addc(&text, c);
        }
        if (i >= r->rest.n) {
                buf_done(&text);
                return err_new(e, ERR_USAGE, "template: a string is not closed");
        }
        r->rest = str_sub(r->rest, i + 1, r->rest.n);
        *ret_value = json_of(buf_str(&text));
        buf_done(&text);
        return 0;
}

static int take_variable(Reader *r, json_t **ret_value, Err **e) {
        Str start = r->rest;
        r->rest = str_sub(r->rest, 1, r->rest.n);
        Str name = {start.p, take_word(r).n + 1};
        if (name.n == 1) {
                *ret_value = json_incref(r->scope->root);
                return 0;
        }
        for (const EvalScope *s = r->scope; s; s = s->parent) {
                for (size_t i = 0; i < s->variable_count; i++) {
                        if (!str_eq(s->variables[i].name, name)) continue;
                        *ret_value = json_incref(s->variables[i].value);
                        return 0;
                }
        }
        return err_new(e, ERR_USAGE, "template: there is no variable '" STR_FMT "'", STR_ARG(name));
}

static int take_group(Reader *r, json_t **ret_value, Err **e) {
        if (++r->depth > EVAL_DEPTH_MAX) return err_new(e, ERR_LIMIT, "template: parentheses nest too deep");
        r->rest = str_sub(r->rest, 1, r->rest.n);
        if (eval_pipeline(r, ret_value, e) < 0) return -1;
        skip_space(r);
        if (r->rest.n == 0 || r->rest.p[0] != ')')
                return err_new(e, ERR_USAGE, "template: a parenthesis is not closed");
        r->rest = str_sub(r->rest, 1, r->rest.n);
        r->depth--;
        return 0;
}

static int take_number(Reader *r, json_t **ret_value, Err **e) {
        size_t sign = r->rest.p[0] == '-' ? 1 : 0, n = sign;
        while (n < r->rest.n && is_word(r->rest.p[n])) n++;
        int64_t number;
        Str text = str_sub(r->rest, 0, n);
        if (!i64_parse(text, &number))
                return err_new(e, ERR_USAGE, "template: '" STR_FMT "' is no number", STR_ARG(text));
        r->rest = str_sub(r->rest, n, r->rest.n);
        *ret_value = json_integer(number);
        return 0;
}

/* An operand that is no function: . .A.B $ $v "text" 12 true (...) */
static int take_operand(Reader *r, json_t **ret_value, Err **e) {
        AUTO(json_decrefp) json_t *value = NULL;
        char c = r->rest.p[0];
        int result = 0;
        if (c == '.') {
                value = json_incref(r->scope->dot);
                if (r->rest.n == 1 || !is_word(r->rest.p[1])) r->rest = str_sub(r->rest, 1, r->rest.n);
        } else if (c == '$') {
                result = take_variable(r, &value, e);
        } else if (c == '"' || c == '`') {
                result = take_string(r, &value, e);
        } else if (c == '(') {
                result = take_group(r, &value, e);
        } else if (c == '-' || isdigit((unsigned char)c)) {
                result = take_number(r, &value, e);
        } else {
                result = err_new(e, ERR_USAGE, "template: '" STR_FMT "' is not understood", STR_ARG(r->rest));
        }
        if (result < 0 || take_fields(r, &value, e) < 0) return -1;
        *ret_value = TAKE(value);
        return 0;
}

static bool at_end_of_call(Reader *r) {
        skip_space(r);
        return r->rest.n == 0 || r->rest.p[0] == '|' || r->rest.p[0] == ')';
}

static json_t *constant(Str word) {
        if (str_is(word, "true")) return json_true();
        if (str_is(word, "false")) return json_false();
        return str_is(word, "nil") ? json_null() : NULL;
}

/* piped: what stood before the "|", becomes the last argument; NULL when nothing did. */
static int take_call(Reader *r, json_t *piped, json_t **ret_value, Err **e) {
        EvalCall call = {.name = take_word(r)};
        int result = 0;
        while (result == 0 && !at_end_of_call(r)) {
                if (call.count + 1 >= EVAL_ARGUMENTS_MAX) {
                        result = err_new(e, ERR_LIMIT, "template: too many arguments");
                        break;
                }
                json_t *argument = NULL;
                Reader before = *r;
                if (is_word(r->rest.p[0]) && !isdigit((unsigned char)r->rest.p[0])) argument = constant(take_word(r));
                if (!argument) {
                        *r = before;
                        result = take_operand(r, &argument, e);
                }
                if (argument) call.arguments[call.count++] = argument;
        }
        if (piped) call.arguments[call.count++] = json_incref(piped);
        if (result == 0) result = eval_call(&call, ret_value, e);
        for (size_t i = 0; i < call.count; i++) json_decref(call.arguments[i]);
        return result;
}

static int take_term(Reader *r, json_t *piped, json_t **ret_value, Err **e) {
        skip_space(r);
        if (r->rest.n == 0) return err_new(e, ERR_USAGE, "template: an expression is missing");
        char c = r->rest.p[0];
        if (isalpha((unsigned char)c)) {
                Reader before = *r;
                *ret_value = piped ? NULL : constant(take_word(r));
                if (*ret_value) return 0;
                *r = before;
                return take_call(r, piped, ret_value, e);
        }
        if (piped) return err_new(e, ERR_USAGE, "template: what follows '|' must be a function");
        if (take_operand(r, ret_value, e) < 0) return -1;
        if (at_end_of_call(r)) return 0;
        json_decref(*ret_value);
        *ret_value = NULL;
        return err_new(e, ERR_USAGE, "template: '" STR_FMT "' is not expected here", STR_ARG(r->rest));
}

static int eval_pipeline(Reader *r, json_t **ret_value, Err **e) {
        AUTO(json_decrefp) json_t *value = NULL;
        if (take_term(r, NULL, &value, e) < 0) return -1;
        for (;;) {
                skip_space(r);
                if (r->rest.n == 0 || r->rest.p[0] != '|') break;
                r->rest = str_sub(r->rest, 1, r->rest.n);
                json_t *next = NULL;
                if (take_term(r, value, &next, e) < 0) return -1;
                json_decref(value);
                value = next;
        }
        *ret_value = TAKE(value);
        return 0;
}

int eval_expression(const EvalScope *scope, Str text, json_t **ret_value, Err **e) {
        Reader r = {.scope = scope, .rest = text};
        if (eval_pipeline(&r, ret_value, e) < 0) return -1;
        if (r.rest.n == 0) return 0;
        json_decref(*ret_value);
        *ret_value = NULL;
        return err_new(e, ERR_USAGE, "template: '" STR_FMT "' is not expected here", STR_ARG(r.rest));
}
