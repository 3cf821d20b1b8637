/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "debian/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(Str text, const ControlParagraph *p) {
        if (p->fields.n == 0 || p->text.n == 0) abort();
        if (p->text.p < text.p || p->text.p + p->text.n > text.p + text.n) abort();
        for (size_t i = 0; i < p->fields.n; i++) {
                const ControlField *f = &p->fields.v[i];
                if (f->value.n > 0 && (f->value.p < p->text.p || f->value.p + f->value.n > p->text.p + p->text.n))
                        abort();
                if (f->line < p->line || f->name.n == 0) abort();
                Str rest = f->value, line;
                while (control_line(&rest, &line))
                        if (line.n == 0 || memchr(line.p, '\n', line.n)) abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Str text = {(const char *)data, size};
        size_t offset = 0, before = 0;
        AUTO(control_paragraph_done) ControlParagraph p = {0};
        AUTO(err_freep) Err *e = NULL;
        int status;
        while ((status = control_next(text, "file", &offset, &p, &e)) > 0) {
                if (offset <= before || offset > size) abort();
                before = offset;
                check(text, &p);
        }
        if ((status < 0) != (e != NULL)) abort();
        return 0;
}
