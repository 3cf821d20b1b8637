/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/vec.h"

/* An ordinary user works inside a user namespace of his own that maps subordinate ids (/etc/subuid, newuidmap), entered once
 * for the whole program; after it everything is as for root, but for devices and trusted.* xattrs. */

typedef enum RootlessRung {
        RUNG_ROOT,      /* real root (CAP_SYS_ADMIN in the initial user namespace) */
        RUNG_SUBIDS,    /* user namespace with subordinate ids */
        RUNG_SINGLE_ID, /* user namespace with one id: files of other owners cannot be made */
        RUNG_NONE,      /* no namespaces: only builds without RUN */
} RootlessRung;

/* When this process needs a user namespace and is in none of ours yet: re-execute the program inside one (does not return
 * then: the outer process waits, forwards signals and exits with the inner one's status). Returns 0 to go on in place.
 * argv: of main(). Never fails for lack of rights: it goes on in place and rootless_rung() says RUNG_NONE. */
int rootless_enter(char **argv, Err **e);
RootlessRung rootless_rung(void);
uid_t rootless_outer_uid(void); /* the user's real id */

/* What `decant doctor` prints: one line a finding, "ok: ..." / "warn: ..." / "fail: ...", with remedies. Tries things for real in
 * child processes. */
int sandbox_diagnose(StrVec *ret_lines, bool *ret_can_run, Err **e);
