/* SPDX-License-Identifier: Apache-2.0 */

/* What lies in an image as a database of packages. The first line of the input is the file's path, the rest its contents. Whatever is
 * read must render as documents that are JSON. */

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "inspect/sbom.h"
#include "os/fs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = {
        "var/lib/dpkg/status",
        "var/lib/dpkg/status.d/x",
        "lib/apk/db/installed",
        "site/x.dist-info/METADATA",
        "a/node_modules/x/package.json",
        "usr/share/doc/x/copyright",
        "usr/lib/os-release",
        "bin/x.so",
};

static void render(const ImagePackages *packages) {
        Digest id = {0};
        ImageConfig config;
        image_config_init(&config);
        SbomSubject subject = {.image_id = &id, .config = &config, .tool_version = "0", .packages = packages};
        for (unsigned format = 0; format < SBOM_FORMAT_MAX; format++) {
                AUTO(buf_done) Buf text = {0};
                if (sbom_render(&subject, format, &text, NULL) < 0) abort();
        }
        image_config_done(&config);
}

static void read_root(const char *root) {
        AUTO(strvec_done) StrVec dirs = {0};
        AUTO(view_freep) View *view = NULL;
        AUTO(packages_done) ImagePackages packages = {0};
        strvec_push(&dirs, root);
        if (view_open(&dirs, &view, NULL) < 0) abort();
        if (packages_read(view, &packages, NULL) == 0) render(&packages);
}

static void put(const char *root, const char *path, Str contents) {
        AUTO(freep) char *full = xasprintf("%s/%s", root, path), *parent = xstrdup(full);
        *strrchr(parent, '/') = '\0';
        if (dir_make_all(AT_FDCWD, parent, 0755, NULL) < 0) abort();
        if (file_write_atomic(AT_FDCWD, full, contents.p, contents.n, 0755, NULL) < 0) abort();
}

static void try_one(const char *path, Str contents) {
        char root[] = "/tmp/decant-fuzz-XXXXXX";
        if (!mkdtemp(root)) abort();
        put(root, "var/lib/dpkg/status.d/x", STR("Package: x\nVersion: 1\n")); /* whose copyright file may follow */
        put(root, path, contents);
        read_root(root);
        tree_remove(AT_FDCWD, root, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Str contents = {(const char *)data, size}, path;
        if (!str_cut(&contents, '\n', &path)) return 0;
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
                if (str_is(path, paths[i])) try_one(paths[i], contents);
        return 0;
}
