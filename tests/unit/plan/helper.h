/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/cleanup.h"
#include "plan/plan.h"

/* A plan from a text, with made-up base images. */

typedef struct Fixture {
        PlanParams params; /* change it before fixture_plan() */
        Dockerfile *dockerfile;
        Plan *plan;
        Err *error;
        unsigned resolved; /* how often the resolver was asked */
        unsigned warnings;
        PlanResolver resolver;
} Fixture;

void fixture_init(Fixture *f);
void fixture_done(Fixture *f);
/* 0 and f->plan, or -1 and f->error. */
int fixture_plan(Fixture *f, const char *text);

/* The configuration document of a known base ("busybox", "multiarch" for a platform, ...), or NULL. */
char *base_document(const char *name, const Platform *platform);

const char *history_at(const Plan *p, size_t i); /* created_by; "" past the end */
const PlanStep *last_step(const Plan *p);
const char *list_value(const char *const *list, const char *name); /* of NAME=value, or NULL */
