/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Can programs of another architecture be executed here? The kernel hands them to an interpreter that is registered with
 * binfmt_misc; inside a container it is found only when it was opened at registration (flag F). Any thread. */
typedef enum ForeignState {
        FOREIGN_NATIVE,    /* the processor runs them itself */
        FOREIGN_EMULATED,  /* an interpreter is registered */
        FOREIGN_ABSENT,    /* none is */
        FOREIGN_NOT_FIXED, /* one is, but without F: not to be found inside */
        FOREIGN_OFF,       /* one is, but it (or all of binfmt_misc) is switched off */
        FOREIGN_UNMOUNTED, /* binfmt_misc is not there to look into */
        FOREIGN_UNKNOWN,   /* an architecture that we know no programs of: nobody can say */
} ForeignState;

/* host, arch: as Platform.arch. directory: where binfmt_misc is mounted, NULL for its usual place. */
ForeignState foreign_state(const char *directory, const char *host, const char *arch);
