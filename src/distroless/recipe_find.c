/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "distroless/recipe_internal.h"
#include "os/fs.h"

/* Where recipes are. */

void recipe_book_add(RecipeBook *b, const char *folders) {
        Str rest = str_of(folders), one;
        for (bool more = folders != NULL; more;) {
                more = str_cut(&rest, ':', &one);
                if (one.n) strvec_push_take(&b->folders, str_dup(one));
        }
}

void recipe_book_done(RecipeBook *b) {
        strvec_done(&b->folders);
}

void recipe_text_done(RecipeText *t) {
        free(t->file);
        free(t->name);
        free(t->folder);
        free(t->text);
        *t = (RecipeText){0};
}

static char *name_of(const char *path) {
        const char *slash = strrchr(path, '/');
        const char *base = slash ? slash + 1 : path;
        size_t n = strlen(base);
        if (ends_with(base, ".yaml")) n -= strlen(".yaml");
        return xstrndup(base, n);
}

/* RECIPE_ABSENT when there is no such file. */
enum { RECIPE_ABSENT = 1 };

static int read_path(const char *path, RecipeText *ret_text, Err **e) {
        AUTO(err_freep) Err *local = NULL;
        RecipeText t = {0};
        if (file_read(AT_FDCWD, path, RECIPE_FILE_MAX, &t.text, &t.size, &local) < 0) {
                if (err_errno(local) == ENOENT) return RECIPE_ABSENT;
                err_move(e, &local);
                return err_wrap(e, "recipe '%s'", path);
        }
        const char *slash = strrchr(path, '/');
        t.file = xstrdup(path);
        t.name = name_of(path);
        t.folder = !slash ? xstrdup(".") : slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
        *ret_text = t;
        return 0;
}

static bool read_embedded(const char *name, RecipeText *ret_text) {
        for (size_t i = 0; i < embedded_recipe_count; i++) {
                const EmbeddedRecipe *one = &embedded_recipes[i];
                if (!streq(one->name, name)) continue;
                *ret_text = (RecipeText){.file = xasprintf("recipes/%s.yaml", name),
                                         .name = xstrdup(name),
                                         .text = xmemdup(one->text, one->size + 1),
                                         .size = one->size};
                return true;
        }
        return false;
}

bool recipe_is_path(const char *name) {
        return strchr(name, '/') || ends_with(name, ".yaml") || ends_with(name, ".yml");
}

/* ---- Names of all recipes */

static int add_folder(const char *folder, StrVec *names, Err **e) {
        DirList list = {0};
        AUTO(err_freep) Err *local = NULL;
        if (dir_list(AT_FDCWD, folder, &list, &local) < 0) {
                if (err_errno(local) == ENOENT) return 0;
                err_move(e, &local);
                return err_wrap(e, "recipes of '%s'", folder);
        }
        for (size_t i = 0; i < list.n; i++) {
                if (!ends_with(list.v[i].name, ".yaml") || list.v[i].name[0] == '.') continue;
                AUTO(freep) char *name = name_of(list.v[i].name);
                if (strvec_index(names, name) < 0) strvec_push(names, name);
        }
        dir_list_done(&list);
        return 0;
}

int recipe_names(const RecipeBook *b, StrVec *ret_names, Err **e) {
        for (size_t i = 0; i < b->folders.n; i++)
                if (add_folder(b->folders.v[i], ret_names, e) < 0) return -1;
        for (size_t i = 0; i < embedded_recipe_count; i++)
                if (strvec_index(ret_names, embedded_recipes[i].name) < 0)
                        strvec_push(ret_names, embedded_recipes[i].name);
        strvec_sort(ret_names);
        return 0;
}

static int not_found(const RecipeBook *b, const char *name, Err **e) {
        AUTO(strvec_done) StrVec names = {0};
        err_new(e, ERR_NOT_FOUND, "there is no recipe '%s'", name);
        if (recipe_is_path(name) || recipe_names(b, &names, NULL) < 0) return -1;
        const char *near = nearest_name(name, (const char *const *)names.v, names.n);
        if (near) return err_hint(e, "did you mean '%s'?", near);
        return err_hint(e, "`decant base list` shows all; a file is named with its path: './%s.yaml'", name);
}

static char *path_in(const RecipeBook *b, size_t folder, const char *name) {
        return xasprintf("%s/%s.yaml", b->folders.v[folder], name);
}

/* Behind the one that holds the file `after`; a file that none of them holds stands before all. */
static size_t first_folder(const RecipeBook *b, const char *name, const char *after) {
        for (size_t i = 0; after && i < b->folders.n; i++) {
                AUTO(freep) char *path = path_in(b, i, name);
                if (streq(path, after)) return i + 1;
        }
        return 0;
}

int recipe_find_after(const RecipeBook *b, const char *name, const char *after, RecipeText *ret_text, Err **e) {
        if (recipe_is_path(name)) {
                int r = read_path(name, ret_text, e);
                return r == RECIPE_ABSENT ? not_found(b, name, e) : r;
        }
        for (size_t i = first_folder(b, name, after); i < b->folders.n; i++) {
                AUTO(freep) char *path = path_in(b, i, name);
                int r = read_path(path, ret_text, e);
                if (r != RECIPE_ABSENT) return r;
        }
        return read_embedded(name, ret_text) ? 0 : not_found(b, name, e);
}

int recipe_find(const RecipeBook *b, const char *name, RecipeText *ret_text, Err **e) {
        return recipe_find_after(b, name, NULL, ret_text, e);
}
