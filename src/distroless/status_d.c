/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/status_d.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "debian/control.h"

#define STATUS_D "var/lib/dpkg/status.d/"
#define STATUS_LINE "Status: install ok installed\n"

enum { PACKAGE_NAME_MAX = 128 };

void status_d_done(StatusD *s) {
        free(s->control_path);
        free(s->md5sums_path);
        free(s->control);
        free(s->md5sums);
        *s = (StatusD){0};
}

/* Debian Policy 5.6.1. It becomes the name of a file. */
static bool package_name_valid(Str name) {
        if (name.n < 2 || name.n > PACKAGE_NAME_MAX) return false;
        for (size_t i = 0; i < name.n; i++) {
                char c = name.p[i];
                bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
                if (!plain && (i == 0 || !strchr("+-.", c))) return false;
        }
        return true;
}

/* The only paragraph of a control file, with the fields that every package has. */
static int read_paragraph(Str control, const char *where, ControlParagraph *ret, Err **e) {
        static const char *const must[] = {"Package", "Version", "Architecture"};
        size_t offset = 0;
        int found = control_next(control, where, &offset, ret, e);
        if (found < 0) return -1;
        if (found == 0) return err_new(e, ERR_FORMAT, "%s: the control file is empty", where);
        for (size_t i = 0; i < ARRAY_SIZE(must); i++)
                if (control_get(ret, must[i]).n == 0)
                        return err_new(e, ERR_FORMAT, "%s: the control file has no field '%s'", where, must[i]);
        Str name = control_get(ret, "Package");
        if (!package_name_valid(name))
                return err_new(e, ERR_FORMAT, "%s: '" STR_FMT "' cannot be the name of a package", where,
                               STR_ARG(str_sub(name, 0, 100)));
        if (str_trim(str_sub(control, offset, control.n)).n > 0)
                return err_new(e, ERR_FORMAT, "%s: the control file has more than one paragraph", where);
        return 0;
}

static char *with_newline(Str text) {
        bool lacks = text.n == 0 || text.p[text.n - 1] != '\n';
        return xasprintf(STR_FMT "%s", STR_ARG(text), lacks ? "\n" : "");
}

int status_d_of(Str control, Str md5sums, const char *where, StatusD *ret_status, Err **e) {
        ControlParagraph p = {0};
        int r = read_paragraph(control, where, &p, e);
        if (r == 0) {
                Str name = control_get(&p, "Package");
                *ret_status = (StatusD){
                        .control_path = xasprintf(STATUS_D STR_FMT, STR_ARG(name)),
                        .md5sums_path = xasprintf(STATUS_D STR_FMT ".md5sums", STR_ARG(name)),
                        .control = with_newline(p.text),
                        .md5sums = md5sums.p ? str_dup(md5sums) : NULL,
                };
        }
        control_paragraph_done(&p);
        return r;
}
