/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/busybox.h"

#include "base/cleanup.h"

/* "[" and "[[" begin the table in every build that has a shell's test. */
static const char table_start[] = "\0[\0[[";

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

int busybox_applets(Str program, StrVec *ret_names, Err **e) {
        const char *end = program.p + program.n;
        const char *start = program.n ? memmem(program.p, program.n, table_start, sizeof table_start) : NULL;
        if (!start) return err_new(e, ERR_FORMAT, "the program is no busybox: its table of applets was not found");
        Str name, before = {0};
        for (const char *p = start + 1; string_at(p, end, &name); p += name.n + 1) {
                if (!is_name(name) || (before.p && str_cmp(name, before) <= 0)) break;
                if (ret_names->n == BUSYBOX_APPLETS_MAX)
                        return err_new(e, ERR_LIMIT, "a busybox with more than %d applets", BUSYBOX_APPLETS_MAX);
                strvec_push_take(ret_names, str_dup(name));
                before = name;
        }
        return 0;
}
