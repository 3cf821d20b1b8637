/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/describe.h"
#include "cli/app.h"
#include "cli/build_request.h"

/* `build --call=METHOD` and `--check`: what is said of a Dockerfile instead of building it. */

typedef enum CallMethod { CALL_BUILD, CALL_CHECK, CALL_OUTLINE, CALL_TARGETS, CALL_DESCRIBE } CallMethod;

typedef struct Call {
        CallMethod method;
        bool json;
        bool ignore_status; /* end with 0 in any case */
} Call;

/* "check,format=json". NULL text: build; check: --check was given. ERR_USAGE. */
int call_parse(const char *text, bool check, Call *ret_call, Err **e);

/* Returns the exit status, or -1. */
int call_run(App *app, const Call *call, BuildRequest *request, Err **e);

/* A target's arguments, secrets and caches, for both formats. */
typedef struct OutlineRow {
        const char *name, *value, *description; /* value: or NULL */
        bool required;
        uint32_t line;
} OutlineRow;
typedef VEC(OutlineRow) OutlineRows;
typedef struct Outline {
        const char *name, *description; /* "" when there is none */
        OutlineRows args, secrets, ssh, caches;
} Outline;

typedef struct TargetRow {
        const char *name, *description, *base, *platform; /* "" when there is none */
        bool is_default;
        uint32_t line;
} TargetRow;
typedef VEC(TargetRow) TargetRows;

/* As BuildKit's subrequests give them; appended. */
void call_json_check(const BuildDescription *d, Buf *out);
void call_json_outline(const BuildDescription *d, const Outline *outline, Buf *out);
void call_json_targets(const BuildDescription *d, const TargetRows *rows, Buf *out);
