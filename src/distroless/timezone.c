/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/timezone.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"

enum { ZONE_FILE_MAX = 1 << 20 };

static bool name_valid(const char *zone) {
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
        size_t n = strlen(zone);
        return n > 0 && n <= TIMEZONE_NAME_MAX && strspn(zone, allowed) == n && zone[0] != '/' && zone[n - 1] != '/';
}

static int is_zone(View *tree, const char *path, Err **e) {
        AUTO(freep) char *data = NULL;
        size_t size;
        int found = view_read_file(tree, path, ZONE_FILE_MAX, &data, &size, e);
        if (found < 0) return -1;
        return found == VIEW_FOUND && str_starts((Str){data, size}, STR("TZif"));
}

/* The nearest name in the folder of the one that is not there. Owned; NULL: none. */
static char *nearest_zone(View *tree, const char *zone) {
        AUTO(view_entry_done) ViewEntry folder = {0};
        AUTO(dir_list_done) DirList list = {0};
        const char *slash = strrchr(zone, '/'), *names[1024];
        AUTO(freep) char *path = xasprintf(TIMEZONE_FOLDER "/%.*s", slash ? (int)(slash - zone) : 0, zone);
        if (view_lookup(tree, path, true, &folder, NULL) != VIEW_FOUND || !S_ISDIR(folder.st.st_mode)) return NULL;
        if (view_list(tree, folder.path, &list, NULL) < 0) return NULL;
        size_t n = 0;
        for (; n < list.n && n < ARRAY_SIZE(names); n++) names[n] = list.v[n].name;
        const char *near = nearest_name(slash ? slash + 1 : zone, names, n);
        return near ? xasprintf("%.*s%s", slash ? (int)(slash - zone) + 1 : 0, zone, near) : NULL;
}

int timezone_check(View *tree, const char *zone, const char *where, Err **e) {
        AUTO(freep) char *path = xasprintf(TIMEZONE_FOLDER "/%s", zone);
        int found = name_valid(zone) ? is_zone(tree, path, e) : 0;
        if (found != 0) return found < 0 ? -1 : 0;
        err_new(e, ERR_SYNTAX, "%s: there is no time zone '%.*s' in the image", where, TIMEZONE_NAME_MAX, zone);
        AUTO(freep) char *near = name_valid(zone) ? nearest_zone(tree, zone) : NULL;
        if (near) return err_hint(e, "did you mean '%s'?", near);
        return err_hint(e, "time zones come from the package tzdata, old names from tzdata-legacy (Debian 13)");
}
