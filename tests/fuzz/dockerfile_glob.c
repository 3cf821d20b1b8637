/* SPDX-License-Identifier: Apache-2.0 */

/* A pattern, a newline, a path. The short cuts of the matcher say the same as its general way. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "dockerfile/ignore.h"
#include "dockerfile/path_pattern.h"
#include "dockerfile/shell_pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition) abort();
}

static bool is_clean(Str path) {
        return path.n > 0 && path.p[0] != '/' && path.p[path.n - 1] != '/' && !memmem(path.p, path.n, "//", 2);
}

static void check_reach(const PathPattern *p, Str path) {
        if (!is_clean(path) || !path_pattern_match(p, path, false)) return;
        for (size_t i = 0; i < path.n; i++) {
                if (path.p[i] == '/') require(path_pattern_reaches(p, str_sub(path, 0, i)));
        }
}

static void check_ways(Str pattern, Str path, bool deep) {
        AUTO(freep) PathToken *tokens = xreallocarray(NULL, pattern.n + 1, sizeof *tokens);
        PathPattern p;
        if (!path_pattern_compile(&p, pattern, deep, tokens)) return;
        PathPattern general = p;
        general.kind = PATH_PATTERN_DEEP;
        general.head = (Str){0}; /* no short cut */
        require(path_pattern_match(&p, path, false) == path_pattern_match(&general, path, false));
        if (is_clean(path)) require(path_pattern_match(&p, path, true) == path_pattern_match(&general, path, true));
        check_reach(&p, path);
}

static void check_shell(Str pattern, Str value) {
        Str shorter = shell_pattern_strip(value, pattern, false, false);
        Str shortest = shell_pattern_strip(value, pattern, false, true);
        require(str_ends(value, shorter) && str_ends(value, shortest) && shortest.n <= shorter.n);
        shorter = shell_pattern_strip(value, pattern, true, false);
        shortest = shell_pattern_strip(value, pattern, true, true);
        require(str_starts(value, shorter) && str_starts(value, shortest) && shortest.n <= shorter.n);
        Buf out = {0};
        ShellReplace what = {value, pattern, STR("<>"), true};
        require(shell_pattern_replace(&what, SIZE_MAX, &out) == 0);
        buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Str path = {(const char *)data, size}, pattern;
        if (!str_cut(&path, '\n', &pattern) || pattern.n > PATH_PATTERN_MAX) return 0;
        check_ways(pattern, path, false);
        check_ways(pattern, path, true);
        check_shell(pattern, path);
        AUTO(freep) char *pattern_text = str_dup(pattern);
        AUTO(freep) char *path_text = str_dup(path);
        glob_match(pattern_text, path_text);
        glob_match_deep(pattern_text, path_text);
        return 0;
}
