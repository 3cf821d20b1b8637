/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <inttypes.h>
#include <string.h>

/* The texts of history entries as BuildKit writes them, that is: as Go's fmt package prints them. */

enum { SECOND_NS = 1000000000 };

int64_t plan_created_ns(const PlanParams *params) {
        return params->source_date_epoch_s >= 0 ? params->source_date_epoch_s * SECOND_NS : params->now_ns;
}

void history_commit(Stage *s, const char *created_by, bool layer) {
        HistoryEntry entry = {
                .created_ns = plan_created_ns(s->maker->params),
                .has_created = true,
                .created_by = (char *)created_by, /* copied by the call below */
                .comment = (char *)PLAN_HISTORY_COMMENT,
                .empty_layer = !layer,
        };
        image_config_add_history(&s->pub.config, &entry);
        s->pub.config.created_ns = entry.created_ns;
        s->pub.config.has_created = true;
}

void plan_text_list(Buf *b, const StrVec *words) {
        buf_addc(b, '[');
        for (size_t i = 0; i < words->n; i++) {
                if (i > 0) buf_addc(b, ' ');
                buf_adds(b, words->v[i]);
        }
        buf_addc(b, ']');
}

/* One UTF-8 sequence at p; 0 when the bytes are none. */
static size_t rune_decode(const char *text, uint32_t *ret_rune) {
        const unsigned char *p = (const unsigned char *)text;
        size_t n = p[0] < 0x80                   ? 1
                   : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
                   : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
                   : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                                 : 0;
        if (n == 0) return 0;
        uint32_t rune = n == 1 ? p[0] : p[0] & (0x7fu >> n);
        for (size_t i = 1; i < n; i++) {
                if ((p[i] & 0xc0) != 0x80) return 0;
                rune = rune << 6 | (p[i] & 0x3f);
        }
        static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        if (rune < least[n] || rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000)) return 0;
        *ret_rune = rune;
        return n;
}

/* Runes that Go does not print as they are: controls, spaces other than U+0020, format and private characters. */
static bool rune_printable(uint32_t rune) {
        static const struct {
                uint32_t first, last;
        } hidden[] = {
                {0x00, 0x1f},     {0x7f, 0xa0},     {0xad, 0xad},     {0x1680, 0x1680},   {0x180e, 0x180e},
                {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f}, {0x3000, 0x3000},   {0xe000, 0xf8ff},
                {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe00ff}, {0xf0000, 0x10ffff},
        };
        for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
                if (rune >= hidden[i].first && rune <= hidden[i].last) return false;
        return true;
}

static void quote_rune(Buf *b, uint32_t rune, const char *bytes, size_t n) {
        static const char letters[] = "\a\b\f\n\r\t\v\\\"";
        static const char names[] = "abfnrtv\\\"";
        const char *found = rune != 0 && rune < 0x80 ? strchr(letters, (int)rune) : NULL;
        if (found)
                buf_addf(b, "\\%c", names[found - letters]);
        else if (rune_printable(rune))
                buf_add(b, bytes, n);
        else if (rune < 0x80)
                buf_addf(b, "\\x%02x", rune);
        else
                buf_addf(b, rune < 0x10000 ? "\\u%04x" : "\\U%08x", rune);
}

static void text_quoted(Buf *b, const char *text) {
        buf_addc(b, '"');
        while (*text) {
                uint32_t rune = 0;
                size_t n = rune_decode(text, &rune);
                if (n == 0)
                        buf_addf(b, "\\x%02x", (unsigned char)*text);
                else
                        quote_rune(b, rune, text, n);
                text += n ? n : 1;
        }
        buf_addc(b, '"');
}

void plan_text_quoted_list(Buf *b, const StrVec *words) {
        buf_addc(b, '[');
        for (size_t i = 0; i < words->n; i++) {
                if (i > 0) buf_addc(b, ' ');
                text_quoted(b, words->v[i]);
        }
        buf_addc(b, ']');
}

/* value / unit with as many decimals as are needed. */
static void fraction(Buf *b, uint64_t value, uint64_t unit, const char *name) {
        buf_addf(b, "%" PRIu64, value / unit);
        uint64_t rest = value % unit;
        if (rest > 0) {
                buf_addc(b, '.');
                for (uint64_t digit = unit / 10; rest > 0; digit /= 10) {
                        buf_addc(b, (char)('0' + rest / digit));
                        rest %= digit;
                }
        }
        buf_adds(b, name);
}

void plan_text_duration(Buf *b, int64_t ns) {
        uint64_t value = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
        if (ns < 0) buf_addc(b, '-');
        if (value == 0) {
                buf_adds(b, "0s");
        } else if (value < 1000) {
                buf_addf(b, "%" PRIu64 "ns", value);
        } else if (value < 1000000) {
                fraction(b, value, 1000, "µs");
        } else if (value < SECOND_NS) {
                fraction(b, value, 1000000, "ms");
        } else {
                uint64_t minutes = value / (60ull * SECOND_NS);
                if (minutes >= 60) buf_addf(b, "%" PRIu64 "h", minutes / 60);
                if (minutes > 0) buf_addf(b, "%" PRIu64 "m", minutes % 60);
                fraction(b, value % (60ull * SECOND_NS), SECOND_NS, "s");
        }
}
