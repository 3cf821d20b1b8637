/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/usr_merge.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"

static const char *const merged_names[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};

static bool is_merged(Str name) {
        for (size_t i = 0; i < ARRAY_SIZE(merged_names); i++)
                if (str_is(name, merged_names[i])) return true;
        return false;
}

char *usr_merge_path(const char *name, bool directory) {
        const char *rest = name;
        while (*rest == '/' || (rest[0] == '.' && rest[1] == '/')) rest++;
        size_t first = strcspn(rest, "/");
        if (!is_merged((Str){rest, first})) return xstrdup(name);
        bool bare = rest[first + strspn(rest + first, "/")] == '\0';
        if (bare && directory) return NULL;
        if (bare) return xstrdup(name);
        return xasprintf("%.*susr/%s", (int)(rest - name), name, rest);
}
