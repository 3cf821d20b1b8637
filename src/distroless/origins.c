/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/origins.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "codec/json.h"
#include "distroless/assembly.h"
#include "net/url.h"

enum { ORIGINS_MAX = LOCK_FILE_MAX };

static void origin_done(PackageOrigin *o) {
        free(o->name);
        free(o->version);
        free(o->architecture);
        free(o->download);
}

void package_origins_done(PackageOrigins *list) {
        for (size_t i = 0; i < list->n; i++) origin_done(&list->v[i]);
        vec_done(list);
}

const PackageOrigin *package_origins_find(const PackageOrigins *list, const char *name, const char *version,
                                          const char *architecture) {
        for (size_t i = 0; i < list->n; i++) {
                const PackageOrigin *o = &list->v[i];
                if (streq(o->name, name) && streq(o->version, version) && streq(o->architecture, architecture))
                        return o;
        }
        return NULL;
}

/* ---- as they are kept: a list of objects */

static void add_text(Buf *b, const char *key, const char *value) {
        if (!value) return;
        json_add_key(b, key);
        json_add_text(b, value);
}

/* Only what others can ask as well is an address. */
static char *address(const AptRepositories *repositories, const LockedPackage *p) {
        const char *uri = assembly_uri(repositories, p);
        if (!uri || !url_is_http(uri)) return NULL;
        AUTO(freep) char *shown = url_shown(uri);
        for (size_t n = strlen(shown); n > 0 && shown[n - 1] == '/'; n--) shown[n - 1] = '\0';
        return xasprintf("%s/%s", shown, p->path);
}

static void add_origin(Buf *b, const AptRepositories *repositories, const LockedPackage *p) {
        char digest[DIGEST_TEXT_SIZE];
        AUTO(freep) char *download = address(repositories, p);
        digest_text(&p->sha256, digest);
        if (b->p[b->n - 1] != '[') buf_addc(b, ',');
        buf_addc(b, '{');
        add_text(b, "name", p->name);
        add_text(b, "version", p->version);
        add_text(b, "architecture", p->architecture);
        add_text(b, "sha256", digest);
        add_text(b, "download", download);
        buf_addc(b, '}');
}

static char *render(const AptRepositories *repositories, const BaseLayer *l) {
        Buf text = {0};
        buf_addc(&text, '[');
        for (size_t i = 0; i < l->packages.n; i++) add_origin(&text, repositories, l->packages.v[i]);
        buf_addc(&text, ']');
        return buf_take(&text);
}

static int parse_one(const json_t *object, PackageOrigin *o, Err **e) {
        AUTO(freep) char *digest = NULL;
        const struct {
                const char *key;
                char **to;
        } members[] = {{"name", &o->name},
                       {"version", &o->version},
                       {"architecture", &o->architecture},
                       {"sha256", &digest},
                       {"download", &o->download}};
        for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
                if (json_get_text(object, members[i].key, members[i].to, e) < 0) return -1;
                if (!*members[i].to && members[i].to != &o->download)
                        return err_new(e, ERR_FORMAT, "'%s' is missing", members[i].key);
        }
        return digest_parse(str_of(digest), &o->sha256, e);
}

static int parse(const char *text, PackageOrigins *list, Err **e) {
        json_auto_t *root = NULL;
        json_t *item;
        size_t i;
        if (json_document_parse(str_of(text), ORIGINS_MAX, "packages", &root, e) < 0) return -1;
        json_array_foreach(root, i, item) {
                PackageOrigin origin = {0};
                if (parse_one(item, &origin, e) < 0) {
                        origin_done(&origin);
                        return err_wrap(e, "package %zu", i + 1);
                }
                vec_push(list, origin);
        }
        return 0;
}

/* ---- in the store */

static int record(const Assembly *a, const AptRepositories *repositories, const BaseLayer *l, Err **e) {
        AUTO(freep) char *before = NULL;
        if (l->packages.n == 0) return 0;
        int r = store_note_get(a->store, NOTE_PACKAGES, l->snapshot, &before, e);
        if (r != STORE_ABSENT) return r;
        AUTO(freep) char *text = render(repositories, l);
        return store_note_set(a->store, NOTE_PACKAGES, l->snapshot, text, e);
}

int origins_record(const Assembly *a, const BaseLayers *layers, Err **e) {
        AUTO(apt_repositories_done) AptRepositories repositories = {0};
        AUTO(err_freep) Err *none = NULL; /* without repositories only the addresses are not known */
        assembly_repositories(a->params, &repositories, &none);
        for (size_t i = 0; i < layers->n; i++)
                if (record(a, &repositories, &layers->v[i], e) < 0) return -1;
        return 0;
}

int package_origins_read(Store *s, const StrVec *snapshots, PackageOrigins *ret_list, Err **e) {
        AUTO(package_origins_done) PackageOrigins list = {0};
        for (size_t i = 0; i < snapshots->n; i++) {
                AUTO(freep) char *text = NULL;
                int r = store_note_get(s, NOTE_PACKAGES, snapshots->v[i], &text, e);
                if (r < 0) return -1;
                if (r == STORE_FOUND && parse(text, &list, e) < 0)
                        return err_wrap(e, "packages of layer %zu, as the store has them", i + 1);
        }
        *ret_list = list;
        list = (PackageOrigins){0};
        return 0;
}
