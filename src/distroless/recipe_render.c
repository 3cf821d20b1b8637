/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "distroless/recipe_internal.h"

/* A flat recipe as YAML, in the words of a recipe. */

/* The character at *p, and behind it. What comes from YAML is valid UTF-8. */
static uint32_t next_character(const unsigned char **p) {
        uint32_t c = *(*p)++;
        if (c < 0xc0) return c;
        unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
        c &= 0x3fU >> more;
        for (; more && (**p & 0xc0) == 0x80; more--) c = c << 6 | (*(*p)++ & 0x3f);
        return c;
}

/* YAML takes these in a text as they are. */
static bool is_printable(uint32_t c) {
        return (c >= 0x20 && c < 0x7f) || (c >= 0xa0 && c < 0xd800) || (c >= 0xe000 && c < 0xfffe && c != 0xfeff) ||
               c >= 0x10000;
}

/* As it stands, in double quotes. */
static void add_raw(Buf *out, const char *text) {
        const unsigned char *p = (const unsigned char *)text;
        buf_addc(out, '"');
        while (*p) {
                const unsigned char *from = p;
                uint32_t c = next_character(&p);
                if (c == '\n') {
                        buf_adds(out, "\\n");
                } else if (!is_printable(c)) {
                        buf_addf(out, "\\U%08X", c);
                } else {
                        if (c == '"' || c == '\\') buf_addc(out, '\\');
                        buf_add(out, from, (size_t)(p - from));
                }
        }
        buf_addc(out, '"');
}

/* A text in which variables were replaced: what looks like one now was meant as it is, but for versions of packages. */
static void add_quoted(Buf *out, const char *text) {
        AUTO(buf_done) Buf escaped = {0};
        for (const char *p = text; *p; p++) {
                if (starts_with(p, "${") && !starts_with(p, "${upstream:") && strchr(p, '}')) buf_addc(&escaped, '$');
                buf_addc(&escaped, *p);
        }
        add_raw(out, escaped.n ? escaped.p : "");
}

static void add_text(Buf *out, const char *key, const char *value) {
        if (!value) return;
        buf_addf(out, "%s: ", key);
        add_quoted(out, value);
        buf_addc(out, '\n');
}

static void add_raw_text(Buf *out, const char *key, const char *value) {
        if (!value) return;
        buf_addf(out, "%s: ", key);
        add_raw(out, value);
        buf_addc(out, '\n');
}

static void add_flag(Buf *out, const char *key, bool value) {
        if (value) buf_addf(out, "%s: true\n", key);
}

static void add_inline(Buf *out, const StrVec *list) {
        buf_addc(out, '[');
        for (size_t i = 0; i < list->n; i++) {
                if (i) buf_adds(out, ", ");
                add_quoted(out, list->v[i]);
        }
        buf_addc(out, ']');
}

static void add_list(Buf *out, const char *key, const StrVec *list, bool even_empty) {
        if (!list->n && !even_empty) return;
        buf_addf(out, "%s: ", key);
        add_inline(out, list);
        buf_addc(out, '\n');
}

static void add_member(Buf *out, const char *key, const char *value) {
        if (!value) return;
        buf_addf(out, ", %s: ", key);
        add_quoted(out, value);
}

static void add_pairs(Buf *out, const char *key, const StringPairs *pairs) {
        if (pairs->n) buf_addf(out, "%s:\n", key);
        for (size_t i = 0; i < pairs->n; i++) {
                buf_adds(out, "  ");
                add_raw(out, pairs->v[i].key);
                buf_adds(out, ": ");
                add_quoted(out, pairs->v[i].value);
                buf_addc(out, '\n');
        }
}

static void add_packages(const Recipe *r, Buf *out) {
        if (r->repositories.n) buf_adds(out, "repositories:\n");
        for (size_t i = 0; i < r->repositories.n; i++) {
                const RecipeRepository *one = &r->repositories.v[i];
                buf_adds(out, "  - {uri: ");
                add_quoted(out, one->uri);
                add_member(out, "suite", one->suite);
                buf_adds(out, ", components: ");
                add_inline(out, &one->components);
                buf_adds(out, ", signed-by: ");
                add_inline(out, &one->signed_by);
                buf_adds(out, "}\n");
        }
        if (r->packages.n) buf_adds(out, "packages:\n");
        for (size_t i = 0; i < r->packages.n; i++) {
                const RecipePackage *one = &r->packages.v[i];
                buf_adds(out, "  - {name: ");
                add_quoted(out, one->name);
                buf_addf(out, ", closure: %s", one->closure ? "true" : "false");
                if (one->paths.n) {
                        buf_adds(out, ", paths: ");
                        add_inline(out, &one->paths);
                }
                buf_adds(out, "}\n");
        }
}

static void add_accounts(const Recipe *r, Buf *out) {
        if (r->users.n || r->groups.n) buf_adds(out, "accounts:\n");
        if (r->users.n) buf_adds(out, "  users:\n");
        for (size_t i = 0; i < r->users.n; i++) {
                const RecipeUser *u = &r->users.v[i];
                buf_adds(out, "    - {name: ");
                add_quoted(out, u->name);
                buf_addf(out, ", uid: %u, gid: %u", u->uid, u->gid);
                add_member(out, "home", u->home);
                add_member(out, "shell", u->shell);
                add_member(out, "gecos", u->gecos);
                buf_adds(out, "}\n");
        }
        if (r->groups.n) buf_adds(out, "  groups:\n");
        for (size_t i = 0; i < r->groups.n; i++) {
                const RecipeGroup *g = &r->groups.v[i];
                buf_adds(out, "    - {name: ");
                add_quoted(out, g->name);
                buf_addf(out, ", gid: %u, members: ", g->gid);
                add_inline(out, &g->members);
                buf_adds(out, "}\n");
        }
}

static void add_path(const RecipePath *p, Buf *out) {
        buf_adds(out, p->kind == RECIPE_REMOVE ? "  - " : "  ");
        add_quoted(out, p->path);
        if (p->kind == RECIPE_REMOVE) {
                buf_addc(out, '\n');
                return;
        }
        buf_adds(out, ": {");
        if (p->kind == RECIPE_HARDLINK)
                buf_adds(out, "hard: true");
        else
                buf_addf(out, "owner: \"%u:%u\"", p->uid, p->gid);
        if (p->kind == RECIPE_DIRECTORY || p->kind == RECIPE_FILE) buf_addf(out, ", mode: \"%04o\"", p->mode);
        if (p->text) {
                buf_adds(out, ", text: ");
                add_raw(out, p->text);
        }
        add_member(out, "source", p->source);
        add_member(out, "target", p->target);
        buf_adds(out, "}\n");
}

static void add_paths(const Recipe *r, Buf *out) {
        static const struct {
                const char *key;
                unsigned kinds;
        } groups[] = {{"directories", 1U << RECIPE_DIRECTORY},
                      {"files", 1U << RECIPE_FILE},
                      {"links", 1U << RECIPE_SYMLINK | 1U << RECIPE_HARDLINK},
                      {"remove", 1U << RECIPE_REMOVE}};
        for (size_t g = 0; g < ARRAY_SIZE(groups); g++) {
                bool first = true;
                for (size_t i = 0; i < r->paths.n; i++) {
                        if (!(groups[g].kinds & 1U << r->paths.v[i].kind)) continue;
                        if (first) buf_addf(out, "%s:\n", groups[g].key);
                        first = false;
                        add_path(&r->paths.v[i], out);
                }
        }
}

static void add_system(const Recipe *r, Buf *out) {
        add_list(out, "certificates", &r->certificates, false);
        add_flag(out, "ca-bundle", r->ca_bundle);
        add_flag(out, "ca-links", r->ca_links);
        add_flag(out, "java-keystore", r->java_keystore);
        add_flag(out, "ld-cache", r->ld_cache);
        add_flag(out, "os-release", r->os_release);
        add_flag(out, "nsswitch", r->nsswitch && !r->nsswitch_text);
        if (r->nsswitch) add_raw_text(out, "nsswitch", r->nsswitch_text);
        add_flag(out, "python-bytecode", r->python_bytecode);
        if (r->java_version) {
                buf_addf(out, "java-runtime: {version: \"%s\", modules: ", r->java_version);
                add_inline(out, &r->java_modules);
                buf_adds(out, "}\n");
        }
        add_text(out, "time-zone", r->timezone);
        add_text(out, "locale", r->locale);
}

static void add_config(const Recipe *r, Buf *out) {
        if (r->env.n) buf_adds(out, "environment:\n");
        for (size_t i = 0; i < r->env.n; i++) {
                size_t n = strcspn(r->env.v[i], "=");
                buf_adds(out, "  ");
                AUTO(freep) char *name = xstrndup(r->env.v[i], n);
                add_raw(out, name);
                buf_adds(out, ": ");
                add_quoted(out, r->env.v[i] + n + 1);
                buf_addc(out, '\n');
        }
        add_list(out, "entrypoint", &r->entrypoint, r->has_entrypoint);
        add_list(out, "cmd", &r->cmd, r->has_cmd);
        add_text(out, "user", r->user);
        add_text(out, "work-dir", r->working_dir);
        add_text(out, "stop-signal", r->stop_signal);
        add_pairs(out, "labels", &r->labels);
        add_pairs(out, "annotations", &r->annotations);
}

static void add_layers(const Recipe *r, Buf *out) {
        if (r->layering || r->layer_budget) {
                buf_addf(out, "layering: {strategy: %s", recipe_layering_names[r->layering]);
                if (r->layer_budget) buf_addf(out, ", budget: %u", r->layer_budget);
                buf_adds(out, "}\n");
        }
        if (r->size_budget) buf_addf(out, "size-budget: %llu\n", (unsigned long long)r->size_budget);
}

void recipe_render(const Recipe *r, Buf *ret_text) {
        add_raw_text(ret_text, "name", r->name);
        add_raw_text(ret_text, "description", r->description);
        buf_addf(ret_text, "releases: {%s: {}}\n", r->release);
        buf_addf(ret_text, "architectures: [%s]\n", r->architecture);
        add_text(ret_text, "bootstrap", r->bootstrap);
        add_packages(r, ret_text);
        add_list(ret_text, "keep", &r->keep, false);
        add_list(ret_text, "drop", &r->drop, false);
        add_text(ret_text, "busybox", r->busybox);
        add_accounts(r, ret_text);
        add_paths(r, ret_text);
        add_system(r, ret_text);
        add_config(r, ret_text);
        add_layers(r, ret_text);
}
