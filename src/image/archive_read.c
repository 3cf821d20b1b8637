/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/docker_read.h"
#include "image/image_internal.h"
#include "image/oci_read.h"

void loaded_images_done(LoadedImages *l) {
        for (size_t i = 0; i < l->n; i++) free(l->v[i].name);
        free(l->v);
        *l = (LoadedImages){0};
}

static void loaded_list_done(LoadedList *list) {
        for (size_t i = 0; i < list->n; i++) free(list->v[i].name);
        vec_done(list);
}

static int has_file(const ArchiveFiles *files, const char *name, bool *ret_has, Err **e) {
        AUTO(archive_file_done) ArchiveFile file = {.fd = -1};
        int r = archive_files_find(files, name, &file, e);
        if (r < 0) return -1;
        *ret_has = r == ARCHIVE_FILE_FOUND;
        return 0;
}

static int unknown_archive(const ArchiveFiles *files, Err **e) {
        bool old = false;
        if (has_file(files, "repositories", &old, e) < 0) return -1;
        if (old) {
                err_new(e, ERR_UNSUPPORTED, "the archive was written by a docker older than 1.10");
                return err_hint(e, "load and save it again with a newer docker");
        }
        err_new(e, ERR_FORMAT, "this is no image archive: it has neither manifest.json nor index.json");
        return err_hint(e, "a root file system tar becomes an image with: decant import FILE NAME");
}

/* Archives often have both forms. The OCI one is preferred, because every file of it is named by its digest, unless only the
 * docker one knows the images' names. */
static int read_either(Store *s, const ArchiveFiles *files, const Platform *platform, LoadedList *list, Err **e) {
        bool oci = false, docker = false, named = true;
        if (has_file(files, "index.json", &oci, e) < 0 || has_file(files, "manifest.json", &docker, e) < 0) return -1;
        if (oci && docker && oci_index_names(files, &named, e) < 0) return -1;
        if (oci && (named || !docker)) return oci_read(s, files, platform, list, e);
        if (docker) return docker_read(s, files, list, e);
        return unknown_archive(files, e);
}

static int record_names(Store *s, const LoadedList *list, Err **e) {
        for (size_t i = 0; i < list->n; i++)
                if (list->v[i].name && store_tag_set(s, list->v[i].name, &list->v[i].id, e) < 0) return -1;
        return 0;
}

static int read_all(Store *s, const ArchiveFiles *files, const Platform *platform, bool tag, LoadedList *list,
                    Err **e) {
        Platform host;
        platform_host(&host);
        if (read_either(s, files, platform ? platform : &host, list, e) < 0) return -1;
        return tag ? record_names(s, list, e) : 0;
}

static void give(LoadedList *list, LoadedImages *ret_images) {
        ret_images->n = list->n;
        ret_images->v = TAKE(list->v);
        list->n = 0;
}

int archive_read(Store *s, int fd, const Platform *platform, bool tag, LoadedImages *ret_images, Err **e) {
        AUTO(loaded_list_done) LoadedList list = {0};
        AUTO(archive_files_freep) ArchiveFiles *files = NULL;
        if (archive_files_open(s, fd, &files, e) < 0 || read_all(s, files, platform, tag, &list, e) < 0)
                return err_wrap(e, "read the archive");
        give(&list, ret_images);
        return 0;
}

int archive_read_directory(Store *s, const char *path, const Platform *platform, LoadedImages *ret_images, Err **e) {
        AUTO(loaded_list_done) LoadedList list = {0};
        AUTO(archive_files_freep) ArchiveFiles *files = NULL;
        if (archive_files_open_directory(path, &files, e) < 0 || read_all(s, files, platform, true, &list, e) < 0)
                return err_wrap(e, "read the layout");
        give(&list, ret_images);
        return 0;
}
