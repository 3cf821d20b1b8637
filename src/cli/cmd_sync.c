/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/app.h"

enum { IDLE_NICE = 19, IO_IDLE = 3 << 13, IO_WHO_PROCESS = 1 };

/* Started by app_store_close(): whoever waits for the machine goes first. */
int command_sync(App *app, const Args *args, Err **e) {
        (void)args;
        Store *s = NULL;
        setpriority(PRIO_PROCESS, 0, IDLE_NICE);
        syscall(SYS_ioprio_set, IO_WHO_PROCESS, 0, IO_IDLE);
        if (app_store_open(app, &s, e) < 0) return -1;
        int r = store_needs_sync(s) ? store_sync(s, e) : 0;
        store_close(s);
        return r;
}
