/* SPDX-License-Identifier: Apache-2.0 */

/* Any text as a lock file. What is accepted is written so that it reads the same, and differs from itself in nothing. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "distroless/lock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition) abort();
}

static void compare(const LockFile *a, const LockFile *b) {
        require(a->architectures.n == b->architectures.n);
        for (size_t i = 0; i < a->architectures.n; i++) {
                AUTO(strvec_done) StrVec lines = {0};
                base_lock_compare(&a->architectures.v[i], &b->architectures.v[i], &lines);
                require(lines.n == 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        AUTO(err_freep) Err *e = NULL;
        AUTO(lock_file_done) LockFile file = {0}, again = {0};
        AUTO(buf_done) Buf first = {0}, second = {0};
        int r = lock_file_parse((Str){(const char *)data, size}, "fuzz", &file, &e);
        require((r < 0) == (e != NULL));
        if (r < 0) return 0;
        lock_file_render(&file, &first);
        require(lock_file_parse(buf_str(&first), "again", &again, NULL) == 0);
        lock_file_render(&again, &second);
        require(first.n == second.n && memcmp(first.p, second.p, first.n) == 0);
        compare(&file, &again);
        return 0;
}
