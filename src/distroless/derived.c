/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "distroless/accounts.h"
#include "distroless/alternatives.h"
#include "distroless/assembly.h"
#include "distroless/busybox.h"
#include "distroless/ca_bundle.h"
#include "distroless/java_keystore.h"
#include "distroless/ld_cache.h"
#include "distroless/nsswitch.h"
#include "distroless/os_release.h"
#include "distroless/timezone.h"
#include "layer/users.h"
#include "layer/view.h"
#include "os/fs.h"
#include "store/key.h"

/* The layers of what no package ships: what maintainer scripts would have made, and what the recipe says itself. Each is a small
 * tree in memory whose bytes are its key, so equal ones are one layer in all images. */

enum { RECIPE_SOURCE_MAX = 64 << 20 };

typedef struct Derived {
        const Assembly *assembly;
        const Recipe *recipe;
        View *below;   /* the packages' layers */
        View *sources; /* all files of the packages that something is made of */
} Derived;

static const SmallTreeMeta plain_file = {.mode = 0644}, root_link = {.mode = 0777};

/* ---- accounts, and the files that base-files and libc-bin would make */

/* All strings are the recipe's or in the arena. */
typedef struct AccountLists {
        Arena *arena;
        VEC(AccountUser) users;
        VEC(AccountGroup) groups;
} AccountLists;

static void account_lists_done(AccountLists *lists) {
        arena_free(lists->arena);
        vec_done(&lists->users);
        vec_done(&lists->groups);
}

/* "name:x:ID:...": what follows goes to *ret_rest. */
static bool read_account(Str line, Str *ret_name, uint32_t *ret_id, Str *ret_rest) {
        Str password, id;
        *ret_rest = line;
        return str_cut(ret_rest, ':', ret_name) && str_cut(ret_rest, ':', &password) && str_cut(ret_rest, ':', &id) &&
               u32_parse(id, 10, ret_id);
}

static void users_there(AccountLists *lists, Str passwd) {
        Str line, name, rest, group;
        for (size_t number = 1; str_cut(&passwd, '\n', &line); number++) {
                AccountUser u = {.there = true};
                if (!read_account(line, &name, &u.uid, &rest)) continue;
                str_cut(&rest, ':', &group);
                (void)u32_parse(group, 10, &u.gid);
                u.name = arena_str(lists->arena, name);
                u.where = arena_printf(lists->arena, "line %zu of the image's /etc/passwd", number);
                vec_push(&lists->users, u);
        }
}

static void groups_there(AccountLists *lists, Str group) {
        Str line, name, rest;
        for (size_t number = 1; str_cut(&group, '\n', &line); number++) {
                AccountGroup g = {.there = true};
                if (!read_account(line, &name, &g.gid, &rest)) continue;
                g.name = arena_str(lists->arena, name);
                g.where = arena_printf(lists->arena, "line %zu of the image's /etc/group", number);
                vec_push(&lists->groups, g);
        }
}

static void account_users(const Recipe *r, AccountLists *lists) {
        for (size_t i = 0; i < r->users.n; i++) {
                const RecipeUser *u = &r->users.v[i];
                vec_push(&lists->users,
                         (AccountUser){.name = u->name,
                                       .uid = u->uid,
                                       .gid = u->gid,
                                       .gecos = u->gecos,
                                       .home = u->home,
                                       .shell = u->shell,
                                       .where = arena_printf(lists->arena, "%s:%u", u->at.file, u->at.line)});
        }
}

static void account_groups(const Recipe *r, AccountLists *lists) {
        for (size_t i = 0; i < r->groups.n; i++) {
                const RecipeGroup *g = &r->groups.v[i];
                vec_push(&lists->groups,
                         (AccountGroup){.name = g->name,
                                        .gid = g->gid,
                                        .members = (const char *const *)g->members.v,
                                        .member_count = g->members.n,
                                        .where = arena_printf(lists->arena, "%s:%u", g->at.file, g->at.line)});
        }
}

/* A complete Debian has accounts: the recipe's come behind them. */
static int begin_accounts(const Derived *d, const char *path, Buf *text, Err **e) {
        AUTO(freep) char *data = NULL;
        size_t size;
        if (!d->recipe->bootstrap) return 0;
        int r = view_read_file(d->below, path, USERS_FILE_MAX, &data, &size, e);
        if (r == VIEW_FOUND) buf_add(text, data, size);
        return r < 0 ? -1 : 0;
}

static int render_accounts(const Derived *d, Buf *passwd, Buf *group, Err **e) {
        AUTO(account_lists_done) AccountLists lists = {.arena = arena_new()};
        users_there(&lists, buf_str(passwd));
        groups_there(&lists, buf_str(group));
        account_users(d->recipe, &lists);
        account_groups(d->recipe, &lists);
        const Accounts accounts = {lists.users.v, lists.users.n, lists.groups.v, lists.groups.n};
        return accounts_render(&accounts, passwd, group, e);
}

static int add_accounts(const Derived *d, SmallTree *tree, Err **e) {
        AUTO(buf_done) Buf passwd = {0};
        AUTO(buf_done) Buf group = {0};
        if (d->recipe->users.n == 0 && d->recipe->groups.n == 0) return 0;
        if (begin_accounts(d, "/etc/passwd", &passwd, e) < 0 || begin_accounts(d, "/etc/group", &group, e) < 0)
                return -1;
        if (render_accounts(d, &passwd, &group, e) < 0) return -1;
        if (small_tree_file(tree, "/etc/passwd", plain_file, buf_str(&passwd), e) < 0) return -1;
        return small_tree_file(tree, "/etc/group", plain_file, buf_str(&group), e);
}

static int add_nsswitch(const Derived *d, SmallTree *tree, Err **e) {
        if (!d->recipe->nsswitch) return 0;
        const char *text = d->recipe->nsswitch_text ? d->recipe->nsswitch_text : nsswitch_text(false);
        return small_tree_file(tree, "/etc/nsswitch.conf", plain_file, str_of(text), e);
}

static int add_os_release(const Derived *d, SmallTree *tree, Err **e) {
        AUTO(buf_done) Buf text = {0};
        if (!d->recipe->os_release) return 0;
        os_release_render(d->recipe->version_id, d->recipe->codename, &text);
        return small_tree_file(tree, "/usr/lib/os-release", plain_file, buf_str(&text), e);
}

static int add_timezone(const Derived *d, SmallTree *tree, Err **e) {
        const char *zone = d->recipe->timezone;
        if (!zone) return 0;
        AUTO(freep) char *where = xasprintf("%s:%u", d->recipe->timezone_at.file, d->recipe->timezone_at.line);
        AUTO(freep) char *file = xasprintf(TIMEZONE_FOLDER "/%s", zone);
        AUTO(freep) char *line = xasprintf("%s\n", zone);
        if (timezone_check(d->below, zone, where, e) < 0) return -1;
        if (small_tree_symlink(tree, "/etc/localtime", root_link, file, e) < 0) return -1;
        return small_tree_file(tree, "/etc/timezone", plain_file, str_of(line), e);
}

/* Its files came with the packages: was there such a one? */
static int check_locale(const Derived *d, SmallTree *tree, Err **e) {
        const Recipe *r = d->recipe;
        AUTO(view_entry_done) ViewEntry entry = {0};
        (void)tree;
        if (!r->locale) return 0;
        AUTO(freep) char *folder = xasprintf("/usr/lib/locale/%s", r->locale);
        int found = view_lookup(d->below, folder, true, &entry, e);
        if (found <= 0) return found;
        err_new(e, ERR_SYNTAX, "%s:%u: there is no locale '%s' in libc-bin", r->locale_at.file, r->locale_at.line,
                r->locale);
        return err_hint(e, "Debian's packages have 'C.utf8'; others are made on an installed system, by locale-gen");
}

/* ---- what the recipe says */

static int add_source(SmallTree *tree, const RecipePath *p, SmallTreeMeta meta, Err **e) {
        AUTO(freep) char *data = NULL;
        size_t size;
        if (file_read(AT_FDCWD, p->source, RECIPE_SOURCE_MAX, &data, &size, e) < 0) return -1;
        return small_tree_file(tree, p->path, meta, (Str){data, size}, e);
}

static int add_path(SmallTree *tree, const RecipePath *p, Err **e) {
        SmallTreeMeta meta = {p->mode, p->uid, p->gid};
        switch (p->kind) {
        case RECIPE_DIRECTORY: return small_tree_directory(tree, p->path, meta, e);
        case RECIPE_FILE:
                return p->source ? add_source(tree, p, meta, e)
                                 : small_tree_file(tree, p->path, meta, str_of(p->text), e);
        case RECIPE_SYMLINK: return small_tree_symlink(tree, p->path, meta, p->target, e);
        case RECIPE_HARDLINK: return small_tree_hardlink(tree, p->path, p->target, e);
        default: return small_tree_remove(tree, p->path, e); /* what of it was not in packages alone */
        }
}

static int add_paths_of(const Derived *d, unsigned kinds, SmallTree *tree, Err **e) {
        for (size_t i = 0; i < d->recipe->paths.n; i++) {
                const RecipePath *p = &d->recipe->paths.v[i];
                if (kinds & 1U << p->kind && add_path(tree, p, e) < 0)
                        return err_wrap(e, "%s:%u", p->at.file, p->at.line);
        }
        return 0;
}

/* Hard links come after what they may lead to, wherever it stands in the recipe. */
static int add_paths(const Derived *d, SmallTree *tree, Err **e) {
        const unsigned links = 1U << RECIPE_HARDLINK;
        return add_paths_of(d, ~links, tree, e) < 0 ? -1 : add_paths_of(d, links, tree, e);
}

/* ---- certificates */

static int read_certificates(const Derived *d, CaSet *set, Err **e) {
        const Recipe *r = d->recipe;
        if (ca_set_read_tree(set, d->sources, e) < 0) return -1;
        for (size_t i = 0; i < r->certificates.n; i++) {
                AUTO(freep) char *data = NULL;
                size_t size;
                const RecipePlace *at = &r->certificates_at.v[i];
                if (file_read(AT_FDCWD, r->certificates.v[i], CA_FILE_MAX, &data, &size, e) < 0 ||
                    ca_set_add_extra(set, r->certificates.v[i], (Str){data, size}, e) < 0)
                        return err_wrap(e, "%s:%u", at->file, at->line);
        }
        return 0;
}

static int add_links(const CaSet *set, SmallTree *tree, Err **e) {
        AUTO(ca_entries_done) CaEntries entries = {0};
        if (ca_set_links(set, &entries, e) < 0) return -1;
        for (size_t i = 0; i < entries.n; i++) {
                const CaEntry *entry = &entries.v[i];
                int r = entry->target ? small_tree_symlink(tree, entry->path, root_link, entry->target, e)
                                      : small_tree_file(tree, entry->path, plain_file, str_of(entry->text), e);
                if (r < 0) return -1;
        }
        return 0;
}

static int add_bundle(const Derived *d, SmallTree *tree, Err **e) {
        AUTO(ca_set_done) CaSet set = {0};
        AUTO(buf_done) Buf bundle = {0};
        if (!d->recipe->ca_bundle) return 0;
        if (read_certificates(d, &set, e) < 0) return -1;
        ca_set_render_bundle(&set, &bundle);
        if (small_tree_file(tree, CA_BUNDLE_PATH, plain_file, buf_str(&bundle), e) < 0) return -1;
        return d->recipe->ca_links ? add_links(&set, tree, e) : 0;
}

static int add_keystore(const Derived *d, SmallTree *tree, Err **e) {
        AUTO(ca_set_done) CaSet set = {0};
        AUTO(buf_done) Buf store = {0};
        if (!d->recipe->java_keystore) return 0;
        if (read_certificates(d, &set, e) < 0 || java_keystore_render(&set, &store, e) < 0) return -1;
        return small_tree_file(tree, JAVA_KEYSTORE_PATH, plain_file, buf_str(&store), e);
}

/* ---- names that several packages could have */

static int add_alternatives(const Derived *d, SmallTree *tree, Err **e) {
        const BaseLock *lock = d->assembly->lock;
        AUTO(strvec_done) StrVec names = {0};
        AUTO(alternative_links_done) AlternativeLinks links = {0};
        for (size_t i = 0; i < lock->packages.n; i++)
                if (lock->packages.v[i].use == USE_FILES) strvec_push(&names, lock->packages.v[i].name);
        if (alternatives_find(d->below, &names, d->recipe->architecture, &links, e) < 0) return -1;
        for (size_t i = 0; i < links.n; i++)
                if (small_tree_symlink(tree, links.v[i].path, root_link, links.v[i].target, e) < 0) return -1;
        return 0;
}

/* ---- the cache of the dynamic loader */

static const char *version_of(const Derived *d, const char *package) {
        const BaseLock *lock = d->assembly->lock;
        for (size_t i = 0; i < lock->packages.n; i++)
                if (lock->packages.v[i].use != USE_TOOL && streq(lock->packages.v[i].name, package))
                        return lock->packages.v[i].version;
        return NULL;
}

static int add_ld_cache(const Derived *d, SmallTree *tree, Err **e) {
        AUTO(buf_done) Buf cache = {0};
        AUTO(ld_links_done) LdLinks links = {0};
        if (!d->recipe->ld_cache) return 0;
        LdCacheParams params = {d->below, d->recipe->architecture, version_of(d, "libc6")};
        if (!params.glibc)
                return err_new(e, ERR_SYNTAX, "%s:%u: 'ld-cache' needs the package libc6", d->recipe->ld_cache_at.file,
                               d->recipe->ld_cache_at.line);
        if (ld_cache_make(&params, &cache, &links, e) < 0) return -1;
        for (size_t i = 0; i < links.n; i++)
                if (small_tree_symlink(tree, links.v[i].path, root_link, links.v[i].target, e) < 0) return -1;
        return small_tree_file(tree, LD_CACHE_PATH, plain_file, buf_str(&cache), e);
}

/* ---- the shell of debug images */

static int read_busybox(const Derived *d, char **ret_program, size_t *ret_size, Err **e) {
        static const char *const places[] = {"/usr/bin/busybox", "/bin/busybox"};
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                int r = view_read_file(d->sources, places[i], BUSYBOX_SIZE_MAX, ret_program, ret_size, e);
                if (r != VIEW_ABSENT) return r;
        }
        return err_new(e, ERR_FORMAT, "the package " BUSYBOX_PACKAGE " has no program");
}

static int add_busybox(const Derived *d, SmallTree *tree, Err **e) {
        const char *folder = d->recipe->busybox;
        if (!folder) return 0;
        AUTO(freep) char *program = NULL;
        AUTO(freep) char *path = xasprintf("%s/busybox", folder);
        AUTO(strvec_done) StrVec names = {0};
        size_t size;
        if (read_busybox(d, &program, &size, e) < 0 || busybox_applets((Str){program, size}, &names, e) < 0) return -1;
        if (small_tree_file(tree, path, (SmallTreeMeta){.mode = 0755}, (Str){program, size}, e) < 0) return -1;
        for (size_t i = 0; i < names.n; i++) {
                AUTO(freep) char *link = xasprintf("%s/%s", folder, names.v[i]);
                if (!streq(link, path) && small_tree_hardlink(tree, link, path, e) < 0) return -1;
        }
        return 0;
}

/* ---- the layers, in their order */

typedef struct DerivedKind {
        DerivedRound round;
        const char *title;
        int (*add[5])(const Derived *d, SmallTree *tree, Err **e);
} DerivedKind;

static const DerivedKind kinds[] = {
        {DERIVED_ALTERNATIVES, "alternatives", {add_alternatives}},
        {DERIVED_SYSTEM,
         "accounts and system files",
         {add_accounts, add_nsswitch, add_os_release, add_timezone, check_locale}},
        {DERIVED_SYSTEM, "certificates", {add_bundle}},
        {DERIVED_SYSTEM, "Java key store", {add_keystore}},
        {DERIVED_SYSTEM, "ld.so.cache", {add_ld_cache}},
        {DERIVED_SYSTEM, "busybox", {add_busybox}},
        {DERIVED_RECIPE, "files of the recipe", {add_paths}},
};

static int make_tree(const Derived *d, const DerivedKind *kind, SmallTree *tree, Err **e) {
        for (size_t i = 0; i < ARRAY_SIZE(kind->add) && kind->add[i]; i++)
                if (kind->add[i](d, tree, e) < 0) return -1;
        return 0;
}

static int tree_key(SmallTree *tree, Digest *ret_key, Err **e) {
        Str tar;
        if (small_tree_tar(tree, &tar, e) < 0) return -1;
        KeyText k;
        key_begin(&k, "small tree");
        key_bytes(&k, "tar", tar.p, tar.n);
        key_finish(&k, ret_key);
        return 0;
}

static int add_layer(const Derived *d, const DerivedKind *kind, BaseLayers *layers, Err **e) {
        BaseLayer layer = {.title = xstrdup(kind->title), .tree = small_tree_new(d->below)};
        int r = make_tree(d, kind, layer.tree, e);
        if (r == 0 && !small_tree_is_empty(layer.tree)) {
                r = tree_key(layer.tree, &layer.key, e);
                vec_push(layers, layer);
        } else {
                base_layer_done(&layer);
        }
        return r < 0 ? err_wrap(e, "%s", kind->title) : 0;
}

int derived_layers(const Assembly *a, DerivedRound round, const DerivedViews *views, BaseLayers *layers, Err **e) {
        const Derived d = {a, a->recipe, views->below, views->sources};
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (kinds[i].round == round && add_layer(&d, &kinds[i], layers, e) < 0) return -1;
        return 0;
}
