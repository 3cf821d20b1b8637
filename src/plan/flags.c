/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

typedef struct FlagTable {
        InstructionKind kind;
        const char *names[10];
} FlagTable;

static const FlagTable tables[] = {
        {INSTR_FROM, {"platform"}},
        {INSTR_RUN, {"mount", "network", "security", "device"}},
        {INSTR_COPY, {"from", "chown", "chmod", "link", "parents", "exclude"}},
        {INSTR_ADD, {"chown", "chmod", "link", "keep-git-dir", "checksum", "unpack", "exclude"}},
        {INSTR_HEALTHCHECK, {"interval", "timeout", "start-period", "start-interval", "retries"}},
};

static size_t known_flags(InstructionKind kind, const char *const **ret_names) {
        for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
                if (tables[i].kind != kind) continue;
                size_t n = 0;
                while (n < ARRAY_SIZE(tables[i].names) && tables[i].names[n]) n++;
                *ret_names = tables[i].names;
                return n;
        }
        *ret_names = NULL;
        return 0;
}

int flags_check(const Maker *m, const Instruction *i, Err **e) {
        const char *const *names = NULL;
        size_t count = known_flags(i->kind, &names);
        for (size_t k = 0; k < i->flag_count; k++) {
                bool known = false;
                for (size_t n = 0; n < count && !known; n++) known = streq(names[n], i->flags[k].name);
                if (known) continue;
                const char *near = count ? nearest_name(i->flags[k].name, names, count) : NULL;
                plan_error(m, i, i->flags[k].name, ERR_SYNTAX, e, "unknown flag: --%s", i->flags[k].name);
                return near ? err_hint(e, "did you mean --%s?", near) : -1;
        }
        return 0;
}

const char *flag_value(const Instruction *i, const char *name) {
        for (size_t k = i->flag_count; k-- > 0;)
                if (streq(i->flags[k].name, name)) return i->flags[k].value ? i->flags[k].value : "";
        return NULL;
}

size_t flag_list(const Maker *m, const Instruction *i, const char *name, const char *const **ret_values) {
        const char **values = arena_array(m->arena, i->flag_count, sizeof *values);
        size_t n = 0;
        for (size_t k = 0; k < i->flag_count; k++)
                if (streq(i->flags[k].name, name)) values[n++] = i->flags[k].value ? i->flags[k].value : "";
        *ret_values = values;
        return n;
}

bool boolean_parse(const char *text, bool *ret_value) {
        static const struct {
                const char *text;
                bool value;
        } rows[] = {{"true", true}, {"1", true}, {"t", true}, {"false", false}, {"0", false}, {"f", false}};
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                if (strcasecmp(text, rows[i].text) != 0) continue;
                *ret_value = rows[i].value;
                return true;
        }
        return false;
}

int flag_bool(const Maker *m, const Instruction *i, const char *name, int default_value, int *ret_value, Err **e) {
        *ret_value = default_value;
        for (size_t k = 0; k < i->flag_count; k++) {
                bool value = true;
                if (!streq(i->flags[k].name, name)) continue;
                if (i->flags[k].value && !boolean_parse(i->flags[k].value, &value))
                        return plan_error(m, i, name, ERR_SYNTAX, e, "--%s: expecting true or false, not '%s'", name,
                                          i->flags[k].value);
                *ret_value = value;
        }
        return 0;
}
