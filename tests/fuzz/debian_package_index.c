/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "debian/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static PackageIndex *open_index(const uint8_t *data, size_t size) {
        AUTO(closep) int text = memfd_create("text", MFD_CLOEXEC), table = memfd_create("table", MFD_CLOEXEC);
        AUTO(source_freep) Source *source = source_from_memory(data, size);
        AUTO(err_freep) Err *e = NULL;
        int status = package_index_build(source, text, table, &e);
        if ((status < 0) != (e != NULL)) abort();
        if (status < 0) return NULL;
        AUTO(freep)
        char *text_path = xasprintf("/proc/self/fd/%d", text), *table_path = xasprintf("/proc/self/fd/%d", table);
        PackageIndex *index;
        if (package_index_open(text_path, table_path, "fuzz", &index, NULL) < 0) abort();
        return index;
}

static void check_list(const PackageList *list, Str name) {
        for (size_t i = 0; i < list->n; i++) {
                const DebianPackage *p = list->v[i];
                if (!str_eq(p->name, name) || p->path.n == 0 || p->path.p[0] == '/') abort();
        }
}

static void resolve(PackageUniverse *u, const char *name) {
        ResolveRoot root = {.name = name, .where = "fuzz:1", .closure = true};
        AUTO(err_freep) Err *e = NULL;
        PackageList list = {0};
        int status = debian_resolve(u, &root, 1, &list, &e);
        if ((status < 0) != (e != NULL) || (status == 0 && list.n == 0)) abort();
        for (size_t i = 0; i < list.n; i++)
                if (!list.v[i]) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        PackageIndex *index = open_index(data, size);
        if (!index) return 0;
        AUTO(package_universe_freep) PackageUniverse *u = package_universe_new("amd64");
        if (package_universe_add(u, index, NULL) < 0) abort();
        static const char *const names[] = {"aa", "bb", "cc", "dd", "vv"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                PackageList list = {0};
                if (package_universe_find(u, str_of(names[i]), &list, NULL) == 0) check_list(&list, str_of(names[i]));
                (void)package_universe_providers(u, str_of(names[i]), &list, NULL);
                resolve(u, names[i]);
        }
        AUTO(strvec_done) StrVec nearest = {0};
        if (package_universe_nearest(u, "ab", &nearest, NULL) < 0) abort();
        return 0;
}
