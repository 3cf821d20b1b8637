/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "inspect/structure_test.h"

/* Results of `decant test` in the forms of container-structure-test: text, json, junit. One file a form. Any thread. */

typedef struct TestFormatOptions {
        bool color;             /* text */
        const char *suite_name; /* junit; borrowed */
} TestFormatOptions;

typedef struct TestFormat {
        const char *name;
        /* Both append to out. result: as soon as a test is done; NULL where there is nothing to say before the end. */
        void (*result)(const StructureResult *result, const TestFormatOptions *options, Buf *out);
        void (*finish)(const StructureReport *report, const TestFormatOptions *options, Buf *out);
} TestFormat;

#define TEST_SUITE_NAME "container-structure-test.test"

extern const TestFormat test_format_text, test_format_json, test_format_junit;

/* NULL is text. ERR_USAGE. */
int test_format_find(const char *name, const TestFormat **ret_format, Err **e);
