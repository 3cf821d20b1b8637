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

/* collect_records.c; with db_lock. Drop the records that the params name and mark what nothing refers to any more. Inside a
 * transaction. */
int collect_drop(Collection *c, Err **e);
/* Settle what is marked: taken back where a live process uses it, else its record goes. Inside a transaction that began
 * after the one of collect_drop() was committed. */
int collect_settle(Collection *c, const Map *leases, Err **e);
/* Fill the victims. Files that a live process is about to record are leased. */
int collect_find_victims(Collection *c, const Map *leases, Err **e);
