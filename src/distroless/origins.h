/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "codec/sha256.h"
#include "store/store.h"

/* Where the packages of an assembled base came from. What an image says of its packages has no digest of their files; it is kept beside
 * each layer when the layer is unpacked, so that images built from the base have it too. Any thread. */

typedef struct PackageOrigin {
        char *name, *version, *architecture;
        Digest sha256;  /* of the package's file */
        char *download; /* its address, without credentials; NULL: not known */
} PackageOrigin;
typedef VEC(PackageOrigin) PackageOrigins;
void package_origins_done(PackageOrigins *list);

/* Of all packages in the layers of an image; empty when none of them was assembled here. ERR_STORE: damaged. */
int package_origins_read(Store *s, const StrVec *snapshots, PackageOrigins *ret_list, Err **e);

/* NULL: not among them. */
const PackageOrigin *package_origins_find(const PackageOrigins *list, const char *name, const char *version,
                                          const char *architecture);
