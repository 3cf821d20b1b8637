/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "cli/run_options.h"
#include "image/image.h"
#include "layer/users.h"
#include "sandbox/sandbox.h"
#include "store/store.h"

/* What `decant run` and the commands of `decant test` run in: the image's layers below a draft of the store that takes what is
 * written and is never committed. One thread. */

typedef struct Container {
        Store *store;
        RunOptions *options; /* borrowed; HOME is added to its environment */
        User user;
        StrVec lower_dirs;
        Draft *draft;
        char *scratch, *cache;
        Sandbox *sandbox;
        bool used; /* a process ran in it */
} Container;

/* c: zeroed or done before. options and image must stay as long as c. ERR_NOT_FOUND: the user is not in the image. container_done()
 * also after a failure. */
int container_init(Container *c, Store *s, const Image *image, RunOptions *options, Err **e);

/* Start a process by the container's options. Several may be started, one after the other: each sees what the earlier ones wrote.
 * stdio: standard input (-1: none), output and errors, borrowed. */
typedef struct ContainerStdio {
        int in, out, errors;
} ContainerStdio;
int container_start(Container *c, const ContainerStdio *stdio, SandboxProcess **ret_process, Err **e);

void container_done(Container *c);
