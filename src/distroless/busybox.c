/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/busybox.h"

#include "base/cleanup.h"

/* "[" and "[[" begin the table in every build that has a shell's test; names of the shell's own commands may begin so, too. */
static const char table_start[] = "[\0[[";

static bool is_name(Str s) {
        for (size_t i = 0; i < s.n; i++) {
                char c = s.p[i];
                bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("[_-.+", c));
                if (!fits) return false;
        }
        return s.n > 0;
}

/* The string that begins at p, as far as end; false when none ends there. */
static bool string_at(const char *p, const char *end, Str *ret_string) {
        const char *nul = p < end ? memchr(p, '\0', (size_t)(end - p)) : NULL;
        if (nul) *ret_string = (Str){p, (size_t)(nul - p)};
        return nul != NULL;
}

/* The sorted strings from p on: how many, up to BUSYBOX_APPLETS_MAX + 1. names: NULL, or where they go. */
static size_t read_table(const char *p, const char *end, StrVec *names) {
        Str name, before = {0};
        size_t count = 0;
        for (; count <= BUSYBOX_APPLETS_MAX && string_at(p, end, &name); p += name.n + 1, count++) {
                if (!is_name(name) || (before.p && str_cmp(name, before) <= 0)) break;
                if (names) strvec_push_take(names, str_dup(name));
                before = name;
        }
        return count;
}

int busybox_applets(Str program, StrVec *ret_names, Err **e) {
        const char *end = program.p + program.n, *table = NULL;
        size_t longest = 0;
        for (const char *p = program.p; p && p < end; p++) {
                p = memmem(p, (size_t)(end - p), table_start, sizeof table_start);
                if (!p) break;
                size_t count = read_table(p, end, NULL);
                if (count <= longest) continue;
                longest = count;
                table = p;
        }
        if (!table) return err_new(e, ERR_FORMAT, "the program is no busybox: its table of applets was not found");
        if (longest > BUSYBOX_APPLETS_MAX)
                return err_new(e, ERR_LIMIT, "a busybox with more than %d applets", BUSYBOX_APPLETS_MAX);
        read_table(table, end, ret_names);
        return 0;
}
