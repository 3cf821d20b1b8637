/* SPDX-License-Identifier: Apache-2.0 */

/* The first byte chooses the mode, the rest is a text with variables. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "dockerfile/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition) abort();
}

/* Names that begin with an early letter are set, to something with the characters that matter. */
static const char *get(void *context, const char *name, size_t size) {
        static const char *const values[] = {"", "a", "foo.bar.foo", "a*b?c\\d/e", "\xC3\xA4 \xE2\x82\xAC", "x y\tz"};
        (void)context;
        require(size > 0);
        size_t i = (unsigned char)name[0] % 8;
        return i < ARRAY_SIZE(values) ? values[i] : NULL;
}

static void ignore_name(void *context, const char *name) {
        (void)context;
        require(*name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size == 0) return 0;
        AUTO(arena_freep) Arena *a = arena_new();
        AUTO(err_freep) Err *e = NULL;
        WordEnv env = {.get = get};
        WordParams params = {.escape = data[0] & 1 ? '`' : '\\',
                             .env = data[0] & 32 ? NULL : &env,
                             .raw_quotes = data[0] & 2,
                             .raw_escapes = data[0] & 4,
                             .skip_unset = data[0] & 8,
                             .unset = ignore_name};
        const char *text = arena_str(a, (Str){(const char *)data + 1, size - 1});
        const char *word = NULL;
        const char *const *words = NULL;
        size_t count = 0;
        int r = word_expand(a, &params, text, &word, &e);
        require(r == 0 ? word != NULL : *err_message(e) != 0);
        if (!strpbrk(text, "$'\"\\`")) require(r == 0 && streq(text, word));
        err_clear(&e);
        require(word_expand_list(a, &params, text, &words, &count, &e) == r);
        for (size_t i = 0; i < count; i++) require(*words[i]);
        return 0;
}
