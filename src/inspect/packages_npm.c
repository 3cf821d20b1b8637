/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/packages_internal.h"

#include <string.h>

#include "base/cleanup.h"
#include "codec/json.h"

/* Installed Node packages: the package.json of each directory in a node_modules (or, with a scope, one below). */

/* "app/node_modules/@scope/name/package.json": no package.json deeper in a package counts. */
static bool wants(const ImageFile *file, Str directory, Str name) {
        (void)file;
        static const Str modules = STR("node_modules");
        if (!str_is(name, "package.json")) return false;
        Str rest = directory, parent = {0}, scope = {0}, part = {0};
        for (bool more = true; more;) {
                scope = parent;
                parent = part;
                more = str_cut(&rest, '/', &part);
        }
        return str_eq(parent, modules) || (str_eq(scope, modules) && parent.n && parent.p[0] == '@');
}

/* Where Node looks for a dependency: in node_modules of the package, then of every directory above. */
static const char *places_of(Reading *r, Str directory, const char *name) {
        AUTO(buf_done) Buf b = {0};
        for (;;) {
                bool inside = str_ends(directory, STR("/node_modules")) || str_is(directory, "node_modules");
                if (!inside)
                        buf_addf(&b, "%s" STR_FMT "%snode_modules/%s", b.n ? "|" : "", STR_ARG(directory),
                                 directory.n ? "/" : "", name);
                if (directory.n == 0) break;
                while (directory.n && directory.p[directory.n - 1] != '/') directory.n--;
                if (directory.n) directory.n--;
        }
        return arena_str(r->arena, buf_str(&b));
}

static const char *member_text(Reading *r, const json_t *object, const char *key) {
        const char *text = json_string_value(json_object_get(object, key));
        return text ? reading_str(r, first_line(str_of(text))) : NULL;
}

/* "Name <mail> (url)" or {"name":, "email":}. */
static const char *person(Reading *r, const json_t *author) {
        if (json_is_string(author)) return reading_str(r, str_of(json_string_value(author)));
        const char *name = member_text(r, author, "name"), *mail = member_text(r, author, "email");
        return name && mail ? arena_printf(r->arena, "%s <%s>", name, mail) : name;
}

/* A word, or {"type":} as old packages have it. */
static const char *license_of(Reading *r, const json_t *license) {
        const char *wording = json_is_object(license) ? json_string_value(json_object_get(license, "type"))
                                                      : json_string_value(license);
        return wording ? reading_license(r, str_of(wording), (Str){0}) : NULL;
}

static void add_dependencies(Reading *r, ImagePackage *p, Str directory, json_t *list) {
        const char *name;
        json_t *version;
        json_object_foreach(list, name, version) vec_push(&p->wants, places_of(r, directory, name));
}

static void fill(Reading *r, ImagePackage *p, Str directory, json_t *root) {
        p->description = member_text(r, root, "description");
        p->homepage = member_text(r, root, "homepage");
        p->supplier = person(r, json_object_get(root, "author"));
        p->license = license_of(r, json_object_get(root, "license"));
        vec_push(&p->keys, arena_str(r->arena, directory));
        add_dependencies(r, p, directory, json_object_get(root, "dependencies"));
        add_dependencies(r, p, directory, json_object_get(root, "optionalDependencies"));
        add_dependencies(r, p, directory, json_object_get(root, "peerDependencies"));
}

static int read_file(Reading *r, const ImageFile *file, Err **e) {
        Str text, directory = {file->path, strlen(file->path) - strlen("/package.json")};
        ImagePackage *p = NULL;
        Err *failure = NULL;
        AUTO(json_decrefp) json_t *root = NULL;
        AUTO(freep) char *what = xasprintf("/%s", file->path);
        if (file->owned) return 0;
        int found = reading_text(r, file, PACKAGE_METADATA_MAX, &text, e);
        if (found != READING_FOUND) return found < 0 ? -1 : 0;
        if (json_document_parse(text, PACKAGE_METADATA_MAX, what, &root, &failure) < 0)
                return reading_forgive(r, &failure, e);
        const char *name = member_text(r, root, "name"), *version = member_text(r, root, "version");
        if (!name || !version) return 0; /* a marker of the kind of modules, not a package */
        if (reading_add(r, PACKAGE_NPM, file, &p, e) < 0) return -1;
        p->name = name;
        p->version = version;
        fill(r, p, directory, root);
        return 0;
}

const PackageReader npm_reader = {.kind = PACKAGE_NPM, .wants = wants, .read = read_file};
