/* SPDX-License-Identifier: Apache-2.0 */
#include "net/git_ref.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "net/url.h"
#include "os/root_path.h"

void git_ref_done(GitRef *r) {
        free(r->remote);
        free(r->ref);
        free(r->subdir);
        free(r->checksum);
        *r = (GitRef){0};
}

bool git_commit_valid(const char *text) {
        size_t n = strlen(text);
        return (n == 40 || n == 64) && strspn(text, "0123456789abcdefABCDEF") == n;
}

/* user@host:path, as scp has it. */
static bool is_scp(const char *text) {
        size_t user = 0;
        while (isalnum((unsigned char)text[user]) || (user && strchr("-_.", text[user]) && text[user])) user++;
        if (!user || text[user] != '@') return false;
        const char *host = text + user + 1;
        size_t n = 0;
        while (isalnum((unsigned char)host[n]) || (n && host[n] && strchr("-.", host[n]))) n++;
        return n && host[n] == ':' && host[n + 1] && !starts_with(host + n, "://");
}

static bool has_scheme(const char *text, const char *scheme) {
        return strncasecmp(text, scheme, strlen(scheme)) == 0;
}

static bool is_git(const char *text, bool context) {
        Str place = {text, strcspn(text, "#?")};
        if (has_scheme(text, "git://") || has_scheme(text, "ssh://")) return true;
        if (url_is_http(text)) return str_ends(place, STR(".git"));
        return is_scp(text) || (context && starts_with(text, "github.com/"));
}

/* ---- fields */

static int set_text(char **to, const char *what, Str value, Err **e) {
        if (*to && str_is(value, *to)) return 0;
        if (*to)
                return err_new(e, ERR_SYNTAX, "two values for the %s: '%s' and '" STR_FMT "'", what, *to,
                               STR_ARG(value));
        for (size_t i = 0; i < value.n; i++) {
                if (!iscntrl((unsigned char)value.p[i])) continue;
                return err_new(e, ERR_SYNTAX, "a control character in the %s", what);
        }
        *to = str_dup(value);
        return 0;
}

static int set_ref(GitRef *r, const char *prefix, Str value, Err **e) {
        AUTO(freep) char *ref = xasprintf("%s" STR_FMT, prefix, STR_ARG(value));
        if (!value.n) return err_new(e, ERR_SYNTAX, "an empty ref");
        if (value.p[0] == '-' || strpbrk(ref, " ~^:?*[\\"))
                return err_new(e, ERR_SYNTAX, "'" STR_FMT "' cannot be the name of a branch, tag or commit",
                               STR_ARG(value));
        return set_text(&r->ref, "ref", str_of(ref), e);
}

static int set_subdir(GitRef *r, Str value, Err **e) {
        AUTO(freep) char *text = str_dup(value);
        AUTO(freep) char *clean = path_clean(text);
        return clean[1] ? set_text(&r->subdir, "directory", str_of(clean + 1), e) : 0;
}

static int set_checksum(GitRef *r, Str value, Err **e) {
        AUTO(freep) char *text = str_dup(value);
        size_t n = strlen(text);
        if (n < 7 || n > 64 || strspn(text, "0123456789abcdefABCDEF") != n)
                return err_new(e, ERR_SYNTAX, "checksum '%s' is no commit id, nor the first 7 or more digits of one",
                               text);
        for (char *c = text; *c; c++) *c = (char)tolower((unsigned char)*c);
        return set_text(&r->checksum, "checksum", str_of(text), e);
}

static int parse_bool(const char *key, Str value, bool *ret, Err **e) {
        static const char *const yes[] = {"", "1", "t", "true"}, *const no[] = {"0", "f", "false"};
        for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
                if (!str_eq_nocase(value, str_of(yes[i]))) continue;
                *ret = true;
                return 0;
        }
        for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
                if (!str_eq_nocase(value, str_of(no[i]))) continue;
                *ret = false;
                return 0;
        }
        return err_new(e, ERR_SYNTAX, "%s: '" STR_FMT "' is neither true nor false", key, STR_ARG(value));
}

static int set_mtime(GitRef *r, Str value, Err **e) {
        r->commit_times = str_is(value, "commit");
        if (r->commit_times || str_is(value, "checkout")) return 0;
        return err_new(e, ERR_SYNTAX, "mtime: '" STR_FMT "' is neither checkout nor commit", STR_ARG(value));
}

static const char *const query_keys[] = {"ref",    "tag",          "branch",     "subdir", "checksum",
                                         "commit", "keep-git-dir", "submodules", "mtime",  "fetch-by-commit"};
enum {
        KEY_REF,
        KEY_TAG,
        KEY_BRANCH,
        KEY_SUBDIR,
        KEY_CHECKSUM,
        KEY_COMMIT,
        KEY_KEEP,
        KEY_SUBMODULES,
        KEY_MTIME,
        KEY_BY_COMMIT
};

static int set_field(GitRef *r, size_t key, Str value, Err **e) {
        bool yes = true;
        switch (key) {
        case KEY_REF: return set_ref(r, "", value, e);
        case KEY_TAG: return set_ref(r, "refs/tags/", value, e);
        case KEY_BRANCH: return set_ref(r, "refs/heads/", value, e);
        case KEY_SUBDIR: return set_subdir(r, value, e);
        case KEY_CHECKSUM:
        case KEY_COMMIT: return set_checksum(r, value, e);
        case KEY_MTIME: return set_mtime(r, value, e);
        }
        if (parse_bool(query_keys[key], value, &yes, e) < 0) return -1;
        if (key == KEY_KEEP) r->keep_git_dir = yes;
        if (key == KEY_SUBMODULES) r->submodules = yes;
        if (key == KEY_BY_COMMIT) r->fetch_by_commit = yes;
        return 0;
}

static char *unescape(Str text) {
        Buf plain = {0};
        for (size_t i = 0; i < text.n; i++) {
                char byte = text.p[i];
                if (byte == '%' && text.n - i > 2 && hex_parse(str_sub(text, i + 1, 2), &byte, 1)) i += 2;
                buf_addc(&plain, text.p[i] == '+' && byte == '+' ? ' ' : byte);
        }
        return buf_take(&plain);
}

static int parse_query(GitRef *r, Str query, Err **e) {
        bool seen[ARRAY_SIZE(query_keys)] = {false}, more = query.n > 0;
        while (more) {
                Str field, key;
                more = str_cut(&query, '&', &field);
                if (!str_cut(&field, '=', &key)) field = (Str){"", 0};
                AUTO(freep) char *name = str_dup(key);
                AUTO(freep) char *value = unescape(field);
                size_t k = 0;
                while (k < ARRAY_SIZE(query_keys) && !streq(name, query_keys[k])) k++;
                if (k == ARRAY_SIZE(query_keys)) {
                        const char *near = nearest_name(name, query_keys, ARRAY_SIZE(query_keys));
                        err_new(e, ERR_SYNTAX, "unexpected query parameter '%s'", name);
                        return near ? err_hint(e, "did you mean '%s'?", near) : -1;
                }
                if (seen[k]) return err_new(e, ERR_SYNTAX, "the query gives '%s' twice", name);
                seen[k] = true;
                if (set_field(r, k, str_of(value), e) < 0) return -1;
        }
        if (seen[KEY_CHECKSUM] && seen[KEY_COMMIT])
                return err_new(e, ERR_SYNTAX, "the query gives both checksum and commit");
        if (seen[KEY_REF] + seen[KEY_TAG] + seen[KEY_BRANCH] > 1)
                return err_new(e, ERR_SYNTAX, "the query gives more than one of ref, tag and branch");
        return 0;
}

static int parse_fragment(GitRef *r, Str fragment, Err **e) {
        Str ref;
        bool has_subdir = str_cut(&fragment, ':', &ref);
        if (ref.n && set_ref(r, "", ref, e) < 0) return -1;
        return has_subdir && fragment.n ? set_subdir(r, fragment, e) : 0;
}

static int parse_parts(GitRef *r, const char *text, Err **e) {
        Str rest = str_of(text), place, before;
        bool has_fragment = str_cut(&rest, '#', &before);
        Str fragment = has_fragment ? rest : (Str){"", 0};
        bool has_query = str_cut(&before, '?', &place);
        if (starts_with(text, "github.com/"))
                r->remote = xasprintf("https://" STR_FMT, STR_ARG(place));
        else
                r->remote = str_dup(place);
        if (has_query && parse_query(r, before, e) < 0) return -1;
        if (parse_fragment(r, fragment, e) < 0) return -1;
        if (!r->fetch_by_commit) return 0;
        if (!r->checksum || !git_commit_valid(r->checksum))
                return err_new(e, ERR_SYNTAX, "fetch-by-commit needs a checksum of 40 digits");
        return 0;
}

int git_ref_parse(const char *text, bool context, GitRef *ret_ref, Err **e) {
        if (!is_git(text, context)) return GIT_REF_OTHER;
        AUTO(freep) char *shown = url_shown(text);
        if (strlen(text) > GIT_REF_TEXT_MAX)
                return err_new(e, ERR_LIMIT, "a git reference of more than %d bytes", GIT_REF_TEXT_MAX);
        GitRef r = {.keep_git_dir = -1, .submodules = true};
        if (parse_parts(&r, text, e) < 0) {
                git_ref_done(&r);
                return err_wrap(e, "git reference '%s'", shown);
        }
        *ret_ref = r;
        return GIT_REF;
}
