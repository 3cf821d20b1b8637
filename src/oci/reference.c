/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/reference.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "codec/sha256.h"

enum { NAME_MAX_BYTES = 255, TAG_MAX_BYTES = 128, REFERENCE_MAX_BYTES = 1024 };

static const char default_host[] = "docker.io";
static const char official_prefix[] = "library/";

static bool is_lower_or_digit(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_separator(char c) {
        return c == '.' || c == '_' || c == '-';
}

static bool has_upper_case(Str s) {
        for (size_t i = 0; i < s.n; i++) {
                if (s.p[i] >= 'A' && s.p[i] <= 'Z') return true;
        }
        return false;
}

static bool is_hex64(Str s) {
        Digest d;
        return s.n == 64 && digest_parse(s, &d, NULL) == 0;
}

static ptrdiff_t last_index(Str s, char c) {
        const char *at = s.n > 0 && s.p ? memrchr(s.p, c, s.n) : NULL;
        return at ? at - s.p : -1;
}

/* ---- the parts ---- */

/* Separators inside a path component: one dot, one or two underscores, any number of dashes. */
static bool component_is_good(Str s) {
        size_t i = 0;
        while (i < s.n) {
                size_t from = i;
                while (i < s.n && is_lower_or_digit(s.p[i])) i++;
                if (i == from) return false;
                if (i == s.n) return true;
                from = i;
                while (i < s.n && s.p[i] == s.p[from] && is_separator(s.p[i])) i++;
                size_t run = i - from;
                if (run == 0 || i == s.n) return false;
                if ((s.p[from] == '.' && run > 1) || (s.p[from] == '_' && run > 2)) return false;
        }
        return false;
}

static bool path_is_good(Str path) {
        Str component;
        bool more;
        do {
                more = str_cut(&path, '/', &component);
                if (!component_is_good(component)) return false;
        } while (more);
        return true;
}

static bool host_label_is_good(Str s) {
        if (s.n == 0 || s.p[0] == '-' || s.p[s.n - 1] == '-') return false;
        for (size_t i = 0; i < s.n; i++) {
                if (!isalnum((unsigned char)s.p[i]) && s.p[i] != '-') return false;
        }
        return true;
}

static bool host_name_is_good(Str host) {
        if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') {
                for (size_t i = 1; i < host.n - 1; i++) {
                        if (!isxdigit((unsigned char)host.p[i]) && host.p[i] != ':') return false;
                }
                return true;
        }
        Str label;
        bool more;
        do {
                more = str_cut(&host, '.', &label);
                if (!host_label_is_good(label)) return false;
        } while (more);
        return true;
}

static bool host_is_good(Str host) {
        ptrdiff_t colon = last_index(host, ':'), bracket = last_index(host, ']');
        if (colon > bracket) {
                Str port = str_sub(host, (size_t)colon + 1, host.n);
                for (size_t i = 0; i < port.n; i++) {
                        if (!isdigit((unsigned char)port.p[i])) return false;
                }
                if (port.n == 0) return false;
                host = str_sub(host, 0, (size_t)colon);
        }
        return host_name_is_good(host);
}

static bool tag_is_good(Str tag) {
        if (tag.n == 0 || tag.n > TAG_MAX_BYTES) return false;
        for (size_t i = 0; i < tag.n; i++) {
                bool word = isalnum((unsigned char)tag.p[i]) || tag.p[i] == '_';
                if (!word && (i == 0 || (tag.p[i] != '.' && tag.p[i] != '-'))) return false;
        }
        return true;
}

/* ---- the whole ---- */

/* "localhost/x", "host:5000/x", "host.name/x" and "Host/x" begin with a host; "user/x" does not. */
static bool looks_like_host(Str first) {
        return str_is(first, "localhost") || has_upper_case(first) || memchr(first.p, '.', first.n) ||
               memchr(first.p, ':', first.n);
}

static void split_host(Str name, Str *ret_host, Str *ret_path) {
        Str first, rest = name;
        bool has_host = str_cut(&rest, '/', &first) && looks_like_host(first);
        *ret_host = has_host ? first : str_of(default_host);
        *ret_path = has_host ? rest : name;
        if (str_is(*ret_host, "index.docker.io")) *ret_host = str_of(default_host);
}

static int bad(Str text, const char *why, Err **e) {
        return err_new(e, ERR_SYNTAX, "invalid image reference '" STR_FMT "': %s", STR_ARG(str_sub(text, 0, 300)), why);
}

static int check_digest(Str text, Str digest, Err **e) {
        Digest d;
        if (str_starts(digest, STR("sha256:")) && digest_parse(digest, &d, NULL) == 0) return 0;
        if (str_starts(digest, STR("sha512:")) || str_starts(digest, STR("sha384:"))) {
                return err_new(e, ERR_UNSUPPORTED, "image reference '" STR_FMT "': only sha256 digests are supported",
                               STR_ARG(str_sub(text, 0, 300)));
        }
        return bad(text, "the digest is not sha256: and 64 hexadecimal digits", e);
}

/* "ubuntu" is "library/ubuntu". */
static bool is_official(Str host, Str path) {
        return str_is(host, default_host) && !memchr(path.p, '/', path.n);
}

static int check_name(Str text, Str name, Str host, Str path, Err **e) {
        if (name.n == 0) return bad(text, "it has no name", e);
        if (is_hex64(text)) return bad(text, "64 hexadecimal digits are an image id, not a name", e);
        if (has_upper_case(path)) return bad(text, "the name must be in lower case", e);
        if (!host_is_good(host)) return bad(text, "bad registry host", e);
        if (!path_is_good(path)) return bad(text, "bad name (lower-case letters, digits, and . _ - between them)", e);
        if (path.n + (is_official(host, path) ? sizeof official_prefix - 1 : 0) > NAME_MAX_BYTES) {
                return bad(text, "the name is longer than 255 characters", e);
        }
        return 0;
}

int reference_parse(Str text, Reference *ret_reference, Err **e) {
        Str name = text, digest = {0}, tag = {0}, host, path;
        if (text.n > REFERENCE_MAX_BYTES) return bad(text, "it is too long", e);
        if (text.n > 0 && memchr(text.p, '@', text.n)) {
                digest = text;
                str_cut(&digest, '@', &name);
                if (check_digest(text, digest, e) < 0) return -1;
        }
        ptrdiff_t colon = last_index(name, ':');
        if (colon >= 0 && colon > last_index(name, '/')) {
                tag = str_sub(name, (size_t)colon + 1, name.n);
                name = str_sub(name, 0, (size_t)colon);
                if (!tag_is_good(tag)) return bad(text, "bad tag (letters, digits, _ . -; 128 at most)", e);
        }
        split_host(name, &host, &path);
        if (check_name(text, name, host, path, e) < 0) return -1;
        bool official = is_official(host, path);
        size_t whole = host.n + path.n + tag.n + digest.n + sizeof official_prefix + sizeof "//:latest@";
        if (whole > REFERENCE_MAX_BYTES) return bad(text, "it is too long when it is written in full", e);
        *ret_reference = (Reference){
                .host = str_dup(host),
                .path = xasprintf("%s" STR_FMT, official ? official_prefix : "", STR_ARG(path)),
                .tag = tag.n > 0      ? str_dup(tag)
                       : digest.n > 0 ? NULL
                                      : xstrdup("latest"),
                .digest = digest.n > 0 ? str_dup(digest) : NULL,
        };
        return 0;
}

void reference_done(Reference *r) {
        free(r->host);
        free(r->path);
        free(r->tag);
        free(r->digest);
        *r = (Reference){0};
}

/* ---- text ---- */

static char *with_version(const Reference *r, char *name) {
        AUTO(freep) char *owned = name;
        return xasprintf("%s%s%s%s%s", owned, r->tag ? ":" : "", r->tag ? r->tag : "", r->digest ? "@" : "",
                         r->digest ? r->digest : "");
}

char *reference_render(const Reference *r) {
        return with_version(r, xasprintf("%s/%s", r->host, r->path));
}

/* The host stays where the path alone would be read as one with a host. */
char *reference_familiar_name(const Reference *r) {
        Str first, rest = str_of(r->path);
        bool ambiguous = str_cut(&rest, '/', &first) && looks_like_host(first);
        if (ambiguous || !streq(r->host, default_host)) return xasprintf("%s/%s", r->host, r->path);
        size_t skip = sizeof official_prefix - 1;
        bool official = starts_with(r->path, official_prefix) && !strchr(r->path + skip, '/');
        return xstrdup(r->path + (official ? skip : 0));
}

char *reference_familiar(const Reference *r) {
        return with_version(r, reference_familiar_name(r));
}
