/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/lock.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "codec/json.h"

enum { LOCK_VERSION = 1 };

static const char *const uses[] = {
        [USE_FILES] = "files",         [USE_CERTIFICATES] = "certificates", [USE_LOCALE] = "locale",
        [USE_BUSYBOX] = "busybox",     [USE_JAVA_MODULES] = "java-modules", [USE_TOOL] = "tool",
        [USE_INSTALLED] = "installed", [USE_DEPENDENCY] = "dependency"};

const char *lock_use_name(LockUse use) {
        return uses[use];
}

/* ---- values */

static void locked_package_done(LockedPackage *p) {
        free(p->name);
        free(p->version);
        free(p->architecture);
        free(p->source);
        free(p->suite);
        free(p->uri);
        free(p->path);
        *p = (LockedPackage){0};
}

void base_lock_done(BaseLock *lock) {
        for (size_t i = 0; i < lock->suites.n; i++) {
                free(lock->suites.v[i].suite);
                free(lock->suites.v[i].uri);
        }
        for (size_t i = 0; i < lock->packages.n; i++) locked_package_done(&lock->packages.v[i]);
        strvec_done(&lock->asked);
        vec_done(&lock->suites);
        vec_done(&lock->packages);
        free(lock->architecture);
        *lock = (BaseLock){0};
}

static void copy_package(LockedPackage *to, const LockedPackage *from) {
        *to = *from;
        to->name = xstrdup(from->name);
        to->version = xstrdup(from->version);
        to->architecture = xstrdup(from->architecture);
        to->source = xstrdup(from->source);
        to->suite = xstrdup(from->suite);
        to->uri = xstrdup(from->uri);
        to->path = xstrdup(from->path);
}

void base_lock_copy(BaseLock *to, const BaseLock *from) {
        *to = (BaseLock){.architecture = xstrdup(from->architecture)};
        strvec_copy(&to->asked, &from->asked);
        for (size_t i = 0; i < from->suites.n; i++) {
                vec_push(&to->suites, from->suites.v[i]);
                to->suites.v[i].suite = xstrdup(from->suites.v[i].suite);
                to->suites.v[i].uri = xstrdup(from->suites.v[i].uri);
        }
        for (size_t i = 0; i < from->packages.n; i++) {
                LockedPackage p;
                copy_package(&p, &from->packages.v[i]);
                vec_push(&to->packages, p);
        }
}

static int check_field(const ControlParagraph *p, const char *field, const char *wanted, Err **e) {
        Str found = control_get(p, field);
        if (str_is(found, wanted)) return 0;
        return err_new(e, ERR_FORMAT, "its control file says '%s: " STR_FMT "'; the lock says '%s'", field,
                       STR_ARG(found), wanted);
}

int locked_package_check(const LockedPackage *p, const ControlParagraph *control, Err **e) {
        if (check_field(control, "Package", p->name, e) < 0 || check_field(control, "Version", p->version, e) < 0)
                return -1;
        return check_field(control, "Architecture", p->architecture, e);
}

void lock_file_done(LockFile *file) {
        for (size_t i = 0; i < file->architectures.n; i++) base_lock_done(&file->architectures.v[i]);
        vec_done(&file->architectures);
        free(file->recipe);
        free(file->release);
        *file = (LockFile){0};
}

const BaseLock *lock_file_find(const LockFile *file, const char *architecture) {
        for (size_t i = 0; i < file->architectures.n; i++)
                if (streq(file->architectures.v[i].architecture, architecture)) return &file->architectures.v[i];
        return NULL;
}

/* ---- reading */

typedef struct TextMember {
        const char *key;
        char **place;
        bool optional;
} TextMember;

static int get_texts(const json_t *object, const TextMember *members, size_t count, Err **e) {
        for (size_t i = 0; i < count; i++) {
                if (json_get_text(object, members[i].key, members[i].place, e) < 0) return -1;
                bool absent = !*members[i].place || !**members[i].place;
                if (absent && !members[i].optional) return err_new(e, ERR_FORMAT, "'%s' is missing", members[i].key);
        }
        return 0;
}

static int get_digest(const json_t *object, const char *key, Digest *ret_digest, Err **e) {
        AUTO(freep) char *text = NULL;
        if (json_get_text(object, key, &text, e) < 0) return -1;
        if (!text) return err_new(e, ERR_FORMAT, "'%s' is missing", key);
        return digest_parse(str_of(text), ret_digest, e) < 0 ? err_wrap(e, "'%s'", key) : 0;
}

static int get_use(const json_t *object, LockUse *ret_use, Err **e) {
        AUTO(freep) char *text = NULL;
        if (json_get_text(object, "use", &text, e) < 0) return -1;
        for (size_t i = 0; text && i < ARRAY_SIZE(uses); i++) {
                if (!streq(text, uses[i])) continue;
                *ret_use = (LockUse)i;
                return 0;
        }
        if (!text) return 0;
        AUTO(buf_done) Buf known = {0};
        for (size_t i = 0; i < ARRAY_SIZE(uses); i++) buf_addf(&known, "%s%s", i > 0 ? ", " : "", uses[i]);
        return err_new(e, ERR_FORMAT, "'use' is '%s'; expected one of: %s", text, known.p);
}

/* What is downloaded is named by it: it must not lead anywhere else. */
static int check_path(const char *path, Err **e) {
        bool upwards = path[0] == '/' || starts_with(path, "../") || strstr(path, "/../") || ends_with(path, "/..");
        return upwards ? err_new(e, ERR_FORMAT, "'path' is '%s', which is no path in a repository", path) : 0;
}

static int parse_package(const json_t *object, LockedPackage *p, Err **e) {
        const TextMember members[] = {{"name", &p->name, false},
                                      {"version", &p->version, false},
                                      {"architecture", &p->architecture, false},
                                      {"source", &p->source, true},
                                      {"suite", &p->suite, false},
                                      {"uri", &p->uri, true},
                                      {"path", &p->path, false}};
        int64_t size = -1;
        if (!json_is_object(object)) return err_new(e, ERR_FORMAT, "it is not an object");
        if (get_texts(object, members, ARRAY_SIZE(members), e) < 0 || check_path(p->path, e) < 0) return -1;
        if (get_use(object, &p->use, e) < 0 || get_digest(object, "sha256", &p->sha256, e) < 0) return -1;
        if (json_get_i64(object, "size", &size, e) < 0) return -1;
        if (size < 0) return err_new(e, ERR_FORMAT, "'size' is missing or negative");
        p->size = (uint64_t)size;
        return 0;
}

static int parse_suite(const json_t *object, LockedSuite *s, Err **e) {
        AUTO(freep) char *date = NULL;
        const TextMember members[] = {{"suite", &s->suite, false}, {"uri", &s->uri, true}, {"date", &date, false}};
        int64_t ns;
        if (!json_is_object(object)) return err_new(e, ERR_FORMAT, "it is not an object");
        if (get_texts(object, members, ARRAY_SIZE(members), e) < 0) return -1;
        if (get_digest(object, "release", &s->release, e) < 0) return -1;
        if (time_parse(str_of(date), &ns, e) < 0) return err_wrap(e, "'date'");
        s->date_s = ns / 1000000000;
        return 0;
}

static int parse_suites(const json_t *object, BaseLock *lock, Err **e) {
        json_t *list = NULL, *item;
        size_t i;
        if (json_get_array(object, "suites", &list, e) < 0) return -1;
        json_array_foreach(list, i, item) {
                vec_push(&lock->suites, (LockedSuite){0});
                if (parse_suite(item, &lock->suites.v[i], e) < 0) return err_wrap(e, "suite %zu", i + 1);
        }
        return 0;
}

static int parse_asked(const json_t *object, BaseLock *lock, Err **e) {
        json_t *list = NULL, *item;
        size_t i;
        if (json_get_array(object, "asked", &list, e) < 0) return -1;
        if (json_array_size(list) > LOCK_PACKAGES_MAX)
                return err_new(e, ERR_LIMIT, "more than %d entries in 'asked'", LOCK_PACKAGES_MAX);
        json_array_foreach(list, i, item) {
                if (!json_is_string(item)) return err_new(e, ERR_FORMAT, "'asked' has something that is no text");
                strvec_push(&lock->asked, json_string_value(item));
        }
        return 0;
}

static int parse_packages(const json_t *object, BaseLock *lock, Err **e) {
        json_t *list = NULL, *item;
        size_t i;
        if (json_get_array(object, "packages", &list, e) < 0) return -1;
        if (!list) return err_new(e, ERR_FORMAT, "'packages' is missing");
        if (json_array_size(list) > LOCK_PACKAGES_MAX)
                return err_new(e, ERR_LIMIT, "more than %d packages", LOCK_PACKAGES_MAX);
        json_array_foreach(list, i, item) {
                vec_push(&lock->packages, (LockedPackage){0});
                if (parse_package(item, &lock->packages.v[i], e) < 0) return err_wrap(e, "package %zu", i + 1);
        }
        return 0;
}

static int parse_architecture(const char *name, const json_t *object, LockFile *file, Err **e) {
        vec_push(&file->architectures, (BaseLock){.architecture = xstrdup(name)});
        BaseLock *lock = &file->architectures.v[file->architectures.n - 1];
        if (!json_is_object(object)) return err_new(e, ERR_FORMAT, "'%s' is not an object", name);
        if (parse_asked(object, lock, e) < 0 || parse_suites(object, lock, e) < 0 ||
            parse_packages(object, lock, e) < 0)
                return err_wrap(e, "'%s'", name);
        return 0;
}

static int parse_root(const json_t *root, LockFile *file, Err **e) {
        json_t *architectures = NULL, *item;
        const char *name;
        int64_t version = 0;
        const TextMember members[] = {{"recipe", &file->recipe, false}, {"release", &file->release, false}};
        if (!json_is_object(root)) return err_new(e, ERR_FORMAT, "it is not an object");
        if (json_get_i64(root, "version", &version, e) < 0) return -1;
        if (version != LOCK_VERSION)
                return err_new(e, ERR_FORMAT, "'version' is %lld; this program reads version %d", (long long)version,
                               LOCK_VERSION);
        if (get_texts(root, members, ARRAY_SIZE(members), e) < 0) return -1;
        if (json_get_object(root, "architectures", &architectures, e) < 0) return -1;
        json_object_foreach(architectures, name, item) {
                if (parse_architecture(name, item, file, e) < 0) return -1;
        }
        return 0;
}

int lock_file_parse(Str json, const char *name, LockFile *ret_file, Err **e) {
        json_auto_t *root = NULL;
        AUTO(err_freep) Err *wrong = NULL;
        LockFile file = {0};
        if (json_document_parse(json, LOCK_FILE_MAX, "lock file", &root, &wrong) < 0 ||
            parse_root(root, &file, &wrong) < 0) {
                lock_file_done(&file);
                return err_new(e, err_kind(wrong) == ERR_LIMIT ? ERR_LIMIT : ERR_SYNTAX, "%s: %s", name,
                               err_message(wrong)); /* it lies among the user's own files */
        }
        *ret_file = file;
        return 0;
}

int lock_file_check(const LockFile *file, const char *name, const char *recipe, const char *release, Err **e) {
        if (streq(file->recipe, recipe) && streq(file->release, release)) return 0;
        return err_new(e, ERR_SYNTAX, "%s: it is the lock of %s (%s), not of %s (%s)", name, file->recipe,
                       file->release, recipe, release);
}

/* ---- writing: one package a line, so that version control shows what changed */

static void add_member(Buf *b, const char *key, const char *value) {
        if (!value) return;
        if (b->p[b->n - 1] != '{') buf_adds(b, ", ");
        json_add_text(b, key);
        buf_adds(b, ": ");
        json_add_text(b, value);
}

static void add_digest(Buf *b, const char *key, const Digest *digest) {
        char text[DIGEST_TEXT_SIZE];
        digest_text(digest, text);
        add_member(b, key, text);
}

static void render_suite(Buf *b, const LockedSuite *s) {
        char date[40];
        time_render(s->date_s * 1000000000, date);
        buf_adds(b, "        {");
        add_member(b, "suite", s->suite);
        add_member(b, "uri", s->uri);
        add_member(b, "date", date);
        add_digest(b, "release", &s->release);
        buf_addc(b, '}');
}

static void render_package(Buf *b, const LockedPackage *p) {
        buf_adds(b, "        {");
        add_member(b, "name", p->name);
        add_member(b, "version", p->version);
        add_member(b, "architecture", p->architecture);
        add_member(b, "source", p->source);
        if (p->use != USE_FILES) add_member(b, "use", uses[p->use]);
        add_member(b, "suite", p->suite);
        add_member(b, "uri", p->uri);
        add_member(b, "path", p->path);
        buf_addf(b, ", \"size\": %llu", (unsigned long long)p->size);
        add_digest(b, "sha256", &p->sha256);
        buf_addc(b, '}');
}

static void render_architecture(Buf *b, const BaseLock *lock) {
        buf_adds(b, "    ");
        json_add_text(b, lock->architecture);
        buf_adds(b, ": {\n      \"asked\": [");
        for (size_t i = 0; i < lock->asked.n; i++) {
                if (i > 0) buf_adds(b, ", ");
                json_add_text(b, lock->asked.v[i]);
        }
        buf_adds(b, "],\n      \"suites\": [\n");
        for (size_t i = 0; i < lock->suites.n; i++) {
                render_suite(b, &lock->suites.v[i]);
                buf_adds(b, i + 1 < lock->suites.n ? ",\n" : "\n");
        }
        buf_adds(b, "      ],\n      \"packages\": [\n");
        for (size_t i = 0; i < lock->packages.n; i++) {
                render_package(b, &lock->packages.v[i]);
                buf_adds(b, i + 1 < lock->packages.n ? ",\n" : "\n");
        }
        buf_adds(b, "      ]\n    }");
}

void lock_file_render(const LockFile *file, Buf *ret_json) {
        buf_addf(ret_json, "{\n  \"version\": %d,\n  \"recipe\": ", LOCK_VERSION);
        json_add_text(ret_json, file->recipe);
        buf_adds(ret_json, ",\n  \"release\": ");
        json_add_text(ret_json, file->release);
        buf_adds(ret_json, ",\n  \"architectures\": {\n");
        for (size_t i = 0; i < file->architectures.n; i++) {
                render_architecture(ret_json, &file->architectures.v[i]);
                buf_adds(ret_json, i + 1 < file->architectures.n ? ",\n" : "\n");
        }
        buf_adds(ret_json, "  }\n}\n");
}

/* ---- comparing */

static int compare_names(const void *a, const void *b) {
        const LockedPackage *const *x = a, *const *y = b;
        int order = strcmp((*x)->name, (*y)->name);
        return order ? order : (int)(*x)->use - (int)(*y)->use;
}

static const LockedPackage **sorted(const BaseLock *lock) {
        const LockedPackage **list = xcalloc(lock->packages.n + 1, sizeof *list);
        for (size_t i = 0; i < lock->packages.n; i++) list[i] = &lock->packages.v[i];
        qsort(list, lock->packages.n, sizeof *list, compare_names);
        return list;
}

static void compare_pair(const LockedPackage *a, const LockedPackage *b, StrVec *lines) {
        if (!streq(a->version, b->version))
                strvec_pushf(lines, "%s %s -> %s", a->name, a->version, b->version);
        else if (!digest_eq(&a->sha256, &b->sha256))
                strvec_pushf(lines, "%s %s: other bytes under the same version", a->name, a->version);
}

static bool asks_same(const BaseLock *a, const BaseLock *b) {
        if (a->asked.n != b->asked.n) return false;
        for (size_t i = 0; i < a->asked.n; i++)
                if (!streq(a->asked.v[i], b->asked.v[i])) return false;
        return true;
}

void base_lock_compare(const BaseLock *before, const BaseLock *after, StrVec *ret_lines) {
        AUTO(freep) const LockedPackage **a = sorted(before);
        AUTO(freep) const LockedPackage **b = sorted(after);
        size_t i = 0, j = 0;
        while (i < before->packages.n || j < after->packages.n) {
                int order = i == before->packages.n ? 1 : j == after->packages.n ? -1 : compare_names(&a[i], &b[j]);
                if (order < 0) {
                        strvec_pushf(ret_lines, "- %s %s", a[i]->name, a[i]->version);
                        i++;
                } else if (order > 0) {
                        strvec_pushf(ret_lines, "+ %s %s", b[j]->name, b[j]->version);
                        j++;
                } else {
                        compare_pair(a[i++], b[j++], ret_lines);
                }
        }
        if (ret_lines->n == 0 && !asks_same(before, after))
                strvec_push(ret_lines, "what the recipe asks for has changed, what it comes to has not");
}
