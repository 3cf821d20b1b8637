/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "layer/copy.h"
#include "layer/mode.h"
#include "layer/view_dir.h"

/* What a COPY has selected, as the files copy_*.c share it. Entries stand in the order in which the walk met them:
 * a directory before what is in it, the entries of one directory side by side, sorted by name. */

enum {
        COPY_ENTRY_MAX = 1 << 24, /* entries that one COPY may select */
        COPY_BLOCK_ENTRIES = 1024,
        COPY_NONE = UINT32_MAX,
        COPY_BUFFER_SIZE = 256 << 10,
        COPY_CHUNK_FILES = 64, /* small files that one job takes */
};

enum {
        ENTRY_LAZY = 1,      /* a directory that counts only when something in it does */
        ENTRY_DROPPED = 2,   /* hidden, excluded or not matched */
        ENTRY_HASHED = 4,    /* digest is known */
        ENTRY_INLINE = 8,    /* data comes from a CopyInline */
        ENTRY_APART = 16,    /* must not share an inode with another entry that has the same source inode */
        ENTRY_REPLACED = 32, /* a later source of the same COPY takes its place (set while applying) */
        ENTRY_UNPACKED = 64, /* an archive: its contents are what is copied (set while applying) */
        ENTRY_LINKS = 128,   /* a file with several names */
};

typedef struct CopyEntry {
        const char *path; /* in the source root, without a leading slash; "" = the root */
        union {
                char *target; /* of a link; owned */
                const CopyInline *inline_data;
        };
        uint64_t size;
        int64_t mtime_ns;
        uint64_t inode, device;
        Digest digest;
        uint32_t parent; /* entry of its directory, COPY_NONE for an item's root */
        uint32_t item;
        uint32_t leader; /* the first entry of the same file, for hard links; else itself */
        uint32_t uid, gid;
        uint32_t device_id; /* of a device: as st_rdev */
        uint16_t mode;      /* type and permission bits of the source */
        uint16_t layer;
        uint16_t flags;
        uint16_t name_at; /* where the last component of path begins */
} CopyEntry;

/* One source, or one match of a wildcard. */
typedef struct CopyItem {
        const char *name;   /* last component as written: what a file is called inside a destination directory */
        uint32_t root;      /* its own entry */
        uint32_t from, end; /* the entries below it */
        uint32_t prefix;    /* bytes of a path that lead to the item */
        bool directory;
        const char *pattern; /* --parents: what is taken out of the root; else NULL */
        bool optional;       /* came from a wildcard: may turn out to have nothing */
        bool gone;
        bool packed;  /* an archive stays one */
        char *target; /* resolved destination relative to the layer; owned; set while applying */
} CopyItem;

struct CopySet {
        CopyParams params;
        CopyRoot root;
        View *owned_view; /* of a context */
        View *view;
        Arena *arena;
        CopyEntry **blocks;
        size_t block_count;
        uint32_t entry_count;
        VEC(CopyItem) items;
        ModeChange mode;
        bool changed; /* a file was found changed after its digest had been taken */
};

static inline CopyEntry *copy_entry(const CopySet *s, uint32_t i) {
        return &s->blocks[i / COPY_BLOCK_ENTRIES][i % COPY_BLOCK_ENTRIES];
}
static inline const char *copy_entry_name(const CopyEntry *entry) {
        return entry->path + entry->name_at;
}
static inline bool copy_entry_live(const CopyEntry *entry) {
        return !(entry->flags & (ENTRY_LAZY | ENTRY_DROPPED));
}

/* A new entry at the end; ERR_LIMIT above COPY_ENTRY_MAX. */
int copy_set_add(CopySet *s, const CopyEntry *entry, uint32_t *ret_index, Err **e);

/* Path of an entry below its item, "" for the item's root. */
const char *copy_entry_relative(const CopySet *s, const CopyEntry *entry);

/* What the entry becomes: --chown and --chmod applied. */
void copy_entry_owner(const CopySet *s, const CopyEntry *entry, uid_t *ret_uid, gid_t *ret_gid);
mode_t copy_entry_mode(const CopySet *s, const CopyEntry *entry);

/* copy_source.c: sources -> items with their root entries. */
int copy_sources_resolve(CopySet *s, Err **e);
/* After the walk: sources in which everything is hidden are missing after all. */
int copy_sources_settle(CopySet *s, Err **e);

/* copy_walk.c: everything below the items' root directories. */
int copy_walk(CopySet *s, Err **e);

/* Fill entry from what the file system says, its digest from the indexes. */
void copy_entry_fill(const CopySet *s, CopyEntry *entry, const struct stat *st);

/* copy_match.c */
bool copy_hidden(const CopySet *s, const char *path, bool directory, bool *ret_prune);
typedef enum CopyMatch { COPY_MATCH_NO, COPY_MATCH_YES, COPY_MATCH_BELOW } CopyMatch;
/* Does --exclude take path (relative to its item) out? BELOW: the directory yes, but something in it may stay. */
CopyMatch copy_excluded(const CopySet *s, const char *path, bool directory);
/* Does the --parents pattern take path in? BELOW: not itself, but something in it may be. */
CopyMatch copy_parents_match(const char *pattern, const char *path);
int copy_patterns_check(const CopySet *s, Err **e);

/* copy_links.c: find the files with several names. */
void copy_find_links(CopySet *s);

/* copy_digest.c */
typedef struct CopyReader { /* what one job reuses from file to file */
        char *buffer;       /* COPY_BUFFER_SIZE */
        Sha256 *hash;
} CopyReader;
void copy_reader_init(CopyReader *r);
void copy_reader_done(CopyReader *r);
/* Add the attributes that travel to the digest of the contents. */
int copy_digest_xattrs(int dir_fd, const char *name, int fd, Digest *digest, Err **e);
/* Keep what was computed from the open file: in the entry and in the source's index. */
void copy_entry_set_digest(const CopySet *s, CopyEntry *entry, const struct stat *st, int64_t started_ns,
                           const Digest *digest);
/* Read and hash a file whose digest is not known. */
int copy_hash_entry(const CopySet *s, CopyEntry *entry, CopyReader *reader, const volatile bool *cancelled, Err **e);
int copy_hash_contents(int fd, CopyReader *reader, const volatile bool *cancelled, Digest *ret_digest, Err **e);
int copy_open_entry(const CopySet *s, const CopyEntry *entry, int *ret_fd, struct stat *ret_st, Err **e);
