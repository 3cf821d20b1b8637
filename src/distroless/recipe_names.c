/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "distroless/recipe_internal.h"

const DebianName debian_names[] = {
        {"debian11", "bullseye", "11"},
        {"debian12", "bookworm", "12"},
        {"debian13", "trixie", "13"},
        {"debian14", "forky", "14"},
        {NULL, NULL, NULL},
};

const DebianName *debian_name_find(const char *text) {
        for (const DebianName *d = debian_names; d->release; d++)
                if (streq(d->release, text) || streq(d->codename, text) || streq(d->version_id, text)) return d;
        return NULL;
}

const DebianArchitecture *recipe_architecture(const char *text) {
        const DebianArchitecture *a = debian_architecture_find(text);
        Platform platform;
        if (a || platform_parse(str_of(text), &platform, NULL) < 0) return a;
        return debian_architecture_of_platform(&platform);
}
