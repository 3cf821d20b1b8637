/* SPDX-License-Identifier: Apache-2.0 */
#include "debian/relation.h"

#include "base/vec.h"
#include "debian/package.h"
#include "debian/version.h"

enum { SHOWN_MAX = 80 }; /* of an entry in a message */

/* A longer sign before its beginning, the present one before its older form. */
static const struct {
        const char *sign;
        RelationOperator operation;
} operators[] = {
        {"<<", RELATION_EARLIER}, {"<=", RELATION_EARLIER_EQUAL}, {">=", RELATION_LATER_EQUAL}, {">>", RELATION_LATER},
        {"=", RELATION_EQUAL},    {"<", RELATION_EARLIER_EQUAL},  {">", RELATION_LATER_EQUAL},
};

static int refuse(Err **e, Str entry, const char *expected) {
        return err_new(e, ERR_FORMAT, "relation '" STR_FMT "': expected %s", STR_ARG(str_sub(entry, 0, SHOWN_MAX)),
                       expected);
}

static bool is_one_of(char c, const char *marks) {
        return c != '\0' && strchr(marks, c);
}

static Str take_until(Str *rest, const char *ends) {
        size_t n = 0;
        while (n < rest->n && !is_one_of(rest->p[n], ends)) n++;
        Str head = {rest->p, n};
        *rest = str_sub(*rest, n, rest->n);
        return head;
}

/* What stands between brackets at the front of *rest, which moves behind them. */
static bool take_bracketed(Str *rest, char close, Str *ret_inside) {
        *rest = str_sub(*rest, 1, rest->n);
        if (!str_cut(rest, close, ret_inside)) return false;
        *ret_inside = str_trim(*ret_inside);
        *rest = str_trim(*rest);
        return true;
}

static int parse_version(Str inside, Str entry, Relation *r, Err **e) {
        for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
                Str sign = str_of(operators[i].sign);
                if (!str_starts(inside, sign)) continue;
                r->operation = operators[i].operation;
                r->version = str_trim(str_sub(inside, sign.n, inside.n));
                return debian_version_valid(r->version) ? 0 : refuse(e, entry, "a version behind the operator");
        }
        return refuse(e, entry, "one of << <= = >= >> before the version");
}

static bool qualifier_valid(Str qualifier) {
        for (size_t i = 0; i < qualifier.n; i++) {
                char c = qualifier.p[i];
                if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
        }
        return qualifier.n > 0;
}

static int parse_one(Str entry, Relation *ret, Err **e) {
        Relation r = {.text = entry};
        Str rest = entry, inside;
        r.name = take_until(&rest, ": \t\r\n([<");
        if (!package_name_valid(r.name)) return refuse(e, entry, "the name of a package");
        if (rest.n > 0 && rest.p[0] == ':') {
                rest = str_sub(rest, 1, rest.n);
                r.qualifier = take_until(&rest, " \t\r\n([<");
                if (!qualifier_valid(r.qualifier)) return refuse(e, entry, "an architecture behind ':'");
        }
        rest = str_trim(rest);
        if (rest.n > 0 && rest.p[0] == '(') {
                if (!take_bracketed(&rest, ')', &inside)) return refuse(e, entry, "')'");
                if (parse_version(inside, entry, &r, e) < 0) return -1;
        }
        if (rest.n > 0 && rest.p[0] == '[') {
                if (!take_bracketed(&rest, ']', &r.architectures) || r.architectures.n == 0)
                        return refuse(e, entry, "architectures and ']'");
        }
        if (rest.n > 0) return refuse(e, entry, "NAME[:ARCHITECTURE] [(OPERATOR VERSION)] [[ARCHITECTURE...]]");
        *ret = r;
        return 0;
}

static size_t count_of(Str text, char separator) {
        size_t count = 1;
        for (size_t i = 0; i < text.n; i++) count += text.p[i] == separator;
        return count;
}

static int parse_group(Arena *arena, Str text, RelationGroup *ret, Err **e) {
        size_t count = count_of(text, '|');
        if (count > RELATIONS_MAX)
                return err_new(e, ERR_LIMIT, "more than %d alternatives in one relation", RELATIONS_MAX);
        Relation *v = arena_array(arena, count, sizeof *v);
        Str rest = text, entry;
        for (size_t i = 0; i < count; i++) {
                str_cut(&rest, '|', &entry);
                if (parse_one(str_trim(entry), &v[i], e) < 0) return -1;
        }
        *ret = (RelationGroup){v, count, text};
        return 0;
}

int relations_parse(Arena *arena, Str value, Relations *ret, Err **e) {
        size_t count = count_of(value, ','), n = 0;
        if (count > RELATIONS_MAX) return err_new(e, ERR_LIMIT, "more than %d relations in one field", RELATIONS_MAX);
        RelationGroup *v = arena_array(arena, count, sizeof *v);
        Str rest = value, entry;
        for (size_t i = 0; i < count; i++) {
                str_cut(&rest, ',', &entry);
                entry = str_trim(entry);
                if (entry.n == 0) continue;
                if (parse_group(arena, entry, &v[n++], e) < 0) return -1;
        }
        *ret = (Relations){v, n};
        return 0;
}

bool relation_takes_version(const Relation *r, Str version) {
        if (r->operation == RELATION_ANY) return true;
        int order = debian_version_compare(version, r->version);
        switch (r->operation) {
        case RELATION_EARLIER: return order < 0;
        case RELATION_EARLIER_EQUAL: return order <= 0;
        case RELATION_EQUAL: return order == 0;
        case RELATION_LATER_EQUAL: return order >= 0;
        default: return order > 0;
        }
}

/* Debian's machines are named "amd64" on Linux and "hurd-amd64" elsewhere. */
static bool architecture_matches(Str pattern, Str architecture) {
        if (str_is(pattern, "any") || str_is(pattern, "linux-any") || str_eq(pattern, architecture)) return true;
        return str_starts(pattern, STR("any-")) && str_eq(str_sub(pattern, 4, pattern.n), architecture);
}

bool relation_is_for(const Relation *r, const char *architecture) {
        Str rest = r->architectures, word;
        if (rest.n == 0) return true;
        bool negated = false, named = false;
        while ((rest = str_trim(rest)).n > 0) {
                word = take_until(&rest, " \t\r\n");
                bool is_not = word.p[0] == '!';
                if (is_not) word = str_sub(word, 1, word.n);
                negated |= is_not;
                named |= architecture_matches(word, str_of(architecture));
        }
        return named != negated;
}

void relation_render(const Relation *r, Buf *ret) {
        buf_add_str(ret, r->name);
        if (r->qualifier.n > 0) buf_addf(ret, ":" STR_FMT, STR_ARG(r->qualifier));
        for (size_t i = 0; i < sizeof operators / sizeof *operators && r->operation != RELATION_ANY; i++) {
                if (operators[i].operation != r->operation) continue;
                buf_addf(ret, " (%s " STR_FMT ")", operators[i].sign, STR_ARG(r->version));
                return;
        }
}
