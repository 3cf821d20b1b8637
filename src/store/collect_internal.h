/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "os/fs.h"
#include "store/internal.h"

/* One run of the collector. */
typedef struct Collection {
        Store *store;
        const CollectParams *params;
        CollectReport report;
        DirList snapshot_files, blob_files;    /* what stood in the directories before the leases were read */
        StrVec snapshot_victims, blob_victims; /* names among them that nothing holds */
} Collection;

/* collect_records.c; with db_lock, inside a transaction that began before the leases were read: whatever is recorded by
 * then was leased before. Drop the records that the params name, then those of snapshots and blobs that nothing
 * refers to and nobody uses. */
int collect_drop(Collection *c, const Map *leases, Err **e);
/* Fill the victims. Files that a live process is about to record are leased. */
int collect_find_victims(Collection *c, const Map *leases, Err **e);
