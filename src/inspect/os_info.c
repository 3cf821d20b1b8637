/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/os_info.h"

#include <stddef.h>

#include "base/buf.h"
#include "base/cleanup.h"

static const struct {
        const char *name;
        size_t offset;
} variables[] = {
        {"ID", offsetof(OsInfo, id)},
        {"VERSION_ID", offsetof(OsInfo, version_id)},
        {"NAME", offsetof(OsInfo, name)},
        {"PRETTY_NAME", offsetof(OsInfo, pretty_name)},
        {"VERSION_CODENAME", offsetof(OsInfo, codename)},
        {"HOME_URL", offsetof(OsInfo, home_url)},
};

/* A value as a shell reads it: quotes of either kind around it, backslashes before what is special. */
static const char *unquote(Str value, Arena *arena) {
        AUTO(buf_done) Buf text = {0};
        char quote = 0;
        if (value.n >= 2 && (value.p[0] == '"' || value.p[0] == '\'') && value.p[value.n - 1] == value.p[0]) {
                quote = value.p[0];
                value = str_sub(value, 1, value.n - 2);
        }
        for (size_t i = 0; i < value.n; i++) {
                if (value.p[i] == '\\' && quote != '\'' && i + 1 < value.n) i++;
                buf_addc(&text, value.p[i]);
        }
        return arena_str(arena, buf_str(&text));
}

static void assign(Str name, Str value, Arena *arena, OsInfo *info) {
        for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
                if (!str_is(name, variables[i].name)) continue;
                const char *text = unquote(value, arena);
                *(const char **)((char *)info + variables[i].offset) = *text ? text : NULL;
        }
}

void os_info_parse(Str text, Arena *arena, OsInfo *ret_info) {
        *ret_info = (OsInfo){0};
        bool more = true;
        while (more) {
                Str line, name;
                more = str_cut(&text, '\n', &line);
                Str value = str_trim(line);
                if (value.n == 0 || value.p[0] == '#' || !str_cut(&value, '=', &name)) continue;
                assign(name, value, arena, ret_info);
        }
}
