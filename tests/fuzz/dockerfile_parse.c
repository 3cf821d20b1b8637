/* SPDX-License-Identifier: Apache-2.0 */

/* Any bytes as a Dockerfile: what is accepted has sane positions and complete instructions; triggers parse again. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "dockerfile/dockerfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition) abort();
}

static void check_heredocs(const Instruction *in) {
        for (size_t i = 0; i < in->heredoc_count; i++) {
                const Heredoc *h = &in->heredocs[i];
                require(*h->name && strlen(h->content) == h->content_size && h->content_size <= h->raw_size);
                require(h->chomp || h->content_size == h->raw_size);
        }
        for (size_t i = 0; i < in->word_count; i++) instruction_heredoc(in, i);
}

static void check_instruction(Dockerfile *d, const Instruction *in, uint32_t after) {
        require(in->first_line > after && in->last_line >= in->first_line && in->last_line <= d->line_count);
        require(in->written && in->original && in->rest && (in->word_count == 0 || in->words));
        for (size_t i = 0; i < in->pair_count; i++) require(*in->pairs[i].key);
        for (size_t i = 0; i < in->flag_count; i++) require(in->flags[i].name != NULL);
        check_heredocs(in);
        AUTO(freep) char *excerpt = dockerfile_excerpt(d, in->first_line, in->last_line, in->rest);
        require(*excerpt);
        Instruction trigger;
        if (in->kind == INSTR_ONBUILD) dockerfile_parse_trigger(d, in->rest, in->first_line, &trigger, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        AUTO(dockerfile_freep) Dockerfile *d = NULL;
        AUTO(err_freep) Err *e = NULL;
        if (dockerfile_parse("Dockerfile", (Str){(const char *)data, size}, &d, &e) < 0) {
                require(!d && *err_message(e));
                return 0;
        }
        uint32_t after = 0;
        require(d->instruction_count > 0);
        for (size_t i = 0; i < d->instruction_count; i++) {
                check_instruction(d, &d->instructions[i], after);
                after = d->instructions[i].last_line;
        }
        return 0;
}
