/* SPDX-License-Identifier: Apache-2.0 */
#include "debian/armor.h"

#include "base/cleanup.h"

#define SIGNED_BEGIN "-----BEGIN PGP SIGNED MESSAGE-----"
#define SIGNATURE_BEGIN "-----BEGIN PGP SIGNATURE-----"
#define SIGNATURE_END "-----END PGP SIGNATURE-----"
#define KEYS_BEGIN "-----BEGIN PGP PUBLIC KEY BLOCK-----"
#define KEYS_END "-----END PGP PUBLIC KEY BLOCK-----"

static Str trim_end(Str line) {
        while (line.n > 0 && strchr(" \t\r", line.p[line.n - 1])) line.n--;
        return line;
}

static bool next_line(Str *text, Str *ret_line) {
        if (!text->n) return false;
        if (!str_cut(text, '\n', ret_line)) *text = (Str){"", 0};
        *ret_line = trim_end(*ret_line);
        return true;
}

bool armor_is_clearsigned(Str text) {
        return str_starts(text, STR(SIGNED_BEGIN));
}

/* ---- clear-signed text */

/* "Hash: ..." up to the empty line. */
static bool skip_headers(Str *text) {
        Str line;
        while (next_line(text, &line))
                if (!line.n) return true;
        return false;
}

static int take_signed(Str *text, Buf *out, Err **e) {
        Str line;
        bool first = true;
        while (next_line(text, &line)) {
                if (str_is(line, SIGNATURE_BEGIN)) return 0;
                if (str_starts(line, STR("- ")))
                        line = str_sub(line, 2, line.n);
                else if (str_starts(line, STR("-----")))
                        break;
                if (!first) buf_addc(out, '\n');
                buf_add_str(out, line);
                first = false;
        }
        return err_new(e, ERR_FORMAT, "the clear-signed text does not end in a signature");
}

static int take_signature(Str *text, Buf *out, Err **e) {
        Str line;
        buf_adds(out, SIGNATURE_BEGIN "\n");
        while (next_line(text, &line)) {
                buf_add_str(out, line);
                buf_addc(out, '\n');
                if (str_is(line, SIGNATURE_END)) return 0;
                if (str_starts(line, STR("-----"))) break;
        }
        return err_new(e, ERR_FORMAT, "the signature is cut short");
}

int armor_split_clearsigned(Str text, Buf *ret_text, Buf *ret_signature, Err **e) {
        AUTO(buf_done) Buf inner = {0}, signature = {0};
        Str line;
        if (!next_line(&text, &line) || !str_is(line, SIGNED_BEGIN))
                return err_new(e, ERR_FORMAT, "it does not begin with \"" SIGNED_BEGIN "\"");
        if (!skip_headers(&text)) return err_new(e, ERR_FORMAT, "the clear-signed text is cut short");
        if (take_signed(&text, &inner, e) < 0 || take_signature(&text, &signature, e) < 0) return -1;
        if (str_trim(text).n) return err_new(e, ERR_FORMAT, "something stands behind the signature");
        if (ret_text) buf_add_str(ret_text, buf_str(&inner));
        if (ret_signature) buf_add_str(ret_signature, buf_str(&signature));
        return 0;
}

/* ---- keys */

bool armor_is_keys(Str text) {
        return text.n >= sizeof KEYS_BEGIN - 1 && memmem(text.p, text.n, KEYS_BEGIN, sizeof KEYS_BEGIN - 1) != NULL;
}

static int base64_value(char c) {
        if (c >= 'A' && c <= 'Z') return c - 'A';
        if (c >= 'a' && c <= 'z') return c - 'a' + 26;
        if (c >= '0' && c <= '9') return c - '0' + 52;
        return c == '+' ? 62 : c == '/' ? 63 : -1;
}

typedef struct Base64 {
        unsigned bits, count;
        bool ended; /* padding was seen */
} Base64;

static bool decode_line(Base64 *b, Str line, Buf *out) {
        for (size_t i = 0; i < line.n; i++) {
                int value = base64_value(line.p[i]);
                if (line.p[i] == '=') {
                        b->ended = true;
                        continue;
                }
                if (value < 0 || b->ended) return false;
                b->bits = (b->bits << 6 | (unsigned)value) & 0xffffff;
                b->count += 6;
                if (b->count < 8) continue;
                b->count -= 8;
                buf_addc(out, (char)(b->bits >> b->count));
        }
        return true;
}

/* Up to the checksum ("=...."), which says nothing that the signature does not, and the end. */
static int decode_block(Str *text, Buf *out, Err **e) {
        Base64 b = {0};
        Str line;
        bool more = skip_headers(text);
        while (more && (more = next_line(text, &line))) {
                if (str_is(line, KEYS_END)) return 0;
                if (line.n == 5 && line.p[0] == '=') continue;
                if (!decode_line(&b, line, out))
                        return err_new(e, ERR_FORMAT, "'" STR_FMT "' in an armored key is no base64",
                                       STR_ARG(str_sub(line, 0, 80)));
        }
        return err_new(e, ERR_FORMAT, "an armored key is cut short");
}

int armor_decode_keys(Str text, Buf *ret_keys, Err **e) {
        AUTO(buf_done) Buf keys = {0};
        Str line;
        while (next_line(&text, &line))
                if (str_is(line, KEYS_BEGIN) && decode_block(&text, &keys, e) < 0) return -1;
        buf_add_str(ret_keys, buf_str(&keys));
        return 0;
}
