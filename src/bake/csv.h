/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "codec/config_node.h"

/* Internal to bake/. */

/* One line of CSV with Go's quoting; fields are appended to list as text. False on a stray quote. */
bool bake_csv_split(Arena *a, const char *text, ConfigNode *list);
void bake_csv_add(Buf *out, const char *field); /* with a comma before it unless out is empty */
