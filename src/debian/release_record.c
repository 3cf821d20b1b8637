/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "debian/apt_sources_internal.h"
#include "debian/archive_internal.h"
#include "debian/control.h"
#include "os/fs.h"

/* A paragraph of our own, an empty line, and the text that was verified: one file, so that both always belong together. */

#define RECORD_FORMAT "decant-release-1"

void release_record_done(ReleaseRecord *r) {
        free(r->data);
        strvec_done(&r->signers);
        *r = (ReleaseRecord){0};
}

static bool parse_digest(Str text, Digest *ret_digest) {
        return text.p && hex_parse(text, ret_digest->bytes, sizeof ret_digest->bytes);
}

static bool parse_record(Str bytes, ReleaseRecord *r) {
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        size_t offset = 0;
        if (control_next(bytes, "record", &offset, &p, NULL) <= 0) return false;
        if (!str_is(control_get(&p, "Format"), RECORD_FORMAT)) return false;
        if (!i64_parse(control_get(&p, "Checked"), &r->checked_s)) return false;
        if (!parse_digest(control_get(&p, "Digest"), &r->digest)) return false;
        Str keyrings = control_get(&p, "Keyrings");
        r->is_signed = keyrings.p != NULL;
        if (r->is_signed && !parse_digest(keyrings, &r->keyrings)) return false;
        r->etag = control_get(&p, "ETag");
        r->last_modified = control_get(&p, "Last-Modified");
        r->detached = str_is(control_get(&p, "Detached"), "yes");
        Str signers = control_get(&p, "Signers");
        if (signers.p) apt_words(signers, false, &r->signers);
        const char *end = memmem(bytes.p, bytes.n, "\n\n", 2);
        if (!end) return false;
        r->text = str_sub(bytes, (size_t)(end - bytes.p) + 2, bytes.n);
        return true;
}

int release_record_read(ArchiveContext *c, const char *path, ReleaseRecord *ret_record, Err **e) {
        AUTO(release_record_done) ReleaseRecord r = {0};
        Err *failure = NULL;
        size_t size;
        if (file_read(c->cache_fd, path, RELEASE_TEXT_MAX + 65536, &r.data, &size, &failure) < 0) {
                if (err_errno(failure) == ENOENT || err_kind(failure) == ERR_LIMIT)
                        return err_free(failure), RECORD_ABSENT;
                return err_move(e, &failure), err_wrap(e, "read '%s/%s'", c->params->cache_dir, path);
        }
        if (!parse_record((Str){r.data, size}, &r)) return RECORD_ABSENT;
        *ret_record = r;
        r = (ReleaseRecord){0};
        return RECORD_FOUND;
}

static void add_digest(Buf *out, const char *name, const Digest *digest) {
        char hex[DIGEST_HEX_SIZE];
        digest_hex(digest, hex);
        buf_addf(out, "%s: %s\n", name, hex);
}

int release_record_write(ArchiveContext *c, const char *path, const ReleaseRecord *r, Err **e) {
        AUTO(buf_done) Buf out = {0};
        buf_addf(&out, "Format: " RECORD_FORMAT "\nChecked: %lld\n", (long long)r->checked_s);
        add_digest(&out, "Digest", &r->digest);
        if (r->is_signed) add_digest(&out, "Keyrings", &r->keyrings);
        if (r->etag.n) buf_addf(&out, "ETag: " STR_FMT "\n", STR_ARG(r->etag));
        if (r->last_modified.n) buf_addf(&out, "Last-Modified: " STR_FMT "\n", STR_ARG(r->last_modified));
        if (r->detached) buf_adds(&out, "Detached: yes\n");
        if (r->signers.n) buf_adds(&out, "Signers:");
        for (size_t i = 0; i < r->signers.n; i++) buf_addf(&out, " %s", r->signers.v[i]);
        buf_adds(&out, r->signers.n ? "\n\n" : "\n");
        buf_add_str(&out, r->text);
        if (file_write_atomic(c->cache_fd, path, out.p, out.n, 0644, e) < 0)
                return err_wrap(e, "in '%s'", c->params->cache_dir);
        return 0;
}
