/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "debian/package.h"
#include "debian/relation.h"
#include "debian/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const Relation *a, const Relation *b) {
        return str_eq(a->name, b->name) && str_eq(a->qualifier, b->qualifier) && a->operation == b->operation &&
               str_eq(a->version, b->version);
}

/* What is accepted is well-formed, and reads the same when it is written and read again. */
static void check(Arena *arena, const Relation *r) {
        if (!package_name_valid(r->name) || (r->operation != RELATION_ANY) != (r->version.n > 0)) abort();
        if (r->version.n > 0 && !debian_version_valid(r->version)) abort();
        AUTO(buf_done) Buf text = {0};
        relation_render(r, &text);
        Relations again;
        if (relations_parse(arena, buf_str(&text), &again, NULL) < 0 || again.n != 1 || again.v[0].n != 1) abort();
        if (!same(r, &again.v[0].v[0])) abort();
        (void)relation_takes_version(r, STR("1:2.3~rc1-4"));
        (void)relation_is_for(r, "amd64");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        AUTO(arena_freep) Arena *arena = arena_new();
        AUTO(err_freep) Err *e = NULL;
        Relations found = {0};
        int status = relations_parse(arena, (Str){(const char *)data, size}, &found, &e);
        if ((status < 0) != (e != NULL)) abort();
        for (size_t i = 0; i < found.n; i++) {
                if (found.v[i].n == 0) abort();
                for (size_t j = 0; j < found.v[i].n; j++) check(arena, &found.v[i].v[j]);
        }
        return 0;
}
