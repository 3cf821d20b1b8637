/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "distroless/alternatives.h"
#include "distroless/ca_bundle.h"
#include "distroless/java_keystore.h"
#include "distroless/ld_cache.h"
#include "os/fs.h"

/* For the end-to-end tests: what would be written into the tree of packages that an argument names, so that it can be compared with
 * what the packages' own programs write.
 *   effects bundle|links|keystore TREE [EXTRA.pem]
 *   effects ld-cache TREE ARCHITECTURE GLIBC-VERSION OUTPUT    (prints the links that are to be made)
 *   effects alternatives TREE ARCHITECTURE PACKAGE... */

static int read_set(CaSet *set, View *tree, const char *extra, Err **e) {
        AUTO(freep) char *text = NULL;
        size_t size;
        if (ca_set_read_tree(set, tree, e) < 0) return -1;
        if (!extra) return 0;
        if (file_read(AT_FDCWD, extra, CA_FILE_MAX, &text, &size, e) < 0) return -1;
        return ca_set_add_extra(set, extra, (Str){text, size}, e);
}

static int print_links(const CaSet *set, Err **e) {
        CaEntries list;
        if (ca_set_links(set, &list, e) < 0) return -1;
        for (size_t i = 0; i < list.n; i++)
                if (list.v[i].target) printf("%s %s\n", list.v[i].path, list.v[i].target);
        ca_entries_done(&list);
        return 0;
}

static int certificates(const char *what, View *tree, const char *extra, Err **e) {
        AUTO(ca_set_done) CaSet set = {0};
        AUTO(buf_done) Buf out = {0};
        if (read_set(&set, tree, extra, e) < 0) return -1;
        if (streq(what, "links")) return print_links(&set, e);
        if (streq(what, "bundle")) {
                ca_set_render_bundle(&set, &out);
        } else if (java_keystore_render(&set, &out, e) < 0) {
                return -1;
        }
        return fd_write_all(STDOUT_FILENO, out.p, out.n, e);
}

static int cache(View *tree, char **arguments, Err **e) {
        AUTO(buf_done) Buf out = {0};
        AUTO(ld_links_done) LdLinks links = {0};
        if (ld_cache_make(&(LdCacheParams){tree, arguments[0], arguments[1]}, &out, &links, e) < 0) return -1;
        for (size_t i = 0; i < links.n; i++) printf("%s %s\n", links.v[i].path, links.v[i].target);
        return file_write_atomic(AT_FDCWD, arguments[2], out.p, out.n, 0644, e);
}

static int alternatives(View *tree, char **arguments, Err **e) {
        AUTO(strvec_done) StrVec packages = {0};
        AUTO(alternative_links_done) AlternativeLinks links = {0};
        for (char **name = arguments + 1; *name; name++) strvec_push(&packages, *name);
        if (alternatives_find(tree, &packages, arguments[0], &links, e) < 0) return -1;
        for (size_t i = 0; i < links.n; i++) printf("%s %s\n", links.v[i].path, links.v[i].target);
        return 0;
}

static int run(View *tree, int argc, char **argv, Err **e) {
        if (streq(argv[1], "ld-cache"))
                return argc == 6 ? cache(tree, argv + 3, e) : err_new(e, ERR_USAGE, "arguments");
        if (streq(argv[1], "alternatives")) return alternatives(tree, argv + 3, e);
        return certificates(argv[1], tree, argc > 3 ? argv[3] : NULL, e);
}

int main(int argc, char **argv) {
        AUTO(err_freep) Err *e = NULL;
        AUTO(view_freep) View *tree = NULL;
        AUTO(strvec_done) StrVec dirs = {0};
        if (argc < 3) return 2;
        strvec_push(&dirs, argv[2]);
        int r = view_open(&dirs, &tree, &e);
        if (r == 0) r = run(tree, argc, argv, &e);
        if (r < 0) fprintf(stderr, "distroless-effects: %s\n%s", err_message(e), err_hints(e));
        return r < 0;
}
