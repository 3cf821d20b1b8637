/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"

struct Pattern {
        char *text;
        pcre2_code *code;
};

/* What RE2 does not have and PCRE2 would take. */
static const char *const foreign_groups[] = {"(?=", "(?!", "(?<=", "(?<!", "(?>", "(?|",
                                             "(?#", "(?(", "(?R",  "(?&",  "(*"};

static const char *foreign_group_at(const char *text) {
        for (size_t i = 0; i < ARRAY_SIZE(foreign_groups); i++) {
                if (starts_with(text, foreign_groups[i])) return foreign_groups[i];
        }
        return NULL;
}

/* The byte behind the class that begins at text, or its NUL. "[]a]" and "[^]a]" hold a bracket, "[[:alpha:]]" a name. */
static const char *skip_class(const char *text) {
        text++;
        if (*text == '^') text++;
        if (*text == ']') text++;
        while (*text && *text != ']') {
                const char *end = starts_with(text, "[:") ? strstr(text, ":]") : NULL;
                if (end) {
                        text = end + 2;
                } else {
                        text += text[0] == '\\' && text[1] ? 2 : 1;
                }
        }
        return *text ? text + 1 : text;
}

static const char *skip_escape(const char *text) {
        const char *end;
        if (text[1] != 'Q') return text[1] ? text + 2 : text + 1;
        end = strstr(text, "\\E");
        return end ? end + 2 : text + strlen(text);
}

static int check_flavour(const char *text, Err **e) {
        for (const char *at = text; *at;) {
                const char *group = foreign_group_at(at);
                if (group) {
                        err_new(e, ERR_SYNTAX, "regular expression '%s': '%s' at byte %zu is not in RE2's syntax", text,
                                group, (size_t)(at - text) + 1);
                        return err_hint(e, "the syntax is that of https://github.com/google/re2/wiki/Syntax");
                }
                at = *at == '\\' ? skip_escape(at) : *at == '[' ? skip_class(at) : at + 1;
        }
        return 0;
}

static int compile(const char *text, pcre2_code **ret_code, Err **e) {
        const uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
        int error = 0;
        PCRE2_SIZE offset = 0;
        PCRE2_UCHAR message[256] = {0};
        pcre2_compile_context *context = pcre2_compile_context_create(NULL);
        if (!context) return err_new(e, ERR_INTERNAL, "PCRE2 did not start");
        pcre2_set_newline(context, PCRE2_NEWLINE_LF);
        *ret_code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &error, &offset, context);
        pcre2_compile_context_free(context);
        if (*ret_code) return 0;
        pcre2_get_error_message(error, message, sizeof message);
        return err_new(e, ERR_SYNTAX, "regular expression '%s': %s at byte %zu", text, (const char *)message,
                       offset + 1);
}

int pattern_compile(const char *text, Pattern **ret_pattern, Err **e) {
        uint32_t references = 0;
        if (strlen(text) > PATTERN_TEXT_MAX)
                return err_new(e, ERR_LIMIT, "a regular expression of more than %d bytes", PATTERN_TEXT_MAX);
        if (check_flavour(text, e) < 0) return -1;
        AUTO(pattern_freep) Pattern *p = xcalloc(1, sizeof *p);
        p->text = xstrdup(text);
        if (compile(text, &p->code, e) < 0) return -1;
        pcre2_pattern_info(p->code, PCRE2_INFO_BACKREFMAX, &references);
        if (references)
                return err_new(e, ERR_SYNTAX, "regular expression '%s': references back are not in RE2's syntax", text);
        *ret_pattern = TAKE(p);
        return 0;
}

void pattern_free(Pattern *p) {
        if (p->code) pcre2_code_free(p->code);
        free(p->text);
        free(p);
}

const char *pattern_text(const Pattern *p) {
        return p->text;
}

int pattern_search(const Pattern *p, Str text, bool *ret_found, Err **e) {
        PCRE2_UCHAR message[256] = {0};
        pcre2_match_data *data = pcre2_match_data_create(1, NULL);
        pcre2_match_context *context = pcre2_match_context_create(NULL);
        int r = PCRE2_ERROR_NOMEMORY;
        if (data && context) {
                pcre2_set_match_limit(context, PATTERN_STEPS_MAX);
                pcre2_set_heap_limit(context, PATTERN_HEAP_KIB_MAX);
                r = pcre2_match(p->code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n, 0, 0, data, context);
        }
        pcre2_match_context_free(context);
        pcre2_match_data_free(data);
        *ret_found = r >= 0; /* 0: more groups than the data has room for */
        if (r >= 0 || r == PCRE2_ERROR_NOMATCH) return 0;
        pcre2_get_error_message(r, message, sizeof message);
        return err_new(e, ERR_LIMIT, "searching with '%s' was given up: %s", p->text, (const char *)message);
}
