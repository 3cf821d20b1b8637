/* SPDX-License-Identifier: Apache-2.0 */
#include "build/foreign.h"

#include "base/cleanup.h"
#include "sandbox/foreign.h"

/* The platform of the programs that a step finds: what its image says, not what was asked for. NULL from scratch. */
static const Platform *programs_of(const Node *n) {
        while (n->parent) n = n->parent;
        if (n->step->kind != STEP_IMAGE || !n->step->image->config.platform.arch[0]) return NULL;
        return &n->step->image->config.platform;
}

static void hint_install(const char *platform, Err **e) {
        err_hint(e, "install an emulator and its registration with the kernel: apt-get install qemu-user-static "
                    "binfmt-support");
        err_hint(e,
                 "or let the stage run on this machine and compile for $TARGETARCH (%s): FROM "
                 "--platform=$BUILDPLATFORM ...",
                 platform);
}

static int refuse(Build *b, const Node *n, ForeignState state, const Platform *programs, Err **e) {
        char want[128], host_text[128];
        Platform host;
        platform_host(&host);
        platform_render(&host, host_text);
        platform_render(programs, want);
        err_new(e, ERR_UNSUPPORTED, "this RUN needs programs for %s, which this machine (%s) cannot execute", want,
                host_text);
        switch (state) {
        case FOREIGN_NOT_FIXED:
                err_hint(e, "an interpreter is registered with binfmt_misc, but without the flag F: it would not be "
                            "found inside the step. Register it anew with F, as Debian's qemu-user-static does");
                break;
        case FOREIGN_OFF:
                err_hint(e, "an interpreter is registered with binfmt_misc, but switched off: echo 1 > "
                            "/proc/sys/fs/binfmt_misc/status");
                break;
        case FOREIGN_UNMOUNTED:
                err_hint(e, "binfmt_misc is not mounted: mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc");
                hint_install(want, e);
                break;
        default: hint_install(want, e);
        }
        return node_error(b, n, e);
}

int foreign_check(Build *b, Err **e) {
        Platform host;
        platform_host(&host);
        for (size_t i = 0; i < b->node_count; i++) {
                const Node *n = &b->nodes[i];
                const Platform *programs = n->step->kind == STEP_RUN ? programs_of(n) : NULL;
                if (!programs || streq(programs->arch, host.arch) || !streq(programs->os, host.os)) continue;
                ForeignState state = foreign_state(NULL, host.arch, programs->arch);
                if (state > FOREIGN_EMULATED && state != FOREIGN_UNKNOWN) return refuse(b, n, state, programs, e);
        }
        return 0;
}
