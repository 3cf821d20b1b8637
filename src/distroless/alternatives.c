/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/alternatives.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "distroless/architecture.h"

/* From the packages' scripts. In a package's name "*" is a number, which paths have as {v}; {a} is the architecture, {t} its triplet.
 * The highest priority wins; a number counts before it. */
static const struct Alternative {
        const char *package, *path, *target;
        unsigned priority;
} table[] = {
        {"openjdk-*-jre-headless", "/usr/bin/java", "/usr/lib/jvm/java-{v}-openjdk-{a}/bin/java", 0},
        {"openjdk-*-jre-headless", "/usr/bin/jpackage", "/usr/lib/jvm/java-{v}-openjdk-{a}/bin/jpackage", 0},
        {"openjdk-*-jre-headless", "/usr/bin/keytool", "/usr/lib/jvm/java-{v}-openjdk-{a}/bin/keytool", 0},
        {"openjdk-*-jre-headless", "/usr/bin/rmiregistry", "/usr/lib/jvm/java-{v}-openjdk-{a}/bin/rmiregistry", 0},
        {"openjdk-*-jre-headless", "/usr/bin/jexec", "/usr/lib/jvm/java-{v}-openjdk-{a}/lib/jexec", 0},
        {"nodejs", "/usr/bin/js", "/usr/bin/nodejs", 200},
        {"gawk", "/usr/bin/awk", "/usr/bin/gawk", 10},
        {"gawk", "/usr/bin/nawk", "/usr/bin/gawk", 10},
        {"mawk", "/usr/bin/awk", "/usr/bin/mawk", 5},
        {"mawk", "/usr/bin/nawk", "/usr/bin/mawk", 5},
        {"libopenblas0-pthread", "/usr/lib/{t}/libblas.so.3", "/usr/lib/{t}/openblas-pthread/libblas.so.3", 100},
        {"libopenblas0-pthread", "/usr/lib/{t}/liblapack.so.3", "/usr/lib/{t}/openblas-pthread/liblapack.so.3", 100},
        {"libopenblas0-pthread", "/usr/lib/{t}/libopenblas.so.0", "/usr/lib/{t}/openblas-pthread/libopenblas.so.0",
         100},
        {"libblas3", "/usr/lib/{t}/libblas.so.3", "/usr/lib/{t}/blas/libblas.so.3", 10},
        {"liblapack3", "/usr/lib/{t}/liblapack.so.3", "/usr/lib/{t}/lapack/liblapack.so.3", 10},
};

enum { CHOSEN_MAX = 64 };

typedef struct Choice {
        AlternativeLink link;
        uint32_t number;
        unsigned priority;
} Choice;

void alternative_links_done(AlternativeLinks *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->v[i].path);
                free(list->v[i].target);
        }
        vec_done(list);
}

/* Does the package's name fit the pattern; its number, if the pattern has one. */
static bool fits(const char *pattern, const char *package, uint32_t *ret_number) {
        const char *star = strchr(pattern, '*');
        *ret_number = 0;
        if (!star) return streq(pattern, package);
        Str name = str_of(package), head = {pattern, (size_t)(star - pattern)}, tail = str_of(star + 1);
        if (name.n <= head.n + tail.n || !str_starts(name, head) || !str_ends(name, tail)) return false;
        return u32_parse(str_sub(name, head.n, name.n - head.n - tail.n), 10, ret_number);
}

/* {v}, {a} and {t} in their place. Owned. */
static char *expand(const char *text, uint32_t number, const DebianArchitecture *a) {
        Buf out = {0};
        for (const char *p = text; *p; p++) {
                if (starts_with(p, "{v}")) buf_addf(&out, "%u", number);
                if (starts_with(p, "{a}")) buf_adds(&out, a->name);
                if (starts_with(p, "{t}")) buf_adds(&out, a->triplet);
                if (*p == '{')
                        p += 2;
                else
                        buf_addc(&out, *p);
        }
        return buf_take(&out);
}

static int exists(View *tree, const char *path, bool follow, Err **e) {
        ViewEntry entry;
        int found = view_lookup(tree, path, follow, &entry, e);
        if (found < 0) return -1;
        view_entry_done(&entry);
        return found == VIEW_FOUND;
}

static int consider(View *tree, Choice candidate, Choice *chosen, size_t *count, Err **e) {
        size_t at = 0;
        int there = exists(tree, candidate.link.target, true, e);
        int taken = there < 0 ? -1 : exists(tree, candidate.link.path, false, e);
        while (at < *count && !streq(chosen[at].link.path, candidate.link.path)) at++;
        Choice *other = &chosen[at];
        bool better = at == *count || candidate.number > other->number ||
                      (candidate.number == other->number && candidate.priority > other->priority);
        bool use = there > 0 && taken == 0 && better && at < CHOSEN_MAX;
        Choice loser = candidate;
        if (use) {
                loser = at < *count ? *other : (Choice){0};
                *count += at == *count;
                *other = candidate;
        }
        free(loser.link.path);
        free(loser.link.target);
        return taken < 0 ? -1 : 0;
}

int alternatives_find(View *tree, const StrVec *packages, const char *architecture, AlternativeLinks *ret_links,
                      Err **e) {
        const DebianArchitecture *a = debian_architecture_find(architecture);
        Choice chosen[CHOSEN_MAX + 1] = {0};
        AlternativeLinks links = {0};
        uint32_t number;
        size_t count = 0;
        int r = 0;
        for (size_t i = 0; i < ARRAY_SIZE(table) && a && r == 0; i++)
                for (size_t k = 0; k < packages->n && r == 0; k++) {
                        const struct Alternative *t = &table[i];
                        if (!fits(t->package, packages->v[k], &number)) continue;
                        Choice c = {.number = number, .priority = t->priority};
                        c.link = (AlternativeLink){expand(t->path, number, a), expand(t->target, number, a)};
                        r = consider(tree, c, chosen, &count, e);
                }
        for (size_t i = 0; i < count; i++) vec_push(&links, chosen[i].link);
        if (r < 0)
                alternative_links_done(&links);
        else
                *ret_links = links;
        return r;
}
