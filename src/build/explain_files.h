/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "store/digest_index.h"

/* Which files two layer directories do not have in common, for --explain. Internal to build/; any thread. */

typedef struct LayerFiles {
        const char *path;           /* of the directory */
        const DigestIndex *digests; /* of its files; NULL: none is known */
} LayerFiles;

/* "'/app/f' changed, '/app/new' added, '/app/old' removed, and 3 more"; "" when nothing differs. A
 * file that both directories link to and files whose digests are known are not read. Failures end the search: nothing depends
 * on it. */
void explain_files(const LayerFiles *earlier, const LayerFiles *now, Buf *ret_text);
