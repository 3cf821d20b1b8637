/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/args.h"
#include "cli/run_options.h"
#include "image/image.h"
#include "inspect/structure_test.h"
#include "store/store.h"

/* The commands of structure tests, run as `decant run` runs them: a container a test. One thread. */

typedef struct TestRunnerParams {
        Store *store;
        const Image *image;
        const Args *args; /* of `decant test`: --network, --read-only, --runtime, --tmpfs, --user */
        unsigned timeout_s;
} TestRunnerParams;

typedef struct TestRunner TestRunner;
/* params and what it points to: borrowed as long as the runner. */
TestRunner *test_runner_new(const TestRunnerParams *params);
void test_runner_free(TestRunner *r);
static inline void test_runner_freep(TestRunner **r) {
        if (*r) test_runner_free(*r);
}
/* To give to structure_file_run(). */
const StructureRunner *test_runner_interface(const TestRunner *r);
