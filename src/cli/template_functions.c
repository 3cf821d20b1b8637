/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/template_eval.h"

bool eval_truth(const json_t *value) {
        switch (json_typeof(value)) {
        case JSON_TRUE: return true;
        case JSON_STRING: return json_string_length(value) > 0;
        case JSON_INTEGER: return json_integer_value(value) != 0;
        case JSON_REAL: return json_real_value(value) != 0;
        case JSON_ARRAY: return json_array_size(value) > 0;
        case JSON_OBJECT: return json_object_size(value) > 0;
        default: return false;
        }
}

static int compare_keys(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **eval_sorted_keys(const json_t *object) {
        size_t n = 0;
        const char **keys = xcalloc(json_object_size(object) + 1, sizeof *keys), *key;
        json_t *value;
        json_object_foreach((json_t *)object, key, value) keys[n++] = key;
        qsort(keys, n, sizeof *keys, compare_keys);
        return keys;
}

static void print_object(const json_t *value, Buf *out) {
        AUTO(freep) const char **keys = eval_sorted_keys(value);
        buf_adds(out, "map[");
        for (size_t i = 0; i < json_object_size(value); i++) {
                buf_addf(out, "%s%s:", i ? " " : "", keys[i]);
                eval_print(json_object_get(value, keys[i]), out);
        }
        buf_addc(out, ']');
}

static void print_array(const json_t *value, Buf *out) {
        buf_addc(out, '[');
        for (size_t i = 0; i < json_array_size(value); i++) {
                if (i) buf_addc(out, ' ');
                eval_print(json_array_get(value, i), out);
        }
        buf_addc(out, ']');
}

void eval_print(const json_t *value, Buf *out) {
        switch (json_typeof(value)) {
        case JSON_STRING: buf_add(out, json_string_value(value), json_string_length(value)); break;
        case JSON_INTEGER: buf_addf(out, "%lld", (long long)json_integer_value(value)); break;
        case JSON_REAL: buf_addf(out, "%g", json_real_value(value)); break;
        case JSON_TRUE: buf_adds(out, "true"); break;
        case JSON_FALSE: buf_adds(out, "false"); break;
        case JSON_NULL: buf_adds(out, "<no value>"); break;
        case JSON_ARRAY: print_array(value, out); break;
        case JSON_OBJECT: print_object(value, out); break;
        }
}

static json_t *json_of_buf(Buf *text) {
        json_t *value = json_stringn(text->p ? text->p : "", text->n);
        buf_done(text);
        return value ? value : json_string("");
}

static char *printed(const json_t *value) {
        Buf text = {0};
        eval_print(value, &text);
        return buf_take(&text);
}

static int call_json(const EvalCall *c, json_t **ret_value, Err **e) {
        (void)e;
        char *text = json_dumps(c->arguments[0], JSON_COMPACT | JSON_ENCODE_ANY);
        *ret_value = json_string(text ? text : "null");
        free(text);
        return 0;
}

static int call_index(const EvalCall *c, json_t **ret_value, Err **e) {
        json_t *value = c->arguments[0];
        for (size_t i = 1; i < c->count; i++) {
                const json_t *key = c->arguments[i];
                json_t *next = NULL;
                if (json_is_array(value) && json_is_integer(key)) {
                        json_int_t at = json_integer_value(key);
                        next = at >= 0 ? json_array_get(value, (size_t)at) : NULL;
                        if (!next)
                                return err_new(e, ERR_USAGE, "template: index %lld is outside the list", (long long)at);
                } else if ((json_is_object(value) || json_is_null(value)) && json_is_string(key)) {
                        next = json_object_get(value, json_string_value(key));
                        if (!next) { /* as a Go map: the zero value */
                                *ret_value = json_string("");
                                return 0;
                        }
                } else {
                        return err_new(e, ERR_USAGE, "template: index of something that is neither a list nor a map");
                }
                value = next;
        }
        *ret_value = json_incref(value);
        return 0;
}

static int call_join(const EvalCall *c, json_t **ret_value, Err **e) {
        (void)e;
        Buf text = {0};
        for (size_t i = 0; i < json_array_size(c->arguments[0]); i++) {
                if (i) eval_print(c->arguments[1], &text);
                eval_print(json_array_get(c->arguments[0], i), &text);
        }
        *ret_value = json_of_buf(&text);
        return 0;
}

static int call_split(const EvalCall *c, json_t **ret_value, Err **e) {
        AUTO(freep) char *text = printed(c->arguments[0]);
        AUTO(freep) char *separator = printed(c->arguments[1]);
        if (!*separator) return err_new(e, ERR_USAGE, "template: split needs a separator");
        *ret_value = json_array();
        const char *from = text, *at;
        for (; (at = strstr(from, separator)); from = at + strlen(separator)) {
                json_array_append_new(*ret_value, json_stringn(from, (size_t)(at - from)));
        }
        json_array_append_new(*ret_value, json_string(from));
        return 0;
}

static int call_case(const EvalCall *c, json_t **ret_value, Err **e) {
        (void)e;
        AUTO(freep) char *text = printed(c->arguments[0]);
        for (char *p = text; *p; p++) {
                bool upper = str_is(c->name, "upper") || (str_is(c->name, "title") && (p == text || p[-1] == ' '));
                if (upper)
                        *p = (char)toupper((unsigned char)*p);
                else if (str_is(c->name, "lower"))
                        *p = (char)tolower((unsigned char)*p);
        }
        *ret_value = json_string(text);
        return 0;
}

static int call_len(const EvalCall *c, json_t **ret_value, Err **e) {
        const json_t *value = c->arguments[0];
        size_t n = 0;
        if (json_is_string(value))
                n = json_string_length(value);
        else if (json_is_array(value))
                n = json_array_size(value);
        else if (json_is_object(value))
                n = json_object_size(value);
        else if (!json_is_null(value))
                return err_new(e, ERR_USAGE, "template: len of something that has no length");
        *ret_value = json_integer((json_int_t)n);
        return 0;
}

static int call_println(const EvalCall *c, json_t **ret_value, Err **e) {
        (void)e;
        Buf text = {0};
        for (size_t i = 0; i < c->count; i++) {
                if (i) buf_addc(&text, ' ');
                eval_print(c->arguments[i], &text);
        }
        if (str_is(c->name, "println")) buf_addc(&text, '\n');
        *ret_value = json_of_buf(&text);
        return 0;
}

static int call_truncate(const EvalCall *c, json_t **ret_value, Err **e) {
        AUTO(freep) char *text = printed(c->arguments[0]);
        if (!json_is_integer(c->arguments[1])) return err_new(e, ERR_USAGE, "template: truncate TEXT LENGTH");
        json_int_t size = json_integer_value(c->arguments[1]);
        size_t n = strlen(text);
        if (size >= 0 && (size_t)size < n) n = (size_t)size;
        *ret_value = json_stringn(text, n);
        if (!*ret_value) *ret_value = json_string("");
        return 0;
}

static int call_equal(const EvalCall *c, json_t **ret_value, Err **e) {
        (void)e;
        bool equal = json_equal(c->arguments[0], c->arguments[1]);
        *ret_value = json_boolean(equal == str_is(c->name, "eq"));
        return 0;
}

static int call_logic(const EvalCall *c, json_t **ret_value, Err **e) {
        (void)e;
        if (str_is(c->name, "not")) {
                *ret_value = json_boolean(!eval_truth(c->arguments[0]));
                return 0;
        }
        bool want = str_is(c->name, "or");
        size_t i = 0;
        while (i + 1 < c->count && eval_truth(c->arguments[i]) != want) i++;
        *ret_value = json_incref(c->arguments[i]);
        return 0;
}

static const struct {
        const char *name;
        size_t minimum, maximum;
        int (*call)(const EvalCall *c, json_t **ret_value, Err **e);
} functions[] = {
        {"json", 1, 1, call_json},     {"index", 1, 8, call_index},       {"join", 2, 2, call_join},
        {"split", 2, 2, call_split},   {"lower", 1, 1, call_case},        {"upper", 1, 1, call_case},
        {"title", 1, 1, call_case},    {"len", 1, 1, call_len},           {"println", 0, 8, call_println},
        {"print", 0, 8, call_println}, {"truncate", 2, 2, call_truncate}, {"eq", 2, 2, call_equal},
        {"ne", 2, 2, call_equal},      {"and", 1, 8, call_logic},         {"or", 1, 8, call_logic},
        {"not", 1, 1, call_logic},
};

int eval_call(const EvalCall *call, json_t **ret_value, Err **e) {
        const char *names[ARRAY_SIZE(functions)];
        for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
                names[i] = functions[i].name;
                if (!str_is(call->name, functions[i].name)) continue;
                if (call->count >= functions[i].minimum && call->count <= functions[i].maximum)
                        return functions[i].call(call, ret_value, e);
                return err_new(e, ERR_USAGE, "template: %s takes %zu to %zu arguments, not %zu", functions[i].name,
                               functions[i].minimum, functions[i].maximum, call->count);
        }
        AUTO(freep) char *name = str_dup(call->name);
        const char *near = nearest_name(name, names, ARRAY_SIZE(names));
        err_new(e, ERR_USAGE, "template: there is no function '%s'", name);
        return near ? err_hint(e, "did you mean '%s'?", near) : -1;
}
