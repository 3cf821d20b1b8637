/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/changes.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cli/app.h"
#include "dockerfile/dockerfile.h"
#include "plan/plan.h"

static bool is_setting(InstructionKind kind) {
        switch (kind) {
        case INSTR_CMD:
        case INSTR_ENTRYPOINT:
        case INSTR_ENV:
        case INSTR_EXPOSE:
        case INSTR_HEALTHCHECK:
        case INSTR_LABEL:
        case INSTR_MAINTAINER:
        case INSTR_ONBUILD:
        case INSTR_SHELL:
        case INSTR_STOPSIGNAL:
        case INSTR_USER:
        case INSTR_VOLUME:
        case INSTR_WORKDIR: return true;
        default: return false;
        }
}

static int check_instructions(const Dockerfile *d, Err **e) {
        for (size_t i = 1; i < d->instruction_count; i++) {
                InstructionKind kind = d->instructions[i].kind;
                if (!is_setting(kind))
                        return err_new(e, ERR_USAGE, "%s cannot be a change: it is no setting", instruction_name(kind));
        }
        return 0;
}

static int no_image(void *context, const char *reference, const Platform *platform, PlanImage *ret_image, Err **e) {
        (void)context;
        (void)platform;
        (void)ret_image;
        return err_new(e, ERR_INTERNAL, "a change asked for image '%s'", reference);
}

static void forget_history(ImageConfig *c) {
        for (size_t i = 0; i < c->history.n; i++) {
                free(c->history.v[i].created_by);
                free(c->history.v[i].author);
                free(c->history.v[i].comment);
        }
        vec_done(&c->history);
}

static bool sets(const Dockerfile *d, InstructionKind kind, const char *key) {
        for (size_t i = 1; i < d->instruction_count; i++) {
                const Instruction *instruction = &d->instructions[i];
                if (instruction->kind != kind) continue;
                bool found = key == NULL;
                for (size_t j = 0; j < instruction->pair_count && !found; j++)
                        found = streq(instruction->pairs[j].key, key);
                if (found) return true;
        }
        return false;
}

/* FROM scratch brings a PATH and a working directory along; an import says only what it was told to. */
static void forget_defaults(const Dockerfile *d, ImageConfig *c) {
        StrVec env = {0};
        bool path = sets(d, INSTR_ENV, "PATH");
        for (size_t i = 0; i < c->env.n; i++) {
                if (path || !starts_with(c->env.v[i], "PATH=")) strvec_push(&env, c->env.v[i]);
        }
        strvec_copy(&c->env, &env);
        strvec_done(&env);
        if (sets(d, INSTR_WORKDIR, NULL)) return;
        free(c->working_dir);
        c->working_dir = NULL;
}

static int plan_changes(Dockerfile *d, const PlanParams *params, ImageConfig *config, Err **e) {
        AUTO(plan_freep) Plan *plan = NULL;
        if (plan_make(d, params, &plan, e) < 0) return -1;
        image_config_done(config);
        image_config_copy(config, &plan->target->config);
        forget_history(config);
        forget_defaults(d, config);
        return 0;
}

int changes_apply(const Args *args, ImageConfig *config, Err **e) {
        AUTO(dockerfile_freep) Dockerfile *d = NULL;
        AUTO(buf_done) Buf text = {0};
        Platform platform;
        const char *change, *wanted = args_text(args, "platform");
        platform_host(&platform);
        if (wanted && app_platform(wanted, &platform, e) < 0) return -1;
        buf_adds(&text, "FROM scratch\n");
        for (size_t i = 0; (change = args_next(args, "change", &i));) buf_addf(&text, "%s\n", change);
        if (dockerfile_parse("--change", buf_str(&text), &d, e) < 0 || check_instructions(d, e) < 0) return -1;
        PlanResolver resolver = {.image = no_image, .context_image = no_image};
        PlanParams params = {
                .resolver = &resolver, .platform = &platform, .build_platform = platform, .source_date_epoch_s = -1};
        if (plan_changes(d, &params, config, e) < 0) return -1;
        config->platform = platform;
        return 0;
}
