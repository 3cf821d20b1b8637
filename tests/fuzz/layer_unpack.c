/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/stream.h"
#include "layer/pack.h"
#include "os/fs.h"

/* Unpack any bytes as a layer, pack what came of it and unpack that again. The first byte chooses the rules. Two things must
 * not happen: that something appears beside the directory, and that a layer which could be packed cannot be unpacked. */

static int unpack(const char *path, bool layer, const void *data, size_t size) {
        UnpackParams params = {.fs_path = path, .layer = layer, .max_bytes = 1 << 20, .max_entries = 200,
                               .has_owner = true, .uid = geteuid(), .gid = getegid()};
        AUTO(source_freep) Source *source = source_from_memory(data, size);
        return layer_unpack(&params, source, NULL, NULL);
}

static void pack_again(const char *path, const char *again) {
        AUTO(closep) int fd = open(again, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        AUTO(sink_freep) Sink *sink = sink_to_fd(fd);
        PackParams params = {.fs_path = path, .clamp_mtime_s = -1};
        layer_pack(&params, sink, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size == 0) return 0;
        char root[] = "/tmp/decant-fuzz-XXXXXX";
        if (!mkdtemp(root)) return 0;
        AUTO(freep) char *inner = xasprintf("%s/fs", root);
        AUTO(freep) char *tar = xasprintf("%s/tar", root);
        if (dir_make_all(AT_FDCWD, inner, 0755, NULL) < 0) abort();
        int r = unpack(inner, data[0] & 1, data + 1, size - 1);
        DirList list;
        if (dir_list(AT_FDCWD, root, &list, NULL) < 0 || list.n != 1) abort();
        dir_list_done(&list);
        if (r == 0) pack_again(inner, tar);
        tree_remove(AT_FDCWD, root, NULL);
        return 0;
}
