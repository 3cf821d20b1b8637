/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "plan/maker.h"

size_t plan_flag_list(const Maker *m, const Instruction *i, const char *name, const char *const **ret_values) {
        const char **values = arena_array(m->arena, i->flag_count, sizeof *values);
        size_t n = 0;
        for (size_t k = 0; k < i->flag_count; k++)
                if (streq(i->flags[k].name, name)) values[n++] = i->flags[k].value ? i->flags[k].value : "";
        *ret_values = values;
        return n;
}
