/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "distroless/ca_bundle.h"

/* A name in /etc/ssl/certs for the file of one or several certificates. */
typedef struct Named {
        char *name;   /* "GlobalSign_Root_CA.pem" */
        char *target; /* "/usr/share/ca-certificates/mozilla/GlobalSign_Root_CA.crt" */
        size_t certificate;
        bool single, packaged;
        const char *from; /* for messages */
} Named;
typedef VEC(Named) NamedList;

static void named_list_done(NamedList *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->v[i].name);
                free(list->v[i].target);
        }
        vec_done(list);
}

void ca_entries_done(CaEntries *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->v[i].path);
                free(list->v[i].target);
                free(list->v[i].text);
        }
        vec_done(list);
}

/* The last component without its suffix, and without what update-ca-certificates keeps out of names. Owned. */
static char *plain_name(const char *path) {
        static const char *const suffixes[] = {".crt", ".pem", ".cer"};
        const char *base = strrchr(path, '/');
        char *name = xstrdup(base ? base + 1 : path);
        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
                if (!ends_with(name, suffixes[i])) continue;
                name[strlen(name) - strlen(suffixes[i])] = '\0';
                break;
        }
        for (char *p = name; *p; p++) *p = *p == ' ' || *p == ',' ? '_' : *p == '(' || *p == ')' ? '=' : *p;
        return name;
}

/* Of packages that ship the same name the last wins, as there; what the user brings must not take a name away, nor lose its own. */
static int add_named(NamedList *list, Named named, Err **e) {
        for (size_t i = 0; i < list->n; i++) {
                Named *other = &list->v[i];
                if (!streq(other->name, named.name)) continue;
                int r = 0;
                if (!named.packaged || !other->packaged) {
                        r = err_new(e, ERR_CONFLICT, "%s and %s would both be /" CA_LINKS_PATH "/%s", other->from,
                                    named.from, named.name);
                        err_hint(e, "give one of the files another name");
                }
                Named loser = r < 0 ? named : *other;
                if (r == 0) *other = named;
                free(loser.name);
                free(loser.target);
                return r;
        }
        vec_push(list, named);
        return 0;
}

static int name_packaged(const CaFile *f, NamedList *list, Err **e) {
        if (!ends_with(f->path, ".crt") || f->count == 0) return 0;
        AUTO(freep) char *plain = plain_name(f->path);
        Named named = {.name = xasprintf("%s.pem", plain),
                       .target = xasprintf("/%s", f->path),
                       .certificate = f->last,
                       .single = f->count == 1,
                       .packaged = true,
                       .from = f->path};
        return add_named(list, named, e);
}

/* Each certificate of an extra file becomes a file of its own. Those that are packaged already, or came before, are not in its blocks. */
static int name_extra(const CaFile *f, size_t first, NamedList *list, CaEntries *files, Err **e) {
        AUTO(freep) char *plain = plain_name(f->path);
        for (size_t i = 0; i < f->blocks.n; i++) {
                AUTO(freep) char *name = i ? xasprintf("%s-%zu", plain, i + 1) : xstrdup(plain);
                Named named = {.name = xasprintf("%s.pem", name),
                               .target = xasprintf("/" CA_LOCAL_PATH "/%s.crt", name),
                               .certificate = first + i,
                               .single = true,
                               .from = f->path};
                CaEntry file = {.path = xstrdup(named.target + 1), .text = xstrdup(f->blocks.v[i])};
                vec_push(files, file);
                if (add_named(list, named, e) < 0) return -1;
        }
        return 0;
}

static int compare_named(const void *a, const void *b) {
        return strcmp(((const Named *)a)->name, ((const Named *)b)->name);
}

static int compare_entries(const void *a, const void *b) {
        return strcmp(((const CaEntry *)a)->path, ((const CaEntry *)b)->path);
}

static void sort_entries(CaEntry *v, size_t n) {
        if (n > 1) qsort(v, n, sizeof *v, compare_entries);
}

typedef struct Linked {
        uint32_t hash;
        size_t certificate;
} Linked;

/* HASH.N for a certificate that has none yet; N counts those of the same hash. */
static int add_hash_link(const CaSet *s, const Named *named, Linked *linked, size_t *count, CaEntries *links, Err **e) {
        uint32_t hash;
        unsigned n = 0;
        for (size_t i = 0; i < *count; i++)
                if (linked[i].certificate == named->certificate) return 0;
        if (certificate_name_hash(s->certificates.v[named->certificate].certificate.subject, &hash, e) < 0)
                return err_wrap(e, "%s", named->from);
        for (size_t i = 0; i < *count; i++) n += linked[i].hash == hash;
        linked[(*count)++] = (Linked){hash, named->certificate};
        CaEntry link = {.path = xasprintf(CA_LINKS_PATH "/%08x.%u", hash, n), .target = xstrdup(named->name)};
        vec_push(links, link);
        return 0;
}

static int add_links(const CaSet *s, const NamedList *list, CaEntries *links, Err **e) {
        AUTO(freep) Linked *linked = xcalloc(list->n + 1, sizeof *linked);
        size_t count = 0;
        for (size_t i = 0; i < list->n; i++) {
                const Named *named = &list->v[i];
                CaEntry link = {.path = xasprintf(CA_LINKS_PATH "/%s", named->name), .target = xstrdup(named->target)};
                vec_push(links, link);
                if (named->single && add_hash_link(s, named, linked, &count, links, e) < 0) return -1;
        }
        return 0;
}

/* Extra files are read in order, so their new certificates follow each other in the set. */
static int name_all(const CaSet *s, NamedList *list, CaEntries *files, Err **e) {
        for (size_t i = 0; i < s->files.n; i++) {
                const CaFile *f = &s->files.v[i];
                int r = f->packaged ? name_packaged(f, list, e) : name_extra(f, f->first, list, files, e);
                if (r < 0) return -1;
        }
        return 0;
}

int ca_set_links(const CaSet *s, CaEntries *ret_entries, Err **e) {
        AUTO(named_list_done) NamedList list = {0};
        CaEntries entries = {0};
        int r = name_all(s, &list, &entries, e);
        size_t files = entries.n;
        if (list.n > 1) qsort(list.v, list.n, sizeof *list.v, compare_named);
        if (r == 0) r = add_links(s, &list, &entries, e);
        if (r < 0) {
                ca_entries_done(&entries);
                return -1;
        }
        sort_entries(entries.v, files);
        sort_entries(entries.v + files, entries.n - files);
        *ret_entries = entries;
        return 0;
}
