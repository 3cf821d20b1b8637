/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>

#include "image/docker_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parses must render, and parse again to as many images. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        DockerManifest m = {0}, again = {0};
        if (docker_manifest_parse((Str){(const char *)data, size}, &m, NULL) < 0) return 0;
        Buf json = {0}, repositories = {0};
        docker_manifest_render(&m, &json);
        (void)docker_repositories_render(&m, &repositories);
        if (docker_manifest_parse(buf_str(&json), &again, NULL) < 0 || again.images.n != m.images.n) __builtin_trap();
        docker_manifest_done(&again);
        docker_manifest_done(&m);
        buf_done(&json);
        buf_done(&repositories);
        return 0;
}
