/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "codec/config_node.h"
#include "codec/json.h"

/* JSON by RFC 8259. jansson does not tell where a value stood, and a message about a bake file has to. */

typedef struct Reader {
        Arena *arena;
        const char *file;
        const char *p, *end;
        unsigned line, depth;
        size_t nodes;
        Err **error;
} Reader;

static int fail(Reader *r, const char *text) {
        return err_new(r->error, ERR_SYNTAX, "%s:%u: %s", r->file, r->line, text);
}

static void skip_space(Reader *r) {
        for (; r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' || *r->p == '\n'); r->p++)
                if (*r->p == '\n') r->line++;
}

static ConfigNode *new_node(Reader *r, ConfigKind kind) {
        if (++r->nodes > CONFIG_NODES_MAX) {
                err_new(r->error, ERR_LIMIT, "%s:%u: more than %d values", r->file, r->line, CONFIG_NODES_MAX);
                return NULL;
        }
        ConfigNode *n = config_node_new(r->arena, kind, NULL);
        n->file = r->file;
        n->line = r->line;
        return n;
}

static bool hex4(Reader *r, uint32_t *ret_code) {
        uint32_t code = 0;
        if (r->end - r->p < 4) return false;
        for (int i = 0; i < 4; i++, r->p++) {
                if (!isxdigit((unsigned char)*r->p)) return false;
                unsigned char c = (unsigned char)tolower((unsigned char)*r->p);
                code = code * 16 + (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
        }
        *ret_code = code;
        return true;
}

static void add_utf8(Buf *b, uint32_t c) {
        if (c < 0x80) {
                buf_addc(b, (char)c);
        } else if (c < 0x800) {
                buf_addc(b, (char)(0xc0 | c >> 6));
                buf_addc(b, (char)(0x80 | (c & 0x3f)));
        } else if (c < 0x10000) {
                buf_addc(b, (char)(0xe0 | c >> 12));
                buf_addc(b, (char)(0x80 | (c >> 6 & 0x3f)));
                buf_addc(b, (char)(0x80 | (c & 0x3f)));
        } else {
                buf_addc(b, (char)(0xf0 | c >> 18));
                buf_addc(b, (char)(0x80 | (c >> 12 & 0x3f)));
                buf_addc(b, (char)(0x80 | (c >> 6 & 0x3f)));
                buf_addc(b, (char)(0x80 | (c & 0x3f)));
        }
}

/* Behind "\u". Half a pair becomes U+FFFD, as in Go. */
static int read_code(Reader *r, Buf *out) {
        uint32_t code, low;
        if (!hex4(r, &code)) return fail(r, "\\u wants four hexadecimal digits");
        if (code == 0) return fail(r, "a text must not hold a zero byte");
        if (code >= 0xd800 && code < 0xdc00 && r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u') {
                const char *back = r->p;
                r->p += 2;
                if (!hex4(r, &low)) return fail(r, "\\u wants four hexadecimal digits");
                if (low >= 0xdc00 && low < 0xe000) {
                        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                } else {
                        r->p = back;
                }
        }
        add_utf8(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
        return 0;
}

static int read_escape(Reader *r, Buf *out) {
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        if (r->p >= r->end) return fail(r, "the text does not end");
        char c = *r->p++;
        if (c == 'u') return read_code(r, out);
        const char *at = c ? strchr(from, c) : NULL;
        if (!at) return fail(r, "unknown escape in a text");
        buf_addc(out, to[at - from]);
        return 0;
}

static int read_text(Reader *r, const char **ret_text) {
        AUTO(buf_done) Buf out = {0};
        if (r->p >= r->end || *r->p != '"') return fail(r, "expected a text in double quotes");
        for (r->p++; r->p < r->end && *r->p != '"';) {
                unsigned char c = (unsigned char)*r->p++;
                if (c < 0x20) return fail(r, "a text must not hold control characters or line ends: write \\n");
                if (c != '\\') {
                        buf_addc(&out, (char)c);
                } else if (read_escape(r, &out) < 0) {
                        return -1;
                }
        }
        if (r->p >= r->end) return fail(r, "the text does not end");
        r->p++;
        *ret_text = arena_str(r->arena, buf_str(&out));
        return 0;
}

static bool digits(Reader *r) {
        const char *from = r->p;
        while (r->p < r->end && isdigit((unsigned char)*r->p)) r->p++;
        return r->p > from;
}

static int read_number(Reader *r, ConfigNode *n) {
        const char *from = r->p;
        if (*r->p == '-') r->p++;
        const char *first = r->p;
        if (!digits(r) || (*first == '0' && r->p - first > 1)) return fail(r, "this is no value of JSON");
        if (r->p < r->end && *r->p == '.') {
                r->p++;
                if (!digits(r)) return fail(r, "this is no number");
        }
        if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
                r->p++;
                if (r->p < r->end && (*r->p == '+' || *r->p == '-')) r->p++;
                if (!digits(r)) return fail(r, "this is no number");
        }
        n->text = arena_str(r->arena, (Str){from, (size_t)(r->p - from)});
        return 0;
}

static ConfigNode *read_value(Reader *r);

static int read_member(Reader *r, ConfigNode *parent) {
        const char *key = NULL;
        unsigned line = r->line;
        if (parent->kind == CONFIG_MAP) {
                if (read_text(r, &key) < 0) return -1;
                skip_space(r);
                if (r->p >= r->end || *r->p != ':') return fail(r, "expected ':' behind the key");
                r->p++;
        }
        ConfigNode *child = read_value(r);
        if (!child) return -1;
        if (key) {
                if (config_node_get(parent, key))
                        return err_new(r->error, ERR_SYNTAX, "%s:%u: the key '%s' is there twice", r->file, line, key);
                if (parent->count >= CONFIG_KEYS_MAX)
                        return err_new(r->error, ERR_LIMIT, "%s:%u: more than %d keys in a map", r->file, line,
                                       CONFIG_KEYS_MAX);
                child->line = line;
                child->key = key;
        }
        config_node_append(parent, child);
        return 0;
}

static int read_members(Reader *r, ConfigNode *parent) {
        char close = parent->kind == CONFIG_MAP ? '}' : ']';
        r->p++;
        skip_space(r);
        if (r->p < r->end && *r->p == close) {
                r->p++;
                return 0;
        }
        for (;;) {
                if (read_member(r, parent) < 0) return -1;
                skip_space(r);
                if (r->p >= r->end) return fail(r, close == '}' ? "'}' is missing" : "']' is missing");
                if (*r->p == close) break;
                if (*r->p != ',') return fail(r, close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
                r->p++;
                skip_space(r);
        }
        r->p++;
        return 0;
}

static bool word(Reader *r, const char *text) {
        size_t n = strlen(text);
        if ((size_t)(r->end - r->p) < n || memcmp(r->p, text, n) != 0) return false;
        r->p += n;
        return true;
}

static int fill_value(Reader *r, ConfigNode *n) {
        if (r->p >= r->end) return fail(r, "the file ends where a value is expected");
        if (*r->p == '{' || *r->p == '[') {
                n->kind = *r->p == '{' ? CONFIG_MAP : CONFIG_LIST;
                return read_members(r, n);
        }
        if (*r->p == '"') {
                n->kind = CONFIG_TEXT;
                return read_text(r, &n->text);
        }
        if (*r->p == '/' || *r->p == '#') return fail(r, "JSON has no comments");
        if (word(r, "null")) return 0;
        n->kind = CONFIG_BOOL;
        if (word(r, "true")) return n->flag = true, 0;
        if (word(r, "false")) return 0;
        n->kind = CONFIG_NUMBER;
        return read_number(r, n);
}

static ConfigNode *read_value(Reader *r) {
        skip_space(r);
        ConfigNode *n = new_node(r, CONFIG_NULL);
        if (!n) return NULL;
        if (++r->depth > CONFIG_DEPTH_MAX) {
                err_new(r->error, ERR_LIMIT, "%s:%u: more than %d levels", r->file, r->line, CONFIG_DEPTH_MAX);
                return NULL;
        }
        int result = fill_value(r, n);
        r->depth--;
        return result < 0 ? NULL : n;
}

/* RFC 8259 8.1. Two keys that differ only in bytes which mean nothing would be one key to whoever reads them next. */
static int check_utf8(Reader *r, Str text) {
        size_t bad = json_find_no_utf8(text);
        if (bad == text.n) return 0;
        for (size_t i = 0; i < bad; i++) r->line += text.p[i] == '\n';
        return fail(r, "this is no UTF-8");
}

int config_json_parse(Arena *a, const char *file, Str text, ConfigNode **ret_root, Err **e) {
        Reader r = {.arena = a, .file = arena_strdup(a, file), .p = text.p, .line = 1, .error = e};
        if (str_starts(text, STR("\xef\xbb\xbf"))) text = str_sub(text, 3, text.n);
        r.p = text.p;
        r.end = text.p + text.n;
        if (text.n > CONFIG_FILE_MAX) return err_new(e, ERR_LIMIT, "%s: larger than %d bytes", file, CONFIG_FILE_MAX);
        if (check_utf8(&r, text) < 0) return -1;
        ConfigNode *root = read_value(&r);
        if (!root) return -1;
        skip_space(&r);
        if (r.p < r.end) return fail(&r, "there is something behind the document");
        *ret_root = root;
        return 0;
}
