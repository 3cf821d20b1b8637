/* SPDX-License-Identifier: Apache-2.0 */
#include "dockerfile/path_pattern.h"

#include "dockerfile/text.h"

typedef enum PathTokenKind {
        TOKEN_ANY = 0x200000, /* ? */
        TOKEN_CLASS,          /* [...] */
        TOKEN_STAR,           /* * */
        TOKEN_LEVELS,         /* any number of components with their slashes, even none; two states: this one ... */
        TOKEN_LEVELS_INSIDE,  /* ... and this one, where at least one character was eaten */
        TOKEN_ALL,            /* any characters */
} PathTokenKind;

enum {
        STATE_WORDS = PATH_PATTERN_MAX / 64 + 1,
        FLOAT_SLASHES_MAX = 4, /* each level of the path is tried on its own: only worth it while that is little */
};

/* One end of a range in a class. */
static bool class_char(Str text, size_t *at, uint32_t *ret_char) {
        if (*at < text.n && text.p[*at] == '\\') {
                (*at)++;
        } else if (*at < text.n && (text.p[*at] == '-' || text.p[*at] == ']')) {
                return false;
        }
        if (*at >= text.n) return false;
        size_t size;
        *ret_char = text_char(str_sub(text, *at, text.n), &size);
        *at += size;
        return *at < text.n;
}

/* The class that begins at text[*at] == '['; *at goes behind it. False: it is malformed. */
static bool class_scan(Str text, size_t *at, uint32_t c, bool *ret_inside) {
        bool negated = *at + 1 < text.n && text.p[*at + 1] == '^', inside = false;
        *at += negated ? 2 : 1;
        for (size_t ranges = 0; !(ranges > 0 && text.p[*at] == ']'); ranges++) {
                uint32_t low, high;
                if (!class_char(text, at, &low)) return false;
                high = low;
                if (text.p[*at] == '-') {
                        (*at)++;
                        if (!class_char(text, at, &high)) return false;
                }
                inside |= c >= low && c <= high;
        }
        (*at)++;
        *ret_inside = inside != negated;
        return true;
}

static bool is_literal(Str text) {
        for (size_t i = 0; i < text.n; i++) {
                if (strchr("*?[]\\", text.p[i]) && text.p[i]) return false;
        }
        return true;
}

static void add_token(PathPattern *p, uint32_t kind, size_t at) {
        p->tokens[p->count++] = (PathToken){kind, (uint32_t)at};
}

/* "**" at text[at]. A slash behind it belongs to it. At the end it takes everything, and so it does in front of plain
 * text ("**name" is any path that ends so); elsewhere it takes whole components. */
static size_t add_levels(PathPattern *p, size_t at) {
        size_t next = at + 2;
        bool slash = next < p->text.n && p->text.p[next] == '/';
        if (slash) next++;
        Str rest = str_sub(p->text, next, p->text.n);
        if (rest.n == 0 || (at == 0 && !slash && is_literal(rest))) {
                add_token(p, TOKEN_ALL, at);
        } else {
                add_token(p, TOKEN_LEVELS, at);
                add_token(p, TOKEN_LEVELS_INSIDE, at);
        }
        return next;
}

static bool add_tokens(PathPattern *p, bool deep) {
        Str text = p->text;
        for (size_t at = 0, size; at < text.n;) {
                size_t start = at;
                bool ignored;
                char c = text.p[at];
                if (c == '*' && deep && at + 1 < text.n && text.p[at + 1] == '*') {
                        at = add_levels(p, at);
                } else if (c == '*' || c == '?') {
                        add_token(p, c == '*' ? TOKEN_STAR : TOKEN_ANY, at++);
                } else if (c == '[') {
                        if (!class_scan(text, &at, 0, &ignored)) return false;
                        add_token(p, TOKEN_CLASS, start);
                } else {
                        if (c == '\\' && ++at >= text.n) return false;
                        uint32_t ch = text_char(str_sub(text, at, text.n), &size);
                        add_token(p, ch, start);
                        at += size;
                }
        }
        return true;
}

static void classify(PathPattern *p) {
        bool deep = false;
        p->first = p->count > 1 && p->tokens[0].kind == TOKEN_LEVELS ? 2 : 0;
        p->end = p->count;
        p->below = p->count >= p->first + 3 && p->tokens[p->count - 1].kind == TOKEN_ALL &&
                   p->tokens[p->count - 2].kind == '/';
        if (p->below) p->end -= 2;
        for (size_t i = p->first; i < p->end; i++) {
                deep |= p->tokens[i].kind >= TOKEN_LEVELS;
                p->slashes += p->tokens[i].kind == '/';
        }
        deep |= p->first > 0 && p->slashes > FLOAT_SLASHES_MAX;
        p->kind = deep ? PATH_PATTERN_DEEP : p->first ? PATH_PATTERN_FLOAT : PATH_PATTERN_FLAT;
        if (deep) p->first = 0;
}

static void find_fixed_parts(PathPattern *p) {
        if (memchr(p->text.p, '\\', p->text.n)) return;
        size_t i = 0;
        while (i < p->count && p->tokens[i].kind < TOKEN_ANY) i++;
        p->head = str_sub(p->text, 0, i < p->count ? p->tokens[i].at : p->text.n);
        for (i = p->end; i > p->first && p->tokens[i - 1].kind < TOKEN_ANY;) i--;
        size_t tail = i < p->count ? p->tokens[i].at : p->text.n,
               end = p->end < p->count ? p->tokens[p->end].at : p->text.n;
        p->tail = str_sub(p->text, tail, end - tail);
        p->literal = p->kind != PATH_PATTERN_DEEP && i == p->first;
}

bool path_pattern_compile(PathPattern *p, Str text, bool deep, PathToken *tokens) {
        *p = (PathPattern){.text = text, .tokens = tokens};
        if (!add_tokens(p, deep)) return false;
        if (text.n == 0) return true;
        classify(p);
        find_fixed_parts(p);
        return true;
}

static bool token_takes(const PathPattern *p, const PathToken *token, uint32_t c) {
        bool inside;
        size_t at = token->at;
        if (token->kind < TOKEN_ANY) return token->kind == c;
        if (c == '/') return false;
        if (token->kind == TOKEN_CLASS) return class_scan(p->text, &at, c, &inside) && inside;
        return token->kind == TOKEN_ANY;
}

/* Tokens [from, to), without "**", against all of name. Slashes of both sides can only meet one another, so what lies
 * before the last star never needs a second try. */
static bool flat_match(const PathPattern *p, size_t from, size_t to, Str name) {
        size_t star = SIZE_MAX, star_at = 0, t = from, at = 0, size;
        while (at < name.n) {
                uint32_t c = text_char(str_sub(name, at, name.n), &size);
                if (t < to && p->tokens[t].kind == TOKEN_STAR) {
                        star = t++;
                        star_at = at;
                } else if (t < to && token_takes(p, &p->tokens[t], c)) {
                        t++;
                        at += size;
                } else if (star != SIZE_MAX && name.p[star_at] != '/') {
                        text_char(str_sub(name, star_at, name.n), &size);
                        star_at += size;
                        at = star_at;
                        t = star + 1;
                } else {
                        return false;
                }
        }
        while (t < to && p->tokens[t].kind == TOKEN_STAR) t++;
        return t == to;
}

static bool piece_match(const PathPattern *p, Str piece) {
        if (p->tail.n > 0 && !str_ends(piece, p->tail)) return false;
        if (p->literal) return piece.n == p->tail.n;
        return flat_match(p, p->first, p->end, piece);
}

/* The components of path that the flat part has to match; false when there are too few, or more than may be. */
static bool take_components(const PathPattern *p, Str path, bool parents, Str *ret_piece) {
        size_t n = 0, slashes = p->slashes;
        for (; n < path.n; n++) {
                if (path.p[n] == '/' && slashes-- == 0) break;
        }
        if (n == path.n ? slashes != 0 || p->below : !parents && !p->below) return false;
        *ret_piece = str_sub(path, 0, n);
        return true;
}

static bool float_match(const PathPattern *p, Str path, bool parents) {
        Str piece;
        for (;;) {
                if (take_components(p, path, parents, &piece) && piece_match(p, piece)) return true;
                const char *slash = path.n ? memchr(path.p, '/', path.n) : NULL;
                if (!slash) return false;
                path = str_sub(path, (size_t)(slash - path.p) + 1, path.n);
        }
        return false;
}

typedef struct States {
        uint64_t bits[STATE_WORDS];
} States;

static bool has_state(const States *s, size_t t) {
        return s->bits[t / 64] >> (t % 64) & 1;
}

/* With all states that are reached without eating a character. */
static void enter(const PathPattern *p, States *s, size_t t) {
        for (;;) {
                s->bits[t / 64] |= (uint64_t)1 << (t % 64);
                if (t >= p->count) return;
                uint32_t kind = p->tokens[t].kind;
                if (kind != TOKEN_STAR && kind != TOKEN_ALL && kind != TOKEN_LEVELS) return;
                t += kind == TOKEN_LEVELS ? 2 : 1;
        }
}

static void step_state(const PathPattern *p, size_t t, uint32_t c, States *next) {
        if (t >= p->count) return;
        uint32_t kind = p->tokens[t].kind;
        if (kind == TOKEN_LEVELS || kind == TOKEN_LEVELS_INSIDE) {
                size_t inside = kind == TOKEN_LEVELS ? t + 1 : t;
                enter(p, next, inside);
                if (c == '/') enter(p, next, inside + 1);
        } else if (kind == TOKEN_ALL || (kind == TOKEN_STAR && c != '/')) {
                enter(p, next, t);
        } else if (token_takes(p, &p->tokens[t], c)) {
                enter(p, next, t + 1);
        }
}

static bool step(const PathPattern *p, States *now, States *next, uint32_t c) {
        size_t words = p->count / 64 + 1;
        uint64_t any = 0;
        memset(next->bits, 0, words * sizeof next->bits[0]);
        for (size_t w = 0; w < words; w++) {
                for (uint64_t bits = now->bits[w]; bits; bits &= bits - 1) {
                        step_state(p, w * 64 + (size_t)__builtin_ctzll(bits), c, next);
                }
        }
        for (size_t w = 0; w < words; w++) any |= next->bits[w];
        memcpy(now->bits, next->bits, words * sizeof now->bits[0]);
        return any != 0;
}

static bool deep_match(const PathPattern *p, Str path, bool parents) {
        States now, next;
        if (p->head.n > 0 && !str_starts(path, p->head)) return false;
        memset(now.bits, 0, (p->count / 64 + 1) * sizeof now.bits[0]);
        enter(p, &now, 0);
        for (size_t at = 0, size; at < path.n; at += size) {
                uint32_t c = text_char(str_sub(path, at, path.n), &size);
                if (parents && c == '/' && has_state(&now, p->count)) return true;
                if (!step(p, &now, &next, c)) return false;
        }
        return has_state(&now, p->count);
}

bool path_pattern_match(const PathPattern *p, Str path, bool parents) {
        Str piece;
        switch (p->kind) {
        case PATH_PATTERN_FLAT: return take_components(p, path, parents, &piece) && piece_match(p, piece);
        case PATH_PATTERN_FLOAT: return float_match(p, path, parents);
        default: return deep_match(p, path, parents);
        }
}

bool path_pattern_reaches(const PathPattern *p, Str path) {
        size_t from = 0;
        Str rest = path, name;
        bool more = true;
        while (more) {
                size_t to = from;
                while (to < p->count && p->tokens[to].kind != '/' && p->tokens[to].kind < TOKEN_LEVELS) to++;
                if (to < p->count && p->tokens[to].kind != '/') return true;
                more = str_cut(&rest, '/', &name);
                if (to == p->count || !flat_match(p, from, to, name)) return false;
                from = to + 1;
        }
        return true;
}
