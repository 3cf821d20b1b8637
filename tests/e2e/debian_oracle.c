/* SPDX-License-Identifier: Apache-2.0 */
/* The room debian/ behind a command line, for comparisons with dpkg and apt in debian.sh:
 *   debian-oracle versions                       lines "A B" from standard input: "A lt|eq|gt B"
 *   debian-oracle resolve ARCHITECTURE PACKAGES...  lines of roots from standard input: "ROOTS: name=version ..." sorted, or "ROOTS: error: ..."
 *   debian-oracle build PACKAGES                 build the index, print the number of packages */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "debian/resolve.h"
#include "debian/version.h"

enum { ROOTS_MAX = 64 };

static int compare_versions(void) {
        AUTO(freep) char *line = NULL;
        size_t capacity = 0;
        while (getline(&line, &capacity, stdin) > 0) {
                char *save, *a = strtok_r(line, " \n", &save), *b = strtok_r(NULL, " \n", &save);
                if (!a || !b) return 2;
                int order = debian_version_compare(str_of(a), str_of(b));
                printf("%s %s %s\n", a, order < 0 ? "lt" : order > 0 ? "gt" : "eq", b);
        }
        return 0;
}

static int open_index(const char *path, PackageIndex **ret, Err **e) {
        AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        AUTO(closep) int text = memfd_create("text", MFD_CLOEXEC), table = memfd_create("table", MFD_CLOEXEC);
        if (fd < 0 || text < 0 || table < 0) return err_sys(e, "open '%s'", path);
        AUTO(source_freep) Source *file = source_from_fd(fd);
        if (package_index_build(file, text, table, e) < 0) return err_wrap(e, "%s", path);
        AUTO(freep)
        char *text_path = xasprintf("/proc/self/fd/%d", text), *table_path = xasprintf("/proc/self/fd/%d", table);
        return package_index_open(text_path, table_path, path, ret, e);
}

static int open_universe(const char *architecture, char **paths, PackageUniverse **ret, Err **e) {
        AUTO(package_universe_freep) PackageUniverse *u = package_universe_new(architecture);
        for (; *paths; paths++) {
                PackageIndex *index;
                if (open_index(*paths, &index, e) < 0 || package_universe_add(u, index, e) < 0) return -1;
        }
        *ret = TAKE(u);
        return 0;
}

static void print_list(const PackageList *list) {
        AUTO(strvec_done) StrVec names = {0};
        for (size_t i = 0; i < list->n; i++)
                strvec_pushf(&names, STR_FMT "=" STR_FMT, STR_ARG(list->v[i]->name), STR_ARG(list->v[i]->version));
        strvec_sort(&names);
        for (size_t i = 0; i < names.n; i++) printf(" %s", names.v[i]);
        printf("\n");
}

static void resolve_line(PackageUniverse *u, char *line) {
        ResolveRoot roots[ROOTS_MAX];
        size_t count = 0;
        line[strcspn(line, "\n")] = '\0';
        printf("%s:", line);
        char *save;
        for (char *name = strtok_r(line, " ", &save); name && count < ROOTS_MAX; name = strtok_r(NULL, " ", &save))
                roots[count++] = (ResolveRoot){.name = name, .closure = true};
        AUTO(err_freep) Err *e = NULL;
        PackageList list;
        if (debian_resolve(u, roots, count, &list, &e) == 0)
                print_list(&list);
        else
                printf(" error: %s\n%s%s", err_message(e), err_excerpt_text(e) ? err_excerpt_text(e) : "",
                       err_hints(e));
}

static int resolve(const char *architecture, char **paths, Err **e) {
        AUTO(package_universe_freep) PackageUniverse *u = NULL;
        if (open_universe(architecture, paths, &u, e) < 0) return -1;
        AUTO(freep) char *line = NULL;
        size_t capacity = 0;
        while (getline(&line, &capacity, stdin) > 0) resolve_line(u, line);
        return 0;
}

static int build(const char *path, Err **e) {
        AUTO(package_index_closep) PackageIndex *index = NULL;
        if (open_index(path, &index, e) < 0) return -1;
        printf("%zu\n", package_index_count(index));
        return 0;
}

int main(int argc, char **argv) {
        AUTO(err_freep) Err *e = NULL;
        if (argc == 2 && strcmp(argv[1], "versions") == 0) return compare_versions();
        if (argc > 3 && strcmp(argv[1], "resolve") == 0 && resolve(argv[2], argv + 3, &e) == 0) return 0;
        if (argc == 3 && strcmp(argv[1], "build") == 0 && build(argv[2], &e) == 0) return 0;
        fprintf(stderr, "debian-oracle: %s\n", e ? err_message(e) : "see the source for how it is used");
        return 2;
}
