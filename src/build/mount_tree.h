/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "build/graph.h"

/* The tree that a bind mount shows: a part of a context, a stage or an image. Internal to build/. Any thread. */

/* Digest of what the mount's source selects. */
int mount_tree_digest(Build *b, Node *n, const PlanMount *mount, Digest *ret_digest, Err **e);

/* Make it below scratch (hard links where the source is a snapshot and the mount is read-only, else copies).
 * *ret_path: what to bind; owned. */
int mount_tree_make(Build *b, Node *n, const PlanMount *mount, const char *scratch, char **ret_path, Err **e);

/* A directory below root by a path from the Dockerfile, links resolved inside root. ERR_NOT_FOUND. *ret_path owned. */
int mount_path_inside(const char *root, const char *path, char **ret_path, Err **e);
