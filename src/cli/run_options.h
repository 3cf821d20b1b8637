/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "cli/args.h"
#include "image/image.h"
#include "sandbox/sandbox.h"

/* The options of `decant run`, joined with what the image says. One thread. */

typedef struct RunOptions {
        StrVec argv, env, extra_hosts, cap_add, cap_drop;
        VEC(SandboxMount) mounts;
        StrVec mount_texts; /* what the mounts point to */
        VEC(SandboxLimit) limits;
        const char *user;
        char *cwd, *hostname;
        uint64_t shm_size_bytes, memory_bytes;
        NetworkMode network;
        SandboxRuntime runtime;
        bool interactive, terminal, read_only, privileged;
        bool has_home; /* HOME is set by the image or the user */
} RunOptions;

/* ERR_USAGE, ERR_NOT_FOUND (a file of the host), ERR_CONFLICT (platform). */
int run_options_init(RunOptions *o, const Args *args, const Image *image, Err **e);
void run_options_done(RunOptions *o);

/* What the image says: user, directory, environment. o: zeroed, but for terminal. */
void run_options_of_image(RunOptions *o, const Image *image);
/* "none", "host"; anything else (NULL too) is the default. */
NetworkMode run_network(const char *text);

/* "/src:/dst:ro" added to the mounts. A source that is missing is made a directory. */
int run_volume_parse(RunOptions *o, const char *text, Err **e);
int run_tmpfs_parse(RunOptions *o, const char *text, Err **e);
/* NAME=VALUE, or NAME whose value comes from our own environment (nothing when it is not set there). ERR_USAGE. */
int run_env_variable(StrVec *env, const char *text, Err **e);
/* Lines NAME=VALUE or NAME (from the environment), comments with #. */
int run_env_file(StrVec *env, const char *path, Err **e);
