/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "cli/args.h"
#include "oci/image_config.h"

/* --change 'CMD ["sh"]' and --platform of `import` as an image configuration: the instructions are planned as those of a Dockerfile
 * that begins with FROM scratch, so that they mean exactly what they mean there. *config is initialised by the caller. Instructions
 * that need files or commands are ERR_USAGE. */
int changes_apply(const Args *args, ImageConfig *config, Err **e);
