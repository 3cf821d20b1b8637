/* SPDX-License-Identifier: Apache-2.0 */
#include "debian/apt_auth.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/base64.h"
#include "net/url.h"
#include "os/fs.h"

static void forget(char *secret) {
        if (secret) explicit_bzero(secret, strlen(secret));
        free(secret);
}

static void entry_done(AptAuthEntry *entry) {
        free(entry->scheme);
        free(entry->host);
        free(entry->path);
        free(entry->login);
        forget(entry->password);
        free(entry->where);
}

void apt_auth_done(AptAuth *auth) {
        for (size_t i = 0; i < auth->entries.n; i++) entry_done(&auth->entries.v[i]);
        vec_done(&auth->entries);
        strvec_done(&auth->unreadable);
        *auth = (AptAuth){0};
}

/* ---- words, of which "machine" begins an entry */

typedef struct Words {
        Str rest;
        const char *file;
        size_t line;
        bool inside; /* of a line: a word of it has come */
} Words;

/* False at the end. A line that begins with "#" is a comment; a password may begin with one. */
static bool next_word(Words *w, Str *ret_word) {
        for (;;) {
                while (w->rest.n && strchr(" \t\r\n", w->rest.p[0])) {
                        w->line += w->rest.p[0] == '\n';
                        w->inside = w->inside && w->rest.p[0] != '\n';
                        w->rest = str_sub(w->rest, 1, w->rest.n);
                }
                if (!w->rest.n) return false;
                size_t n = 0;
                bool comment = w->rest.p[0] == '#' && !w->inside;
                while (n < w->rest.n && !strchr(comment ? "\n" : " \t\r\n", w->rest.p[n])) n++;
                *ret_word = str_sub(w->rest, 0, n);
                w->rest = str_sub(w->rest, n, w->rest.n);
                w->inside = true;
                if (!comment) return true;
        }
}

static int next_value(Words *w, const char *name, Str *ret_value, Err **e) {
        size_t line = w->line;
        if (next_word(w, ret_value)) return 0;
        return err_new(e, ERR_SYNTAX, "%s:%zu: nothing behind '%s'", w->file, line, name);
}

/* "[https://]HOST[:PORT][/PATH]" */
static int begin_entry(const Words *w, Str machine, AptAuth *auth, Err **e) {
        AUTO(freep) char *text = str_dup(machine);
        const char *mark = strstr(text, "://"), *host = mark ? mark + 3 : text, *path = host + strcspn(host, "/");
        if (path == host)
                return err_new(e, ERR_SYNTAX,
                               "%s:%zu: 'machine' names no host: [https://]HOST[:PORT][/PATH] is expected", w->file,
                               w->line);
        if (auth->entries.n == APT_AUTH_ENTRIES_MAX)
                return err_new(e, ERR_LIMIT, "%s:%zu: more than %d machines", w->file, w->line, APT_AUTH_ENTRIES_MAX);
        AptAuthEntry entry = {.scheme = mark ? xstrndup(text, (size_t)(mark - text)) : xstrdup("https"),
                              .host = xstrndup(host, (size_t)(path - host)),
                              .path = xstrdup(path),
                              .where = xasprintf("%s:%zu", w->file, w->line)};
        vec_push(&auth->entries, entry);
        return 0;
}

static void set(char **to, Str value) {
        forget(*to);
        *to = str_dup(value);
}

int apt_auth_parse(Str text, const char *file, AptAuth *auth, Err **e) {
        Words w = {text, file, 1, false};
        size_t first = auth->entries.n;
        Str word, value;
        while (next_word(&w, &word)) {
                bool machine = str_is(word, "machine"), login = str_is(word, "login");
                if (!machine && !login && !str_is(word, "password"))
                        continue; /* apt passes over what it does not know */
                AUTO(freep) char *name = str_dup(word);
                if (next_value(&w, name, &value, e) < 0) return -1;
                if (machine && begin_entry(&w, value, auth, e) < 0) return -1;
                if (machine) continue;
                if (auth->entries.n == first)
                        return err_new(e, ERR_SYNTAX, "%s:%zu: '%s' before the first 'machine'", file, w.line, name);
                AptAuthEntry *entry = &auth->entries.v[auth->entries.n - 1];
                set(login ? &entry->login : &entry->password, value);
        }
        return 0;
}

/* ---- a machine's files */

static int read_file(const char *path, AptAuth *auth, Err **e) {
        AUTO(freep) char *text = NULL;
        AUTO(err_freep) Err *failure = NULL;
        size_t size = 0;
        if (file_read(AT_FDCWD, path, APT_AUTH_FILE_MAX, &text, &size, &failure) < 0) {
                if (err_errno(failure) == ENOENT) return 0;
                if (err_errno(failure) == EACCES) return strvec_push(&auth->unreadable, path), 0;
                err_move(e, &failure);
                return err_wrap(e, "read '%s'", path);
        }
        int r = apt_auth_parse((Str){text, size}, path, auth, e);
        explicit_bzero(text, size);
        return r;
}

static int read_directory(const char *path, AptAuth *auth, Err **e) {
        AUTO(err_freep) Err *failure = NULL;
        DirList entries;
        int r = 0;
        if (dir_list(AT_FDCWD, path, &entries, &failure) < 0) {
                if (err_errno(failure) == ENOENT) return 0;
                if (err_errno(failure) == EACCES) return strvec_push(&auth->unreadable, path), 0;
                err_move(e, &failure);
                return err_wrap(e, "read '%s'", path);
        }
        for (size_t i = 0; i < entries.n && r == 0; i++) {
                AUTO(freep) char *file = xasprintf("%s/%s", path, entries.v[i].name);
                if (entries.v[i].type != DT_DIR && ends_with(file, ".conf")) r = read_file(file, auth, e);
        }
        dir_list_done(&entries);
        return r;
}

int apt_auth_read(const char *root_dir, AptAuth *ret_auth, Err **e) {
        const char *root = streq(root_dir, "/") ? "" : root_dir;
        AUTO(freep) char *file = xasprintf("%s/etc/apt/auth.conf", root);
        AUTO(freep) char *directory = xasprintf("%s/etc/apt/auth.conf.d", root);
        AUTO(apt_auth_done) AptAuth auth = {0};
        if (read_file(file, &auth, e) < 0 || read_directory(directory, &auth, e) < 0) return -1;
        *ret_auth = auth;
        auth = (AptAuth){0};
        return 0;
}

/* ---- which entry is a URL's */

typedef struct Place {
        Str scheme, host; /* the host with its port */
        Str name;         /* without */
        Str path;
        bool has_login;
} Place;

static const char *last(Str text, char c) {
        return text.n > 0 && text.p ? memrchr(text.p, c, text.n) : NULL;
}

static Place place_of(const char *url) {
        Place p = {.scheme = {url, strcspn(url, ":")}};
        const char *start = strstr(url, "://");
        start = start ? start + 3 : url + strlen(url);
        size_t n = strcspn(start, "/?#");
        const char *at = memrchr(start, '@', n);
        p.has_login = at != NULL;
        p.host = at ? (Str){at + 1, n - (size_t)(at + 1 - start)} : (Str){start, n};
        p.path = str_of(start + n);
        const char *colon = last(p.host, ':');
        const char *bracket = last(p.host, ']');
        p.name = colon && colon > bracket ? (Str){p.host.p, (size_t)(colon - p.host.p)} : p.host;
        return p;
}

static bool fits_but_for_scheme(const AptAuthEntry *entry, const Place *p) {
        Str host = str_of(entry->host);
        return (str_eq_nocase(host, p->host) || str_eq_nocase(host, p->name)) &&
               str_starts(p->path, str_of(entry->path));
}

static bool has_login(const AptAuthEntry *entry) {
        return entry->login || entry->password;
}

static const AptAuthEntry *find(const AptAuth *auth, const Place *p, bool any_scheme) {
        for (size_t i = 0; i < auth->entries.n; i++) {
                const AptAuthEntry *entry = &auth->entries.v[i];
                if (!has_login(entry) || !fits_but_for_scheme(entry, p)) continue;
                if (any_scheme || str_eq_nocase(str_of(entry->scheme), p->scheme)) return entry;
        }
        return NULL;
}

char *apt_auth_header(const AptAuth *auth, const char *url) {
        Place p = place_of(url);
        const AptAuthEntry *entry = p.has_login ? NULL : find(auth, &p, false);
        if (!entry) return NULL;
        char *pair = xasprintf("%s:%s", entry->login ? entry->login : "", entry->password ? entry->password : "");
        char *encoded = base64_render(str_of(pair)), *header = xasprintf("Basic %s", encoded);
        forget(pair);
        forget(encoded);
        return header;
}

char *apt_auth_advice(const AptAuth *auth, const char *url) {
        Place p = place_of(url);
        const AptAuthEntry *entry = find(auth, &p, false), *other = find(auth, &p, true);
        if (p.has_login) return xstrdup("the login is that of the URI in the sources");
        if (entry) return xasprintf("the login is that of %s", entry->where);
        if (other)
                return xasprintf("%s is for %s only: for this write \"machine " STR_FMT "://%s%s\"", other->where,
                                 other->scheme, STR_ARG(p.scheme), other->host, other->path);
        if (auth->unreadable.n) return xasprintf("this user may not read '%s'", auth->unreadable.v[0]);
        return xasprintf("a login stands in /etc/apt/auth.conf: \"machine %s" STR_FMT " login NAME password WORD\"",
                         str_eq_nocase(p.scheme, STR("https")) ? "" : "http://", STR_ARG(p.host));
}
