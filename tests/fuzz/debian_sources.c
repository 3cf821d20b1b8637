/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "debian/apt_sources.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_plain(const StrVec *list) {
        for (size_t i = 0; i < list->n; i++)
                if (!list->v[i][0] || strstr(list->v[i], "/../") || starts_with(list->v[i], "../")) abort();
}

static void check(int (*parse)(Str text, const char *file, AptRepositories *ret, Err **e), Str text) {
        AUTO(apt_repositories_done) AptRepositories list = {0}, other = {0};
        AUTO(err_freep) Err *e = NULL;
        int status = parse(text, "f", &list, &e);
        if ((status < 0) != (e != NULL)) abort();
        for (size_t i = 0; i < list.n; i++) {
                if (!list.v[i].uris.n || !list.v[i].suites.n || !list.v[i].where) abort();
                check_plain(&list.v[i].suites);
                check_plain(&list.v[i].components);
        }
        if (apt_sources_for_release(&list, "trixie", &other, NULL) == 0 && !other.n) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Str text = {(const char *)data, size};
        check(apt_sources_parse_lines, text);
        check(apt_sources_parse_stanzas, text);
        return 0;
}
