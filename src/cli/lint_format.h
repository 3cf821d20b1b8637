/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "dockerfile/checks.h"

/* What `decant lint` found, in the forms and with the field names of hadolint. */

typedef struct LintRow {
        const char *file; /* borrowed */
        char *code;       /* name of the rule; "SyntaxError", "BuildError" */
        char *text, *fix; /* fix: NULL for errors */
        CheckLevel level;
        uint32_t first_line, last_line; /* from 1 */
} LintRow;
typedef VEC(LintRow) LintRows;
void lint_rows_done(LintRows *rows);

typedef struct LintFormat {
        const char *name;
        void (*render)(const LintRows *rows, bool color, Buf *out);
} LintFormat;

/* tty, json, sarif, checkstyle, codeclimate, gitlab_codeclimate. ERR_USAGE. */
int lint_format_find(const char *name, const LintFormat **ret_format, Err **e);
