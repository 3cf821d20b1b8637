/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/run_mounts.h"

/* RUN --device: nodes, mounts and variables of CDI devices. Internal to build/. ERR_NOT_FOUND, ERR_DENIED for those that are
 * required; others that are absent are left out. */
int run_devices_prepare(Build *b, Node *n, StrVec *env, RunMounts *m, Err **e);
void run_devices_key(const Node *n, KeyText *k);
