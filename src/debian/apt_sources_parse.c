/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "debian/apt_sources_internal.h"
#include "debian/control.h"

/* What both forms may say about an entry, under one name each. */
typedef enum SourcesKey {
        KEY_TYPES,
        KEY_URIS,
        KEY_SUITES,
        KEY_COMPONENTS,
        KEY_ENABLED,
        KEY_ARCHITECTURES,
        KEY_SIGNED_BY,
        KEY_TRUSTED,
        KEY_CHECK_VALID_UNTIL,
        KEY_CHECK_DATE,
        KEY_DATE_MAX_FUTURE,
        KEY_NONE,
} SourcesKey;

static const struct {
        const char *field, *option; /* option NULL: has a place of its own in the one-line form */
} keys[] = {
        [KEY_TYPES] = {"Types", NULL},
        [KEY_URIS] = {"URIs", NULL},
        [KEY_SUITES] = {"Suites", NULL},
        [KEY_COMPONENTS] = {"Components", NULL},
        [KEY_ENABLED] = {"Enabled", NULL},
        [KEY_ARCHITECTURES] = {"Architectures", "arch"},
        [KEY_SIGNED_BY] = {"Signed-By", "signed-by"},
        [KEY_TRUSTED] = {"Trusted", "trusted"},
        [KEY_CHECK_VALID_UNTIL] = {"Check-Valid-Until", "check-valid-until"},
        [KEY_CHECK_DATE] = {"Check-Date", "check-date"},
        [KEY_DATE_MAX_FUTURE] = {"Date-Max-Future", "date-max-future"},
};

static int set_boolean(const AptRepository *r, SourcesKey key, Str value, bool *ret_value, Err **e) {
        if (apt_boolean_parse(value, ret_value)) return 0;
        return err_new(e, ERR_SYNTAX, "%s: %s: '" STR_FMT "' is neither yes nor no", r->where, keys[key].field,
                       STR_ARG(value));
}

static int set_seconds(const AptRepository *r, SourcesKey key, Str value, int64_t *ret_seconds, Err **e) {
        uint32_t seconds;
        if (!u32_parse(value, 10, &seconds) || seconds == 0)
                return err_new(e, ERR_SYNTAX, "%s: %s: '" STR_FMT "' is no number of seconds, from 1", r->where,
                               keys[key].field, STR_ARG(value));
        *ret_seconds = seconds;
        return 0;
}

static int set_key(AptRepository *r, SourcesKey key, Str value, Err **e) {
        bool check;
        switch (key) {
        case KEY_ARCHITECTURES: return apt_words(value, true, &r->architectures), 0;
        case KEY_SIGNED_BY: return apt_signed_by(r, value, e);
        case KEY_TRUSTED: return set_boolean(r, key, value, &r->trusted, e);
        case KEY_CHECK_VALID_UNTIL:
                if (set_boolean(r, key, value, &check, e) < 0) return -1;
                r->ignore_valid_until = !check;
                return 0;
        case KEY_CHECK_DATE:
                if (set_boolean(r, key, value, &check, e) < 0) return -1;
                r->ignore_date = !check;
                return 0;
        case KEY_DATE_MAX_FUTURE: return set_seconds(r, key, value, &r->date_max_future_s, e);
        default: return 0;
        }
}

/* ---- one line an entry */

/* A word ends at white space outside of brackets: "cdrom:[a disc]/" is one. */
static Str take_word(Str *rest) {
        size_t n = 0, depth = 0;
        *rest = str_trim(*rest);
        while (n < rest->n && (depth || (rest->p[n] != ' ' && rest->p[n] != '\t'))) {
                if (rest->p[n] == '[') depth++;
                if (rest->p[n] == ']' && depth) depth--;
                n++;
        }
        Str word = str_sub(*rest, 0, n);
        *rest = str_trim(str_sub(*rest, n, rest->n));
        return word;
}

static int set_option(AptRepository *r, Str option, Err **e) {
        Str value = option, name;
        if (!str_cut(&value, '=', &name))
                return err_new(e, ERR_SYNTAX, "%s: option '" STR_FMT "': NAME=VALUE is expected", r->where,
                               STR_ARG(option));
        bool changes = name.n > 0 && strchr("+-", name.p[name.n - 1]);
        if (changes) name.n--;
        for (SourcesKey key = 0; key < KEY_NONE; key++) {
                if (!keys[key].option || !str_eq_nocase(name, str_of(keys[key].option))) continue;
                if (changes)
                        return err_new(e, ERR_UNSUPPORTED,
                                       "%s: option '" STR_FMT "': lists cannot be changed, only set with '='", r->where,
                                       STR_ARG(option));
                return set_key(r, key, value, e);
        }
        return 0; /* apt has options that mean nothing here: lang, pdiffs, target ... */
}

static int take_options(AptRepository *r, Str *rest, Err **e) {
        Str options = *rest;
        if (!rest->n || rest->p[0] != '[') return 0;
        const char *end = memchr(rest->p, ']', rest->n);
        if (!end) return err_new(e, ERR_SYNTAX, "%s: no ']' behind the options", r->where);
        options = (Str){rest->p + 1, (size_t)(end - rest->p) - 1};
        *rest = str_sub(*rest, options.n + 2, rest->n);
        while ((options = str_trim(options)).n)
                if (set_option(r, take_word(&options), e) < 0) return -1;
        return 0;
}

static int parse_line(Str line, AptRepository *r, Err **e) {
        if (take_options(r, &line, e) < 0) return -1;
        Str uri = take_word(&line), suite = take_word(&line);
        if (uri.n) strvec_push_take(&r->uris, str_dup(uri));
        if (suite.n) strvec_push_take(&r->suites, str_dup(suite));
        apt_words(line, false, &r->components);
        return 0;
}

/* From a "#" at the beginning of a word on; one inside of a word belongs to it. */
static Str without_comment(Str line) {
        for (size_t i = 0; i < line.n; i++)
                if (line.p[i] == '#' && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
                        return str_sub(line, 0, i);
        return line;
}

/* Words become C strings: none may end before it ends. */
static int refuse_nul(Str text, const char *file, Err **e) {
        const char *nul = text.n ? memchr(text.p, '\0', text.n) : NULL;
        size_t line = 1;
        if (!nul) return 0;
        for (const char *p = text.p; p < nul; p++) line += *p == '\n';
        return err_new(e, ERR_SYNTAX, "%s:%zu: a NUL byte in the text", file, line);
}

int apt_sources_parse_lines(Str text, const char *file, AptRepositories *ret, Err **e) {
        bool more = true;
        if (refuse_nul(text, file, e) < 0) return -1;
        for (size_t number = 1; more; number++) {
                Str line;
                more = str_cut(&text, '\n', &line);
                line = str_trim(without_comment(line));
                Str type = take_word(&line);
                if (!type.n || str_is(type, "deb-src")) continue;
                AUTO(apt_repository_done) AptRepository r = {.where = xasprintf("%s:%zu", file, number)};
                if (!str_is(type, "deb")) {
                        err_new(e, ERR_SYNTAX, "%s: '" STR_FMT "' where \"deb\" or \"deb-src\" is expected", r.where,
                                STR_ARG(type));
                        return err_hint(e, "deb [signed-by=FILE] URI SUITE COMPONENT...");
                }
                if (parse_line(line, &r, e) < 0 || apt_repository_add(ret, &r, e) < 0) return -1;
        }
        return 0;
}

/* ---- stanzas */

static bool has_type_deb(const ControlParagraph *p) {
        AUTO(strvec_done) StrVec types = {0};
        apt_words(control_get(p, keys[KEY_TYPES].field), false, &types);
        return strvec_index(&types, "deb") >= 0;
}

static int is_enabled(const ControlParagraph *p, const AptRepository *r, bool *ret_enabled, Err **e) {
        Str value = control_get(p, keys[KEY_ENABLED].field);
        *ret_enabled = true;
        return value.p ? set_boolean(r, KEY_ENABLED, value, ret_enabled, e) : 0;
}

/* Lines of a value that are comments are no words of it. */
static void value_words(const ControlParagraph *p, SourcesKey key, StrVec *ret_words) {
        Str value = control_get(p, keys[key].field), line;
        while (control_line(&value, &line)) apt_words(line, false, ret_words);
}

static int parse_stanza(const ControlParagraph *p, const char *file, AptRepositories *ret, Err **e) {
        AUTO(apt_repository_done) AptRepository r = {.where = xasprintf("%s:%zu", file, p->line)};
        bool enabled;
        if (!control_get(p, keys[KEY_TYPES].field).p)
                return err_new(e, ERR_SYNTAX, "%s: a stanza without the field Types (\"Types: deb\")", r.where);
        if (is_enabled(p, &r, &enabled, e) < 0) return -1;
        if (!enabled || !has_type_deb(p)) return 0;
        value_words(p, KEY_URIS, &r.uris);
        value_words(p, KEY_SUITES, &r.suites);
        value_words(p, KEY_COMPONENTS, &r.components);
        for (SourcesKey key = KEY_ENABLED + 1; key < KEY_NONE; key++) {
                Str value = control_get(p, keys[key].field);
                if (value.p && set_key(&r, key, value, e) < 0) return -1;
        }
        return apt_repository_add(ret, &r, e);
}

int apt_sources_parse_stanzas(Str text, const char *file, AptRepositories *ret, Err **e) {
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        AUTO(err_freep) Err *wrong = NULL;
        size_t offset = 0;
        int found;
        if (refuse_nul(text, file, e) < 0) return -1;
        while ((found = control_next(text, file, &offset, &p, &wrong)) > 0)
                if (parse_stanza(&p, file, ret, e) < 0) return -1;
        return found < 0 ? err_new(e, ERR_SYNTAX, "%s", err_message(wrong)) : 0;
}
