/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/packages.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "inspect/packages_internal.h"
#include "inspect/purl.h"

static const char *const kind_names[PACKAGE_KIND_MAX] = {
        [PACKAGE_DEB] = "deb", [PACKAGE_APK] = "apk", [PACKAGE_PYTHON] = "python",
        [PACKAGE_NPM] = "npm", [PACKAGE_GO] = "go",
};

/* Those of distributions first: the others ask who owns a file. */
static const PackageReader *const readers[] = {&dpkg_reader, &apk_reader, &python_reader, &npm_reader, &go_reader};

const char *package_kind_name(PackageKind kind) {
        return kind_names[kind];
}

void packages_done(ImagePackages *packages) {
        for (size_t i = 0; i < packages->v.n; i++) {
                vec_done(&packages->v.v[i].keys);
                vec_done(&packages->v.v[i].wants);
                vec_done(&packages->v.v[i].depends);
        }
        vec_done(&packages->v);
        vec_done(&packages->unowned);
        vec_done(&packages->licenses);
        vec_done(&packages->notes);
        arena_freep(&packages->arena);
        *packages = (ImagePackages){0};
}

/* ---- the walk */

static int add_file(Reading *r, const char *path, Err **e) {
        ViewEntry entry = {0};
        if (map_count(r->files) >= IMAGE_FILES_MAX)
                return err_new(e, ERR_LIMIT, "the image has more than %d files", IMAGE_FILES_MAX);
        int found = view_lookup(r->view, path, false, &entry, e);
        if (found == VIEW_FOUND) {
                ImageFile *file = arena_alloc(r->arena, sizeof *file);
                *file = (ImageFile){.path = arena_strdup(r->arena, path + 1),
                                    .layer = entry.layer,
                                    .regular = S_ISREG(entry.st.st_mode),
                                    .executable = entry.st.st_mode & 0111,
                                    .size_bytes = (uint64_t)entry.st.st_size};
                map_puts(r->files, file->path, file);
        }
        view_entry_done(&entry);
        return found < 0 ? -1 : 0;
}

static int walk(Reading *r, const char *path, size_t depth, Err **e) {
        AUTO(dir_list_done) DirList list = {0};
        if (depth > IMAGE_DEPTH_MAX)
                return err_new(e, ERR_LIMIT, "more than %d directories inside each other: '%s'", IMAGE_DEPTH_MAX, path);
        if (view_list(r->view, path, &list, e) < 0) return -1;
        for (size_t i = 0; i < list.n; i++) {
                AUTO(freep) char *child = xasprintf("%s/%s", streq(path, "/") ? "" : path, list.v[i].name);
                bool directory = list.v[i].type == DT_DIR;
                if ((directory ? walk(r, child, depth + 1, e) : add_file(r, child, e)) < 0) return -1;
        }
        return 0;
}

static int read_kind(Reading *r, const PackageReader *reader, Err **e) {
        for (size_t i = 0; i < map_count(r->files); i++) {
                const ImageFile *file = map_at(r->files, i, NULL, NULL);
                const char *slash = strrchr(file->path, '/');
                Str directory = {file->path, slash ? (size_t)(slash - file->path) : 0};
                if (!file->regular || !reader->wants(file, directory, str_of(slash ? slash + 1 : file->path))) continue;
                if (reader->read(r, file, e) < 0) return err_wrap(e, "'/%s'", file->path);
        }
        return 0;
}

static int read_os(Reading *r, Err **e) {
        static const char *const places[] = {"/etc/os-release", "/usr/lib/os-release"};
        for (size_t i = 0; i < ARRAY_SIZE(places) && !r->out->os.id; i++) {
                Str text;
                int found = reading_text_at(r, places[i], OS_RELEASE_MAX, &text, e);
                if (found < 0) return -1;
                if (found == READING_FOUND) os_info_parse(text, r->arena, &r->out->os);
        }
        return 0;
}

/* ---- order and dependencies */

static int compare_text(const char *a, const char *b) {
        return strcmp(a ? a : "", b ? b : "");
}

static int compare_packages(const void *left, const void *right) {
        const ImagePackage *a = left, *b = right;
        if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
        int order = compare_text(a->name, b->name);
        if (order == 0) order = compare_text(a->version, b->version);
        if (order == 0) order = compare_text(a->architecture, b->architecture);
        return order != 0 ? order : compare_text(a->place, b->place);
}

/* What two databases of a distribution both record is one package. */
static bool is_again(const ImagePackage *a, const ImagePackage *b) {
        return a->kind == b->kind && (a->kind == PACKAGE_DEB || a->kind == PACKAGE_APK) &&
               compare_text(a->name, b->name) == 0 && compare_text(a->version, b->version) == 0 &&
               compare_text(a->architecture, b->architecture) == 0;
}

static void drop_package(ImagePackage *p) {
        vec_done(&p->keys);
        vec_done(&p->wants);
        vec_done(&p->depends);
}

static void sort_packages(ImagePackages *out) {
        if (out->v.n == 0) return;
        qsort(out->v.v, out->v.n, sizeof *out->v.v, compare_packages);
        size_t kept = 1;
        for (size_t i = 1; i < out->v.n; i++) {
                if (is_again(&out->v.v[kept - 1], &out->v.v[i])) {
                        drop_package(&out->v.v[i]);
                } else {
                        out->v.v[kept++] = out->v.v[i];
                }
        }
        out->v.n = kept;
}

static Map *index_keys(const ImagePackages *out) {
        Map *index = map_new();
        for (size_t i = 0; i < out->v.n; i++) {
                const ImagePackage *p = &out->v.v[i];
                for (size_t k = 0; k < p->keys.n; k++) {
                        AUTO(freep) char *key = xasprintf("%u %s", p->kind, p->keys.v[k]);
                        void *before = map_puts(index, key, &out->v.v[i]);
                        if (before) map_puts(index, key, before); /* the first one stays */
                }
        }
        return index;
}

static const ImagePackage *find_wanted(const Map *index, const ImagePackage *p, const char *want) {
        Str rest = str_of(want), key;
        bool more = true;
        while (more) {
                more = str_cut(&rest, '|', &key);
                AUTO(freep) char *text = xasprintf("%u " STR_FMT, p->kind, STR_ARG(key));
                const ImagePackage *found = map_gets(index, text);
                if (found) return found;
        }
        return NULL;
}

static int compare_sizes(const void *left, const void *right) {
        const size_t *a = left, *b = right;
        return *a < *b ? -1 : *a > *b;
}

static void resolve_one(const ImagePackages *out, const Map *index, ImagePackage *p) {
        for (size_t i = 0; i < p->wants.n; i++) {
                const ImagePackage *found = find_wanted(index, p, p->wants.v[i]);
                if (found && found != p) vec_push(&p->depends, (size_t)(found - out->v.v));
        }
        if (p->depends.n == 0) return;
        qsort(p->depends.v, p->depends.n, sizeof *p->depends.v, compare_sizes);
        size_t kept = 1;
        for (size_t i = 1; i < p->depends.n; i++)
                if (p->depends.v[i] != p->depends.v[kept - 1]) p->depends.v[kept++] = p->depends.v[i];
        p->depends.n = kept;
}

static void resolve_dependencies(ImagePackages *out) {
        AUTO(map_freep) Map *index = index_keys(out);
        for (size_t i = 0; i < out->v.n; i++) resolve_one(out, index, &out->v.v[i]);
}

/* A system has one kind of packages, and scanners refuse documents with two. */
static void drop_foreign_packages(Reading *r) {
        static const char *const apk_systems[] = {"alpine", "wolfi", "chainguard", "postmarketos", "openwrt"};
        ImagePackages *out = r->out;
        size_t counts[PACKAGE_KIND_MAX] = {0}, kept = 0;
        bool apk = false;
        for (size_t i = 0; i < out->v.n; i++) counts[out->v.v[i].kind]++;
        if (!counts[PACKAGE_DEB] || !counts[PACKAGE_APK]) return;
        for (size_t i = 0; i < ARRAY_SIZE(apk_systems) && out->os.id; i++) apk |= streq(out->os.id, apk_systems[i]);
        PackageKind foreign = apk ? PACKAGE_DEB : PACKAGE_APK;
        reading_note(r, "%zu %s packages: the system's packages are %s", counts[foreign], kind_names[foreign],
                     kind_names[apk ? PACKAGE_APK : PACKAGE_DEB]);
        for (size_t i = 0; i < out->v.n; i++) {
                if (out->v.v[i].kind == foreign) {
                        drop_package(&out->v.v[i]);
                } else {
                        out->v.v[kept++] = out->v.v[i];
                }
        }
        out->v.n = kept;
}

/* Databases that are there and not read must not look like an image without packages. */
static void note_unread(Reading *r) {
        static const char *const databases[] = {
                "var/lib/rpm/rpmdb.sqlite",      "var/lib/rpm/Packages",
                "var/lib/rpm/Packages.db",       "usr/lib/sysimage/rpm/rpmdb.sqlite",
                "usr/lib/sysimage/rpm/Packages", "usr/lib/sysimage/rpm/Packages.db",
        };
        for (size_t i = 0; i < ARRAY_SIZE(databases); i++)
                if (map_gets(r->files, databases[i])) reading_note(r, "/%s: rpm packages cannot be read", databases[i]);
}

static int read_all(Reading *r, Err **e) {
        ImagePackages *out = r->out;
        if (walk(r, "/", 0, e) < 0 || read_os(r, e) < 0) return -1;
        for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
                if (read_kind(r, readers[i], e) < 0) return -1;
        if (reading_unowned(r, e) < 0) return -1;
        note_unread(r);
        drop_foreign_packages(r);
        sort_packages(out);
        resolve_dependencies(out);
        for (size_t i = 0; i < out->v.n; i++) out->v.v[i].purl = package_purl(&out->v.v[i], &out->os, r->arena);
        return 0;
}

int packages_read(View *view, ImagePackages *ret_packages, Err **e) {
        AUTO(packages_done) ImagePackages packages = {.arena = arena_new()};
        AUTO(map_freep) Map *files = map_new();
        Reading r = {.view = view, .out = &packages, .arena = packages.arena, .files = files};
        if (read_all(&r, e) < 0) return err_wrap(e, "look for packages");
        *ret_packages = packages;
        packages = (ImagePackages){0};
        return 0;
}
