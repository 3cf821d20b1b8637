/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "distroless/published_internal.h"

/* The key `published`: patterns such as "gcr.io/distroless/static[-${release}]:${variant}[-${architecture}]", and all the names that
 * they stand for. */

enum { GROUPS_MAX = 4 };

enum { USES_RELEASE = 1, USES_VERSION = 2, USES_VARIANT = 4, USES_ARCHITECTURE = 8 };

typedef struct Expander {
        RecipeReader *r;
        const char *pattern;
        PublishedVisit visit;
        void *context;
        PublishedExpansion now;
        const char *version;
        unsigned uses;
} Expander;

static const struct {
        const char *name;
        unsigned uses;
} placeholders[] = {
        {"release", USES_RELEASE}, {"codename", USES_RELEASE}, {"version-id", USES_RELEASE},
        {"version", USES_VERSION}, {"variant", USES_VARIANT},  {"architecture", USES_ARCHITECTURE},
};

static const char *value_of(const Expander *x, size_t placeholder) {
        const char *const values[] = {x->now.debian->release,
                                      x->now.debian->codename,
                                      x->now.debian->version_id,
                                      x->version,
                                      x->now.variant,
                                      x->now.architecture ? x->now.architecture->oci : NULL};
        return values[placeholder];
}

/* At "${": which placeholder, and where it ends. */
static bool placeholder_at(const char *p, size_t *ret_index, const char **ret_end) {
        const char *end = strchr(p, '}');
        for (size_t i = 0; end && i < ARRAY_SIZE(placeholders); i++) {
                if (!str_is((Str){p + 2, (size_t)(end - p) - 2}, placeholders[i].name)) continue;
                *ret_index = i;
                *ret_end = end + 1;
                return true;
        }
        return false;
}

/* The pattern with the groups of mask. out: NULL to learn only what is used. */
static void expand(Expander *x, unsigned mask, Buf *out) {
        unsigned group = 0;
        bool inside = true;
        for (const char *p = x->pattern; *p;) {
                size_t which;
                const char *end;
                if (*p == '[') {
                        inside = mask >> group++ & 1;
                        p++;
                } else if (*p == ']') {
                        inside = true;
                        p++;
                } else if (starts_with(p, "${") && placeholder_at(p, &which, &end)) {
                        if (inside && out) buf_adds(out, value_of(x, which));
                        if (inside) x->uses |= placeholders[which].uses;
                        p = end;
                } else {
                        if (inside && out) buf_addc(out, *p);
                        p++;
                }
        }
}

static bool visit_one(Expander *x, unsigned mask) {
        AUTO(buf_done) Buf text = {0};
        expand(x, mask, &text);
        x->now.reference = text.n ? text.p : "";
        return x->visit(x->context, &x->now);
}

static bool visit_architectures(Expander *x, unsigned mask) {
        x->now.architecture = NULL;
        if (!(x->uses & USES_ARCHITECTURE)) return visit_one(x, mask);
        for (size_t i = 0; i < x->r->architectures.n; i++) {
                x->now.architecture = debian_architecture_find(x->r->architectures.v[i]);
                if (visit_one(x, mask)) return true;
        }
        return false;
}

static bool visit_variants(Expander *x, unsigned mask) {
        for (size_t i = 0; i < x->r->variants.n; i++) {
                x->now.variant = x->r->variants.v[i];
                if (visit_architectures(x, mask)) return true;
                if (!(x->uses & USES_VARIANT)) return false; /* "latest" is the first */
        }
        return false;
}

static const ConfigNode *versions_of(const Expander *x) {
        const ConfigNode *root = x->r->files.v[0].root;
        const ConfigNode *own = config_node_get(config_node_get(root, "releases"), x->now.debian->release);
        const ConfigNode *list = config_node_get(own, "versions");
        return list ? list : config_node_get(root, "versions");
}

static bool visit_release(Expander *x, unsigned mask) {
        if (!(x->uses & USES_VERSION)) return visit_variants(x, mask);
        const ConfigNode *versions = versions_of(x);
        for (const ConfigNode *one = versions ? versions->first : NULL; one; one = one->next) {
                x->version = one->text;
                if (visit_variants(x, mask)) return true;
        }
        return false;
}

/* A name that says nothing of a release stands for the newest. */
static bool visit_mask(Expander *x, unsigned mask) {
        const StrVec *releases = &x->r->releases;
        x->uses = 0;
        expand(x, mask, NULL);
        for (size_t i = releases->n; i-- > 0;) {
                x->now.debian = debian_name_find(releases->v[i]);
                if (visit_release(x, mask)) return true;
                if (!(x->uses & (USES_RELEASE | USES_VERSION))) return false;
        }
        return false;
}

static unsigned count_groups(const char *pattern) {
        unsigned count = 0;
        for (; *pattern; pattern++) count += *pattern == '[';
        return count < GROUPS_MAX ? count : GROUPS_MAX;
}

bool published_each(RecipeReader *r, PublishedVisit visit, void *context) {
        const ConfigNode *list = config_node_get(r->files.v[0].root, "published");
        for (const ConfigNode *one = list ? list->first : NULL; one; one = one->next) {
                Expander x = {.r = r, .pattern = one->text, .visit = visit, .context = context};
                for (unsigned mask = 0; mask < 1U << count_groups(one->text); mask++)
                        if (visit_mask(&x, mask)) return true;
        }
        return false;
}

/* ---- For lists: the shortest name of each pattern. */

static bool take_first(void *context, const PublishedExpansion *found) {
        size_t n = strlen(found->reference);
        if (ends_with(found->reference, ":latest")) n -= strlen(":latest");
        AUTO(freep) char *name = xstrndup(found->reference, n);
        const char *familiar = starts_with(name, "docker.io/library/") ? name + strlen("docker.io/library/") : name;
        strvec_push(context, familiar);
        return true;
}

void published_names(RecipeReader *r, StrVec *names) {
        const ConfigNode *list = config_node_get(r->files.v[0].root, "published");
        for (const ConfigNode *one = list ? list->first : NULL; one; one = one->next) {
                Expander x = {.r = r, .pattern = one->text, .visit = take_first, .context = names};
                (void)visit_mask(&x, 0);
        }
}

/* ---- Checking */

static void check_pattern(RecipeReader *r, const ConfigNode *one) {
        unsigned groups = 0;
        bool inside = false, fine = strchr(one->text, '/') != NULL;
        for (const char *p = one->text; *p; p++) {
                size_t which;
                const char *end;
                if (*p == '[') groups++;
                if ((*p == '[' && inside) || (*p == ']' && !inside)) fine = false;
                if (*p == '[' || *p == ']') inside = *p == '[';
                if (starts_with(p, "${") && !placeholder_at(p, &which, &end))
                        recipe_mistake(r, one,
                                       "unknown placeholder in '%s': there are release, codename, version-id, version, "
                                       "variant, architecture",
                                       one->text);
        }
        if (!fine || inside || groups > GROUPS_MAX)
                recipe_mistake(r, one, "'%s' is no pattern of a name such as 'host/name[-${release}]:${variant}'",
                               one->text);
}

void published_check(RecipeReader *r, const ConfigNode *root) {
        const ConfigNode *list = config_node_get(root, "published");
        for (const ConfigNode *one = list && list->kind == CONFIG_LIST ? list->first : NULL; one; one = one->next)
                if (one->kind == CONFIG_TEXT) check_pattern(r, one);
}
