/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/template.h"

/* --format of the commands that list things: "table", "table TEMPLATE", "json" or a template, applied to one JSON object a row.
 * One thread. */

typedef struct FormatColumn {
        const char *field;  /* "Repository" */
        const char *header; /* "REPOSITORY" */
} FormatColumn;

typedef struct Format Format;

/* text: --format or NULL for the default. standard: template of the default table, cells separated by \t. columns: every field
 * that a row may have; borrowed. */
int format_new(const char *text, const char *standard, const FormatColumn *columns, size_t column_count,
               Format **ret_format, Err **e);
void format_free(Format *f);
static inline void format_freep(Format **f) {
        if (*f) format_free(*f);
}
int format_row(Format *f, json_t *row, Err **e); /* row is borrowed */
void format_finish(Format *f, Buf *out);

/* "\t" and "\n" written with a backslash, as shells hand them over. Owned. */
char *format_unescape(const char *text);
