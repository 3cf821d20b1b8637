/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Expressions of templates (cli/template.h). One thread. */

typedef struct EvalVariable {
        Str name; /* "$v"; empty: none */
        json_t *value;
} EvalVariable;

typedef struct EvalScope EvalScope;
struct EvalScope {
        json_t *dot, *root; /* borrowed */
        const EvalScope *parent;
        const EvalVariable *variables;
        size_t variable_count;
};

/* A pipeline: *ret_value is a new reference. ERR_USAGE. */
int eval_expression(const EvalScope *scope, Str text, json_t **ret_value, Err **e);
bool eval_truth(const json_t *value);                /* Go's: empty, zero, null and false are not */
void eval_print(const json_t *value, Buf *out);      /* as Go's %v */
const char **eval_sorted_keys(const json_t *object); /* owned array of borrowed keys */

/* One function call: arguments are borrowed. (cli/template_functions.c) */
enum { EVAL_ARGUMENTS_MAX = 16, EVAL_DEPTH_MAX = 32 };
typedef struct EvalCall {
        Str name;
        json_t *arguments[EVAL_ARGUMENTS_MAX];
        size_t count;
} EvalCall;
int eval_call(const EvalCall *call, json_t **ret_value, Err **e);
