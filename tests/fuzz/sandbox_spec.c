/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "sandbox/launcher/launcher.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The launcher's decoder: everything that it accepts can be read to its ends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *copy = malloc(size ? size : 1); /* aligned, and exactly as long as it is */
        memcpy(copy, data, size);
        size_t room = spec_room(copy, size);
        if (room) {
                void *lists = calloc(1, room);
                Spec s;
                size_t total = 0;
                if (spec_decode(copy, size, lists, &s) == 0) {
                        for (size_t i = 0; i < s.argc; i++) total += strlen(s.argv[i]);
                        for (size_t i = 0; i < s.env_count; i++) total += strlen(s.env[i]);
                        for (size_t i = 0; i < s.lower_count; i++) total += strlen(s.lower[i]);
                        for (size_t i = 0; i < s.mount_count; i++)
                                total += strlen(mount_source(s.mounts[i])) + strlen(mount_target(s.mounts[i]));
                        for (size_t i = 0; i < s.group_count; i++) total += s.groups[i];
                        for (size_t i = 0; i < s.limit_count; i++) total += (size_t)s.limits[i]->soft;
                }
                __asm__ volatile("" ::"r"(total));
                free(lists);
        }
        free(copy);
        return 0;
}
