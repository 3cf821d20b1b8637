/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

/* Paragraphs of "Name: value" fields as Packages, Release, .sources and control files have them (deb822(5)). Everything is a view
 * into the text that was given. Any thread. */

typedef struct ControlField {
        Str name;
        Str value;   /* without white space at its ends; continuation lines as they stand, "\n " between them */
        size_t line; /* where its name stands, from 1 */
} ControlField;

typedef VEC(ControlField) ControlFields;

typedef struct ControlParagraph {
        ControlFields fields;
        Str text; /* from the first field to the end of the last line, with its newline if it has one */
        size_t line;
} ControlParagraph;

enum { CONTROL_FIELDS_MAX = 512 };

/* The next paragraph of text, from *offset on, which moves behind it.
 * file: for messages. ret: {0} or the paragraph of the call before, whose memory is used again (and from which lines are counted on).
 * Lines that begin with "#" are passed over, but stay in the value when they stand between continuation lines: see control_line().
 * Returns >0 found, 0 there is none any more, <0 ERR_FORMAT ("FILE:LINE: ..."), ERR_LIMIT more than CONTROL_FIELDS_MAX fields. */
int control_next(Str text, const char *file, size_t *offset, ControlParagraph *ret, Err **e);

void control_paragraph_done(ControlParagraph *p);

/* Value of the field, whatever the case of its name; {NULL, 0} when absent. */
Str control_get(const ControlParagraph *p, const char *name);
const ControlField *control_find(const ControlParagraph *p, const char *name); /* NULL when absent */

/* Takes the next line off the front of a value: trimmed, empty ones and comments passed over. False at the end. */
bool control_line(Str *value, Str *ret_line);
