/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "dockerfile/dockerfile.h"

static inline Dockerfile *parse_text(const char *text) {
        Dockerfile *d = NULL;
        Err *e = NULL;
        if (dockerfile_parse("Dockerfile", str_of(text), &d, &e) < 0) fail_msg("%s", err_message(e));
        return d;
}

/* One instruction below "FROM x"; *ret_dockerfile holds it. */
static inline const Instruction *parse_one(const char *text, Dockerfile **ret_dockerfile) {
        AUTO(freep) char *full = xasprintf("FROM x\n%s", text);
        *ret_dockerfile = parse_text(full);
        assert_int_equal((*ret_dockerfile)->instruction_count, 2);
        return &(*ret_dockerfile)->instructions[1];
}

/* text fails, and the message holds part. */
static inline void assert_refused(const char *text, const char *part) {
        Dockerfile *d = NULL;
        AUTO(err_freep) Err *e = NULL;
        if (dockerfile_parse("Dockerfile", str_of(text), &d, &e) == 0) {
                dockerfile_free(d);
                fail_msg("accepted: %s", text);
        }
        if (!strstr(err_message(e), part)) fail_msg("'%s' has no '%s'", err_message(e), part);
}
