/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/local_repository.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/map.h"
#include "codec/sha256.h"
#include "debian/control.h"
#include "debian/deb_file.h"
#include "debian/pool.h"
#include "os/fs.h"

void local_repository_done(LocalRepository *r) {
        free(r->apt_conf);
        *r = (LocalRepository){0};
}

/* ---- Packages */

/* What an index says of a file, a control file cannot say of itself. */
static bool is_of_index(Str field) {
        static const char *const names[] = {"Filename", "Size", "MD5sum", "SHA1", "SHA256", "SHA512", "Status"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (str_eq_nocase(field, str_of(names[i]))) return true;
        return false;
}

static void add_paragraph(const ControlParagraph *p, const LockedPackage *locked, Buf *text) {
        char hex[DIGEST_HEX_SIZE];
        digest_hex(&locked->sha256, hex);
        for (size_t i = 0; i < p->fields.n; i++) {
                const ControlField *f = &p->fields.v[i];
                if (is_of_index(f->name)) continue;
                buf_addf(text, STR_FMT ": " STR_FMT "\n", STR_ARG(f->name), STR_ARG(f->value));
        }
        buf_addf(text, "Filename: pool/%s.deb\nSize: %llu\nSHA256: %s\n\n", hex, (unsigned long long)locked->size, hex);
}

static int add_control(const DebControl *control, const LockedPackage *p, Buf *text, Err **e) {
        AUTO(control_paragraph_done) ControlParagraph paragraph = {0};
        size_t offset = 0;
        int found = control_next((Str){control->control, control->control_size}, "control", &offset, &paragraph, e);
        if (found < 0) return -1;
        if (found == 0) return err_new(e, ERR_FORMAT, "its control file is empty");
        if (locked_package_check(p, &paragraph, e) < 0) return -1;
        add_paragraph(&paragraph, p, text);
        return 0;
}

static int add_package(const char *cache_dir, const LockedPackage *p, Buf *text, int64_t *newest_s, Err **e) {
        AUTO(closep) int fd = -1;
        AUTO(deb_control_done) DebControl control = {0};
        int r = debian_pool_open(cache_dir, &p->sha256, &fd, e);
        if (r != POOL_FOUND) return r < 0 ? -1 : err_new(e, ERR_STORE, "its file vanished from '%s'", cache_dir);
        if (deb_read_control(fd, &control, e) < 0 || add_control(&control, p, text, e) < 0) return -1;
        if (control.built_s > *newest_s) *newest_s = control.built_s;
        return 0;
}

static int add_packages(const LocalRepositoryParams *params, Buf *text, int64_t *newest_s, Err **e) {
        for (size_t i = 0; i < params->count; i++) {
                const LockedPackage *p = params->packages[i];
                if (add_package(params->cache_dir, p, text, newest_s, e) < 0)
                        return err_wrap(e, "package %s %s", p->name, p->version);
        }
        return 0;
}

/* ---- what else apt reads */

static void add_release(const LocalRepositoryParams *params, Str packages, int64_t newest_s, Buf *text) {
        Digest digest;
        char hex[DIGEST_HEX_SIZE], date[64];
        struct tm tm;
        time_t time = (time_t)newest_s;
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S UTC", gmtime_r(&time, &tm));
        sha256_of(packages.p, packages.n, &digest);
        digest_hex(&digest, hex);
        buf_addf(text, "Suite: %s\nCodename: %s\nDate: %s\nSHA256:\n %s %zu Packages\n", params->codename,
                 params->codename, date, hex, packages.n);
}

/* A word of sources.list is unquoted once where it is read and once where it is fetched. */
static void add_quoted(Buf *text, const char *path) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+~";
        for (; *path; path++) {
                if (strchr(plain, *path))
                        buf_addc(text, *path);
                else
                        buf_addf(text, "%%25%02x", (unsigned char)*path);
        }
}

/* apt copies, because the files must be where a changed root can see them. It does so as root: its own user cannot look into a store. */
static void add_apt_conf(const char *directory, Buf *text) {
        buf_addf(text, "Dir::Etc::SourceList \"%s/sources.list\";\n", directory);
        buf_adds(text, "Dir::Etc::SourceParts \"/dev/null\";\n");
        buf_adds(text, "APT::Sandbox::User \"root\";\n");
        buf_adds(text, "APT::Install-Recommends \"false\";\n");
}

static int write_file(int fd, const char *name, const Buf *text, Err **e) {
        return file_write_atomic(fd, name, text->p, text->n, 0644, e);
}

static int write_all(const LocalRepositoryParams *params, int fd, const Buf *packages, int64_t newest_s, Err **e) {
        AUTO(buf_done) Buf release = {0}, sources = {0}, conf = {0};
        AUTO(freep) char *pool = xasprintf("%s/pool", params->cache_dir);
        add_release(params, buf_str(packages), newest_s, &release);
        buf_adds(&sources, "deb [trusted=yes] copy:");
        add_quoted(&sources, params->directory);
        buf_adds(&sources, " ./\n");
        add_apt_conf(params->directory, &conf);
        if (symlinkat(pool, fd, "pool") < 0) return err_sys(e, "make the link 'pool'");
        if (write_file(fd, "Packages", packages, e) < 0 || write_file(fd, "Release", &release, e) < 0) return -1;
        return write_file(fd, "sources.list", &sources, e) < 0 ? -1 : write_file(fd, "apt.conf", &conf, e);
}

int local_repository_write(const LocalRepositoryParams *params, LocalRepository *ret_repository, Err **e) {
        AUTO(buf_done) Buf packages = {0};
        AUTO(closep) int fd = -1;
        int64_t newest_s = 0;
        if (add_packages(params, &packages, &newest_s, e) < 0) return -1;
        if (dir_make_all(AT_FDCWD, params->directory, 0755, e) < 0) return -1;
        fd = open(params->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open '%s'", params->directory);
        if (write_all(params, fd, &packages, newest_s, e) < 0)
                return err_wrap(e, "local repository '%s'", params->directory);
        *ret_repository = (LocalRepository){xasprintf("%s/apt.conf", params->directory), newest_s};
        return 0;
}

/* ---- afterwards */

static int check_installed(Map *wanted, const ControlParagraph *p, Err **e) {
        Str name = control_get(p, "Package"), version = control_get(p, "Version");
        if (!str_is(control_get(p, "Status"), "install ok installed"))
                return err_new(e, ERR_STEP, "package " STR_FMT " " STR_FMT " is left as '" STR_FMT "'", STR_ARG(name),
                               STR_ARG(version), STR_ARG(control_get(p, "Status")));
        const LockedPackage *locked = map_get(wanted, name.p, name.n);
        if (!locked)
                return err_new(e, ERR_STEP, "package " STR_FMT " was installed, which was not chosen", STR_ARG(name));
        if (str_is(version, locked->version)) return 0;
        return err_new(e, ERR_STEP, "package " STR_FMT " " STR_FMT " was installed; %s was chosen", STR_ARG(name),
                       STR_ARG(version), locked->version);
}

static int check_missing(const LocalRepositoryParams *params, Map *installed, Err **e) {
        for (size_t i = 0; i < params->count; i++)
                if (!map_gets(installed, params->packages[i]->name))
                        return err_new(e, ERR_STEP, "package %s %s was not installed", params->packages[i]->name,
                                       params->packages[i]->version);
        return 0;
}

int local_repository_check_status(const LocalRepositoryParams *params, Str status, const char *file, Err **e) {
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        AUTO(map_freep) Map *wanted = map_new();
        AUTO(map_freep) Map *installed = map_new();
        size_t offset = 0;
        int found;
        for (size_t i = 0; i < params->count; i++)
                map_puts(wanted, params->packages[i]->name, (void *)params->packages[i]);
        while ((found = control_next(status, file, &offset, &p, e)) > 0) {
                Str name = control_get(&p, "Package");
                if (check_installed(wanted, &p, e) < 0) return -1;
                map_put(installed, name.p, name.n, wanted);
        }
        return found < 0 ? -1 : check_missing(params, installed, e);
}
