/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/license.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

enum { DEPTH_MAX = 16 };

/* Identifiers of SPDX's list that occur in packages; read whatever the case. */
static const char *const identifiers[] = {
        "0BSD",
        "AFL-2.1",
        "Apache-1.1",
        "Apache-2.0",
        "Artistic-1.0",
        "Artistic-1.0-Perl",
        "Artistic-2.0",
        "Beerware",
        "BlueOak-1.0.0",
        "BSD-1-Clause",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSD-4-Clause",
        "BSD-4-Clause-UC",
        "BSL-1.0",
        "bzip2-1.0.6",
        "CC-BY-3.0",
        "CC-BY-4.0",
        "CC-BY-SA-3.0",
        "CC-BY-SA-4.0",
        "CC0-1.0",
        "CDDL-1.0",
        "CDDL-1.1",
        "CPL-1.0",
        "curl",
        "EPL-1.0",
        "EPL-2.0",
        "EUPL-1.2",
        "FSFAP",
        "FSFUL",
        "FSFULLR",
        "FTL",
        "HPND",
        "ICU",
        "IJG",
        "ISC",
        "JSON",
        "Latex2e",
        "Libpng",
        "libtiff",
        "LPPL-1.3c",
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "MPL-1.0",
        "MPL-1.1",
        "MPL-2.0",
        "MS-PL",
        "NCSA",
        "NTP",
        "OFL-1.0",
        "OFL-1.1",
        "OLDAP-2.8",
        "OpenSSL",
        "PHP-3.01",
        "PostgreSQL",
        "PSF-2.0",
        "Python-2.0",
        "Python-2.0.1",
        "Qhull",
        "QPL-1.0",
        "RSA-MD",
        "Ruby",
        "Sendmail",
        "Sleepycat",
        "SMLNJ",
        "TCL",
        "TCP-wrappers",
        "Unicode-3.0",
        "Unicode-DFS-2015",
        "Unicode-DFS-2016",
        "Unicode-TOU",
        "Unlicense",
        "UPL-1.0",
        "Vim",
        "W3C",
        "WTFPL",
        "X11",
        "Zlib",
        "ZPL-2.1",
};

/* Names that others use. */
static const struct {
        const char *name, *identifier;
} aliases[] = {
        {"Expat", "MIT"},
        {"MIT License", "MIT"},
        {"The MIT License", "MIT"},
        {"Apache-2", "Apache-2.0"},
        {"Apache 2.0", "Apache-2.0"},
        {"Apache License 2.0", "Apache-2.0"},
        {"Apache License, Version 2.0", "Apache-2.0"},
        {"Apache Software License", "Apache-2.0"},
        {"Artistic", "Artistic-1.0-Perl"},
        {"BSD-2-clauses", "BSD-2-Clause"},
        {"BSD-3-clauses", "BSD-3-Clause"},
        {"BSD-3", "BSD-3-Clause"},
        {"BSD-2", "BSD-2-Clause"},
        {"3-Clause BSD License", "BSD-3-Clause"},
        {"BSD 3-Clause", "BSD-3-Clause"},
        {"Boost-1.0", "BSL-1.0"},
        {"CC0", "CC0-1.0"},
        {"MPL-2", "MPL-2.0"},
        {"PSF-2", "PSF-2.0"},
        {"PSF", "PSF-2.0"},
        {"SIL-1.1", "OFL-1.1"},
        {"The Unlicense", "Unlicense"},
};

static const struct {
        const char *name, *identifier;
} exceptions[] = {
        {"GCC exception", "GCC-exception-3.1"},
        {"GCC-exception-3.1", "GCC-exception-3.1"},
        {"Autoconf exception", "Autoconf-exception-3.0"},
        {"Bison exception", "Bison-exception-2.2"},
        {"Libtool exception", "Libtool-exception"},
        {"OpenSSL exception", "x11vnc-openssl-exception"},
        {"Classpath exception", "Classpath-exception-2.0"},
        {"Classpath-exception-2.0", "Classpath-exception-2.0"},
        {"LLVM exception", "LLVM-exception"},
        {"LLVM-exception", "LLVM-exception"},
        {"Font exception", "Font-exception-2.0"},
};

/* The families of the GNU licenses: GPL-2, GPL-2+, GPL-2.0, GPL-2.0-only, GPL-2.0-or-later. */
static const struct {
        const char *name, *versions; /* versions: separated by spaces */
} families[] = {
        {"GPL", "1.0 2.0 3.0"},
        {"LGPL", "2.0 2.1 3.0"},
        {"AGPL", "3.0"},
        {"GFDL", "1.1 1.2 1.3"},
};

/* ---- one name */

static bool has_word(const char *list, Str word) {
        Str rest = str_of(list), one;
        bool more = true;
        while (more) {
                more = str_cut(&rest, ' ', &one);
                if (str_eq(one, word)) return true;
        }
        return false;
}

static bool take_suffix(Str *s, const char *suffix) {
        Str end = str_of(suffix);
        if (s->n < end.n || !str_eq_nocase(str_sub(*s, s->n - end.n, end.n), end)) return false;
        s->n -= end.n;
        return true;
}

/* NULL: not of that family. */
static const char *family_member(const char *family, const char *versions, Str name, Arena *arena) {
        Str head = str_sub(name, 0, strlen(family));
        if (!str_eq_nocase(head, str_of(family)) || name.n <= head.n || !strchr("-v ", name.p[head.n])) return NULL;
        Str version = str_sub(name, head.n + 1, name.n);
        if (version.n && (version.p[0] == 'v' || version.p[0] == 'V')) version = str_sub(version, 1, version.n);
        bool free_text = str_starts(version, STR("NIV-"));
        if (free_text) version = str_sub(version, 4, version.n);
        bool later = take_suffix(&version, "+") || take_suffix(&version, "-or-later");
        if (!later) take_suffix(&version, "-only");
        AUTO(freep) char *full = str_dup(version);
        if (!memchr(version.p, '.', version.n)) {
                free(full);
                full = xasprintf(STR_FMT ".0", STR_ARG(version));
        }
        if (!has_word(versions, str_of(full))) return NULL;
        return arena_printf(arena, "%s-%s%s-%s", family, full, free_text ? "-no-invariants" : "",
                            later ? "or-later" : "only");
}

static const char *known_license(Str name, Arena *arena) {
        for (size_t i = 0; i < ARRAY_SIZE(identifiers); i++)
                if (str_eq_nocase(name, str_of(identifiers[i]))) return identifiers[i];
        for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
                if (str_eq_nocase(name, str_of(aliases[i].name))) return aliases[i].identifier;
        for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
                const char *member = family_member(families[i].name, families[i].versions, name, arena);
                if (member) return member;
        }
        return NULL;
}

/* "LicenseRef-" and the name with what SPDX does not allow in it as dashes. */
static const char *license_ref(Str name, Arena *arena) {
        char *id = arena_printf(arena, "LicenseRef-" STR_FMT, STR_ARG(name));
        for (char *c = id; *c; c++)
                if ((unsigned char)*c >= 0x80 || (!isalnum((unsigned char)*c) && *c != '.' && *c != '-')) *c = '-';
        return id;
}

/* ---- expressions */

typedef struct Parser {
        Str rest;
        Arena *arena;
        TextVec *others;
        unsigned depth;
} Parser;

typedef struct Term {
        const char *text; /* NULL: wrong or empty */
        bool compound;    /* holds AND or OR outside of parentheses */
} Term;

static const char *add_other(Parser *p, Str name) {
        const char *id = license_ref(name, p->arena);
        for (size_t i = 0; i < p->others->n; i++)
                if (streq(p->others->v[i], id)) return p->others->v[i];
        vec_push(p->others, id);
        return id;
}

/* The word that comes next, "," and parentheses being words of their own. */
static Str next_word(const Parser *p) {
        Str rest = str_trim(p->rest);
        size_t n = 0;
        if (rest.n && strchr(",()", rest.p[0])) return str_sub(rest, 0, 1);
        while (n < rest.n && !isspace((unsigned char)rest.p[n]) && !memchr(",()", rest.p[n], 3)) n++;
        return str_sub(rest, 0, n);
}

static void skip_word(Parser *p, Str word) {
        const char *end = p->rest.p + p->rest.n;
        p->rest = (Str){word.p + word.n, (size_t)(end - word.p) - word.n};
}

static bool take_word(Parser *p, const char *word) {
        Str next = next_word(p);
        if (!next.n || !str_eq_nocase(next, str_of(word))) return false;
        skip_word(p, next);
        return true;
}

static bool is_connector(Str word) {
        static const char *const connectors[] = {"and", "or", "with", ",", "(", ")"};
        for (size_t i = 0; i < ARRAY_SIZE(connectors); i++)
                if (str_eq_nocase(word, str_of(connectors[i]))) return true;
        return false;
}

/* Words up to the next connector. Empty: there are none. */
static Str take_name(Parser *p) {
        Str first = next_word(p), last = first;
        if (!first.n || is_connector(first)) return (Str){0};
        for (Str word = first; word.n && !is_connector(word); word = next_word(p)) {
                last = word;
                skip_word(p, word);
        }
        return (Str){first.p, (size_t)(last.p + last.n - first.p)};
}

static const char *known_exception(Str name) {
        for (size_t i = 0; i < ARRAY_SIZE(exceptions); i++)
                if (str_eq_nocase(name, str_of(exceptions[i].name))) return exceptions[i].identifier;
        return NULL;
}

static Term parse_name(Parser *p) {
        Str name = take_name(p);
        if (!name.n) return (Term){0};
        const char *id = known_license(name, p->arena);
        if (!take_word(p, "with")) return (Term){.text = id ? id : add_other(p, name)};
        Str exception = take_name(p);
        const char *exception_id = known_exception(exception);
        if (id && exception_id) return (Term){.text = arena_printf(p->arena, "%s WITH %s", id, exception_id)};
        if (!exception.n) return (Term){0};
        /* SPDX has no name for it: the pair is a license of its own. */
        Str whole = {name.p, (size_t)(exception.p + exception.n - name.p)};
        return (Term){.text = add_other(p, whole)};
}

static Term parse_list(Parser *p);

static Term parse_term(Parser *p) {
        if (!take_word(p, "(")) return parse_name(p);
        if (++p->depth > DEPTH_MAX) return (Term){0};
        Term inner = parse_list(p);
        p->depth--;
        return take_word(p, ")") ? inner : (Term){0};
}

static Term join(Parser *p, Term a, const char *operator, Term b) {
        if (!a.text || !b.text) return (Term){0};
        const char *open_a = a.compound ? "(" : "", *close_a = a.compound ? ")" : "";
        const char *open_b = b.compound ? "(" : "", *close_b = b.compound ? ")" : "";
        return (Term){.text = arena_printf(p->arena, "%s%s%s %s %s%s%s", open_a, a.text, close_a, operator, open_b,
                                           b.text, close_b),
                      .compound = true};
}

/* The first term of a chain of equal operators needs no parentheses. */
static Term chain(Parser *p, const char *word, const char *operator, Term (*parse)(Parser *)) {
        Term all = parse(p);
        bool chained = false;
        while (all.text && take_word(p, word)) {
                if (chained) all.compound = false;
                all = join(p, all, operator, parse(p));
                chained = true;
        }
        return all;
}

static Term parse_and(Parser *p) {
        return chain(p, "and", "AND", parse_term);
}

static Term parse_or(Parser *p) {
        return chain(p, "or", "OR", parse_and);
}

/* A comma binds less than the words: "A or B, and C". */
static Term parse_list(Parser *p) {
        Term all = parse_or(p);
        while (all.text && take_word(p, ",")) {
                bool either = take_word(p, "or");
                if (!either) take_word(p, "and");
                all = join(p, all, either ? "OR" : "AND", parse_or(p));
        }
        return all;
}

const char *license_expression(Str wording, Arena *arena, TextVec *others) {
        wording = str_trim(wording);
        if (wording.n == 0 || wording.n > LICENSE_WORDING_MAX || memchr(wording.p, '\0', wording.n)) return NULL;
        const char *whole = known_license(wording, arena);
        if (whole) return whole;
        Parser p = {.rest = wording, .arena = arena, .others = others};
        Term all = parse_list(&p);
        return all.text && str_trim(p.rest).n == 0 ? all.text : NULL;
}
