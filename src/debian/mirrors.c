/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "debian/apt_sources_internal.h"
#include "debian/archive_internal.h"
#include "os/fs.h"

/* Lists of mirrors (apt-transport-mirror(1)): lines "URI [key:value ...]", in the order of their "priority:". What they say about
 * architectures and types is not looked at: a mirror that lacks a file is passed over. */

enum { MIRROR_LIST_MAX = 1 << 20, MIRRORS_MAX = 64 };

/* The address of the list; NULL: the URI names no list. */
static char *list_uri(const char *uri) {
        if (starts_with(uri, "mirror+")) return xstrdup(uri + 7);
        return starts_with(uri, "mirror:") ? xasprintf("http:%s", uri + 7) : NULL;
}

typedef struct Mirror {
        char *uri;
        long priority;
} Mirror;

static Mirror parse_mirror(const StrVec *words) {
        Mirror m = {xstrdup(words->v[0]), LONG_MAX};
        for (size_t i = 1; i < words->n; i++)
                if (starts_with(words->v[i], "priority:")) m.priority = strtol(words->v[i] + 9, NULL, 10);
        return m;
}

static void add_mirrors(Str text, StrVec *ret_uris) {
        Mirror mirrors[MIRRORS_MAX];
        size_t count = 0;
        Str line;
        bool more = true;
        while (more && count < MIRRORS_MAX) {
                more = str_cut(&text, '\n', &line);
                AUTO(strvec_done) StrVec words = {0};
                apt_words(line, false, &words);
                if (!words.n || words.v[0][0] == '#') continue;
                Mirror m = parse_mirror(&words);
                size_t at = count++; /* stable insertion: few */
                for (; at > 0 && mirrors[at - 1].priority > m.priority; at--) mirrors[at] = mirrors[at - 1];
                mirrors[at] = m;
        }
        for (size_t i = 0; i < count; i++) strvec_push_take(ret_uris, mirrors[i].uri);
}

static char *list_path(const ArchiveContext *c, const char *uri) {
        char hex[DIGEST_HEX_SIZE];
        Digest digest;
        sha256_of(uri, strlen(uri), &digest);
        digest_hex(&digest, hex);
        return xasprintf("%s/releases/%.32s.mirrors", c->params->cache_dir, hex);
}

static int fetch_list(ArchiveContext *c, const char *uri, const char *path, Err **e) {
        AUTO(http_reply_done) HttpReply reply = {0};
        AUTO(archive_scratch_remove) char *scratch = NULL;
        if (archive_scratch(c, &scratch, e) < 0) return -1;
        AUTO(freep) char *beside = xasprintf("%s/list", scratch);
        AUTO(closep) int fd = open(beside, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0) return err_sys(e, "create '%s'", beside);
        ArchiveFile file = {.uri = uri, .max = MIRROR_LIST_MAX, .fd = fd};
        if (archive_fetch(c, &file, &reply, e) < 0) return -1;
        return rename(beside, path) < 0 ? err_sys(e, "rename to '%s'", path) : 0;
}

static int expand(ArchiveContext *c, const char *uri, StrVec *ret_uris, Err **e) {
        AUTO(freep) char *path = list_path(c, uri);
        AUTO(freep) char *text = NULL;
        AUTO(err_freep) Err *failure = NULL;
        size_t size, before = ret_uris->n;
        bool local = starts_with(uri, "file:");
        if ((!c->params->offline || local) && fetch_list(c, uri, path, &failure) < 0 &&
            err_kind(failure) != ERR_NETWORK)
                return err_move(e, &failure), -1;
        if (file_read(AT_FDCWD, path, MIRROR_LIST_MAX, &text, &size, failure ? NULL : e) < 0)
                return failure ? (err_move(e, &failure), -1) : -1;
        add_mirrors((Str){text, size}, ret_uris);
        return ret_uris->n > before ? 0 : err_new(e, ERR_FORMAT, "it names no mirror");
}

int archive_expand_mirrors(ArchiveContext *c, const StrVec *uris, StrVec *ret_uris, Err **e) {
        for (size_t i = 0; i < uris->n; i++) {
                AUTO(freep) char *list = list_uri(uris->v[i]);
                if (!list)
                        strvec_push(ret_uris, uris->v[i]);
                else if (expand(c, list, ret_uris, e) < 0)
                        return err_wrap(e, "list of mirrors '%s'", list);
        }
        return 0;
}
