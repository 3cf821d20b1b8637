/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "debian/control.h"
#include "distroless/assembly.h"
#include "distroless/usr_merge.h"
#include "layer/view.h"
#include "os/root_path.h"

/* dpkg refuses to unpack a file over that of another package unless told to (Policy 7.6.1). Here all packages are unpacked side by side, so
 * the lists of MD5 sums that they carry are compared: equal files may be shipped twice, different ones may not. */

enum { STATUS_FILE_MAX = 64 << 20 };

typedef struct Shipped {
        Str sum;
        const char *package;
} Shipped;

typedef struct Conflicts {
        const Assembly *assembly;
        View *layers;
        Arena *arena;
        Map *paths; /* -> Shipped */
} Conflicts;

/* A file below status.d; an empty text when there is none. */
static int read_status(Conflicts *c, const char *package, const char *suffix, Str *ret_text, Err **e) {
        AUTO(freep) char *path = xasprintf("/var/lib/dpkg/status.d/%s%s", package, suffix);
        AUTO(freep) char *text = NULL;
        size_t size = 0;
        int r = view_read_file(c->layers, path, STATUS_FILE_MAX, &text, &size, e);
        if (r < 0) return -1;
        *ret_text = r == VIEW_FOUND ? str_of(arena_str(c->arena, (Str){text, size})) : (Str){0};
        return 0;
}

static bool names_package(Str relations, const char *name) {
        Str one;
        bool more = true;
        while (more) {
                more = str_cut(&relations, ',', &one);
                one = str_trim(one);
                size_t n = 0;
                while (n < one.n && !strchr(" (:\t\n", one.p[n])) n++;
                if (str_is(str_sub(one, 0, n), name)) return true;
        }
        return false;
}

/* Does package say that it may take files over from other? */
static int replaces(Conflicts *c, const char *package, const char *other, bool *ret_replaces, Err **e) {
        Str text;
        size_t offset = 0;
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        if (read_status(c, package, "", &text, e) < 0) return -1;
        int r = control_next(text, package, &offset, &p, e);
        if (r < 0) return -1;
        *ret_replaces = r > 0 && names_package(control_get(&p, "Replaces"), other);
        return 0;
}

/* Where the package is asked for; the recipe itself for one that came with another. */
static const RecipePlace *place_of(const Conflicts *c, const char *package) {
        const Recipe *r = c->assembly->recipe;
        const RecipePackage *rule = package_rule(r, package);
        return rule ? &rule->at : &r->at;
}

static void hint_place(const Conflicts *c, const char *package, Err **e) {
        const RecipePlace *at = place_of(c, package);
        if (package_rule(c->assembly->recipe, package))
                err_hint(e, "%s:%u names %s", at->file, at->line, package);
        else
                err_hint(e, "%s comes with another package, which needs it", package);
}

static int compare(Conflicts *c, const char *path, const Shipped *before, const Shipped *now, Err **e) {
        bool first = false, second = false;
        if (str_eq(before->sum, now->sum)) return 0;
        if (replaces(c, before->package, now->package, &first, e) < 0) return -1;
        if (replaces(c, now->package, before->package, &second, e) < 0) return -1;
        if (first || second) return 0;
        const RecipePlace *at = place_of(c, now->package);
        err_new(e, ERR_CONFLICT, "%s:%u: '%s' is in the packages %s and %s, with different contents", at->file,
                at->line, path, before->package, now->package);
        hint_place(c, before->package, e);
        hint_place(c, now->package, e);
        return err_hint(e, "leave one of them out, or drop the path from one by 'paths' of the package in the recipe");
}

/* "<md5>  usr/bin/x". What the recipe leaves out cannot be in the way. */
static int add_line(Conflicts *c, const char *package, Str line, Err **e) {
        Str sum;
        if (!str_cut(&line, ' ', &sum) || !line.n) return 0;
        AUTO(freep) char *name = str_dup(str_trim(line));
        AUTO(freep) char *plain = path_clean(name);
        AUTO(freep) char *path = c->assembly->usr_merged ? usr_merge_path(plain, false) : xstrdup(plain);
        const RecipePackage *rule = package_rule(c->assembly->recipe, package);
        if (!path || !recipe_takes(c->assembly->recipe, plain) || (rule && !recipe_package_takes(rule, plain)))
                return 0;
        Shipped now = {sum, package};
        Shipped *before = map_gets(c->paths, path);
        if (before) return compare(c, path, before, &now, e);
        Shipped *kept = arena_alloc(c->arena, sizeof *kept);
        *kept = now;
        map_puts(c->paths, path, kept);
        return 0;
}

static int add_package(Conflicts *c, const char *package, Err **e) {
        Str rest, line;
        if (read_status(c, package, ".md5sums", &rest, e) < 0) return -1;
        while (str_cut(&rest, '\n', &line))
                if (add_line(c, package, line, e) < 0) return -1;
        return 0;
}

int conflicts_check(const Assembly *a, View *layers, Err **e) {
        AUTO(arena_freep) Arena *arena = arena_new();
        AUTO(map_freep) Map *paths = map_new();
        Conflicts c = {a, layers, arena, paths};
        for (size_t i = 0; i < a->lock->packages.n; i++) {
                const LockedPackage *p = &a->lock->packages.v[i];
                if (p->use == USE_FILES && add_package(&c, p->name, e) < 0) return -1;
        }
        return 0;
}
