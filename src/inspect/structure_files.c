/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "inspect/structure_internal.h"

/* Tests of files: what the layers show, with links resolved inside them. */

#define DOC_DIRECTORY "/usr/share/doc"

/* ---- modes as text */

static void add_permissions(mode_t mode, char *at) {
        for (int i = 0; i < 9; i++) at[i] = mode & (0400u >> i) ? "rwxrwxrwx"[i] : '-';
        at[9] = 0;
}

/* As Go's os.FileMode prints it ("Lrwxrwxrwx", "dtrwxrwxrwx") and as ls does ("lrwxrwxrwx", "drwxrwxrwt"). */
enum { STRUCTURE_MODE_SIZE = 16 };
static void structure_mode_go(mode_t mode, char ret_text[STRUCTURE_MODE_SIZE]) {
        char *at = ret_text;
        if (S_ISDIR(mode)) *at++ = 'd';
        if (S_ISLNK(mode)) *at++ = 'L';
        if (S_ISBLK(mode) || S_ISCHR(mode)) *at++ = 'D';
        if (S_ISFIFO(mode)) *at++ = 'p';
        if (S_ISSOCK(mode)) *at++ = 'S';
        if (mode & S_ISUID) *at++ = 'u';
        if (mode & S_ISGID) *at++ = 'g';
        if (S_ISCHR(mode)) *at++ = 'c';
        if (mode & S_ISVTX) *at++ = 't';
        if (at == ret_text) *at++ = '-';
        add_permissions(mode, at);
}

static void structure_mode_ls(mode_t mode, char ret_text[STRUCTURE_MODE_SIZE]) {
        ret_text[0] = S_ISDIR(mode)    ? 'd'
                      : S_ISLNK(mode)  ? 'l'
                      : S_ISBLK(mode)  ? 'b'
                      : S_ISCHR(mode)  ? 'c'
                      : S_ISFIFO(mode) ? 'p'
                      : S_ISSOCK(mode) ? 's'
                                       : '-';
        add_permissions(mode, ret_text + 1);
        if (mode & S_ISUID) ret_text[3] = mode & 0100 ? 's' : 'S';
        if (mode & S_ISGID) ret_text[6] = mode & 0010 ? 's' : 'S';
        if (mode & S_ISVTX) ret_text[9] = mode & 0001 ? 't' : 'T';
}

/* ---- existence */

static void check_permissions(StructureRun *r, const FileExistenceTest *t, mode_t mode) {
        char go[STRUCTURE_MODE_SIZE], ls[STRUCTURE_MODE_SIZE];
        structure_mode_go(mode, go);
        structure_mode_ls(mode, ls);
        if (!t->permissions || !*t->permissions || streq(t->permissions, go) || streq(t->permissions, ls)) return;
        structure_fail(r, "expected the permissions of '%s' to be %s, found %s", t->path, t->permissions, go);
}

static void check_executable(StructureRun *r, const FileExistenceTest *t, mode_t mode) {
        static const struct {
                const char *by;
                mode_t bits;
        } rows[] = {{"owner", 0100}, {"group", 0010}, {"other", 0001}, {"any", 0111}};
        char text[STRUCTURE_MODE_SIZE];
        structure_mode_go(mode, text);
        for (size_t i = 0; t->executable_by && i < ARRAY_SIZE(rows); i++) {
                if (!streq(rows[i].by, t->executable_by) || (mode & rows[i].bits)) continue;
                structure_fail(r, "expected '%s' to be executable by %s, found %s", t->path, t->executable_by, text);
        }
}

static void check_entry(StructureRun *r, const FileExistenceTest *t, const struct stat *st) {
        check_permissions(r, t, st->st_mode);
        check_executable(r, t, st->st_mode);
        if (t->is_directory && !S_ISDIR(st->st_mode))
                structure_fail(r, "expected '%s' to be a directory, found another kind of file", t->path);
        if (t->uid >= 0 && st->st_uid != (uid_t)t->uid)
                structure_fail(r, "expected '%s' to belong to user %lld, found %u", t->path, (long long)t->uid,
                               st->st_uid);
        if (t->gid >= 0 && st->st_gid != (gid_t)t->gid)
                structure_fail(r, "expected '%s' to belong to group %lld, found %u", t->path, (long long)t->gid,
                               st->st_gid);
}

static char *expand_path(const StructureRun *r, const char *path) {
        return structure_expand(path, &r->params->config->env, true);
}

/* What cannot be looked at is no file of the image: the test fails with the reason. */
static void fail_with(StructureRun *r, Err *why) {
        structure_fail(r, "%s", err_message(why));
}

int structure_run_existence(StructureRun *r, const FileExistenceTest *t, Err **e) {
        (void)e;
        AUTO(freep) char *path = expand_path(r, t->path);
        AUTO(err_freep) Err *why = NULL;
        ViewEntry entry = {0};
        int found = view_lookup(r->params->root, path, false, &entry, &why);
        if (found < 0) {
                fail_with(r, why);
        } else if (found == VIEW_ABSENT && t->should_exist) {
                structure_fail(r, "expected '%s' to exist, found nothing there", path);
        } else if (found == VIEW_FOUND && !t->should_exist) {
                structure_fail(r, "expected '%s' not to exist, found it", path);
        } else if (found == VIEW_FOUND) {
                check_entry(r, t, &entry.st);
        }
        view_entry_done(&entry);
        return 0;
}

/* ---- content */

/* False when the running test failed for it. */
static bool read_content(StructureRun *r, const char *path, char **ret_data, size_t *ret_size) {
        AUTO(err_freep) Err *why = NULL;
        int found = view_read_file(r->params->root, path, STRUCTURE_CONTENT_MAX, ret_data, ret_size, &why);
        if (found < 0) fail_with(r, why);
        if (found == VIEW_ABSENT) structure_fail(r, "expected '%s' to be a file, found none", path);
        return found == VIEW_FOUND;
}

int structure_run_content(StructureRun *r, const FileContentTest *t, Err **e) {
        (void)e;
        AUTO(freep) char *path = expand_path(r, t->path);
        AUTO(freep) char *data = NULL;
        size_t size;
        if (!read_content(r, path, &data, &size)) return 0;
        AUTO(freep) char *what = xasprintf("the content of '%s'", path);
        StructureMatch match = {what, {data, size}, &t->expected, &t->excluded};
        structure_match(r, &match);
        return 0;
}

/* ---- licenses: no copyright file may speak of these */

static void check_license(StructureRun *r, const char *path) {
        static const char *const refused[] = {"AGPL", "WTFPL"};
        AUTO(freep) char *data = NULL;
        size_t size;
        if (!read_content(r, path, &data, &size)) return;
        for (size_t i = 0; i < size; i++) data[i] = data[i] ? (char)toupper((unsigned char)data[i]) : ' ';
        for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
                if (strstr(data, refused[i]))
                        structure_fail(r, "expected no license %s, found it in '%s'", refused[i], path);
        }
}

/* Its copyright file names a license that does not apply to what is in the package. */
static bool is_excepted(const char *package) {
        return streq(package, "libgnutls30");
}

static void check_packages(StructureRun *r) {
        AUTO(err_freep) Err *why = NULL;
        DirList list = {0};
        if (view_list(r->params->root, DOC_DIRECTORY, &list, &why) < 0) {
                structure_fail(r, "expected the copyright files of Debian's packages in " DOC_DIRECTORY ", found: %s",
                               err_message(why));
                return;
        }
        for (size_t i = 0; i < list.n && i < STRUCTURE_COPYRIGHTS_MAX; i++) {
                if (list.v[i].type != DT_DIR || is_excepted(list.v[i].name)) continue;
                AUTO(freep) char *path = xasprintf(DOC_DIRECTORY "/%s/copyright", list.v[i].name);
                check_license(r, path);
        }
        dir_list_done(&list);
}

int structure_run_license(StructureRun *r, const LicenseTest *t, Err **e) {
        (void)e;
        if (t->debian) check_packages(r);
        for (size_t i = 0; i < t->files.n; i++) {
                AUTO(freep) char *path = expand_path(r, t->files.v[i]);
                check_license(r, path);
        }
        return 0;
}
