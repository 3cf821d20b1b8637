/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "net/module.h"

/* The module decant-net: $DECANT_NET_MODULE, else beside the program, in its libexec, or where the build puts it. Loaded at the
 * first call, and kept until the process ends. Any thread. ERR_NOT_FOUND: not installed; ERR_STORE: of another version. */
int net_module_load(const NetModule **ret_module, Err **e);
