/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"

/* The part of Go's text/template that people give to --format: {{.Field.Sub}}, {{json .X}}, {{index .X "k" 0}},
 * {{range .L}} {{range $i, $v := .L}} {{if}} {{else}} {{end}}, pipes, parentheses, {{- trim -}} and the functions json, index,
 * join, split, lower, upper, title, len, println, truncate, eq, ne, and, or, not. Values are JSON. One thread. */

enum { TEMPLATE_SIZE_MAX = 65536, TEMPLATE_DEPTH_MAX = 32 };

typedef struct Template Template;

/* text: borrowed for the life of the template. \t and \n written as escapes are expanded by the caller (format_parse). ERR_USAGE
 * says where it is wrong. */
int template_parse(const char *text, Template **ret_template, Err **e);
void template_free(Template *t);
static inline void template_freep(Template **t) {
        if (*t) template_free(*t);
}
/* Append the rendering of value. A field that value does not have is ERR_USAGE with the nearest name. */
int template_render(const Template *t, json_t *value, Buf *out, Err **e);
