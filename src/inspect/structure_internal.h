/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "inspect/structure_test.h"

/* What the files of the structure tests share; internal to inspect/. */

typedef struct StructureRun {
        const StructureFile *file;
        const StructureRunParams *params;
        StructureResult *result; /* of the test that is running */
        StrVec env;              /* of its commands */
} StructureRun;

/* The running test fails: one more line that says what was expected and what was found. */
void structure_fail(StructureRun *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Each runs one test; <0: no further test makes sense. */
int structure_run_command(StructureRun *r, const CommandTest *t, Err **e);
int structure_run_existence(StructureRun *r, const FileExistenceTest *t, Err **e);
int structure_run_content(StructureRun *r, const FileContentTest *t, Err **e);
int structure_run_license(StructureRun *r, const LicenseTest *t, Err **e);
int structure_run_metadata(StructureRun *r, const MetadataTest *t, Err **e);

/* Is every expected pattern in text, and no excluded one? what: "standard output" in messages. */
typedef struct StructureMatch {
        const char *what;
        Str text;
        const StructurePatterns *expected, *excluded;
} StructureMatch;
void structure_match(StructureRun *r, const StructureMatch *m);

/* Text for a message: quoted, on one line, at most STRUCTURE_FOUND_MAX bytes. Owned. */
char *structure_quote(Str text);

/* "$NAME" and "${NAME}" of env ("NAME=value") replaced as a shell does. A name that env has not becomes nothing, or stays
 * when keep_unknown. Owned. */
char *structure_expand(const char *text, const StrVec *env, bool keep_unknown);
