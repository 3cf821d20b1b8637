/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <string.h>

#include "base/cleanup.h"

/* An absolute path is kept as it is written, a relative one is joined to the last and cleaned; the directory that is made is
 * the cleaned one in any case. The root needs no step. */
int dispatch_workdir(Stage *s, const Instruction *i, Err **e) {
        Maker *m = s->maker;
        ImageConfig *config = &s->pub.config;
        const char *path = NULL;
        if (stage_expand(s, i, i->word_count > 0 ? i->words[0] : "", &path, e) < 0) return -1;
        plan_check_workdir(s, i, path);
        if (path[0] != '/') path = plan_path_join(m->arena, config->working_dir ? config->working_dir : "/", path);
        bool layer = !streq(path, "/");
        free(config->working_dir);
        config->working_dir = xstrdup(path);
        if (layer) {
                PlanStep *step = step_new(s, STEP_WORKDIR, i, step_name(s, instruction_text(s, i)));
                step->workdir.path = plan_path_clean(m->arena, path);
                step->workdir.user = arena_strdup(m->arena, config->user ? config->user : "");
                stage_push(s, step);
        }
        history_commit(s, arena_printf(m->arena, "WORKDIR %s", path), layer);
        return 0;
}
