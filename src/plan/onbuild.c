/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

/* ONBUILD keeps its text in the configuration; whoever builds FROM that image or stage runs it first, once. */

static int trigger_allowed(const Maker *m, const Instruction *i, const char *text, Err **e) {
        static const char *const refused[] = {"ONBUILD", "FROM", "MAINTAINER"};
        size_t n = strcspn(text, " \t");
        if (n == 0) return plan_error(m, i, NULL, e, "ONBUILD requires an instruction behind it");
        for (size_t k = 0; k < ARRAY_SIZE(refused); k++) {
                if (strlen(refused[k]) != n || strncasecmp(text, refused[k], n) != 0) continue;
                if (k == 0) return plan_error(m, i, NULL, e, "chaining ONBUILD via 'ONBUILD ONBUILD' isn't allowed");
                return plan_error(m, i, refused[k], e, "%s isn't allowed as an ONBUILD trigger", refused[k]);
        }
        return 0;
}

int dispatch_onbuild(Stage *s, const Instruction *i, Err **e) {
        const char *text = i->rest ? i->rest : ""; /* with its heredocs */
        if (trigger_allowed(s->maker, i, text, e) < 0) return -1;
        if (s->pub.config.on_build.n >= PLAN_TRIGGERS_MAX)
                return plan_limit(s->maker, i, PLAN_TRIGGERS_MAX, "ONBUILD triggers", e);
        strvec_push(&s->pub.config.on_build, text);
        return 0;
}

int onbuild_take(Stage *s, const Instruction **ret_instructions, size_t *ret_count, Err **e) {
        Maker *m = s->maker;
        AUTO(strvec_done) StrVec texts = s->pub.config.on_build;
        s->pub.config.on_build = (StrVec){0};
        if (texts.n > PLAN_TRIGGERS_MAX)
                return plan_limit(m, s->from, PLAN_TRIGGERS_MAX, "ONBUILD triggers in the base", e);
        Instruction *list = arena_array(m->arena, texts.n, sizeof *list);
        for (size_t k = 0; k < texts.n; k++) {
                if (dockerfile_parse_trigger(m->dockerfile, texts.v[k], s->from->first_line, &list[k], e) < 0)
                        return err_wrap(e, "ONBUILD trigger '%s' of %s", texts.v[k], s->base_name);
                if (trigger_allowed(m, s->from, texts.v[k], e) < 0) return -1;
        }
        *ret_instructions = list;
        *ret_count = texts.n;
        return 0;
}
