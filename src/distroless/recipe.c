/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/recipe.h"

#include <limits.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "distroless/recipe_internal.h"

/* A chain of recipes becomes a flat one. */

/* What a recipe has of a kind. */
typedef struct Offer {
        const char *what;
        const StrVec *there;
        const RecipePlace *at; /* where the recipe says so; NULL, or without a file: in no one place */
} Offer;

static int no_such(const RecipeReader *r, const Offer *offer, const char *wanted, Err **e) {
        const RecipeText *t = &r->files.v[0].text;
        const char *near = nearest_name(wanted, (const char *const *)offer->there->v, offer->there->n);
        AUTO(buf_done) Buf list = {0};
        AUTO(freep)
        char *place =
                offer->at && offer->at->file ? xasprintf("%s:%u", offer->at->file, offer->at->line) : xstrdup(t->file);
        for (size_t i = 0; i < offer->there->n; i++) buf_addf(&list, "%s%s", i ? ", " : "", offer->there->v[i]);
        err_new(e, ERR_NOT_FOUND, "%s: the recipe '%s' has no %s '%s': there is %s", place, t->name, offer->what,
                wanted, list.p);
        return near ? err_hint(e, "did you mean '%s'?", near) : -1;
}

static int choose_architecture(RecipeReader *r, const char *wanted, Err **e) {
        const Offer offer = {"architecture", &r->architectures, &r->made_for};
        Platform host;
        platform_host(&host);
        r->architecture = wanted ? recipe_architecture(wanted) : debian_architecture_of_platform(&host);
        if (!r->architecture) return no_such(r, &offer, wanted ? wanted : host.arch, e);
        if (strvec_index(&r->architectures, r->architecture->name) >= 0) return 0;
        return no_such(r, &offer, r->architecture->name, e);
}

static int choose(RecipeReader *r, const RecipeChoice *choice, Err **e) {
        const char *release = choice->release ? choice->release : r->releases.v[r->releases.n - 1];
        const char *variant = choice->variant ? choice->variant : "latest";
        r->debian = debian_name_find(release);
        if (!r->debian || strvec_index(&r->releases, r->debian->release) < 0)
                return no_such(r, &(Offer){"release", &r->releases, NULL}, release, e);
        if (strvec_index(&r->variants, variant) < 0)
                return no_such(r, &(Offer){"variant", &r->variants, NULL}, variant, e);
        if (choose_architecture(r, choice->architecture, e) < 0) return -1;
        Recipe *recipe = r->recipe;
        recipe->release = arena_strdup(r->arena, r->debian->release);
        recipe->codename = arena_strdup(r->arena, r->debian->codename);
        recipe->version_id = arena_strdup(r->arena, r->debian->version_id);
        recipe->variant = arena_strdup(r->arena, variant);
        recipe->architecture = arena_strdup(r->arena, r->architecture->name);
        strvec_copy(&recipe->architectures, &r->architectures);
        return 0;
}

/* The variants that one is made of, itself last. Circles end where a name comes again. */
static void add_variant(const RecipeReader *r, const char *name, StrVec *seen, StrVec *list) {
        if (strvec_index(seen, name) >= 0) return;
        strvec_push(seen, name);
        for (size_t i = r->files.n; i-- > 0;) {
                const ConfigNode *section = config_node_get(config_node_get(r->files.v[i].root, "variants"), name);
                const ConfigNode *with = config_node_get(section, "with");
                for (const ConfigNode *one = with ? with->first : NULL; one; one = one->next)
                        add_variant(r, one->text, seen, list);
        }
        strvec_push(list, name);
}

static void apply_section(RecipeReader *r, const ConfigNode *map, RecipeSection section, bool early) {
        for (const ConfigNode *value = map && map->kind == CONFIG_MAP ? map->first : NULL; value; value = value->next) {
                const RecipeKey *key = recipe_key_find(section, value->key);
                if (key->apply && key->early == early) key->apply(r, value);
        }
}

static unsigned last_line(const ConfigNode *n) {
        unsigned last = n ? n->line : 0;
        for (const ConfigNode *child = n ? n->first : NULL; child; child = child->next) {
                unsigned line = last_line(child);
                if (line > last) last = line;
        }
        return last;
}

/* What each part of the file says of closures holds for that part; the top's for all that say nothing. */
static void apply_part(RecipeReader *r, const RecipeFile *file, const ConfigNode *part, RecipeSection section,
                       bool early) {
        const ConfigNode *closure = config_node_get(file->root, "closure");
        r->folder = file->text.folder;
        r->closure = closure ? recipe_flag(r, closure) : true;
        closure = config_node_get(part, "closure");
        r->first_line = part && section != SECTION_RECIPE ? part->line : 0;
        r->last_line = section != SECTION_RECIPE ? last_line(part) : UINT_MAX;
        if (closure) r->closure = recipe_flag(r, closure);
        apply_section(r, part, section, early);
}

static void apply_file(RecipeReader *r, const RecipeFile *file, const StrVec *variants, bool early) {
        const ConfigNode *releases = config_node_get(file->root, "releases"),
                         *sections = config_node_get(file->root, "variants");
        apply_part(r, file, file->root, SECTION_RECIPE, early);
        apply_part(r, file, config_node_get(releases, r->debian->release), SECTION_RELEASE, early);
        for (size_t i = 0; i < variants->n; i++)
                apply_part(r, file, config_node_get(sections, variants->v[i]), SECTION_VARIANT, early);
}

static void flatten(RecipeReader *r) {
        AUTO(strvec_done) StrVec variants = {0}, seen = {0};
        add_variant(r, r->recipe->variant, &seen, &variants);
        r->places = map_new();
        for (size_t i = r->files.n; i-- > 0;) apply_file(r, &r->files.v[i], &variants, true);
        for (size_t i = r->files.n; i-- > 0;) apply_file(r, &r->files.v[i], &variants, false);
}

/* The outermost that says it. */
static const char *said(const RecipeReader *r, const char *key) {
        const char *text = config_node_member_text(r->files.v[0].root, key);
        return arena_strdup(r->arena, text);
}

static void describe(RecipeReader *r) {
        Recipe *recipe = r->recipe;
        recipe->name = said(r, "name");
        if (!recipe->name) recipe->name = arena_strdup(r->arena, r->files.v[0].text.name);
        recipe->description = said(r, "description");
        recipe->at = (RecipePlace){arena_strdup(r->arena, r->files.v[0].text.file), 1};
        for (size_t i = r->files.n; i-- > 0;) strvec_push(&recipe->chain, r->files.v[i].text.name);
}

static void check_certificates(RecipeReader *r, const ConfigNode *root) {
        const Recipe *recipe = r->recipe;
        const ConfigNode *extra = config_node_get(root, "certificates"), *links = config_node_get(root, "ca-links");
        if (recipe->certificates.n && !recipe->ca_bundle && !recipe->java_keystore)
                recipe_mistake(
                        r, extra ? extra : root,
                        "'certificates' has no place to go: 'ca-bundle: true' or 'java-keystore: true' is missing");
        if (recipe->ca_links && !recipe->ca_bundle)
                recipe_mistake(r, links ? links : root,
                               "'ca-links' lie beside the bundle: 'ca-bundle: true' is missing");
}

static void check_whole(RecipeReader *r) {
        const ConfigNode *root = r->files.v[0].root;
        check_certificates(r, root);
        if (r->recipe->bootstrap && r->recipe->busybox)
                recipe_mistake(
                        r, root,
                        "'busybox' is for images that are unpacked from packages, not for a bootstrapped Debian");
        if (r->recipe->bootstrap && r->recipe->python_bytecode)
                recipe_mistake(r, root,
                               "'python-bytecode' is for images that are unpacked from packages: a bootstrapped "
                               "Debian compiles its modules itself");
        if (r->recipe->bootstrap && r->recipe->java_version)
                recipe_mistake(r, root,
                               "'java-runtime' is for images that are unpacked from packages, not for a "
                               "bootstrapped Debian");
}

int recipe_load(const RecipeBook *b, const RecipeChoice *choice, Recipe **ret_recipe, Err **e) {
        static const RecipeBook none;
        AUTO(recipe_freep) Recipe *recipe = xcalloc(1, sizeof *recipe);
        recipe->arena = arena_new();
        AUTO(recipe_reader_done) RecipeReader r = {.book = b ? b : &none, .arena = recipe->arena, .recipe = recipe};
        if (recipe_read_chain(&r, choice->name, e) < 0 || choose(&r, choice, e) < 0) return -1;
        describe(&r);
        flatten(&r);
        check_whole(&r);
        if (recipe_check_mistakes(&r, e) < 0) return -1;
        *ret_recipe = TAKE(recipe);
        return 0;
}

void recipe_free(Recipe *r) {
        for (size_t i = 0; i < r->repositories.n; i++) {
                strvec_done(&r->repositories.v[i].components);
                strvec_done(&r->repositories.v[i].signed_by);
        }
        for (size_t i = 0; i < r->packages.n; i++) {
                strvec_done(&r->packages.v[i].architectures);
                strvec_done(&r->packages.v[i].paths);
        }
        for (size_t i = 0; i < r->groups.n; i++) strvec_done(&r->groups.v[i].members);
        vec_done(&r->repositories);
        vec_done(&r->packages);
        vec_done(&r->users);
        vec_done(&r->groups);
        vec_done(&r->paths);
        vec_done(&r->certificates_at);
        vec_done(&r->upstreams);
        StrVec *const lists[] = {&r->chain,      &r->keep, &r->drop,          &r->certificates, &r->env,
                                 &r->entrypoint, &r->cmd,  &r->architectures, &r->java_modules};
        for (size_t i = 0; i < ARRAY_SIZE(lists); i++) strvec_done(lists[i]);
        string_pairs_done(&r->labels);
        string_pairs_done(&r->annotations);
        arena_free(r->arena);
        free(r);
}
