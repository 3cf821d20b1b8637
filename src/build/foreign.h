/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/graph.h"

/* Refuse RUN steps on images whose programs this machine cannot execute, before anything is executed: ERR_UNSUPPORTED with
 * the line and what to install. Internal to build/. */
int foreign_check(Build *b, Err **e);
