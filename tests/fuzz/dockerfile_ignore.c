/* SPDX-License-Identifier: Apache-2.0 */

/* Rules, an empty line, paths one a line. What hides a directory for good hides all that is in it. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "dockerfile/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition) abort();
}

static bool is_clean(const char *path) {
        return *path && *path != '/' && !strstr(path, "//") && !ends_with(path, "/") && !streq(path, ".");
}

static void check_path(const Ignore *x, Str text) {
        AUTO(freep) char *path = str_dup(text);
        if (!is_clean(path)) return;
        unsigned line;
        const char *rule;
        bool hidden = ignore_match(x, path, false, NULL);
        if (hidden) require(ignore_explain(x, path, &line, &rule) && *rule != '!');
        for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
                bool prune;
                *slash = '\0';
                bool directory_hidden = streq(path, ".") ? false : ignore_match(x, path, true, &prune);
                *slash = '/';
                if (directory_hidden && prune) require(hidden);
                if (directory_hidden && !ignore_has_exceptions(x)) require(hidden);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        AUTO(ignore_freep) Ignore *x = NULL;
        AUTO(err_freep) Err *e = NULL;
        Str text = {(const char *)data, size};
        const char *gap = size ? memmem(data, size, "\n\n", 2) : NULL;
        Str rules = gap ? str_sub(text, 0, (size_t)(gap - text.p)) : text;
        Str paths = gap ? str_sub(text, rules.n + 2, text.n) : (Str){0};
        if (ignore_parse(".dockerignore", rules, &x, &e) < 0) {
                require(*err_message(e));
                return 0;
        }
        for (bool more = paths.n > 0; more;) {
                Str one;
                more = str_cut(&paths, '\n', &one);
                check_path(x, one);
        }
        return 0;
}
