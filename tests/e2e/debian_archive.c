/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "debian/deb_file.h"
#include "debian/pool.h"
#include "os/clock.h"
#include "os/fs.h"

/* For tests/e2e/debian-archive.sh: opens the archive that a file of sources names, and fetches packages.
 *     debian-archive --cache DIR [--arch A] [--offline] [--allow-unsigned] [--max-age S] [--now S] [--machine ROOT --codename C]
 *                    [--auth ROOT]
 *                    [SOURCES] [PACKAGE...]
 * Prints releases, indexes and packages; warnings and errors on standard error. Exit status 1 on errors. */

typedef struct Options {
        DebianArchiveParams params;
        const char *machine, *codename, *sources, *auth;
        char **packages;
        int package_count;
} Options;

static void warn(void *context, const char *text) {
        (void)context;
        fprintf(stderr, "warning: %s\n", text);
}

static void progress(void *context, const char *name, uint64_t done, uint64_t total) {
        (void)context;
        if (done == total && getenv("VERBOSE"))
                fprintf(stderr, "have %s: %llu bytes\n", name, (unsigned long long)done);
}

static void usage(void) {
        fprintf(stderr, "usage: see the source\n");
        exit(2);
}

static const char *value(char ***argv) {
        if (!(*argv)[1]) usage();
        return *++*argv;
}

static int64_t number(const char *text) {
        int64_t n;
        if (!i64_parse(str_of(text), &n)) usage();
        return n;
}

static void parse(char **argv, Options *o) {
        DebianArchiveParams *p = &o->params;
        *p = (DebianArchiveParams){
                .architecture = "amd64", .now_s = clock_now_ns() / 1000000000, .listener = {progress, warn, NULL}};
        for (; *argv && (*argv)[0] == '-'; argv++) {
                if (streq(*argv, "--cache"))
                        p->cache_dir = value(&argv);
                else if (streq(*argv, "--arch"))
                        p->architecture = value(&argv);
                else if (streq(*argv, "--offline"))
                        p->offline = true;
                else if (streq(*argv, "--allow-unsigned"))
                        p->allow_unsigned = true;
                else if (streq(*argv, "--max-age"))
                        p->max_age_s = (unsigned)number(value(&argv));
                else if (streq(*argv, "--now"))
                        p->now_s = number(value(&argv));
                else if (streq(*argv, "--machine"))
                        o->machine = value(&argv);
                else if (streq(*argv, "--auth"))
                        o->auth = value(&argv);
                else if (streq(*argv, "--codename"))
                        o->codename = value(&argv);
                else
                        usage();
        }
        if (!p->cache_dir) usage();
        if (!o->machine) {
                if (!*argv) usage();
                o->sources = *argv++;
        }
        o->packages = argv;
        while (argv[o->package_count]) o->package_count++;
}

static int read_sources(const Options *o, AptRepositories *ret, Err **e) {
        AUTO(apt_repositories_done) AptRepositories machine = {0};
        AUTO(freep) char *text = NULL;
        size_t size;
        if (o->machine)
                return apt_sources_read(o->machine, &machine, e) < 0
                               ? -1
                               : apt_sources_for_release(&machine, o->codename, ret, e);
        if (file_read(-100, o->sources, APT_SOURCES_FILE_MAX, &text, &size, e) < 0) return -1;
        return (ends_with(o->sources, ".sources") ? apt_sources_parse_stanzas
                                                  : apt_sources_parse_lines)((Str){text, size}, o->sources, ret, e);
}

static void show(DebianArchive *a) {
        size_t count;
        const DebianRelease *releases = debian_archive_releases(a, &count);
        for (size_t i = 0; i < count; i++)
                printf("release %s %s codename=%s signers=%zu\n", releases[i].uri, releases[i].suite,
                       releases[i].codename, releases[i].signers.n);
        const DebianIndex *index;
        for (unsigned i = 0; (index = debian_archive_index(a, i)); i++)
                printf("index %s %s %s\n", index->suite, index->component, index->architecture);
}

static int find(DebianArchive *a, const Options *o, DebFileWanted *wanted, Err **e) {
        for (int i = 0; i < o->package_count; i++) {
                PackageList found;
                if (package_universe_find(debian_archive_universe(a), str_of(o->packages[i]), &found, e) < 0) return -1;
                if (!found.n) return err_new(e, ERR_NOT_FOUND, "no package '%s'", o->packages[i]);
                const DebianPackage *p = found.v[0];
                wanted[i] = (DebFileWanted){.name = o->packages[i],
                                            .path = strndup(p->path.p, p->path.n),
                                            .uris = debian_archive_index(a, p->index)->uris,
                                            .size = p->size,
                                            .sha256 = p->sha256};
                printf("package %s " STR_FMT "\n", o->packages[i], STR_ARG(p->version));
        }
        return 0;
}

/* What deb_file.h makes of it: "control NAME BYTES SCRIPTS", "data NAME BYTES". */
static int show_contents(const char *name, int fd, Err **e) {
        AUTO(deb_control_done) DebControl c = {0};
        AUTO(source_freep) Source *tar = NULL;
        AUTO(sink_freep) Sink *nothing = sink_to_nothing();
        Digest digest;
        uint64_t size;
        if (deb_read_control(fd, &c, e) < 0 || deb_open_data(fd, &tar, e) < 0) return err_wrap(e, "%s", name);
        AUTO(sink_freep) Sink *counting = sink_hashing(nothing, &digest, &size);
        if (source_to_sink(tar, counting, e) < 0 || sink_finish(counting, e) < 0) return err_wrap(e, "%s", name);
        printf("control %s %zu %zu\ndata %s %llu\n", name, c.control_size, c.scripts.n, name, (unsigned long long)size);
        return 0;
}

static int fetch(DebianArchive *a, const Options *o, Err **e) {
        DebFileWanted *wanted = calloc((size_t)o->package_count + 1, sizeof *wanted);
        int r = find(a, o, wanted, e);
        if (r == 0) r = debian_pool_fetch(wanted, (size_t)o->package_count, &o->params, e);
        for (int i = 0; i < o->package_count && r == 0; i++) {
                char hex[DIGEST_HEX_SIZE];
                AUTO(closep) int fd = -1;
                digest_hex(&wanted[i].sha256, hex);
                r = debian_pool_open(o->params.cache_dir, &wanted[i].sha256, &fd, e);
                if (r == POOL_FOUND) r = show_contents(wanted[i].name, fd, e);
                printf("file %s %s\n", wanted[i].name, hex);
        }
        for (int i = 0; i < o->package_count; i++) free((char *)wanted[i].path);
        free(wanted);
        return r;
}

int main(int argc, char **argv) {
        (void)argc;
        AUTO(err_freep) Err *e = NULL;
        AUTO(apt_repositories_done) AptRepositories repositories = {0};
        AUTO(apt_auth_done) AptAuth auth = {0};
        AUTO(debian_archive_freep) DebianArchive *a = NULL;
        Options o = {0};
        parse(argv + 1, &o);
        o.params.auth = &auth;
        if ((!o.auth || apt_auth_read(o.auth, &auth, &e) == 0) && read_sources(&o, &repositories, &e) == 0 &&
            debian_archive_open(&repositories, &o.params, &a, &e) == 0) {
                show(a);
                if (o.package_count == 0 || fetch(a, &o, &e) == 0) return 0;
        }
        fprintf(stderr, "error: %s\n%s", err_message(e), err_hints(e));
        return 1;
}
