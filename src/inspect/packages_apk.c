/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/packages_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"

/* apk's database: paragraphs of lines "X:value", one letter a field. F: names a directory, R: a file in the last one named. */

static bool wants(const ImageFile *file, Str directory, Str name) {
        (void)file;
        return str_is(name, "installed") && (str_is(directory, "lib/apk/db") || str_is(directory, "usr/lib/apk/db"));
}

static size_t key_size(Str word) {
        size_t n = 0;
        while (n < word.n && !memchr("<>=~", word.p[n], 4)) n++;
        return n;
}

/* "so:libc.musl-x86_64.so.1 busybox>=1.36 !conflict": what is before a comparison. */
static void add_words(Reading *r, TextVec *list, Str words, bool conflicts) {
        bool more = true;
        while (more) {
                Str word;
                more = str_cut(&words, ' ', &word);
                if (word.n == 0 || (word.p[0] == '!' && !conflicts)) continue;
                word = str_sub(word, 0, key_size(word));
                if (word.n) vec_push(list, arena_str(r->arena, word));
        }
}

static void set_field(Reading *r, ImagePackage *p, char letter, Str value) {
        switch (letter) {
        case 'P': p->name = reading_str(r, value); break;
        case 'V': p->version = reading_str(r, value); break;
        case 'A': p->architecture = reading_str(r, value); break;
        case 'T': p->description = reading_str(r, value); break;
        case 'U': p->homepage = reading_str(r, value); break;
        case 'L': p->license = reading_license(r, value, (Str){0}); break;
        case 'o': p->source = reading_str(r, value); break;
        case 'm': p->supplier = reading_str(r, value); break;
        case 'p': add_words(r, &p->keys, value, false); break;
        case 'D': add_words(r, &p->wants, value, false); break;
        default: break;
        }
}

static void read_lines(Reading *r, ImagePackage *p, Str paragraph) {
        Str directory = {0};
        bool more = true;
        while (more) {
                Str line;
                more = str_cut(&paragraph, '\n', &line);
                if (line.n < 2 || line.p[1] != ':') continue;
                Str value = str_sub(line, 2, line.n);
                if (line.p[0] == 'F') directory = value;
                if (line.p[0] == 'R') {
                        AUTO(freep) char *path = xasprintf(STR_FMT "/" STR_FMT, STR_ARG(directory), STR_ARG(value));
                        reading_own(r, p, str_of(path));
                }
                set_field(r, p, line.p[0], value);
        }
}

static int read_paragraph(Reading *r, const ImageFile *file, Str paragraph, Err **e) {
        ImagePackage *p = NULL;
        if (str_trim(paragraph).n == 0) return 0;
        if (reading_add(r, PACKAGE_APK, file, &p, e) < 0) return -1;
        read_lines(r, p, paragraph);
        if (p->name && p->version) {
                vec_push(&p->keys, p->name);
                return 0;
        }
        reading_note(r, "/%s: a package without name or version; passed over", file->path);
        reading_drop(r);
        return 0;
}

static int read_file(Reading *r, const ImageFile *file, Err **e) {
        Str text;
        int found = reading_text(r, file, PACKAGE_DATABASE_MAX, &text, e);
        if (found != READING_FOUND) return found < 0 ? -1 : 0;
        for (size_t start = 0; start < text.n;) {
                const char *end = memmem(text.p + start, text.n - start, "\n\n", 2);
                size_t size = end ? (size_t)(end - text.p) - start : text.n - start;
                if (read_paragraph(r, file, str_sub(text, start, size), e) < 0) return -1;
                start += size + 2;
        }
        return 0;
}

const PackageReader apk_reader = {.kind = PACKAGE_APK, .wants = wants, .read = read_file};
