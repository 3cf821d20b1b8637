/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/java_keystore.h"

#include <stdint.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/sha1.h"

enum {
        MAGIC = 0xfeedfeed,
        VERSION = 2,
        TRUSTED_CERTIFICATE = 2,
        TEXT_MAX = 0xffff, /* bytes */
};

#define PASSWORD "changeit"
#define SALT "Mighty Aphrodite" /* part of the format */

static void add_big_endian(Buf *out, uint64_t value, unsigned bytes) {
        while (bytes--) buf_addc(out, (char)(value >> (8 * bytes)));
}

/* As java.io.DataOutput writes text: characters beyond U+FFFF as two surrogates of three bytes each. Names hold no zero bytes. */
static int add_text(Buf *out, Str text, Err **e) {
        AUTO(buf_done) Buf encoded = {0};
        for (size_t i = 0; i < text.n; i++) {
                const uint8_t *p = (const uint8_t *)text.p + i;
                if (p[0] < 0xf0 || text.n - i < 4) {
                        buf_addc(&encoded, text.p[i]);
                        continue;
                }
                uint32_t c = ((uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 63) << 12 | (uint32_t)(p[2] & 63) << 6 |
                              (p[3] & 63));
                uint32_t high = 0xd800 + ((c - 0x10000) >> 10 & 0x3ff), low = 0xdc00 + (c & 0x3ff);
                add_big_endian(&encoded, 0xe08080 | (high >> 12) << 16 | (high >> 6 & 63) << 8 | (high & 63), 3);
                add_big_endian(&encoded, 0xe08080 | (low >> 12) << 16 | (low >> 6 & 63) << 8 | (low & 63), 3);
                i += 3;
        }
        if (encoded.n > TEXT_MAX) return err_new(e, ERR_LIMIT, "a certificate's name of more than %d bytes", TEXT_MAX);
        add_big_endian(out, encoded.n, 2);
        buf_add_str(out, buf_str(&encoded));
        return 0;
}

/* Unlike a Java program, the format itself has no use for two entries of one name. */
static void make_unique(Map *names, Buf *name) {
        size_t plain = name->n;
        for (unsigned n = 2; map_get(names, name->p, name->n); n++) {
                name->n = plain;
                buf_addf(name, " [%u]", n);
        }
        map_put(names, name->p, name->n, names);
}

static int add_entry(const Certificate *c, Map *names, Buf *out, Err **e) {
        AUTO(buf_done) Buf name = {0};
        if (certificate_name_render(c->subject, &name, e) < 0) return -1;
        make_unique(names, &name);
        add_big_endian(out, TRUSTED_CERTIFICATE, 4);
        if (add_text(out, buf_str(&name), e) < 0) return -1;
        add_big_endian(out, (uint64_t)c->not_before_s * 1000, 8);
        if (add_text(out, STR("X.509"), e) < 0) return -1;
        add_big_endian(out, c->der.n, 4);
        buf_add_str(out, c->der);
        return 0;
}

/* A digest over the password, a fixed text and everything before it. */
static void add_seal(Buf *out, Str data) {
        AUTO(buf_done) Buf sealed = {0};
        uint8_t digest[SHA1_SIZE];
        for (const char *p = PASSWORD; *p; p++) add_big_endian(&sealed, (uint8_t)*p, 2);
        buf_adds(&sealed, SALT);
        buf_add_str(&sealed, data);
        sha1_of(sealed.p, sealed.n, digest);
        buf_add(out, digest, sizeof digest);
}

int java_keystore_render(const CaSet *set, Buf *ret_bytes, Err **e) {
        AUTO(map_freep) Map *names = map_new();
        AUTO(buf_done) Buf data = {0};
        add_big_endian(&data, MAGIC, 4);
        add_big_endian(&data, VERSION, 4);
        add_big_endian(&data, set->certificates.n, 4);
        for (size_t i = 0; i < set->certificates.n; i++)
                if (add_entry(&set->certificates.v[i].certificate, names, &data, e) < 0) return -1;
        buf_add_str(ret_bytes, buf_str(&data));
        add_seal(ret_bytes, buf_str(&data));
        return 0;
}
