/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "dockerfile/ignore.h"
#include "dockerfile/path_pattern.h"

enum { GLOB_TOKENS_LOCAL = 256 };

static GlobResult glob(Str pattern, Str name, bool deep) {
        PathToken local[GLOB_TOKENS_LOCAL];
        AUTO(freep) PathToken *heap = NULL;
        PathToken *tokens = local;
        PathPattern p;
        if (pattern.n > PATH_PATTERN_MAX) return GLOB_BAD;
        if (pattern.n >= GLOB_TOKENS_LOCAL) tokens = heap = xreallocarray(NULL, pattern.n + 1, sizeof *heap);
        if (!path_pattern_compile(&p, pattern, deep, tokens)) return GLOB_BAD;
        return path_pattern_match(&p, name, false) ? GLOB_MATCH : GLOB_NO_MATCH;
}

GlobResult glob_match(const char *pattern, const char *name) {
        return glob(str_of(pattern), str_of(name), false);
}

GlobResult glob_match_deep(const char *pattern, const char *path) {
        if (pattern[0] == '/' && pattern[1]) pattern++;
        return glob(str_of(pattern), str_of(path), true);
}

bool glob_has_meta(const char *pattern) {
        return strpbrk(pattern, "*?[\\") != NULL;
}
