/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/stream.h"
#include "layer/pack.h"
#include "os/fs.h"

/* Any bytes as a layer; the first byte chooses the rules. Nothing may appear beside the directory, and what came of it must
 * survive the way through a tar and back: packed, unpacked and packed again it gives the same bytes. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition) abort();
}

static int unpack(const char *path, bool layer, const void *data, size_t size) {
        require(dir_make_all(AT_FDCWD, path, 0755, NULL) == 0);
        UnpackParams params = {.fs_path = path,
                               .layer = layer,
                               .max_bytes = 1 << 20,
                               .max_entries = 200,
                               .has_owner = true,
                               .uid = geteuid(),
                               .gid = getegid()};
        AUTO(source_freep) Source *source = source_from_memory(data, size);
        return layer_unpack(&params, source, NULL, NULL);
}

static int pack(const char *path, Buf *out) {
        AUTO(sink_freep) Sink *sink = sink_to_buf(out);
        PackParams params = {.fs_path = path, .clamp_mtime_s = -1};
        return layer_pack(&params, sink, NULL);
}

static void there_and_back(const char *path, const char *again) {
        AUTO(buf_done) Buf once = {0};
        AUTO(buf_done) Buf twice = {0};
        if (pack(path, &once) < 0) return; /* names that no layer can have */
        require(unpack(again, true, once.p, once.n) == 0);
        require(pack(again, &twice) == 0);
        require(once.n == twice.n && memcmp(once.p, twice.p, once.n) == 0);
}

static size_t names_in(const char *path) {
        DirList list;
        require(dir_list(AT_FDCWD, path, &list, NULL) == 0);
        size_t count = list.n;
        dir_list_done(&list);
        return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char root[] = "/tmp/decant-fuzz-XXXXXX";
        if (size == 0 || !mkdtemp(root)) return 0;
        AUTO(freep) char *inner = xasprintf("%s/fs", root);
        AUTO(freep) char *again = xasprintf("%s/again", root);
        int r = unpack(inner, data[0] & 1, data + 1, size - 1);
        require(names_in(root) == 1);
        if (r == 0) there_and_back(inner, again);
        tree_remove(AT_FDCWD, root, NULL);
        return 0;
}
