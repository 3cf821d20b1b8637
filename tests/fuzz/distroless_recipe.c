/* SPDX-License-Identifier: Apache-2.0 */

/* Any text as a recipe. What is accepted renders as a recipe that renders the same. */

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "distroless/published.h"
#include "distroless/recipe.h"
#include "os/fs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition) abort();
}

/* Recipes are files: one of this process, gone from the folder as soon as it is read. */
static int load(const void *text, size_t size, const char *variant, Recipe **ret_recipe, Err **e) {
        char path[64];
        snprintf(path, sizeof path, "/tmp/decant-fuzz-recipe-%d.yaml", (int)getpid());
        require(file_write_atomic(AT_FDCWD, path, text, size, 0600, NULL) == 0);
        RecipeChoice choice = {.name = path, .variant = variant, .architecture = "amd64"};
        int r = recipe_load(NULL, &choice, ret_recipe, e);
        unlink(path);
        return r;
}

static const char *version_of(void *context, const char *package) {
        (void)package;
        return context;
}

static void use(Recipe *r) {
        char version[] = "1:2.3+x-4";
        require(!recipe_takes(r, "/usr/share/doc/x") || recipe_takes(r, "/usr/share/doc/x"));
        for (size_t i = 0; i < r->packages.n; i++) (void)recipe_package_takes(&r->packages.v[i], "/usr/bin/x");
        for (size_t i = 0; i < r->paths.n; i++)
                require(r->paths.v[i].path[0] == '/' && !strstr(r->paths.v[i].path, "/../"));
        require(recipe_fill_versions(r, version_of, version, NULL) == 0);
}

static void read_again(const Recipe *r) {
        AUTO(buf_done) Buf first = {0}, second = {0};
        AUTO(recipe_freep) Recipe *again = NULL;
        recipe_render(r, &first);
        if (first.n > RECIPE_FILE_MAX) return;
        Err *e = NULL;
        if (load(first.p, first.n, NULL, &again, &e) < 0) {
                fprintf(stderr, "%s\n%s", err_message(e), first.p);
                abort();
        }
        recipe_render(again, &second);
        require(second.n == first.n && memcmp(first.p, second.p, first.n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        AUTO(err_freep) Err *e = NULL;
        AUTO(recipe_freep) Recipe *r = NULL;
        int result = load(data, size, NULL, &r, &e);
        require((result < 0) == (e != NULL) && (result < 0) == (r == NULL));
        if (result < 0) return 0;
        read_again(r);
        use(r);
        return 0;
}
