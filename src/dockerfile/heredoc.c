/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/num.h"
#include "dockerfile/lexer.h"
#include "dockerfile/parser.h"
#include "dockerfile/text.h"

/* "[digits]<<[-]name" where name holds no further "<". */
static bool heredoc_split(Str word, Str *ret_digits, bool *ret_chomp, Str *ret_name) {
        size_t n = 0;
        while (n < word.n && word.p[n] >= '0' && word.p[n] <= '9') n++;
        *ret_digits = str_sub(word, 0, n);
        Str rest = str_sub(word, n, word.n);
        if (!str_starts(rest, STR("<<"))) return false;
        rest = str_sub(rest, 2, rest.n);
        *ret_chomp = rest.n > 0 && rest.p[0] == '-';
        if (*ret_chomp) rest = str_sub(rest, 1, rest.n);
        *ret_name = rest;
        return rest.n > 0 && !memchr(rest.p, '<', rest.n);
}

bool heredoc_parse(Arena *a, Str word, Heredoc *ret_heredoc) {
        Str digits, name;
        bool chomp;
        if (!heredoc_split(word, &digits, &chomp, &name)) return false;
        LexerWords plain = {0}, quoted = {0};
        bool good = lexer_words(a, name, LEXER_PLAIN, &plain) && plain.n == 1 &&
                    lexer_words(a, name, LEXER_RAW, &quoted) && quoted.n == 1;
        if (good) {
                uint32_t descriptor;
                if (!u32_parse(digits, 10, &descriptor)) descriptor = 0;
                *ret_heredoc = (Heredoc){.name = plain.v[0],
                                         .content = "",
                                         .raw = "",
                                         .expand = streq(plain.v[0], quoted.v[0]),
                                         .chomp = chomp,
                                         .descriptor = descriptor};
        }
        vec_done(&plain);
        vec_done(&quoted);
        return good;
}

void heredocs_find(Arena *a, Str line, HeredocVec *heredocs) {
        LexerWords words = {0};
        if (!lexer_words(a, line, LEXER_RAW, &words)) words.n = 0; /* unbalanced quotes: the shell's business */
        for (size_t i = 0; i < words.n; i++) {
                Heredoc heredoc;
                if (heredoc_parse(a, str_of(words.v[i]), &heredoc)) vec_push(heredocs, heredoc);
        }
        vec_done(&words);
}

const Heredoc *instruction_heredoc(const Instruction *in, size_t i) {
        Str digits, name;
        bool chomp;
        if (in->heredoc_count == 0 || i >= in->word_count) return NULL;
        if (!heredoc_split(str_of(in->words[i]), &digits, &chomp, &name)) return NULL;
        size_t seen = 0; /* words and heredocs stand in one order */
        for (size_t j = 0; j < i; j++) {
                if (heredoc_split(str_of(in->words[j]), &digits, &chomp, &name)) seen++;
        }
        return seen < in->heredoc_count ? &in->heredocs[seen] : NULL;
}
