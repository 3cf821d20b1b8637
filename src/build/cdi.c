/* SPDX-License-Identifier: Apache-2.0 */
#include "build/cdi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "codec/json.h"
#include "os/fs.h"

enum { CDI_FILE_MAX = 4 << 20, CDI_FILES_MAX = 1000, CDI_EDITS_MAX = 10000 };

#define CLASS_ANNOTATION "org.mobyproject.buildkit.device.class"
#define ALLOW_ANNOTATION "org.mobyproject.buildkit.device.autoallow"

void cdi_edits_done(CdiEdits *edits) {
        for (size_t i = 0; i < edits->mounts.n; i++) {
                free(edits->mounts.v[i].source);
                free(edits->mounts.v[i].target);
        }
        vec_done(&edits->mounts);
        strvec_done(&edits->env);
        *edits = (CdiEdits){0};
}

/* ---- what is looked for */

typedef struct Wanted {
        const char *text;
        Str kind, device; /* device "": the first; "*": all; kind "": text is a class */
        bool found;
} Wanted;

static Wanted wanted_parse(const char *text) {
        Wanted w = {.text = text, .device = {"", 0}};
        Str rest = str_of(text);
        if (!memchr(rest.p, '/', rest.n)) return w;
        if (str_cut(&rest, '=', &w.kind)) w.device = rest;
        return w;
}

static const char *annotation(const json_t *device, const char *key) {
        return json_string_value(json_object_get(json_object_get(device, "annotations"), key));
}

static bool is_wanted(const Wanted *w, const char *kind, const json_t *device) {
        const char *name = json_string_value(json_object_get(device, "name"));
        if (w->kind.n == 0) {
                const char *class = annotation(device, CLASS_ANNOTATION);
                return class && streq(class, w->text);
        }
        if (!name || !str_is(w->kind, kind)) return false;
        if (w->device.n == 0) return !w->found;
        return str_is(w->device, "*") || str_is(w->device, name);
}

/* ---- edits */

static int add_mount(CdiEdits *edits, const char *source, const char *target, bool read_only, Err **e) {
        if (!source || source[0] != '/' || !target || target[0] != '/')
                return err_new(e, ERR_FORMAT, "a path of a device or mount is not absolute");
        vec_push(&edits->mounts, (CdiMount){xstrdup(source), xstrdup(target), read_only});
        return 0;
}

static int read_node(const json_t *node, CdiEdits *edits, Err **e) {
        const char *path = json_string_value(json_object_get(node, "path"));
        const char *host = json_string_value(json_object_get(node, "hostPath"));
        return add_mount(edits, host ? host : path, path, false, e);
}

static int read_mount(const json_t *mount, CdiEdits *edits, Err **e) {
        bool read_only = false;
        AUTO(strvec_done) StrVec options = {0};
        if (json_get_strings(mount, "options", &options, e) < 0) return -1;
        for (size_t i = 0; i < options.n; i++) read_only = read_only || streq(options.v[i], "ro");
        return add_mount(edits, json_string_value(json_object_get(mount, "hostPath")),
                         json_string_value(json_object_get(mount, "containerPath")), read_only, e);
}

static int read_list(const json_t *object, const char *key, int (*read)(const json_t *, CdiEdits *, Err **),
                     CdiEdits *edits, Err **e) {
        json_t *list = NULL;
        if (json_get_array(object, key, &list, e) < 0) return -1;
        if (json_array_size(list) + edits->mounts.n > CDI_EDITS_MAX)
                return err_new(e, ERR_LIMIT, "more than %d devices and mounts", CDI_EDITS_MAX);
        for (size_t i = 0; i < json_array_size(list); i++)
                if (read(json_array_get(list, i), edits, e) < 0) return err_wrap(e, "%s", key);
        return 0;
}

/* holder: the document or one of its devices. */
static int read_edits(const json_t *holder, CdiEdits *edits, Err **e) {
        json_t *object = NULL;
        if (json_get_object(holder, "containerEdits", &object, e) < 0) return -1;
        if (!object) return 0;
        if (json_get_strings(object, "env", &edits->env, e) < 0) return -1;
        if (read_list(object, "deviceNodes", read_node, edits, e) < 0) return -1;
        edits->hooks = edits->hooks || json_array_size(json_object_get(object, "hooks")) > 0;
        return read_list(object, "mounts", read_mount, edits, e);
}

static bool says_yes(const char *text) {
        return text && (streq(text, "true") || streq(text, "1"));
}

static int read_document(const json_t *root, Wanted *w, CdiEdits *edits, Err **e) {
        json_t *devices = NULL;
        const char *kind = json_string_value(json_object_get(root, "kind"));
        bool first = true;
        if (!kind) return err_new(e, ERR_FORMAT, "'kind' is missing");
        if (json_get_array(root, "devices", &devices, e) < 0) return -1;
        for (size_t i = 0; i < json_array_size(devices); i++) {
                const json_t *device = json_array_get(devices, i);
                if (!is_wanted(w, kind, device)) continue;
                if (first && read_edits(root, edits, e) < 0) return -1;
                if (read_edits(device, edits, e) < 0) return -1;
                bool allowed =
                        says_yes(annotation(device, ALLOW_ANNOTATION)) || says_yes(annotation(root, ALLOW_ANNOTATION));
                edits->allowed = (edits->allowed || !w->found) && allowed;
                first = false;
                w->found = true;
        }
        return 0;
}

/* ---- files */

static int read_file(int dir_fd, const char *name, Wanted *w, CdiEdits *edits, Err **e) {
        AUTO(freep) char *text = NULL;
        AUTO(json_decrefp) json_t *root = NULL;
        size_t size;
        if (file_read(dir_fd, name, CDI_FILE_MAX, &text, &size, e) < 0) return -1;
        if (json_document_parse((Str){text, size}, CDI_FILE_MAX, name, &root, e) < 0) return -1;
        return read_document(root, w, edits, e);
}

static int read_directory(const char *path, Wanted *w, CdiEdits *edits, Err **e) {
        AUTO(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, "open '%s'", path);
        DirList list;
        if (dir_list(fd, ".", &list, e) < 0) return -1;
        int r = list.n <= CDI_FILES_MAX ? 0
                                        : err_new(e, ERR_LIMIT, "'%s' holds more than %d files", path, CDI_FILES_MAX);
        for (size_t i = 0; i < list.n && r == 0; i++) {
                if (!str_ends(str_of(list.v[i].name), STR(".json"))) continue;
                r = read_file(fd, list.v[i].name, w, edits, e);
                if (r < 0) err_wrap(e, "%s/%s", path, list.v[i].name);
        }
        dir_list_done(&list);
        return r;
}

int cdi_find(const char *name, CdiEdits *ret_edits, Err **e) {
        const char *directories = getenv("DECANT_CDI_DIRS");
        Str rest = str_of(directories && *directories ? directories : "/etc/cdi:/var/run/cdi"), one;
        Wanted w = wanted_parse(name);
        CdiEdits edits = {0};
        bool more = true;
        int r = 0;
        while (more && r == 0) {
                more = str_cut(&rest, ':', &one);
                AUTO(freep) char *path = str_dup(one);
                r = read_directory(path, &w, &edits, e);
        }
        if (r < 0 || !w.found) {
                cdi_edits_done(&edits);
                return r < 0 ? -1 : CDI_ABSENT;
        }
        *ret_edits = edits;
        return CDI_FOUND;
}
