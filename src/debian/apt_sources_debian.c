/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "debian/apt_sources.h"

/* Names of releases, which a repository of Debian's own has among its suites. Newer ones are listed as they get their names. */
static const char *const releases[] = {"oldoldstable", "oldstable", "stable",   "testing", "unstable", "sid",
                                       "buster",       "bullseye",  "bookworm", "trixie",  "forky",    "duke"};

/* What may stand behind the name of a release, and what stands there for another release; NULL: not wanted. */
static const struct {
        const char *suffix, *becomes;
} kinds[] = {
        {"", ""},
        {"-updates", "-updates"},
        {"-security", "-security"},
        {"/updates", "-security"},
        {"-backports", NULL},
        {"-backports-sloppy", NULL},
        {"-proposed-updates", NULL},
};

typedef struct SuiteKind {
        bool debian;
        const char *becomes;
} SuiteKind;

static SuiteKind suite_kind(const char *suite) {
        for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
                if (!starts_with(suite, releases[i])) continue;
                for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
                        if (streq(suite + strlen(releases[i]), kinds[k].suffix))
                                return (SuiteKind){true, kinds[k].becomes};
        }
        return (SuiteKind){0};
}

static const char *last_part(const char *path) {
        const char *slash = strrchr(path, '/');
        return slash ? slash + 1 : path;
}

static bool all_begin_with(const StrVec *paths, const char *prefix) {
        for (size_t i = 0; i < paths->n; i++)
                if (!starts_with(last_part(paths->v[i]), prefix)) return false;
        return paths->n > 0;
}

static bool is_debians_own(const AptRepository *r) {
        for (size_t i = 0; i < r->suites.n; i++)
                if (!suite_kind(r->suites.v[i]).debian) return false;
        if (strvec_index(&r->components, "main") < 0) return false;
        return all_begin_with(r->keyrings.n ? &r->keyrings : &r->uris, "debian");
}

static void copy_text(char **to, const char *from) {
        *to = from ? xstrdup(from) : NULL;
}

static void copy_for(const AptRepository *from, const char *codename, AptRepositories *list) {
        AptRepository r = {.trusted = from->trusted,
                           .ignore_valid_until = from->ignore_valid_until,
                           .ignore_date = from->ignore_date,
                           .date_max_future_s = from->date_max_future_s};
        for (size_t i = 0; i < from->suites.n; i++) {
                const char *becomes = suite_kind(from->suites.v[i]).becomes;
                AUTO(freep) char *suite = becomes ? xasprintf("%s%s", codename, becomes) : NULL;
                bool rolls = streq(codename, "sid") || streq(codename, "unstable"); /* neither updates nor security */
                if (!suite || (rolls && *becomes) || strvec_index(&r.suites, suite) >= 0) continue;
                strvec_push(&r.suites, suite);
        }
        if (!r.suites.n) return;
        strvec_copy(&r.uris, &from->uris);
        strvec_copy(&r.keyrings, &from->keyrings);
        strvec_copy(&r.fingerprints, &from->fingerprints);
        strvec_push(&r.components, "main");
        copy_text(&r.inline_key, from->inline_key);
        copy_text(&r.where, from->where);
        vec_push(list, r);
}

int apt_sources_for_release(const AptRepositories *machine, const char *codename, AptRepositories *ret, Err **e) {
        AUTO(apt_repositories_done) AptRepositories list = {0};
        for (size_t i = 0; i < machine->n; i++)
                if (is_debians_own(&machine->v[i])) copy_for(&machine->v[i], codename, &list);
        if (!list.n) {
                err_new(e, ERR_NOT_FOUND, "none of this machine's %zu apt repositories is one of Debian's own",
                        machine->n);
                return err_hint(e,
                                "name one: --repository \"deb "
                                "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] URI %s main\"",
                                codename);
        }
        *ret = list;
        list = (AptRepositories){0};
        return 0;
}
