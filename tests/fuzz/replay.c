/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "os/fs.h"

/* Feeds every file of the corpus directories given as arguments to a fuzz target: what a fuzzer once found stays found in the
 * ordinary test run. Each input is also cut short at several places. */

enum { INPUT_MAX = 16 << 20, CUTS = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(const char *data, size_t size) {
        uint8_t *copy = xmemdup(data, size); /* of exactly this size, so that a sanitizer sees a read behind the end */
        LLVMFuzzerTestOneInput(copy, size);
        free(copy);
}

static int replay_directory(const char *directory, size_t *count, Err **e) {
        DirList list;
        if (dir_list(AT_FDCWD, directory, &list, e) < 0) return -1;
        int r = 0;
        for (size_t i = 0; i < list.n && r == 0; i++) {
                AUTO(freep) char *path = xasprintf("%s/%s", directory, list.v[i].name);
                AUTO(freep) char *data = NULL;
                size_t size = 0;
                r = file_read(AT_FDCWD, path, INPUT_MAX, &data, &size, e);
                if (r < 0) break;
                feed(data, size);
                for (size_t cut = 1; cut < CUTS; cut++) feed(data, size * cut / CUTS);
                (*count)++;
        }
        dir_list_done(&list);
        return r;
}

int main(int argc, char **argv) {
        size_t count = 0;
        AUTO(err_freep) Err *e = NULL;
        for (int i = 1; i < argc; i++) {
                if (replay_directory(argv[i], &count, &e) < 0) {
                        fprintf(stderr, "%s\n", err_message(e));
                        return 1;
                }
        }
        printf("%zu inputs\n", count);
        return count > 0 ? 0 : 1;
}
