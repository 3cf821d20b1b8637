/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "plan/plan.h"
#include "store/store.h"

/* Images for the plan: from the local store, OCI layouts. Internal to build/. */
typedef struct ImageResolver {
        Store *store;
        struct Build *build;   /* assembles what the store does not have; NULL: nobody does */
        const char *directory; /* relative oci-layout paths start here; NULL: the working directory */
} ImageResolver;

/* The callbacks of PlanResolver; context is an ImageResolver. */
int resolve_image(void *context, const char *reference, const Platform *platform, PlanImage *ret_image, Err **e);
int resolve_context_image(void *context, const char *value, const Platform *platform, PlanImage *ret_image, Err **e);
