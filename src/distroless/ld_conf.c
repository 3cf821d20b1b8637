/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/ld_conf.h"

#include <fnmatch.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define CONF_PATH "/etc/ld.so.conf"
#define DEBIAN_TEXT "include /etc/ld.so.conf.d/*.conf\n"

enum { PATTERN_MAX = 4096, PATTERN_STARS_MAX = 8 };

typedef struct Reader {
        View *tree;
        StrVec *directories;
        size_t lines;
        Err **e;
} Reader;

static bool is_space(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
}

static Str trim(Str s) {
        while (s.n && is_space(s.p[0])) s = str_sub(s, 1, s.n);
        while (s.n && is_space(s.p[s.n - 1])) s.n--;
        return s;
}

/* "WORD and more" -> "and more" */
static bool take_word(Str line, Str word, Str *ret_rest) {
        if (!str_starts(line, word) || line.n <= word.n || (line.p[word.n] != ' ' && line.p[word.n] != '\t'))
                return false;
        *ret_rest = trim(str_sub(line, word.n, line.n));
        return true;
}

/* One line without its comment, taken off the front. */
static Str take_line(Str *rest) {
        Str line, text;
        if (!str_cut(rest, '\n', &line)) *rest = (Str){rest->p + rest->n, 0};
        (void)str_cut(&line, '#', &text);
        return trim(text);
}

LdConfKind ld_conf_next(Str *rest, Str *ret_value) {
        while (rest->n > 0) {
                Str line = take_line(rest), value;
                if (take_word(line, STR("hwcap"), &value)) continue;
                if (take_word(line, STR("include"), &value)) {
                        *ret_value = value;
                        return LD_CONF_INCLUDE;
                }
                while (line.n && line.p[line.n - 1] == '/') line.n--;
                if (line.n == 0) continue;
                *ret_value = line;
                return LD_CONF_DIRECTORY;
        }
        return LD_CONF_END;
}

/* Names that match the pattern, below base ("" for the root). component by component. */
static int expand(Reader *r, const char *base, const char *pattern, StrVec *found);

static int expand_name(Reader *r, const char *base, const char *name, const char *rest, StrVec *found) {
        AUTO(freep) char *path = xasprintf("%s/%s", base, name);
        ViewEntry entry;
        if (*rest) return expand(r, path, rest, found);
        int there = view_lookup(r->tree, path, true, &entry, r->e);
        if (there < 0) return -1;
        view_entry_done(&entry);
        if (there == VIEW_ABSENT) return 0;
        if (found->n >= LD_CONF_LINES_MAX) return err_new(r->e, ERR_LIMIT, "%s: too many files to include", base);
        strvec_push(found, path);
        return 0;
}

static int expand_wild(Reader *r, const char *base, const char *wild, const char *rest, StrVec *found) {
        ViewEntry directory;
        DirList list;
        int there = view_lookup(r->tree, *base ? base : "/", true, &directory, r->e);
        if (there < 0) return -1;
        bool listable = there == VIEW_FOUND && S_ISDIR(directory.st.st_mode);
        int status = listable ? view_list(r->tree, directory.path, &list, r->e) : 0;
        view_entry_done(&directory);
        if (!listable || status < 0) return status;
        for (size_t i = 0; i < list.n && status == 0; i++)
                if (fnmatch(wild, list.v[i].name, FNM_PERIOD) == 0)
                        status = expand_name(r, base, list.v[i].name, rest, found);
        dir_list_done(&list);
        return status;
}

static int expand(Reader *r, const char *base, const char *pattern, StrVec *found) {
        pattern += strspn(pattern, "/");
        size_t n = strcspn(pattern, "/");
        AUTO(freep) char *component = xstrndup(pattern, n);
        const char *rest = pattern + n + strspn(pattern + n, "/");
        if (n == 0) return 0;
        return strpbrk(component, "*?[\\") ? expand_wild(r, base, component, rest, found)
                                           : expand_name(r, base, component, rest, found);
}

static int read_text(Reader *r, Str text, const char *path, unsigned depth);

static int read_path(Reader *r, const char *path, unsigned depth) {
        AUTO(freep) char *text = NULL;
        size_t size;
        if (depth > LD_CONF_DEPTH_MAX)
                return err_new(r->e, ERR_LIMIT, "%s: more than %d files include each other", path, LD_CONF_DEPTH_MAX);
        int found = view_read_file(r->tree, path, LD_CONF_FILE_MAX, &text, &size, r->e);
        if (found < 0) return err_wrap(r->e, "%s", path);
        return found == VIEW_FOUND ? read_text(r, (Str){text, size}, path, depth) : 0;
}

/* Paths without a slash at their front are beside the file that says so. */
static int include(Reader *r, Str pattern, const char *from, unsigned depth) {
        AUTO(strvec_done) StrVec found = {0};
        AUTO(freep) char *text = str_dup(pattern);
        AUTO(freep) char *beside = xstrndup(from, (size_t)(strrchr(from, '/') - from));
        size_t stars = 0;
        for (const char *p = text; *p; p++) stars += *p == '*';
        if (pattern.n > PATTERN_MAX || stars > PATTERN_STARS_MAX)
                return err_new(r->e, ERR_LIMIT, "%s: a pattern of more than %d bytes or %d stars", from, PATTERN_MAX,
                               PATTERN_STARS_MAX);
        if (expand(r, *text == '/' ? "" : beside, text, &found) < 0) return -1;
        strvec_sort(&found);
        for (size_t i = 0; i < found.n; i++)
                if (read_path(r, found.v[i], depth + 1) < 0) return -1;
        return 0;
}

static int include_all(Reader *r, Str patterns, const char *from, unsigned depth) {
        while (patterns.n > 0) {
                size_t n = 0;
                while (n < patterns.n && !is_space(patterns.p[n])) n++;
                if (n > 0 && include(r, str_sub(patterns, 0, n), from, depth) < 0) return -1;
                patterns = trim(str_sub(patterns, n, patterns.n));
        }
        return 0;
}

static int read_text(Reader *r, Str text, const char *path, unsigned depth) {
        Str value;
        LdConfKind kind;
        while ((kind = ld_conf_next(&text, &value)) != LD_CONF_END) {
                if (++r->lines > LD_CONF_LINES_MAX)
                        return err_new(r->e, ERR_LIMIT, "%s: more than %d lines", path, LD_CONF_LINES_MAX);
                if (kind == LD_CONF_INCLUDE) {
                        if (include_all(r, value, path, depth) < 0) return -1;
                        continue;
                }
                if (r->directories->n >= LD_CONF_DIRECTORIES_MAX)
                        return err_new(r->e, ERR_LIMIT, "%s: more than %d directories", path, LD_CONF_DIRECTORIES_MAX);
                strvec_push_take(r->directories, str_dup(value));
        }
        return 0;
}

int ld_conf_read(View *tree, const char *triplet, StrVec *ret_directories, Err **e) {
        StrVec directories = {0};
        ViewEntry entry;
        Reader r = {.tree = tree, .directories = &directories, .e = e};
        int there = view_lookup(tree, CONF_PATH, true, &entry, e);
        if (there < 0) return -1;
        view_entry_done(&entry);
        int status = there == VIEW_FOUND ? read_path(&r, CONF_PATH, 0) : read_text(&r, STR(DEBIAN_TEXT), CONF_PATH, 0);
        if (status < 0) {
                strvec_done(&directories);
                return -1;
        }
        strvec_pushf(&directories, "/lib/%s", triplet);
        strvec_pushf(&directories, "/usr/lib/%s", triplet);
        strvec_push(&directories, "/lib");
        strvec_push(&directories, "/usr/lib");
        *ret_directories = directories;
        return 0;
}
