/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Relations between packages as Depends, Conflicts, Provides and the like have them (Debian Policy 7.1):
 * "a (>= 1), b:any | c [amd64 !i386]". Pure functions on views; any thread. */

typedef enum RelationOperator {
        RELATION_ANY,           /* no version named */
        RELATION_EARLIER,       /* << */
        RELATION_EARLIER_EQUAL, /* <= and the older < */
        RELATION_EQUAL,         /* = */
        RELATION_LATER_EQUAL,   /* >= and the older > */
        RELATION_LATER,         /* >> */
} RelationOperator;

typedef struct Relation {
        Str name;
        Str qualifier; /* of "name:any", "name:amd64"; empty when there is none */
        RelationOperator operation;
        Str version;       /* empty with RELATION_ANY */
        Str architectures; /* what stands in [...]; empty: every one */
        Str text;          /* all of it as it stands */
} Relation;

/* Alternatives, any one of which will do. At least one. */
typedef struct RelationGroup {
        const Relation *v;
        size_t n;
        Str text;
} RelationGroup;

typedef struct Relations {
        const RelationGroup *v;
        size_t n;
} Relations;

enum { RELATIONS_MAX = 16384 }; /* in one field */

/* Parse a field's value; empty entries are passed over, an empty value gives none. What is found lives in arena, its text in value.
 * ERR_FORMAT with the entry that is wrong and what was expected, ERR_LIMIT more than RELATIONS_MAX. */
int relations_parse(Arena *arena, Str value, Relations *ret, Err **e);

/* Does the version of a package fulfil the relation's? */
bool relation_takes_version(const Relation *r, Str version);

/* Is it meant for this architecture, by its [...]: "amd64", "linux-any", "any", "any-arm64", "!i386"? */
bool relation_is_for(const Relation *r, const char *architecture);

/* "name (>= 1)" with single spaces. */
void relation_render(const Relation *r, Buf *ret);
