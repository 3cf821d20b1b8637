/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lint_format.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/text.h"
#include "codec/json.h"
#include "codec/sha256.h"

void lint_rows_done(LintRows *rows) {
        for (size_t i = 0; i < rows->n; i++) {
                free(rows->v[i].code);
                free(rows->v[i].text);
                free(rows->v[i].fix);
        }
        vec_done(rows);
}

static void render_tty(const LintRows *rows, bool color, Buf *out) {
        static const char *const colors[] = {"\033[31m", "\033[33m", "\033[36m", ""};
        Buf plain = {0};
        for (size_t i = 0; i < rows->n; i++) {
                const LintRow *r = &rows->v[i];
                buf_clear(&plain);
                buf_addf(&plain, "%s:%u %s", r->file, r->first_line, r->code);
                text_add_safe(out, buf_str(&plain));
                buf_addf(out, " %s%s%s: ", color ? colors[r->level] : "", check_level_name(r->level),
                         color ? "\033[0m" : "");
                buf_clear(&plain);
                buf_addf(&plain, "%s\n", r->text);
                if (r->fix) buf_addf(&plain, "        fix: %s\n", r->fix);
                text_add_safe(out, buf_str(&plain));
        }
        buf_done(&plain);
}

static void add_member(Buf *out, const char *key, const char *value) {
        json_add_key(out, key);
        json_add_string_plain(out, str_of(value));
}

static void render_json(const LintRows *rows, bool color, Buf *out) {
        (void)color;
        buf_addc(out, '[');
        for (size_t i = 0; i < rows->n; i++) {
                const LintRow *r = &rows->v[i];
                buf_adds(out, i ? ",{" : "{");
                add_member(out, "code", r->code);
                json_add_key(out, "column");
                buf_adds(out, "1");
                add_member(out, "file", r->file);
                if (r->fix) add_member(out, "fix", r->fix);
                add_member(out, "level", check_level_name(r->level));
                json_add_key(out, "line");
                buf_addf(out, "%u", r->first_line);
                add_member(out, "message", r->text);
                buf_addc(out, '}');
        }
        buf_adds(out, "]\n");
}

/* ---- checkstyle */

static void add_attribute(Buf *out, const char *name, const char *value) {
        buf_addf(out, " %s='", name);
        text_add_xml(out, str_of(value));
        buf_addc(out, '\'');
}

static void render_checkstyle(const LintRows *rows, bool color, Buf *out) {
        (void)color;
        const char *file = NULL;
        buf_adds(out, "<?xml version='1.0' encoding='UTF-8'?>\n<checkstyle version='4.3'>\n");
        for (size_t i = 0; i < rows->n; i++) {
                const LintRow *r = &rows->v[i];
                if (!file || !streq(file, r->file)) {
                        if (file) buf_adds(out, "</file>\n");
                        buf_adds(out, "<file");
                        add_attribute(out, "name", r->file);
                        buf_adds(out, ">\n");
                        file = r->file;
                }
                buf_addf(out, "<error line='%u' column='1'", r->first_line);
                add_attribute(out, "severity", check_level_name(r->level));
                add_attribute(out, "message", r->text);
                add_attribute(out, "source", r->code);
                buf_adds(out, "/>\n");
        }
        buf_adds(out, file ? "</file>\n</checkstyle>\n" : "</checkstyle>\n");
}

/* ---- code climate */

/* The same for the same finding, wherever in the file it is. */
static void add_fingerprint(const LintRow *r, Buf *out) {
        char hex[DIGEST_HEX_SIZE];
        Digest digest;
        AUTO(freep) char *text = xasprintf("%s\n%s\n%s", r->file, r->code, r->text);
        sha256_of(text, strlen(text), &digest);
        digest_hex(&digest, hex);
        add_member(out, "fingerprint", hex);
}

static void add_issue(const LintRow *r, bool fingerprint, Buf *out) {
        static const char *const severities[] = {"blocker", "major", "info", "info"};
        buf_addc(out, '{');
        json_add_key(out, "categories");
        buf_adds(out, "[\"Bug Risk\"]");
        add_member(out, "check_name", r->code);
        add_member(out, "description", r->text);
        if (fingerprint) add_fingerprint(r, out);
        json_add_key(out, "location");
        buf_addc(out, '{');
        json_add_key(out, "lines");
        buf_addf(out, "{\"begin\":%u,\"end\":%u}", r->first_line, r->last_line);
        add_member(out, "path", r->file);
        buf_addc(out, '}');
        add_member(out, "severity", severities[r->level]);
        add_member(out, "type", "issue");
        buf_addc(out, '}');
}

/* Each issue ends with a NUL, as the engines of Code Climate write them. */
static void render_codeclimate(const LintRows *rows, bool color, Buf *out) {
        (void)color;
        for (size_t i = 0; i < rows->n; i++) {
                add_issue(&rows->v[i], false, out);
                buf_addc(out, '\0');
        }
}

static void render_gitlab(const LintRows *rows, bool color, Buf *out) {
        (void)color;
        buf_addc(out, '[');
        for (size_t i = 0; i < rows->n; i++) {
                if (i) buf_addc(out, ',');
                add_issue(&rows->v[i], true, out);
        }
        buf_adds(out, "]\n");
}

/* ---- sarif */

static void add_text_object(Buf *out, const char *key, const char *text) {
        json_add_key(out, key);
        buf_addc(out, '{');
        add_member(out, "text", text);
        buf_addc(out, '}');
}

static void add_sarif_rules(Buf *out) {
        for (int i = 0; i < CHECK_ID_MAX; i++) {
                AUTO(buf_done) Buf url = {0};
                const CheckRule *rule = check_rule((CheckId)i);
                buf_adds(out, i ? ",{" : "{");
                add_member(out, "id", rule->name);
                add_text_object(out, "shortDescription", rule->title);
                add_text_object(out, "help", rule->fix);
                check_url((CheckId)i, &url);
                if (!check_is_own((CheckId)i)) add_member(out, "helpUri", url.p);
                buf_addc(out, '}');
        }
}

static void add_sarif_result(const LintRow *r, Buf *out) {
        static const char *const levels[] = {"error", "warning", "note", "none"};
        AUTO(freep) char *text = r->fix ? xasprintf("%s. Fix: %s", r->text, r->fix) : xstrdup(r->text);
        buf_addc(out, '{');
        add_member(out, "ruleId", r->code);
        add_member(out, "level", levels[r->level]);
        add_text_object(out, "message", text);
        json_add_key(out, "locations");
        buf_adds(out, "[{\"physicalLocation\":{\"artifactLocation\":{");
        add_member(out, "uri", r->file);
        buf_addf(out,
                 "},\"region\":{\"startLine\":%u,\"startColumn\":1,\"endLine\":%u,\"sourceLanguage\":\"dockerfile\"}}}]"
                 "}",
                 r->first_line, r->last_line);
}

static void render_sarif(const LintRows *rows, bool color, Buf *out) {
        (void)color;
        buf_adds(out, "{\"version\":\"2.1.0\",\"$schema\":\"http://json.schemastore.org/"
                      "sarif-2.1.0\",\"runs\":[{\"tool\":{\"driver\":{"
                      "\"name\":\"decant\",\"version\":\"" DECANT_VERSION "\",\"rules\":[");
        add_sarif_rules(out);
        buf_adds(out, "]}},\"results\":[");
        for (size_t i = 0; i < rows->n; i++) {
                if (i) buf_addc(out, ',');
                add_sarif_result(&rows->v[i], out);
        }
        buf_adds(out, "]}]}\n");
}

static const LintFormat formats[] = {
        {"tty", render_tty},
        {"json", render_json},
        {"sarif", render_sarif},
        {"checkstyle", render_checkstyle},
        {"codeclimate", render_codeclimate},
        {"gitlab_codeclimate", render_gitlab},
};

int lint_format_find(const char *name, const LintFormat **ret_format, Err **e) {
        for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
                if (!streq(formats[i].name, name)) continue;
                *ret_format = &formats[i];
                return 0;
        }
        return err_new(e, ERR_USAGE, "there is no format '%s'", name);
}
