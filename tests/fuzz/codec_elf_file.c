/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "codec/elf_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        AUTO(closep) int fd = memfd_create("elf", MFD_CLOEXEC);
        AUTO(err_freep) Err *e = NULL;
        ElfFile file;
        if (fd < 0 || pwrite(fd, data, size, 0) != (ssize_t)size) return 0;
        if (elf_read(fd, &file, &e) == ELF_FOUND) elf_file_done(&file);
        return 0;
}
