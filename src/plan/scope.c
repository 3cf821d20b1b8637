/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <stdlib.h>
#include <string.h>

static Variable *find(const Scope *scope, const char *name, size_t name_size) {
        for (size_t i = scope->list.n; i-- > 0;) {
                Variable *v = &scope->list.v[i];
                if (v->name_size == name_size && memcmp(v->name, name, name_size) == 0) return v;
        }
        return NULL;
}

const char *scope_get(const Scope *scope, const char *name, size_t name_size) {
        const Variable *v = find(scope, name, name_size);
        return v ? v->value : NULL;
}

bool scope_has(const Scope *scope, const char *name) {
        return find(scope, name, strlen(name)) != NULL;
}

static Variable variable(Arena *a, const char *name, const char *value) {
        return (Variable){arena_strdup(a, name), strlen(name), arena_strdup(a, value)};
}

void scope_set(Scope *scope, Arena *a, const char *name, const char *value) {
        Variable *old = find(scope, name, strlen(name));
        if (old) {
                size_t after = scope->list.n - (size_t)(old - scope->list.v) - 1;
                memmove(old, old + 1, after * sizeof *old);
                scope->list.n--;
        }
        vec_push(&scope->list, variable(a, name, value));
}

void scope_declare(Scope *scope, Arena *a, const char *name, const char *value) {
        Variable *old = find(scope, name, strlen(name));
        if (old)
                old->value = arena_strdup(a, value);
        else
                vec_push(&scope->list, variable(a, name, value));
}

void scope_copy(Scope *to, const Scope *from) {
        to->list.n = 0;
        for (size_t i = 0; i < from->list.n; i++) vec_push(&to->list, from->list.v[i]);
}

void scope_done(Scope *scope) {
        vec_done(&scope->list);
}
