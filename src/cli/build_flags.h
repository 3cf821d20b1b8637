/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/build_request.h"

/* The options of `decant build` that say more about the image or the steps than buildx's everyday ones. Called by
 * build_request_init(); all texts go into the request's arena. ERR_USAGE, ERR_UNSUPPORTED. */
int build_flags_annotations(BuildRequest *r, const Args *args, Err **e);
int build_flags_image(BuildRequest *r, const Args *args, Err **e); /* --squash, --timestamp, --unsetenv, --unsetlabel */
int build_flags_sandbox(BuildRequest *r, const Args *args, Err **e); /* --allow, --cap-*, --ssh, --volume */
int build_flags_retry(BuildRequest *r, const Args *args, Err **e);
int build_flags_arg_file(BuildRequest *r, const Args *args, Err **e);

/* "manifest,index[linux/amd64]:key=value" as one annotation for each target. Appended to list. ERR_USAGE. */
typedef VEC(Annotation) Annotations;
int annotation_parse(Arena *a, const char *text, Annotations *list, Err **e);
/* "default", "id", "id=socket", "id=key,key". ERR_USAGE; ERR_SYS: no such file. */
int build_ssh_parse(Arena *a, const char *text, BuildSsh *ret_ssh, Err **e);
