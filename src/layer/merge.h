/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/vec.h"
#include "layer/view.h"

/* Make one layer of several that lie on each other: what overlayfs would show of them on top of below, whiteouts and opaque
 * directories included where something is below to hide. Files are hard links to those of the layers, so nothing is read.
 * dirs: absolute paths of the layers, lowest first; at least one. fs_fd: an empty directory on the same file system.
 * One thread. */
int layer_merge(const StrVec *dirs, View *below, int fs_fd, Err **e);
