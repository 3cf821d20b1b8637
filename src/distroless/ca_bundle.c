/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/ca_bundle.h"

#include <stdint.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/pem.h"

enum { DEPTH_MAX = 16 };

static void file_done(CaFile *f) {
        free(f->path);
        free(f->text);
        strvec_done(&f->blocks);
}

void ca_set_done(CaSet *s) {
        for (size_t i = 0; i < s->files.n; i++) file_done(&s->files.v[i]);
        for (size_t i = 0; i < s->certificates.n; i++) free(s->certificates.v[i].der);
        vec_done(&s->files);
        vec_done(&s->certificates);
        map_freep(&s->known);
        *s = (CaSet){0};
}

/* The map holds indexes, counted from 1. */
static int add_certificate(CaSet *s, Str der, bool *ret_new, size_t *ret_index, Err **e) {
        if (!s->known) s->known = map_new();
        uintptr_t known = (uintptr_t)map_get(s->known, der.p, der.n);
        *ret_new = known == 0;
        if (known) {
                *ret_index = known - 1;
                return 0;
        }
        CaCertificate c = {.der = xmemdup(der.p, der.n)};
        int r = s->certificates.n < CA_CERTIFICATES_MAX
                        ? certificate_parse((Str){c.der, der.n}, &c.certificate, e)
                        : err_new(e, ERR_LIMIT, "more than %d certificates", CA_CERTIFICATES_MAX);
        if (r < 0) {
                free(c.der);
                return -1;
        }
        *ret_index = s->certificates.n;
        vec_push(&s->certificates, c);
        map_put(s->known, der.p, der.n, (void *)(uintptr_t)s->certificates.n);
        return 0;
}

/* "CERTIFICATE" and what older programs write in its place. */
static bool is_certificate(Str label) {
        return str_is(label, "CERTIFICATE") || str_is(label, "X509 CERTIFICATE");
}

static int take_block(CaSet *s, CaFile *f, const PemBlock *block, Str data, Err **e) {
        bool is_new;
        if (!f->packaged && str_ends(block->label, STR("PRIVATE KEY"))) {
                err_new(e, ERR_DENIED, "%s:%zu: a private key stands among the certificates", f->path, block->line);
                return err_hint(e, "an image is no place for it: take it out of the file");
        }
        if (!is_certificate(block->label)) return 0;
        if (add_certificate(s, data, &is_new, &f->last, e) < 0) return err_wrap(e, "%s:%zu", f->path, block->line);
        f->count++;
        if (is_new && !f->packaged) strvec_push_take(&f->blocks, xasprintf(STR_FMT "\n", STR_ARG(block->text)));
        return 0;
}

static int read_blocks(CaSet *s, CaFile *f, Err **e) {
        AUTO(buf_done) Buf data = {0};
        PemBlock block;
        size_t offset = 0;
        for (;;) {
                int found = pem_next((Str){f->text, f->size}, f->path, &offset, &block, &data, e);
                if (found < 0) return -1;
                if (found == 0) return 0;
                if (take_block(s, f, &block, buf_str(&data), e) < 0) return -1;
        }
}

static int add_file(CaSet *s, const char *path, Str text, bool packaged, Err **e) {
        if (text.n > CA_FILE_MAX)
                return err_new(e, ERR_LIMIT, "%s: more than %d bytes of certificates", path, CA_FILE_MAX);
        if (s->files.n >= CA_FILES_MAX)
                return err_new(e, ERR_LIMIT, "%s: more than %d files of certificates", path, CA_FILES_MAX);
        Buf copy = {0};
        buf_add_str(&copy, text);
        if (text.n == 0 || text.p[text.n - 1] != '\n') buf_addc(&copy, '\n');
        CaFile f = {.path = xstrdup(path), .size = copy.n, .packaged = packaged, .first = s->certificates.n};
        f.text = buf_take(&copy);
        int r = read_blocks(s, &f, e);
        if (r == 0 && f.count == 0 && !packaged) {
                r = err_new(e, ERR_SYNTAX, "%s: there is no certificate in it", path);
                err_hint(e, "expected PEM: -----BEGIN CERTIFICATE-----; of DER: openssl x509 -inform der -in FILE -out "
                            "FILE.pem");
        }
        if (r < 0) {
                file_done(&f);
                return -1;
        }
        vec_push(&s->files, f);
        return 0;
}

int ca_set_add_packaged(CaSet *s, const char *path, Str text, Err **e) {
        return add_file(s, path, text, true, e);
}

int ca_set_add_extra(CaSet *s, const char *path, Str text, Err **e) {
        return add_file(s, path, text, false, e);
}

/* Paths of the regular files below a directory; recursion is bounded by depth. */
static int collect(View *tree, const char *directory, unsigned depth, StrVec *paths, Err **e) {
        DirList list;
        if (depth > DEPTH_MAX) return err_new(e, ERR_LIMIT, "%s: more than %d directories deep", directory, DEPTH_MAX);
        if (view_list(tree, directory, &list, e) < 0) return -1;
        int r = 0;
        for (size_t i = 0; i < list.n && r == 0; i++) {
                AUTO(freep) char *path = xasprintf("%s/%s", directory, list.v[i].name);
                if (list.v[i].type == DT_DIR) {
                        r = collect(tree, path, depth + 1, paths, e);
                } else if (list.v[i].type == DT_REG) {
                        if (paths->n >= CA_FILES_MAX)
                                r = err_new(e, ERR_LIMIT, "%s: more than %d files", directory, CA_FILES_MAX);
                        else
                                strvec_push(paths, path);
                }
        }
        dir_list_done(&list);
        return r;
}

static int read_packaged(CaSet *s, View *tree, const char *path, Err **e) {
        AUTO(freep) char *text = NULL;
        size_t size;
        int found = view_read_file(tree, path, CA_FILE_MAX, &text, &size, e);
        if (found < 0) return err_wrap(e, "%s", path);
        return found == VIEW_FOUND ? ca_set_add_packaged(s, path + 1, (Str){text, size}, e) : 0;
}

int ca_set_read_tree(CaSet *s, View *tree, Err **e) {
        AUTO(strvec_done) StrVec paths = {0};
        ViewEntry entry;
        int found = view_lookup(tree, "/" CA_PACKAGED_PATH, false, &entry, e);
        if (found < 0) return -1;
        bool is_directory = found == VIEW_FOUND && S_ISDIR(entry.st.st_mode);
        view_entry_done(&entry);
        if (!is_directory) return 0;
        if (collect(tree, "/" CA_PACKAGED_PATH, 0, &paths, e) < 0) return -1;
        strvec_sort(&paths);
        for (size_t i = 0; i < paths.n; i++)
                if (read_packaged(s, tree, paths.v[i], e) < 0) return -1;
        return 0;
}

void ca_set_render_bundle(const CaSet *s, Buf *ret_text) {
        for (size_t i = 0; i < s->files.n; i++)
                if (s->files.v[i].packaged) buf_add(ret_text, s->files.v[i].text, s->files.v[i].size);
        for (size_t i = 0; i < s->files.n; i++)
                for (size_t k = 0; k < s->files.v[i].blocks.n; k++) buf_adds(ret_text, s->files.v[i].blocks.v[k]);
}
