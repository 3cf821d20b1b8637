/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/internal.h"
static int encode(const Launch *l, Buf *ret_data, Err **e) {
        (void)l, (void)ret_data;
        return err_new(e, ERR_UNSUPPORTED, "crun");
}
const RuntimeOps runtime_crun = {"crun", encode};
