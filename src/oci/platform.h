/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* os/arch[/variant] with containerd's normalisation (x86_64 -> amd64, aarch64 -> arm64, arm64/v8 -> arm64,
 * arm -> arm/v7, ...). Fixed-size fields so that it can be copied by value. Any thread. */
typedef struct Platform {
        char os[32];
        char arch[32];
        char variant[16];
        char os_version[64];
} Platform;

/* "linux/arm64/v8", "arm64", "linux", "local". ERR_SYNTAX names the unknown part. */
int platform_parse(Str text, Platform *ret_platform, Err **e);
void platform_host(Platform *ret_platform);
void platform_render(const Platform *p, char *ret_text); /* "linux/arm/v7"; >= 96 bytes */
bool platform_eq(const Platform *a, const Platform *b);  /* os, arch, variant */
/* How well an image of platform `have` serves `want`: 0 not at all, larger is better (exact variant best, lower arm
 * variants usable on higher). */
int platform_match(const Platform *want, const Platform *have);
