/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/architecture.h"

#include <stdio.h>

#include "base/cleanup.h"

static const DebianArchitecture architectures[] = {
        {"amd64", "amd64", "", "x86_64-linux-gnu"},      {"arm64", "arm64", "v8", "aarch64-linux-gnu"},
        {"armhf", "arm", "v7", "arm-linux-gnueabihf"},   {"armel", "arm", "v5", "arm-linux-gnueabi"},
        {"i386", "386", "", "i386-linux-gnu"},           {"ppc64el", "ppc64le", "", "powerpc64le-linux-gnu"},
        {"riscv64", "riscv64", "", "riscv64-linux-gnu"}, {"s390x", "s390x", "", "s390x-linux-gnu"},
};

const DebianArchitecture *debian_architectures(size_t *ret_count) {
        *ret_count = ARRAY_SIZE(architectures);
        return architectures;
}

const DebianArchitecture *debian_architecture_find(const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
                if (streq(architectures[i].name, name)) return &architectures[i];
        return NULL;
}

void debian_architecture_platform(const DebianArchitecture *a, Platform *ret_platform) {
        *ret_platform = (Platform){.os = "linux"};
        snprintf(ret_platform->arch, sizeof ret_platform->arch, "%s", a->oci);
        snprintf(ret_platform->variant, sizeof ret_platform->variant, "%s", a->variant);
}

const DebianArchitecture *debian_architecture_of_platform(const Platform *want) {
        const DebianArchitecture *found = NULL;
        int best = 0;
        for (size_t i = 0; i < ARRAY_SIZE(architectures); i++) {
                Platform have;
                debian_architecture_platform(&architectures[i], &have);
                int match = platform_match(want, &have);
                if (match <= best) continue;
                best = match;
                found = &architectures[i];
        }
        return found;
}
