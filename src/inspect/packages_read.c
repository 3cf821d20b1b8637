/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/packages_internal.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* What the readers of packages share. */

enum { BLOCK_SIZE = 256 << 10 };

int reading_add(Reading *r, PackageKind kind, const ImageFile *file, ImagePackage **ret_package, Err **e) {
        if (r->out->v.n >= PACKAGES_MAX) return err_new(e, ERR_LIMIT, "more than %d packages", PACKAGES_MAX);
        ImagePackage package = {.kind = kind, .layer = file->layer, .place = arena_printf(r->arena, "/%s", file->path)};
        vec_push(&r->out->v, package);
        *ret_package = &r->out->v.v[r->out->v.n - 1];
        return 0;
}

void reading_drop(Reading *r) {
        ImagePackage *p = &r->out->v.v[--r->out->v.n];
        vec_done(&p->keys);
        vec_done(&p->wants);
        vec_done(&p->depends);
}

void reading_note(Reading *r, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        AUTO(freep) char *text = xvasprintf(format, ap);
        va_end(ap);
        const char *note = arena_strdup(r->arena, text);
        vec_push(&r->out->notes, note);
}

int reading_forgive(Reading *r, Err **failure, Err **e) {
        ErrKind kind = err_kind(*failure);
        if (kind == ERR_FORMAT || kind == ERR_LIMIT || kind == ERR_SYNTAX || kind == ERR_UNSUPPORTED) {
                reading_note(r, "%s", err_message(*failure));
                err_clear(failure);
                return 0;
        }
        err_move(e, failure);
        return -1;
}

int reading_text_at(Reading *r, const char *path, size_t max_size, Str *ret_text, Err **e) {
        AUTO(freep) char *data = NULL;
        size_t size = 0;
        Err *failure = NULL;
        int found = view_read_file(r->view, path, max_size, &data, &size, &failure);
        if (found < 0) return reading_forgive(r, &failure, e) < 0 ? -1 : READING_SKIPPED;
        if (found == VIEW_ABSENT) return READING_ABSENT;
        ret_text->p = arena_str(r->arena, (Str){data, size});
        ret_text->n = size;
        return READING_FOUND;
}

int reading_text(Reading *r, const ImageFile *file, size_t max_size, Str *ret_text, Err **e) {
        AUTO(freep) char *path = xasprintf("/%s", file->path);
        int found = reading_text_at(r, path, max_size, ret_text, e);
        return found == READING_ABSENT ? READING_SKIPPED : found;
}

/* Directories on the way may be links ("/lib" on merged systems): the view knows where they lead. */
static ImageFile *find_through_links(Reading *r, const char *path) {
        ViewEntry entry = {0};
        ImageFile *file = NULL;
        if (view_lookup(r->view, path, false, &entry, NULL) == VIEW_FOUND) file = map_gets(r->files, entry.path + 1);
        view_entry_done(&entry);
        return file;
}

ImageFile *reading_file(Reading *r, Str path) {
        while (path.n > 0 && path.p[0] == '/') path = str_sub(path, 1, path.n - 1);
        ImageFile *file = map_get(r->files, path.p, path.n);
        if (file) return file;
        AUTO(freep) char *text = str_dup(path);
        return *text ? find_through_links(r, text) : NULL;
}

void reading_own(Reading *r, ImagePackage *p, Str path) {
        ImageFile *file = reading_file(r, path);
        p->files_total++;
        if (!file) return;
        p->files_present++;
        if (p->kind == PACKAGE_DEB || p->kind == PACKAGE_APK) file->owned = true;
        file->listed = true;
}

const char *reading_str(Reading *r, Str text) {
        text = str_trim(text);
        return text.n ? arena_str(r->arena, text) : NULL;
}

Str first_line(Str text) {
        Str line;
        str_cut(&text, '\n', &line);
        return str_trim(line);
}

/* ---- programs that nobody owns */

int reading_open(Reading *r, const ImageFile *file, Err **e) {
        ViewEntry entry = {0};
        AUTO(freep) char *path = xasprintf("/%s", file->path);
        int fd = -1;
        int found = view_lookup(r->view, path, false, &entry, e);
        if (found == VIEW_FOUND) fd = view_open_entry(r->view, &entry, O_RDONLY, e);
        if (found == VIEW_ABSENT) err_new(e, ERR_INTERNAL, "'%s' is gone", path);
        view_entry_done(&entry);
        return fd;
}

int reading_digest(Reading *r, const ImageFile *file, Digest *ret_sha256, uint8_t *ret_sha1, Err **e) {
        AUTO(closep) int fd = reading_open(r, file, e);
        if (fd < 0) return -1;
        AUTO(sha256_freep) Sha256 *sha256 = sha256_new();
        AUTO(sha1_freep) Sha1 *sha1 = sha1_new();
        AUTO(freep) char *block = xmalloc(BLOCK_SIZE);
        size_t n = 0;
        do {
                if (fd_read_full(fd, block, BLOCK_SIZE, &n, e) < 0) return err_wrap(e, "read '/%s'", file->path);
                sha256_add(sha256, block, n);
                if (ret_sha1) sha1_add(sha1, block, n);
        } while (n > 0);
        sha256_finish(sha256, ret_sha256);
        if (ret_sha1) sha1_finish(sha1, ret_sha1);
        return 0;
}

/* 1: an ELF file. */
static int is_elf(Reading *r, const ImageFile *file, Err **e) {
        char magic[4];
        size_t n = 0;
        AUTO(closep) int fd = reading_open(r, file, e);
        if (fd < 0 || fd_read_full(fd, magic, sizeof magic, &n, e) < 0) return -1;
        return n == sizeof magic && memcmp(magic, "\177ELF", 4) == 0;
}

/* Directories of npm packages: everything below one is the package's. */
static Map *npm_directories(const ImagePackages *out) {
        Map *directories = map_new();
        for (size_t i = 0; i < out->v.n; i++)
                if (out->v.v[i].kind == PACKAGE_NPM) map_puts(directories, out->v.v[i].keys.v[0], &out->v.v[i]);
        return directories;
}

static bool is_below(const Map *directories, const char *path) {
        for (size_t n = strlen(path); n > 0; n--)
                if (path[n] == '/' && map_get(directories, path, n)) return true;
        return false;
}

static bool may_be_unowned(const ImageFile *file, const Map *npm) {
        return file->regular && !file->listed && (file->executable || strstr(file->path, ".so")) &&
               !is_below(npm, file->path);
}

int reading_unowned(Reading *r, Err **e) {
        AUTO(map_freep) Map *npm = npm_directories(r->out);
        for (size_t i = 0; i < map_count(r->files); i++) {
                const ImageFile *file = map_at(r->files, i, NULL, NULL);
                if (!may_be_unowned(file, npm)) continue;
                int elf = is_elf(r, file, e);
                if (elf < 0) return -1;
                if (!elf) continue;
                UnownedFile unowned = {.path = arena_printf(r->arena, "/%s", file->path),
                                       .layer = file->layer,
                                       .size_bytes = file->size_bytes};
                if (reading_digest(r, file, &unowned.sha256, unowned.sha1, e) < 0) return -1;
                vec_push(&r->out->unowned, unowned);
        }
        return 0;
}
