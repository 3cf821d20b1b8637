/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/template.h"

#include <string.h>

#include "base/arena.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/template_eval.h"

/* A template is a list of nodes; range and if hold two lists of their own. Expressions stay text and are evaluated from it
 * (cli/template_eval.c): a template is rendered a few times at most. */
typedef enum NodeKind { NODE_TEXT, NODE_PRINT, NODE_RANGE, NODE_IF } NodeKind;

typedef struct Node Node;
struct Node {
        NodeKind kind;
        Str text;                 /* literal text or expression */
        Str key_name, value_name; /* range $key, $value := */
        Node *body, *otherwise;
        Node *next;
};

struct Template {
        Arena *arena;
        Node *nodes;
};

typedef struct Parser {
        Arena *arena;
        Str rest;
        unsigned depth;
        bool trim_next; /* the action before ended in -}} */
} Parser;

/* How a list ended. */
typedef enum ListEnd { LIST_TEXT_END, LIST_END, LIST_ELSE } ListEnd;

static int parse_list(Parser *p, Node **ret_nodes, ListEnd *ret_end, Err **e);

static Str trim_left(Str s) {
        while (s.n > 0 && strchr(" \t\r\n", s.p[0])) s = str_sub(s, 1, s.n);
        return s;
}

static Str trim_right(Str s) {
        while (s.n > 0 && strchr(" \t\r\n", s.p[s.n - 1])) s.n--;
        return s;
}

/* The end of an action: "}}" outside quotes. */
static const char *action_end(Str s) {
        char quote = 0;
        for (size_t i = 0; i < s.n; i++) {
                char c = s.p[i];
                if (quote) {
                        if (c == '\\' && quote == '"')
                                i++;
                        else if (c == quote)
                                quote = 0;
                } else if (c == '"' || c == '`') {
                        quote = c;
                } else if (c == '}' && i + 1 < s.n && s.p[i + 1] == '}') {
                        return s.p + i;
                }
        }
        return NULL;
}

/* Cut the next piece off: literal text before "{{" (may be empty) and the action behind it. Returns false at the end of the
 * template, when only text was left. */
static int next_action(Parser *p, Str *ret_text, Str *ret_action, bool *ret_found, Err **e) {
        const char *open = p->rest.n ? memmem(p->rest.p, p->rest.n, "{{", 2) : NULL;
        Str text = open ? (Str){p->rest.p, (size_t)(open - p->rest.p)} : p->rest;
        if (p->trim_next) text = trim_left(text);
        p->trim_next = false;
        *ret_found = open != NULL;
        *ret_text = text;
        if (!open) return 0;
        Str inner = {open + 2, p->rest.n - (size_t)(open + 2 - p->rest.p)};
        const char *close = action_end(inner);
        if (!close) return err_new(e, ERR_USAGE, "template: '{{' without '}}'");
        p->rest = (Str){close + 2, inner.n - (size_t)(close + 2 - inner.p)};
        inner.n = (size_t)(close - inner.p);
        if (inner.n >= 2 && inner.p[0] == '-' && strchr(" \t\r\n", inner.p[1])) {
                *ret_text = trim_right(text);
                inner = str_sub(inner, 1, inner.n);
        }
        if (inner.n >= 2 && inner.p[inner.n - 1] == '-' && strchr(" \t\r\n", inner.p[inner.n - 2])) {
                p->trim_next = true;
                inner.n--;
        }
        *ret_action = str_trim(inner);
        return 0;
}

static Node *node_new(Parser *p, NodeKind kind, Str text) {
        Node *node = arena_alloc(p->arena, sizeof *node);
        node->kind = kind;
        node->text = text;
        return node;
}

static bool keyword(Str action, const char *word, Str *ret_rest) {
        Str w = str_of(word);
        if (!str_starts(action, w)) return false;
        *ret_rest = str_trim(str_sub(action, w.n, action.n));
        return action.n == w.n || strchr(" \t\r\n($.\"`", action.p[w.n]) != NULL;
}

/* "$k, $v := expression" in front of a range's expression. */
static void take_variables(Node *node) {
        const char *assign = node->text.n ? memmem(node->text.p, node->text.n, ":=", 2) : NULL;
        if (!assign || node->text.p[0] != '$') return;
        Str names = {node->text.p, (size_t)(assign - node->text.p)}, first;
        node->text = str_trim((Str){assign + 2, node->text.n - (size_t)(assign + 2 - node->text.p)});
        if (str_cut(&names, ',', &first)) {
                node->key_name = str_trim(first);
                node->value_name = str_trim(names);
        } else {
                node->value_name = str_trim(first);
        }
}

static int parse_block(Parser *p, Node *node, Err **e) {
        ListEnd end;
        if (++p->depth > TEMPLATE_DEPTH_MAX) return err_new(e, ERR_LIMIT, "template: blocks nest too deep");
        if (node->kind == NODE_RANGE) take_variables(node);
        if (parse_list(p, &node->body, &end, e) < 0) return -1;
        if (end == LIST_ELSE && parse_list(p, &node->otherwise, &end, e) < 0) return -1;
        p->depth--;
        if (end == LIST_END) return 0;
        return err_new(e, ERR_USAGE, "template: {{%s}} without {{end}}", node->kind == NODE_IF ? "if" : "range");
}

static int parse_action(Parser *p, Str action, Node **ret_node, Err **e) {
        Str rest;
        *ret_node = NULL;
        if (str_starts(action, STR("/*"))) return 0;
        if (keyword(action, "range", &rest)) {
                *ret_node = node_new(p, NODE_RANGE, rest);
                return parse_block(p, *ret_node, e);
        }
        if (keyword(action, "if", &rest)) {
                *ret_node = node_new(p, NODE_IF, rest);
                return parse_block(p, *ret_node, e);
        }
        if (action.n == 0) return err_new(e, ERR_USAGE, "template: {{}} holds nothing");
        *ret_node = node_new(p, NODE_PRINT, action);
        return 0;
}

static int parse_list(Parser *p, Node **ret_nodes, ListEnd *ret_end, Err **e) {
        Node **tail = ret_nodes;
        for (;;) {
                Str text, action, rest;
                bool found;
                if (next_action(p, &text, &action, &found, e) < 0) return -1;
                if (text.n > 0) {
                        *tail = node_new(p, NODE_TEXT, text);
                        tail = &(*tail)->next;
                }
                *ret_end = !found ? LIST_TEXT_END : keyword(action, "end", &rest) ? LIST_END : LIST_ELSE;
                if (!found || *ret_end == LIST_END || keyword(action, "else", &rest)) return 0;
                Node *node;
                if (parse_action(p, action, &node, e) < 0) return -1;
                if (!node) continue;
                *tail = node;
                tail = &node->next;
        }
}

int template_parse(const char *text, Template **ret_template, Err **e) {
        if (strlen(text) > TEMPLATE_SIZE_MAX)
                return err_new(e, ERR_LIMIT, "template: more than %d bytes", TEMPLATE_SIZE_MAX);
        AUTO(template_freep) Template *t = xcalloc(1, sizeof *t);
        t->arena = arena_new();
        Parser p = {.arena = t->arena, .rest = str_of(text)};
        ListEnd end;
        if (parse_list(&p, &t->nodes, &end, e) < 0) return -1;
        if (end != LIST_TEXT_END)
                return err_new(e, ERR_USAGE, "template: {{%s}} without {{if}} or {{range}}",
                               end == LIST_END ? "end" : "else");
        *ret_template = TAKE(t);
        return 0;
}

void template_free(Template *t) {
        arena_free(t->arena);
        free(t);
}

static int render_list(const Node *node, EvalScope *scope, Buf *out, Err **e);

static int render_range_item(const Node *node, EvalScope *scope, json_t *key, json_t *value, Buf *out, Err **e) {
        EvalScope inner = *scope;
        EvalVariable names[2] = {{node->key_name, key}, {node->value_name, value}};
        inner.dot = value;
        inner.parent = scope;
        inner.variables = names;
        inner.variable_count = 2;
        int r = render_list(node->body, &inner, out, e);
        json_decref(key);
        return r;
}

static int render_range(const Node *node, EvalScope *scope, Buf *out, Err **e) {
        AUTO(json_decrefp) json_t *list = NULL;
        if (eval_expression(scope, node->text, &list, e) < 0) return -1;
        if (json_is_array(list) && json_array_size(list) > 0) {
                for (size_t i = 0; i < json_array_size(list); i++) {
                        if (render_range_item(node, scope, json_integer((json_int_t)i), json_array_get(list, i), out,
                                              e) < 0)
                                return -1;
                }
                return 0;
        }
        if (!json_is_object(list) || json_object_size(list) == 0) return render_list(node->otherwise, scope, out, e);
        AUTO(freep) const char **keys = eval_sorted_keys(list);
        for (size_t i = 0; i < json_object_size(list); i++) {
                if (render_range_item(node, scope, json_string(keys[i]), json_object_get(list, keys[i]), out, e) < 0)
                        return -1;
        }
        return 0;
}

static int render_node(const Node *node, EvalScope *scope, Buf *out, Err **e) {
        AUTO(json_decrefp) json_t *value = NULL;
        if (node->kind == NODE_TEXT) {
                buf_add_str(out, node->text);
                return 0;
        }
        if (node->kind == NODE_RANGE) return render_range(node, scope, out, e);
        if (eval_expression(scope, node->text, &value, e) < 0) return -1;
        if (node->kind == NODE_PRINT) {
                eval_print(value, out);
                return 0;
        }
        return render_list(eval_truth(value) ? node->body : node->otherwise, scope, out, e);
}

static int render_list(const Node *node, EvalScope *scope, Buf *out, Err **e) {
        for (; node; node = node->next) {
                if (render_node(node, scope, out, e) < 0) return -1;
        }
        return 0;
}

int template_render(const Template *t, json_t *value, Buf *out, Err **e) {
        EvalScope scope = {.dot = value, .root = value};
        return render_list(t->nodes, &scope, out, e);
}
