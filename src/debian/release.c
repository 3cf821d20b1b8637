/* SPDX-License-Identifier: Apache-2.0 */
#include "debian/release.h"

#include <time.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "debian/control.h"

enum { DATE_TEXT_MAX = 64 };

/* "Sat, 11 Oct 2025 09:17:15 UTC" (also GMT, +0000, Z). */
static bool release_date_parse(Str text, int64_t *ret_unix_s) {
        static const char *const zones[] = {"UTC", "GMT", "+0000", "Z"};
        char copy[DATE_TEXT_MAX];
        struct tm when = {0};
        if (text.n >= sizeof copy) return false;
        memcpy(copy, text.p, text.n);
        copy[text.n] = '\0';
        const char *zone = strptime(copy, "%a, %d %b %Y %H:%M:%S ", &when);
        for (size_t i = 0; zone && i < ARRAY_SIZE(zones); i++) {
                if (!streq(zone, zones[i])) continue;
                *ret_unix_s = timegm(&when);
                return true;
        }
        return false;
}

/* ---- lines of SHA256 */

static Str take_word(Str *rest) {
        size_t n = 0;
        *rest = str_trim(*rest);
        while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t') n++;
        Str word = str_sub(*rest, 0, n);
        *rest = str_sub(*rest, n, rest->n);
        return word;
}

/* Relative, without "." and "..", in characters that need no escape in a URL. */
static bool is_inside(Str path) {
        if (path.n == 0 || path.n > RELEASE_PATH_MAX) return false;
        Str part;
        bool more = true;
        for (size_t i = 0; i < path.n; i++)
                if ((unsigned char)path.p[i] <= ' ' || (unsigned char)path.p[i] >= 0x7f || strchr("?#%\\", path.p[i]))
                        return false;
        while (more) {
                more = str_cut(&path, '/', &part);
                if (part.n == 0 || str_is(part, ".") || str_is(part, "..")) return false;
        }
        return true;
}

static bool parse_entry(Str line, ReleaseEntry *ret_entry) {
        Str hex = take_word(&line), size = take_word(&line);
        ret_entry->path = str_trim(line);
        return hex_parse(hex, ret_entry->sha256.bytes, sizeof ret_entry->sha256.bytes) &&
               u64_parse(size, 10, &ret_entry->size) && is_inside(ret_entry->path);
}

static int check_entries(const ReleaseFile *release, const char *file, Err **e) {
        Str rest = release->files, line;
        ReleaseEntry entry;
        while (control_line(&rest, &line))
                if (!parse_entry(line, &entry))
                        return err_new(e, ERR_FORMAT, "%s: SHA256: '" STR_FMT "': \"SHA256 SIZE PATH\" is expected",
                                       file, STR_ARG(str_sub(line, 0, 200)));
        return 0;
}

bool release_find(const ReleaseFile *release, const char *path, ReleaseEntry *ret_entry) {
        Str rest = release->files, line, wanted = str_of(path);
        while (control_line(&rest, &line))
                if (str_ends(line, wanted) && parse_entry(line, ret_entry) && str_eq(ret_entry->path, wanted))
                        return true;
        return false;
}

/* ---- the whole */

static int parse_date(const ControlParagraph *p, const char *file, const char *field, int64_t *ret_unix_s, Err **e) {
        Str value = control_get(p, field);
        *ret_unix_s = 0;
        if (!value.p || release_date_parse(value, ret_unix_s)) return 0;
        return err_new(e, ERR_FORMAT, "%s: %s: '" STR_FMT "' is no date in UTC", file, field,
                       STR_ARG(str_sub(value, 0, 80)));
}

static Str get(const ControlParagraph *p, const char *field) {
        Str value = control_get(p, field);
        return value.p ? value : STR("");
}

static bool has_word(Str text, const char *wanted) {
        while ((text = str_trim(text)).n)
                if (str_is(take_word(&text), wanted)) return true;
        return false;
}

static int take_fields(const ControlParagraph *p, const char *file, ReleaseFile *r, Err **e) {
        r->origin = get(p, "Origin");
        r->suite = get(p, "Suite");
        r->codename = get(p, "Codename");
        r->version = get(p, "Version");
        r->architectures = get(p, "Architectures");
        r->components = get(p, "Components");
        r->by_hash = str_eq_nocase(get(p, "Acquire-By-Hash"), STR("yes"));
        r->all_apart =
                has_word(r->architectures, "all") && !has_word(get(p, "No-Support-for-Architecture-all"), "Packages");
        r->files = get(p, "SHA256");
        if (parse_date(p, file, "Date", &r->date_s, e) < 0) return -1;
        if (parse_date(p, file, "Valid-Until", &r->valid_until_s, e) < 0) return -1;
        if (!control_get(p, "Date").p) return err_new(e, ERR_FORMAT, "%s: no field Date", file);
        if (!r->files.n) return err_new(e, ERR_FORMAT, "%s: no field SHA256 with the digests of its files", file);
        return 0;
}

int release_parse(Str text, const char *file, ReleaseFile *ret_release, Err **e) {
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        size_t offset = 0;
        ReleaseFile r;
        int found = control_next(text, file, &offset, &p, e);
        if (found < 0) return -1;
        if (!found) return err_new(e, ERR_FORMAT, "%s is empty", file);
        if (take_fields(&p, file, &r, e) < 0 || check_entries(&r, file, e) < 0) return -1;
        *ret_release = r;
        return 0;
}
