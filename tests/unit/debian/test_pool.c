/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "debian/pool.h"
#include "os/fs.h"

enum { COUNT = 20 };

typedef struct Place {
        char root[64], cache[80];
        StrVec uris;
        unsigned told;
        DebianArchiveParams params;
} Place;

static void count_done(void *context, const char *name, uint64_t done, uint64_t total) {
        (void)name;
        if (done == total) ((Place *)context)->told++;
}

static int set_up(void **state) {
        Place *p = xcalloc(1, sizeof *p);
        strcpy(p->root, "/tmp/test-pool-XXXXXX");
        if (!mkdtemp(p->root)) return -1;
        snprintf(p->cache, sizeof p->cache, "%s/cache", p->root);
        strvec_pushf(&p->uris, "file:%s/none", p->root);
        strvec_pushf(&p->uris, "file://%s/some%%20where", p->root);
        p->params = (DebianArchiveParams){.cache_dir = p->cache, .listener = {.progress = count_done, .context = p}};
        *state = p;
        return 0;
}

static int tear_down(void **state) {
        Place *p = *state;
        strvec_done(&p->uris);
        int r = tree_remove(AT_FDCWD, p->root, NULL);
        free(p);
        return r;
}

static void put(const Place *p, const char *name, const char *text) {
        AUTO(freep) char *path = xasprintf("%s/%s", p->root, name);
        AUTO(freep) char *directory = xstrdup(path);
        *strrchr(directory, '/') = '\0';
        assert_int_equal(dir_make_all(AT_FDCWD, directory, 0755, NULL), 0);
        assert_int_equal(file_write_atomic(AT_FDCWD, path, text, strlen(text), 0644, NULL), 0);
}

static DebFileWanted wanted(const Place *p, const char *path, const char *content) {
        DebFileWanted w = {.name = "n", .path = path, .uris = &p->uris, .size = strlen(content)};
        sha256_of(content, strlen(content), &w.sha256);
        return w;
}

static void holds(const Place *p, const DebFileWanted *w, const char *content) {
        AUTO(closep) int fd = -1;
        AUTO(freep) char *text = NULL;
        size_t size;
        assert_int_equal(debian_pool_open(p->cache, &w->sha256, &fd, NULL), POOL_FOUND);
        assert_int_equal(fd_read_all(fd, 1000, &text, &size, NULL), 0);
        assert_string_equal(text, content);
}

static void test_many(void **state) {
        Place *p = *state;
        DebFileWanted list[COUNT];
        char paths[COUNT][32], texts[COUNT][32];
        for (unsigned i = 0; i < COUNT; i++) {
                AUTO(freep) char *place = xasprintf("some where/pool/a %u%%.deb", i);
                snprintf(paths[i], sizeof paths[i], "pool/a %u%%.deb", i);
                snprintf(texts[i], sizeof texts[i], "content %u", i / 2); /* each twice */
                put(p, place, texts[i]);
                list[i] = wanted(p, paths[i], texts[i]);
        }
        AUTO(err_freep) Err *e = NULL;
        if (debian_pool_fetch(list, COUNT, &p->params, &e) < 0) fail_msg("%s", err_message(e));
        for (unsigned i = 0; i < COUNT; i++) holds(p, &list[i], texts[i]);
        assert_int_equal(p->told, COUNT / 2);
        p->params.offline = true; /* all of it is here */
        assert_int_equal(debian_pool_fetch(list, COUNT, &p->params, NULL), 0);
        assert_int_equal(debian_pool_fetch(NULL, 0, &p->params, NULL), 0);
        DirList left;
        AUTO(freep) char *pool = xasprintf("%s/pool", p->cache);
        assert_int_equal(dir_list(AT_FDCWD, pool, &left, NULL), 0);
        assert_int_equal(left.n, COUNT / 2);
        dir_list_done(&left);
}

static void fails(const Place *p, const DebFileWanted *w, ErrKind kind, const char *said) {
        AUTO(err_freep) Err *e = NULL;
        int fd;
        assert_int_equal(debian_pool_fetch(w, 1, &p->params, &e), -1);
        if (!strstr(err_message(e), said)) fail_msg("'%s' is not in '%s'", said, err_message(e));
        assert_int_equal(err_kind(e), kind);
        assert_int_equal(debian_pool_open(p->cache, &w->sha256, &fd, NULL), POOL_ABSENT);
}

static void test_wrong(void **state) {
        Place *p = *state;
        DebFileWanted w = wanted(p, "x.deb", "right");
        fails(p, &w, ERR_NOT_FOUND, "package 'n' (x.deb): there is no file");
        put(p, "some where/x.deb", "wrong");
        fails(p, &w, ERR_FORMAT, "is not what the index or lock says: SHA256 ");
        put(p, "some where/x.deb", "wrong, and longer");
        fails(p, &w, ERR_FORMAT, "5 bytes are expected, it has at least 6");
        put(p, "some where/x.deb", "r");
        fails(p, &w, ERR_FORMAT, "5 bytes are expected, it has 1");
        p->params.offline = true;
        fails(p, &w, ERR_NOT_FOUND, "is not in the cache");
        bool yes = true;
        p->params.cancelled = &yes;
        fails(p, &w, ERR_CANCELLED, "interrupted");
}

static void test_damaged_in_the_cache(void **state) {
        Place *p = *state;
        DebFileWanted w = wanted(p, "x.deb", "right");
        put(p, "some where/x.deb", "right");
        assert_int_equal(debian_pool_fetch(&w, 1, &p->params, NULL), 0);
        char hex[DIGEST_HEX_SIZE];
        digest_hex(&w.sha256, hex);
        AUTO(freep) char *name = xasprintf("cache/pool/%s.deb", hex);
        put(p, name, "wrong");
        assert_int_equal(debian_pool_fetch(&w, 1, &p->params, NULL), 0);
        holds(p, &w, "right");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {EACH(test_many), EACH(test_wrong), EACH(test_damaged_in_the_cache)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
