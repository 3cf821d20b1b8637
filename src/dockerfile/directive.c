/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "dockerfile/parser.h"
#include "dockerfile/text.h"

/* "#key=value" with white space wherever it is harmless. */
static bool directive_split(Str line, Str *ret_key, Str *ret_value) {
        if (line.n == 0 || line.p[0] != '#') return false;
        Str rest = text_trim_left(str_sub(line, 1, line.n));
        size_t n = 0;
        while (n < rest.n && isalnum((unsigned char)rest.p[n]) && !(n == 0 && isdigit((unsigned char)rest.p[n]))) n++;
        Str key = str_sub(rest, 0, n);
        rest = text_trim_left(str_sub(rest, n, rest.n));
        if (n == 0 || rest.n == 0 || rest.p[0] != '=') return false;
        *ret_key = key;
        *ret_value = text_trim(str_sub(rest, 1, rest.n));
        return ret_value->n > 0;
}

static int set_escape(Parser *p, Str value, uint32_t number, Err **e) {
        if (!str_is(value, "\\") && !str_is(value, "`")) {
                return dockerfile_error(p->report, number, number, NULL, e,
                                        "invalid escape token '" STR_FMT "': only \\ and ` are possible",
                                        STR_ARG(value));
        }
        p->d->escape = value.p[0];
        p->escape_seen = true;
        return 0;
}

int directive_parse(Parser *p, Str line, uint32_t number, bool *ret_directive, Err **e) {
        Dockerfile *d = p->d;
        Str key, value;
        *ret_directive = false;
        if (p->directives_done) return 0;
        bool found = directive_split(line, &key, &value);
        bool syntax = found && str_eq_nocase(key, STR("syntax"));
        bool check = found && str_eq_nocase(key, STR("check"));
        bool escape = found && str_eq_nocase(key, STR("escape"));
        if (!syntax && !check && !escape) {
                p->directives_done = true; /* any other comment counts as one, and so does all below it */
                return 0;
        }
        if ((syntax && d->syntax) || (check && d->check) || (escape && p->escape_seen)) {
                return dockerfile_error(p->report, number, number, NULL, e, "only one %s parser directive can be used",
                                        syntax  ? "syntax"
                                        : check ? "check"
                                                : "escape");
        }
        *ret_directive = true;
        if (escape) return set_escape(p, value, number, e);
        *(syntax ? &d->syntax : &d->check) = arena_str(p->arena, value);
        return 0;
}
