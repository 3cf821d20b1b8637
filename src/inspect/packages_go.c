/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/packages_internal.h"

#include <string.h>

#include "base/cleanup.h"
#include "inspect/go_build_info.h"

/* Programs made by Go: the program's own module, what it is made of, and Go's library. */

static bool wants(const ImageFile *file, Str directory, Str name) {
        (void)directory;
        return file->executable || str_ends(name, STR(".so"));
}

/* Modules of one program are no others': keys begin with its path. */
static const char *module_key(Reading *r, const ImageFile *file, const char *path) {
        return arena_printf(r->arena, "%s %s", file->path, path);
}

static int add_module(Reading *r, const ImageFile *file, const GoModule *module, Err **e) {
        ImagePackage *p = NULL;
        if (!module->path) return 0;
        if (reading_add(r, PACKAGE_GO, file, &p, e) < 0) return -1;
        p->name = module->path;
        p->version = module->version;
        vec_push(&p->keys, module_key(r, file, module->path));
        return 0;
}

static int add_main(Reading *r, const ImageFile *file, const GoBuildInfo *info, Err **e) {
        if (!info->has_main) return 0;
        if (add_module(r, file, &info->main, e) < 0) return -1;
        ImagePackage *p = &r->out->v.v[r->out->v.n - 1];
        p->has_sha256 = true;
        if (reading_digest(r, file, &p->sha256, NULL, e) < 0) return -1;
        for (size_t i = 0; i < info->modules.n; i++)
                if (info->modules.v[i].path) vec_push(&p->wants, module_key(r, file, info->modules.v[i].path));
        vec_push(&p->wants, module_key(r, file, "stdlib"));
        return 0;
}

static int add_library(Reading *r, const ImageFile *file, const char *release, Err **e) {
        if (starts_with(release, "go")) release += 2;
        Str rest = str_of(release), version;
        str_cut(&rest, ' ', &version); /* experiments follow */
        GoModule library = {.path = "stdlib", .version = reading_str(r, version)};
        return add_module(r, file, &library, e);
}

static int read_file(Reading *r, const ImageFile *file, Err **e) {
        AUTO(go_build_info_done) GoBuildInfo info = {0};
        AUTO(closep) int fd = reading_open(r, file, e);
        Err *failure = NULL;
        if (fd < 0) return -1;
        int found = go_build_info_read(fd, r->arena, &info, &failure);
        if (found < 0) {
                err_wrap(&failure, "/%s", file->path);
                return reading_forgive(r, &failure, e);
        }
        if (found == GO_ABSENT) return 0;
        reading_file(r, str_of(file->path))->listed = true;
        if (add_main(r, file, &info, e) < 0) return -1;
        for (size_t i = 0; i < info.modules.n; i++)
                if (add_module(r, file, &info.modules.v[i], e) < 0) return -1;
        return add_library(r, file, info.release, e);
}

const PackageReader go_reader = {.kind = PACKAGE_GO, .wants = wants, .read = read_file};
