/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "dockerfile/ignore.h"
#include "layer/copy_set.h"

bool copy_hidden(const CopySet *s, const char *path, bool directory, bool *ret_prune) {
        const CopyFilter *filter = s->root.filter;
        *ret_prune = true;
        if (!filter || !filter->hidden || !*path) return false;
        return filter->hidden(filter->context, path, directory, ret_prune);
}

static bool is_exception(const char *pattern) {
        return pattern[0] == '!';
}

/* A pattern takes in a directory with all that is below it. */
static bool matches_or_holds(const char *pattern, const char *path) {
        if (pattern[0] == '/') return false; /* the paths of a source have no leading slash */
        if (glob_match_deep(pattern, path) == GLOB_MATCH) return true;
        AUTO(freep) char *parent = xstrdup(path);
        for (char *slash = strrchr(parent, '/'); slash; slash = strrchr(parent, '/')) {
                *slash = '\0';
                if (glob_match_deep(pattern, parent) == GLOB_MATCH) return true;
        }
        return false;
}

CopyMatch copy_excluded(const CopySet *s, const char *path, bool directory) {
        bool excluded = false, exceptions = false;
        for (size_t i = 0; i < s->params.exclude_count; i++) {
                const char *pattern = s->params.excludes[i];
                bool exception = is_exception(pattern);
                exceptions |= exception;
                /* The last pattern that says anything decides; asking only where it would change the answer is enough. */
                if (exception == excluded && matches_or_holds(pattern + exception, path)) excluded = !exception;
        }
        if (!excluded) return COPY_MATCH_NO;
        return directory && exceptions ? COPY_MATCH_BELOW : COPY_MATCH_YES;
}

/* Can something below the directory path match pattern? Compare component by component up to the first "**". */
static bool may_hold(const char *pattern, const char *path) {
        Str patterns = str_of(pattern), names = str_of(path), one, name;
        bool more_patterns = true, more_names = true;
        while (more_names) {
                if (!more_patterns) return false;
                more_patterns = str_cut(&patterns, '/', &one);
                more_names = str_cut(&names, '/', &name);
                if (str_is(one, "**")) return true;
                AUTO(freep) char *one_text = str_dup(one);
                AUTO(freep) char *name_text = str_dup(name);
                if (strstr(one_text, "**")) return true;
                if (glob_match_deep(one_text, name_text) != GLOB_MATCH) return false;
        }
        return more_patterns;
}

CopyMatch copy_parents_match(const char *pattern, const char *path) {
        if (!*pattern || streq(pattern, ".") || matches_or_holds(pattern, path)) return COPY_MATCH_YES;
        return may_hold(pattern, path) ? COPY_MATCH_BELOW : COPY_MATCH_NO;
}

int copy_patterns_check(const CopySet *s, Err **e) {
        for (size_t i = 0; i < s->params.exclude_count; i++) {
                const char *pattern = s->params.excludes[i];
                if (streq(pattern, "!") || glob_match_deep(pattern + is_exception(pattern), "x") == GLOB_BAD) {
                        return err_new(e, ERR_SYNTAX, "--exclude=%s: syntax error in pattern", pattern);
                }
        }
        return 0;
}
