/* SPDX-License-Identifier: Apache-2.0 */
#include "build/explain.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "store/key.h"
#include "os/fs.h"

enum { TEXT_MAX = 256 * 1024, FIELDS_MAX = 50000, VALUE_SHOWN_MAX = 120, CHANGES_SHOWN_MAX = 6 };

/* ---- key texts as fields */

typedef struct Field {
        Str name, value;
        bool absent; /* NULL as the value */
        bool item;   /* of a list */
        bool matched;
} Field;
typedef VEC(Field) Fields;

/* Written with key_number(); a list's count stands before its items under the list's name. */
static const char *const numbers[] = {
        "argv", "env",     "format", "gid",     "hard",    "hosts",     "insecure", "limits",   "link",
        "mode", "mount",   "mounts", "network", "parents", "read-only", "resource", "shm",      "size",
        "soft", "sources", "uid",    "unpack",  "devices", "cap-add",   "cap-drop", "required",
};

static bool is_number(const Field *f) {
        for (size_t i = 0; !f->item && f->value.n == sizeof(uint64_t) && i < ARRAY_SIZE(numbers); i++)
                if (str_is(f->name, numbers[i])) return true;
        return false;
}

static bool next_field(Str *text, Field *ret_field) {
        const char *end = memchr(text->p, 0, text->n);
        if (!end) return false;
        Field f = {.name = {text->p, (size_t)(end - text->p)}};
        *text = str_sub(*text, f.name.n + 1, text->n);
        if (text->n < sizeof(uint64_t)) return false;
        uint64_t size = 0;
        for (size_t i = 0; i < sizeof size; i++) size |= (uint64_t)(unsigned char)text->p[i] << (8 * i);
        *text = str_sub(*text, sizeof size, text->n);
        f.absent = size == UINT64_MAX;
        if (f.absent) size = 0;
        if (size > text->n) return false;
        f.value = str_sub(*text, 0, (size_t)size);
        *text = str_sub(*text, (size_t)size, text->n);
        *ret_field = f;
        return true;
}

/* Items take the name of their list. */
static void fields_parse(Str text, Fields *ret_fields) {
        Field f;
        Str list = STR("item");
        while (ret_fields->n < FIELDS_MAX && next_field(&text, &f)) {
                if (str_is(f.name, "item")) {
                        f.name = list;
                        f.item = true;
                } else {
                        list = f.name;
                }
                vec_push(ret_fields, f);
        }
}

static void show_value(Buf *b, const Field *f) {
        if (f->absent) {
                buf_adds(b, "none");
        } else if (is_number(f)) {
                uint64_t number = 0;
                for (size_t i = 0; i < sizeof number; i++) number |= (uint64_t)(unsigned char)f->value.p[i] << (8 * i);
                buf_addf(b, "%llu", (unsigned long long)number);
        } else if (str_is(f->name, "content") || str_is(f->name, "from")) {
                for (size_t i = 0; i < f->value.n && i < 6; i++) buf_addf(b, "%02x", (unsigned char)f->value.p[i]);
        } else {
                buf_addc(b, '\'');
                for (size_t i = 0; i < f->value.n && i < VALUE_SHOWN_MAX; i++) {
                        unsigned char c = (unsigned char)f->value.p[i];
                        buf_addc(b, c < ' ' || c == 0x7f ? ' ' : (char)c);
                }
                buf_adds(b, f->value.n > VALUE_SHOWN_MAX ? "...'" : "'");
        }
}

/* ---- differences */

static bool same_field(const Field *a, const Field *b) {
        return str_eq(a->name, b->name) && str_eq(a->value, b->value) && a->absent == b->absent;
}

/* What is in both is out of the question, wherever it stands. Equal beginnings, the usual case, cost one look each. */
static void match_fields(Fields *old_fields, Fields *new_fields) {
        size_t begin = 0;
        for (size_t i = 0; i < new_fields->n; i++) {
                while (begin < old_fields->n && old_fields->v[begin].matched) begin++;
                for (size_t k = begin; k < old_fields->n; k++) {
                        if (old_fields->v[k].matched || !same_field(&old_fields->v[k], &new_fields->v[i])) continue;
                        old_fields->v[k].matched = new_fields->v[i].matched = true;
                        break;
                }
        }
}

static Str variable_name(const Field *f) {
        Str rest = f->value, name;
        return str_is(f->name, "env") && str_cut(&rest, '=', &name) ? name : (Str){"", 0};
}

/* The old value that a new one took the place of: of the same variable, or the next of the same field. */
static Field *partner(Fields *old_fields, const Field *f) {
        for (size_t k = 0; k < old_fields->n; k++) {
                Field *o = &old_fields->v[k];
                if (!o->matched && str_eq(o->name, f->name) && str_eq(variable_name(o), variable_name(f))) return o;
        }
        return NULL;
}

static const char *field_title(const Field *f, bool *ret_shown) {
        static const struct {
                const char *name, *title;
                bool shown;
        } titles[] = {
                {"argv", "command", true},
                {"content", "content of the files that it reads", true},
                {"cwd", "working directory", true},
                {"data", "heredoc", true},
                {"env", "variable", true},
                {"from", "contents of the cache mount's source", true},
                {"inline", "name of a heredoc", true},
                {"item", "item", true},
                {"kind", "instruction", true},
                {"format", "decant's own form of keys", false},
        };
        *ret_shown = true;
        for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
                if (!str_is(f->name, titles[i].name)) continue;
                *ret_shown = titles[i].shown;
                return titles[i].title;
        }
        return NULL;
}

typedef struct Changes {
        Buf *text;
        size_t count;
} Changes;

static void add_change(Changes *c, const Field *from, const Field *to) {
        const Field *f = to ? to : from;
        bool shown;
        const char *title = field_title(f, &shown);
        if (is_number(f) && (str_is(f->name, "argv") || str_is(f->name, "env") || str_is(f->name, "sources"))) return;
        if (c->count++ >= CHANGES_SHOWN_MAX) return;
        buf_adds(c->text, c->text->n ? "; " : "");
        if (title)
                buf_adds(c->text, title);
        else
                buf_add(c->text, f->name.p, f->name.n);
        if (!shown) return;
        buf_adds(c->text, !from ? " added: " : !to ? " removed: " : ": ");
        if (from) show_value(c->text, from);
        if (from && to) buf_adds(c->text, " -> ");
        if (to) show_value(c->text, to);
}

static void difference(Fields *old_fields, Fields *new_fields, const char *parent, Changes *c) {
        bool parent_changed = false;
        match_fields(old_fields, new_fields);
        for (size_t i = 0; i < new_fields->n; i++) {
                Field *f = &new_fields->v[i], *old = f->matched ? NULL : partner(old_fields, f);
                if (f->matched) continue;
                if (old) old->matched = true;
                if (str_is(f->name, "parent"))
                        parent_changed = true;
                else
                        add_change(c, old, f);
        }
        for (size_t k = 0; k < old_fields->n; k++)
                if (!old_fields->v[k].matched) add_change(c, &old_fields->v[k], NULL);
        if (c->count > CHANGES_SHOWN_MAX) buf_addf(c->text, "; and %zu more", c->count - CHANGES_SHOWN_MAX);
        if (parent_changed) buf_addf(c->text, "%swhat it builds on is another: %s", c->text->n ? "; " : "", parent);
}

void explain_difference(Str old_text, Str new_text, const char *parent, Buf *ret_text) {
        Fields old_fields = {0}, new_fields = {0};
        fields_parse(old_text, &old_fields);
        fields_parse(new_text, &new_fields);
        Changes c = {.text = ret_text};
        difference(&old_fields, &new_fields, parent, &c);
        vec_done(&old_fields);
        vec_done(&new_fields);
}

/* ---- the file */

static void absolute_path(KeyText *k, const char *field, const char *path) {
        AUTO(freep) char *full = path && *path && !streq(path, "-") ? realpath(path, NULL) : NULL;
        key_text(k, field, full ? full : path);
}

/* Which step of which stage of which Dockerfile, whatever it says now. */
static char *lineage_path(Build *b, const Node *n) {
        KeyText k;
        Digest digest;
        uint64_t depth = 0;
        const PlanStage *stage = &n->plan->stages[n->step->stage];
        for (const Node *p = n->parent; p && p->step->stage == n->step->stage; p = p->parent) depth++;
        key_begin(&k, "lineage");
        absolute_path(&k, "context", b->params->context_path);
        absolute_path(&k, "file", b->dockerfile_path);
        key_text(&k, "stage", stage->name);
        key_number(&k, "index", stage->name[0] ? 0 : stage->index);
        key_number(&k, "depth", depth);
        key_text(&k, "arch", n->step->platform.arch);
        key_finish(&k, &digest);
        char hex[DIGEST_HEX_SIZE];
        digest_hex(&digest, hex);
        return xasprintf("digests/explain-%.32s", hex);
}

void explain_remember(Build *b, const Node *n) {
        AUTO(err_freep) Err *ignored = NULL;
        if (n->key_text.n == 0 || n->key_text.n > TEXT_MAX) return;
        AUTO(freep) char *path = lineage_path(b, n);
        (void)file_write_atomic(store_root_fd(b->store), path, n->key_text.p, n->key_text.n, 0600, &ignored);
}

static void tell(Build *b, Node *n, const char *why) {
        pthread_mutex_lock(&b->lock);
        strvec_pushf(b->params->explanations, "%s: %s", n->step->name, why);
        n->explanation = b->params->explanations->n;
        pthread_mutex_unlock(&b->lock);
}

void explain_more(Build *b, const Node *n, const char *more) {
        StrVec *lines = b->params->explanations;
        if (!lines || !n->explanation || !*more) return;
        pthread_mutex_lock(&b->lock);
        char **line = &lines->v[n->explanation - 1], *longer = xasprintf("%s: %s", *line, more);
        free(*line);
        *line = longer;
        pthread_mutex_unlock(&b->lock);
}

void explain_step(Build *b, Node *n) {
        if (!b->params->explanations) return;
        if (n->step->no_cache) {
                tell(b, n, "the cache is not to be used (--no-cache or --no-cache-filter)");
                return;
        }
        AUTO(freep) char *path = lineage_path(b, n);
        AUTO(freep) char *old = NULL;
        AUTO(err_freep) Err *absent = NULL;
        AUTO(buf_done) Buf text = {0};
        size_t size;
        if (file_read(store_root_fd(b->store), path, TEXT_MAX, &old, &size, &absent) < 0) {
                tell(b, n, "it was never executed here before");
                return;
        }
        explain_difference((Str){old, size}, buf_str(&n->key_text), n->parent ? n->parent->step->name : "", &text);
        tell(b, n, text.n ? text.p : "nothing changed, but its result is no longer in the store");
}
