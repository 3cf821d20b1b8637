/* SPDX-License-Identifier: Apache-2.0 */
#include "debian/apt_sources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "debian/apt_sources_internal.h"
#include "net/url.h"
#include "os/fs.h"

enum { FINGERPRINT_DIGITS_MIN = 40 };

void apt_repository_done(AptRepository *r) {
        StrVec *const lists[] = {&r->uris,          &r->suites,   &r->components,
                                 &r->architectures, &r->keyrings, &r->fingerprints};
        for (size_t i = 0; i < ARRAY_SIZE(lists); i++) strvec_done(lists[i]);
        free(r->inline_key);
        free(r->where);
        *r = (AptRepository){0};
}

void apt_repositories_done(AptRepositories *list) {
        for (size_t i = 0; i < list->n; i++) apt_repository_done(&list->v[i]);
        vec_done(list);
}

/* ---- pieces of both forms */

static bool is_separator(char c, bool commas) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r' || (commas && c == ',');
}

void apt_words(Str value, bool commas, StrVec *ret_words) {
        size_t from = 0;
        for (size_t i = 0; i <= value.n; i++) {
                if (i < value.n && !is_separator(value.p[i], commas)) continue;
                if (i > from) strvec_push_take(ret_words, str_dup(str_sub(value, from, i - from)));
                from = i + 1;
        }
}

bool apt_boolean_parse(Str text, bool *ret_value) {
        static const char *const words[][2] = {{"yes", "no"}, {"true", "false"},     {"1", "0"},
                                               {"on", "off"}, {"enable", "disable"}, {"with", "without"}};
        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
                for (size_t no = 0; no < 2; no++) {
                        if (!str_eq_nocase(text, str_of(words[i][no]))) continue;
                        *ret_value = !no;
                        return true;
                }
        }
        return false;
}

static bool is_fingerprint(const char *word) {
        size_t digits = strspn(word, "0123456789ABCDEFabcdef");
        const char *rest = word + digits;
        return digits >= FINGERPRINT_DIGITS_MIN && (!*rest || streq(rest, "!"));
}

/* Continuation lines: one space in front is the form's, and "." stands for an empty line. */
static char *inline_key(Str value) {
        Buf key = {0};
        Str line;
        bool more = true;
        while (more) {
                more = str_cut(&value, '\n', &line);
                line = str_trim(line);
                if (!str_is(line, ".")) buf_add_str(&key, line);
                buf_addc(&key, '\n');
        }
        return buf_take(&key);
}

int apt_signed_by(AptRepository *r, Str value, Err **e) {
        value = str_trim(value);
        if (str_starts(value, STR("-----BEGIN PGP"))) {
                free(r->inline_key);
                r->inline_key = inline_key(value);
                return 0;
        }
        AUTO(strvec_done) StrVec words = {0};
        apt_words(value, true, &words);
        for (size_t i = 0; i < words.n; i++) {
                if (words.v[i][0] == '/') {
                        strvec_push(&r->keyrings, words.v[i]);
                } else if (is_fingerprint(words.v[i])) {
                        strvec_push(&r->fingerprints, words.v[i]);
                } else {
                        return err_new(e, ERR_SYNTAX,
                                       "%s: Signed-By: '%s' is neither an absolute file name nor a fingerprint",
                                       r->where, words.v[i]);
                }
        }
        return 0;
}

/* What becomes part of a path or URL may not lead elsewhere. */
static bool is_plain_path(const char *text) {
        for (const char *p = text; *p; p++)
                if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr("?#%\\", *p)) return false;
        for (const char *p = strstr(text, ".."); p; p = strstr(p + 1, ".."))
                if ((p == text || p[-1] == '/') && (p[2] == '/' || !p[2])) return false;
        return true;
}

static int check_paths(const AptRepository *r, const char *what, const StrVec *list, Err **e) {
        for (size_t i = 0; i < list->n; i++)
                if (!is_plain_path(list->v[i]))
                        return err_new(e, ERR_SYNTAX, "%s: '%s' is no %s", r->where, list->v[i], what);
        return 0;
}

static int check_uris(AptRepository *r, Err **e) {
        for (size_t i = 0; i < r->uris.n; i++) {
                char *uri = r->uris.v[i];
                size_t n = strlen(uri), scheme = strspn(uri, "abcdefghijklmnopqrstuvwxyz+-.0123456789");
                if (scheme == 0 || uri[scheme] != ':')
                        return err_new(e, ERR_SYNTAX,
                                       "%s: '%s' is no URI: something like \"https://HOST/debian\" is expected",
                                       r->where, uri);
                while (n > scheme + 1 && uri[n - 1] == '/') uri[--n] = '\0';
        }
        return 0;
}

/* Either all suites are flat ("./"), and there are no components, or none is. */
static int check_suites(const AptRepository *r, Err **e) {
        for (size_t i = 0; i < r->suites.n; i++) {
                bool flat = ends_with(r->suites.v[i], "/");
                if (flat && r->components.n)
                        return err_new(e, ERR_SYNTAX, "%s: suite '%s' ends in a slash, so there can be no components",
                                       r->where, r->suites.v[i]);
                if (!flat && !r->components.n) {
                        err_new(e, ERR_SYNTAX, "%s: no components for suite '%s'", r->where, r->suites.v[i]);
                        return err_hint(
                                e, "Debian's is called \"main\"; a suite without components ends in a slash: \"./\"");
                }
        }
        return 0;
}

static bool answered_by_nobody(const AptRepository *r) {
        for (size_t i = 0; i < r->uris.n; i++)
                if (!starts_with(r->uris.v[i], "cdrom:")) return false;
        return true;
}

int apt_repository_add(AptRepositories *list, AptRepository *r, Err **e) {
        if (!r->uris.n) return err_new(e, ERR_SYNTAX, "%s: no URI", r->where);
        if (!r->suites.n) {
                AUTO(freep) char *shown = url_shown(r->uris.v[0]);
                return err_new(e, ERR_SYNTAX, "%s: no suite behind the URI '%s'", r->where, shown);
        }
        if (answered_by_nobody(r)) {
                apt_repository_done(r);
                return 0;
        }
        if (check_uris(r, e) < 0 || check_suites(r, e) < 0 || check_paths(r, "suite", &r->suites, e) < 0) return -1;
        if (check_paths(r, "component", &r->components, e) < 0) return -1;
        if (check_paths(r, "architecture", &r->architectures, e) < 0) return -1;
        if (list->n == APT_SOURCES_MAX)
                return err_new(e, ERR_LIMIT, "%s: more than %d repositories", r->where, APT_SOURCES_MAX);
        vec_push(list, *r);
        *r = (AptRepository){0};
        return 0;
}

/* ---- a machine's files */

typedef int (*ParseSources)(Str text, const char *file, AptRepositories *ret, Err **e);

static int read_file(const char *path, ParseSources parse, AptRepositories *list, Err **e) {
        AUTO(freep) char *text = NULL;
        size_t size;
        if (file_read(AT_FDCWD, path, APT_SOURCES_FILE_MAX, &text, &size, e) < 0) return err_wrap(e, "read '%s'", path);
        return parse((Str){text, size}, path, list, e);
}

static int read_directory(const char *path, AptRepositories *list, Err **e) {
        DirList entries;
        Err *failure = NULL;
        int r = 0;
        if (dir_list(AT_FDCWD, path, &entries, &failure) < 0) {
                bool absent = err_errno(failure) == ENOENT;
                if (absent)
                        err_free(failure);
                else
                        err_move(e, &failure);
                return absent ? 0 : err_wrap(e, "read '%s'", path);
        }
        for (size_t i = 0; i < entries.n && r == 0; i++) {
                const char *name = entries.v[i].name;
                AUTO(freep) char *file = xasprintf("%s/%s", path, name);
                if (entries.v[i].type == DT_DIR) continue;
                if (ends_with(name, ".list")) r = read_file(file, apt_sources_parse_lines, list, e);
                if (ends_with(name, ".sources")) r = read_file(file, apt_sources_parse_stanzas, list, e);
        }
        dir_list_done(&entries);
        return r;
}

/* Key files of another root are that root's. */
static void move_keyrings(AptRepositories *list, const char *root) {
        for (size_t i = 0; i < list->n; i++) {
                StrVec *keyrings = &list->v[i].keyrings;
                for (size_t k = 0; k < keyrings->n; k++) {
                        char *moved = xasprintf("%s%s", root, keyrings->v[k]);
                        free(keyrings->v[k]);
                        keyrings->v[k] = moved;
                }
        }
}

int apt_sources_read(const char *root_dir, AptRepositories *ret, Err **e) {
        const char *root = streq(root_dir, "/") ? "" : root_dir;
        AUTO(freep) char *file = xasprintf("%s/etc/apt/sources.list", root);
        AUTO(freep) char *directory = xasprintf("%s/etc/apt/sources.list.d", root);
        AUTO(apt_repositories_done) AptRepositories list = {0};
        AUTO(err_freep) Err *failure = NULL;
        if (read_file(file, apt_sources_parse_lines, &list, &failure) < 0 && err_errno(failure) != ENOENT) {
                err_move(e, &failure);
                return -1;
        }
        if (read_directory(directory, &list, e) < 0) return -1;
        if (*root) move_keyrings(&list, root);
        *ret = list;
        list = (AptRepositories){0};
        return 0;
}
