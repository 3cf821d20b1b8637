/* SPDX-License-Identifier: Apache-2.0 */

/* Any text as a file of structure tests: the first byte says of which kind. What is read is run, without commands, against an
 * image of no files. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "inspect/structure_test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition) abort();
}

static void run_all(const StructureFile *f) {
        AUTO(err_freep) Err *e = NULL;
        AUTO(view_freep) View *root = NULL;
        const StrVec none = {0};
        ImageConfig config;
        image_config_init(&config);
        strvec_push(&config.env, "PATH=/bin");
        require(view_open(&none, &root, &e) == 0);
        StructureRunParams params = {.root = root, .config = &config};
        StructureReport report = {0};
        require(structure_file_run(f, &params, &report, &e) == 0);
        require(report.passed + report.failed + report.skipped == report.results.n);
        for (size_t i = 0; i < report.results.n; i++)
                require((report.results.v[i].status == STRUCTURE_FAILED) == (report.results.v[i].failures.n > 0));
        structure_report_done(&report);
        image_config_done(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        AUTO(err_freep) Err *e = NULL;
        AUTO(structure_file_freep) StructureFile *f = NULL;
        if (size < 1) return 0;
        const char *path = data[0] == 'J' ? "t.json" : "t.yaml";
        int r = structure_file_parse(path, (Str){(const char *)data + 1, size - 1}, &f, &e);
        require((r < 0) == (e != NULL));
        if (f) run_all(f);
        return 0;
}
