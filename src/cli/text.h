/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* Text on a terminal. Any thread. */

/* Columns that UTF-8 text takes: wide characters two, combining ones none, a byte that is no UTF-8 one. */
size_t text_columns(Str text);

/* Append as much of text as fits into columns; returns the columns used. */
size_t text_add_clipped(Buf *out, Str text, size_t columns);

/* Append one line of foreign output as it may stand on a terminal: what follows the last carriage return, without escape
 * sequences and control characters, tabs as spaces, bad UTF-8 as '?'. */
void text_add_plain(Buf *out, Str line);

/* Append text of several lines without what could steer a terminal: control characters but tab and newline become '?'. */
void text_add_safe(Buf *out, Str text);

/* Append data in base64 (RFC 4648, with padding). */
void text_add_base64(Buf *out, const void *data, size_t size);

/* Rows of cells as docker's tables: each column is as wide as its widest cell plus three, at least ten; the last is not padded.
 * text: lines whose cells are separated by tabs; it is made safe. */
void text_add_table(Buf *out, Str text);

/* Append text as the content of an XML element or attribute: escaped; control characters become spaces, what
 * is no UTF-8 or no character of XML U+FFFD. */
void text_add_xml(Buf *out, Str text);
