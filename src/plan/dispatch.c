/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include "base/cleanup.h"

typedef int (*Handler)(Stage *s, const Instruction *i, Err **e);

static const Handler handlers[INSTR_KIND_MAX] = {
        [INSTR_ARG] = dispatch_arg,
        [INSTR_RUN] = dispatch_run,
        [INSTR_COPY] = dispatch_copy,
        [INSTR_ADD] = dispatch_copy,
        [INSTR_ENV] = dispatch_env,
        [INSTR_LABEL] = dispatch_label,
        [INSTR_CMD] = dispatch_cmd,
        [INSTR_ENTRYPOINT] = dispatch_entrypoint,
        [INSTR_SHELL] = dispatch_shell,
        [INSTR_WORKDIR] = dispatch_workdir,
        [INSTR_USER] = dispatch_user,
        [INSTR_EXPOSE] = dispatch_expose,
        [INSTR_VOLUME] = dispatch_volume,
        [INSTR_STOPSIGNAL] = dispatch_stopsignal,
        [INSTR_HEALTHCHECK] = dispatch_healthcheck,
        [INSTR_ONBUILD] = dispatch_onbuild,
        [INSTR_MAINTAINER] = dispatch_maintainer,
};

int plan_dispatch(Stage *s, const Instruction *i, Err **e) {
        Handler handler = (unsigned)i->kind < INSTR_KIND_MAX ? handlers[i->kind] : NULL;
        if (!handler)
                return plan_error(s->maker, i, i->written, e, "%s is not allowed here", instruction_name(i->kind));
        if (handler(s, i, e) < 0) return -1;
        if (!s->tip || s->tip->depth <= PLAN_LAYERS_MAX) return 0;
        plan_limit(s->maker, i, PLAN_LAYERS_MAX, "layers on top of each other", e);
        return err_hint(e, "put several commands into one RUN, or copy the result into a new stage");
}
