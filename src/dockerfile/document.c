/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "dockerfile/parser.h"
#include "dockerfile/text.h"

static const Str byte_order_mark = {"\xEF\xBB\xBF", 3};

static Str without_newline(Str line) {
        while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r')) line.n--;
        return line;
}

static bool is_comment(Str line) {
        Str text = text_trim_left(line);
        return text.n > 0 && text.p[0] == '#';
}

/* Where the line after line i begins: heredoc bodies keep their line ends. */
static const char *line_end(const Dockerfile *d, size_t i) {
        return i + 1 < d->line_count ? d->lines[i + 1].p : d->text + d->text_size;
}

/* A line that ends in one escape character, blanks aside, goes on in the next. */
static bool cut_continuation(Str *line, char escape) {
        size_t n = line->n;
        while (n > 0 && (line->p[n - 1] == ' ' || line->p[n - 1] == '\t')) n--;
        if (n == 0 || line->p[n - 1] != escape) return false;
        if (n > 1 && line->p[n - 2] == escape) return false;
        line->n = n - 1;
        return true;
}

/* Lines after the first of an instruction. Returns whether an empty one was among them. */
static bool join_lines(Parser *p, Str first) {
        Dockerfile *d = p->d;
        bool more = true, empty = false;
        buf_clear(&p->logical);
        buf_add_str(&p->logical, first);
        while (more && p->next < d->line_count) {
                Str line = d->lines[p->next++];
                if (is_comment(line)) continue;
                if (text_trim_left(line).n == 0) {
                        empty = true;
                        continue;
                }
                more = cut_continuation(&line, d->escape);
                buf_add_str(&p->logical, line);
        }
        return empty;
}

static const char *chomp_tabs(Arena *a, Str raw, size_t *ret_size) {
        char *content = arena_alloc(a, raw.n + 1);
        size_t n = 0;
        bool line_start = true;
        for (size_t i = 0; i < raw.n; i++) {
                if (line_start && raw.p[i] == '\t') continue;
                line_start = raw.p[i] == '\n';
                content[n++] = raw.p[i];
        }
        *ret_size = n;
        return content;
}

static bool is_terminator(const Heredoc *h, Str line) {
        size_t tabs = 0;
        while (h->chomp && tabs < line.n && line.p[tabs] == '\t') tabs++;
        return str_is(str_sub(line, tabs, line.n), h->name);
}

static int read_heredoc(Parser *p, Heredoc *h, const Instruction *in, Err **e) {
        const Dockerfile *d = p->d;
        size_t first = p->next, end = first;
        while (end < d->line_count && !is_terminator(h, d->lines[end])) end++;
        if (end == d->line_count) {
                parser_error(p, in, h->name, e, "unterminated heredoc: no line is '%s' alone", h->name);
                return err_hint(e, "the delimiter has to stand alone on its line, without blanks%s",
                                h->chomp ? " (tabs before it are fine)" : "");
        }
        const char *begin = first < end ? d->lines[first].p : d->text;
        Str raw = {begin, first < end ? (size_t)(line_end(d, end - 1) - begin) : 0};
        h->raw = arena_str(p->arena, raw);
        h->raw_size = h->content_size = raw.n;
        h->content = h->chomp ? chomp_tabs(p->arena, raw, &h->content_size) : h->raw;
        p->next = end + 1;
        return 0;
}

static int read_heredocs(Parser *p, Str line, Instruction *in, Err **e) {
        if (!instruction_takes_heredoc(in) || !memmem(line.p, line.n, "<<", 2)) return 0;
        HeredocVec found = {0};
        int r = 0;
        heredocs_find(p->arena, line, &found);
        for (size_t i = 0; i < found.n && r == 0; i++) r = read_heredoc(p, &found.v[i], in, e);
        if (r == 0 && found.n > 0) {
                Heredoc *heredocs = arena_array(p->arena, found.n, sizeof *heredocs);
                memcpy(heredocs, found.v, found.n * sizeof *heredocs);
                in->heredocs = heredocs;
                in->heredoc_count = found.n;
        }
        vec_done(&found);
        return r;
}

/* "check=..." of a comment line, or nothing. */
static Str comment_check(Str comment) {
        if (!str_starts(comment, STR("check"))) return (Str){0};
        Str rest = text_trim_left(str_sub(comment, 5, comment.n));
        if (rest.n == 0 || rest.p[0] != '=') return (Str){0};
        return text_trim(str_sub(rest, 1, rest.n));
}

/* The comment lines [p->comments, end) right above an instruction. */
static void attach_comments(Parser *p, size_t end, Instruction *in) {
        Buf doc = {0};
        for (size_t i = p->comments; i < end; i++) {
                Str text = text_trim_left(p->d->lines[i]);
                Str comment = text_trim(str_sub(text, 1, text.n));
                Str check = comment_check(comment);
                if (check.n > 0) {
                        in->check = arena_str(p->arena, check);
                        continue;
                }
                if (doc.n > 0) buf_addc(&doc, '\n');
                buf_add_str(&doc, comment);
        }
        if (doc.n > 0) in->doc = arena_str(p->arena, buf_str(&doc));
        buf_done(&doc);
}

static void warn_empty_line(Parser *p, const Instruction *in) {
        const char *text = arena_printf(p->arena, "Empty continuation line found in: %s", in->original);
        DockerfileWarning warning = {in->first_line, text, "NoEmptyContinuation"};
        vec_push(&p->warnings, warning);
}

/* The instruction that begins with line (already without a continuation mark) at index start. */
static int read_instruction(Parser *p, size_t start, Str line, bool more, Err **e) {
        Instruction in = {0};
        bool empty = false;
        if (more) {
                empty = join_lines(p, line);
                line = buf_str(&p->logical);
        }
        attach_comments(p, start, &in);
        in.first_line = p->fixed_line ? p->fixed_line : (uint32_t)start + 1;
        in.last_line = p->fixed_line ? p->fixed_line : (uint32_t)p->next;
        if (text_trim(line).n == 0) return 0; /* nothing but continuation marks up to the end of the file */
        if (instruction_parse(p, line, &in, e) < 0) return -1;
        if (read_heredocs(p, line, &in, e) < 0) return -1;
        if (!p->fixed_line) in.last_line = (uint32_t)p->next;
        if (instruction_check(p, &in, e) < 0) return -1;
        if (empty) warn_empty_line(p, &in);
        vec_push(&p->instructions, in);
        return 0;
}

/* All instructions of p->d->lines into p->instructions. */
static int parser_run(Parser *p, Err **e) {
        Dockerfile *d = p->d;
        while (p->next < d->line_count) {
                size_t start = p->next++;
                Str line = text_trim_left(d->lines[start]);
                bool directive;
                if (directive_parse(p, line, (uint32_t)start + 1, &directive, e) < 0) return -1;
                if (is_comment(line)) {
                        if (directive) p->comments = p->next;
                        continue;
                }
                bool more = cut_continuation(&line, d->escape);
                if ((more || line.n > 0) && read_instruction(p, start, line, more, e) < 0) return -1;
                p->comments = p->next;
        }
        return 0;
}

/* Lines with their carriage returns: how long a line is counts before they go. */
static Str *split_lines(Dockerfile *d) {
        Str rest = {d->text, d->text_size};
        if (str_starts(rest, byte_order_mark)) rest = str_sub(rest, 3, rest.n);
        size_t count = rest.n > 0 && rest.p[rest.n - 1] != '\n';
        for (const char *at = rest.p, *end = rest.p + rest.n; (at = memchr(at, '\n', (size_t)(end - at))); at++)
                count++;
        Str *lines = arena_array(d->arena, count, sizeof *lines);
        for (size_t i = 0; i < count; i++) {
                Str line;
                if (!str_cut(&rest, '\n', &line)) rest.n = 0;
                lines[i] = line;
        }
        d->lines = lines;
        d->line_count = count;
        return lines;
}

static int check_lines(const Dockerfile *d, Err **e) {
        for (size_t i = 0; i < d->line_count; i++) {
                const Str *line = &d->lines[i];
                uint32_t number = (uint32_t)i + 1;
                if (line->n > DOCKERFILE_LINE_MAX) {
                        return dockerfile_error(d, number, number, NULL, e,
                                                "line too long: %zu bytes, greater than maximum allowed size of %d",
                                                line->n, DOCKERFILE_LINE_MAX);
                }
                if (line->n > 0 && memchr(line->p, 0, line->n)) {
                        return dockerfile_error(d, number, number, NULL, e, "line holds a NUL byte: this is no text");
                }
        }
        return 0;
}

static void trim_lines(Str *lines, size_t count) {
        for (size_t i = 0; i < count; i++) lines[i] = without_newline(lines[i]);
}

static const void *take_items(Arena *a, void *items, size_t count, size_t size) {
        void *copy = arena_array(a, count, size);
        if (count) memcpy(copy, items, count * size);
        free(items);
        return copy;
}

static void parser_done(Parser *p) {
        buf_done(&p->logical);
        vec_done(&p->instructions);
        vec_done(&p->warnings);
}

int dockerfile_parse(const char *name, Str text, Dockerfile **ret_dockerfile, Err **e) {
        if (text.n > DOCKERFILE_SIZE_MAX) {
                return err_new(e, ERR_LIMIT, "%s: %zu bytes are too many for a Dockerfile (at most %d)", name, text.n,
                               DOCKERFILE_SIZE_MAX);
        }
        Arena *arena = arena_new();
        AUTO(dockerfile_freep) Dockerfile *d = arena_alloc(arena, sizeof *d);
        *d = (Dockerfile){
                .arena = arena, .name = arena_strdup(arena, name), .text = arena_str(arena, text), .escape = '\\'};
        d->text_size = text.n;
        Str *lines = split_lines(d);
        if (check_lines(d, e) < 0) return -1;
        trim_lines(lines, d->line_count);
        AUTO(parser_done) Parser p = {.d = d, .arena = arena, .report = d};
        if (parser_run(&p, e) < 0) return -1;
        if (p.instructions.n == 0) {
                return err_new(e, ERR_SYNTAX, "%s: file with no instructions: %s", name,
                               text.n ? "only blank lines and comments" : "it is empty");
        }
        d->instruction_count = p.instructions.n;
        d->instructions = take_items(arena, TAKE(p.instructions.v), p.instructions.n, sizeof(Instruction));
        d->warning_count = p.warnings.n;
        d->warnings = take_items(arena, TAKE(p.warnings.v), p.warnings.n, sizeof(DockerfileWarning));
        *ret_dockerfile = TAKE(d);
        return 0;
}

void dockerfile_free(Dockerfile *d) {
        if (d) arena_free(d->arena); /* d lies in it */
}

int dockerfile_parse_trigger(Dockerfile *d, const char *text, uint32_t line, Instruction *ret_instruction, Err **e) {
        Dockerfile part = {.arena = d->arena, .name = d->name, .text = arena_strdup(d->arena, text), .escape = '\\'};
        part.text_size = strlen(text);
        Str *lines = split_lines(&part);
        trim_lines(lines, part.line_count);
        AUTO(parser_done)
        Parser p = {.d = &part, .arena = d->arena, .report = d, .fixed_line = line, .directives_done = true};
        if (parser_run(&p, e) < 0) return err_hint(e, "the text comes from an ONBUILD trigger: %s", text);
        if (p.instructions.n != 1) {
                return dockerfile_error(d, line, line, NULL, e,
                                        "ONBUILD trigger holds %zu instructions instead of one: %s", p.instructions.n,
                                        text);
        }
        *ret_instruction = p.instructions.v[0];
        return 0;
}
