/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "codec/ar.h"
#include "codec/tar.h"
#include "debian/deb_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DATA_READ_MAX = 1 << 20 };

/* What was found lies inside of the file. */
static void check_members(int fd, size_t size) {
        ArReader r;
        ArMember m;
        AUTO(err_freep) Err *e = NULL;
        int found;
        if (ar_open(fd, &r, &e) < 0) return;
        while ((found = ar_next(&r, &m, &e)) == AR_MEMBER)
                if (!m.name[0] || m.offset > size || m.size > size - m.offset) abort();
        if ((found < 0) != (e != NULL)) abort();
}

static void check_control(int fd) {
        AUTO(deb_control_done) DebControl c = {0};
        AUTO(err_freep) Err *e = NULL;
        int r = deb_read_control(fd, &c, &e);
        if ((r < 0) != (e != NULL)) abort();
        if (r < 0) return;
        if (c.control_size > DEB_CONTROL_MAX || c.control[c.control_size] || (c.md5sums && c.md5sums[c.md5sums_size]))
                abort();
}

static void check_data(int fd) {
        AUTO(source_freep) Source *tar = NULL;
        AUTO(err_freep) Err *e = NULL;
        char block[4096];
        size_t n = 1;
        if (deb_open_data(fd, &tar, &e) < 0) return;
        for (size_t total = 0; n > 0 && total < DATA_READ_MAX; total += n)
                if (tar->read(tar, block, sizeof block, &n, &e) < 0) return;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        AUTO(closep) int fd = memfd_create("deb", MFD_CLOEXEC);
        if (write(fd, data, size) != (ssize_t)size) abort();
        check_members(fd, size);
        check_control(fd);
        check_data(fd);
        return 0;
}
