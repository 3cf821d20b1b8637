/* SPDX-License-Identifier: Apache-2.0 */
#include "build/mount_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "build/sources.h"
#include "layer/copy.h"
#include "os/fs.h"
#include "os/root_path.h"

/* The copy engine puts the source at this name: a directory's contents into it, a file as it. */
#define MOUNT_TREE_NAME "/tree"

typedef struct TreeJob {
        SourceTree tree;
        CopySet *set;
} TreeJob;

static void tree_job_done(TreeJob *j) {
        copy_set_freep(&j->set);
        source_tree_done(&j->tree);
}

static int select_tree(Build *b, const Node *n, const PlanMount *mount, TreeJob *j, Err **e) {
        const Node *from = node_of(n, mount->from);
        if (source_tree_open(b, from, mount->from_context ? mount->from_context : "", &j->tree, e) < 0) return -1;
        const char *source = mount->source && mount->source[0] ? mount->source : "/";
        CopyParams params = {
                .root = &j->tree.root,
                .sources = &source,
                .source_count = 1,
                .destination = MOUNT_TREE_NAME,
                .literal_names = true,
        };
        return copy_set_new(&params, &j->set, e);
}

int mount_tree_digest(Build *b, Node *n, const PlanMount *mount, Digest *ret_digest, Err **e) {
        AUTO(tree_job_done) TreeJob j = {0};
        if (select_tree(b, n, mount, &j, e) < 0) return -1;
        if (copy_set_digest(j.set, ret_digest, e) < 0) return -1;
        return source_tree_save(&j.tree, e);
}

int mount_tree_make(Build *b, Node *n, const PlanMount *mount, const char *scratch, char **ret_path, Err **e) {
        AUTO(tree_job_done) TreeJob j = {0};
        if (select_tree(b, n, mount, &j, e) < 0) return -1;
        AUTO(view_freep) View *below = NULL;
        StrVec nothing = {0};
        if (view_open(&nothing, &below, e) < 0) return -1;
        AUTO(closep) int fd = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return err_sys(e, "open '%s'", scratch);
        Draft draft = {.path = (char *)scratch, .fs_path = (char *)scratch, .fs_fd = fd};
        CopyApply apply = {
                .below = below,
                .draft = &draft,
                .link_from_source = j.tree.immutable && mount->read_only,
                .clamp_mtime_ns = -1,
                .cancelled = &b->cancelled,
        };
        if (copy_set_apply(j.set, &apply, e) < 0) return -1;
        AUTO(freep) char *path = xasprintf("%s" MOUNT_TREE_NAME, scratch);
        if (access(path, F_OK) < 0 && dir_make_all(AT_FDCWD, path, 0755, e) < 0) return -1; /* an empty source */
        *ret_path = TAKE(path);
        return 0;
}

int mount_path_inside(const char *root, const char *path, char **ret_path, Err **e) {
        AUTO(closep) int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root_fd < 0) return err_sys(e, "open '%s'", root);
        AUTO(closep) int fd = root_open(root_fd, path, O_PATH, 0, e);
        if (fd < 0) return err_wrap(e, "mount source");
        char link[64], target[PATH_MAX];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, target, sizeof target);
        if (n < 0 || n == sizeof target) return err_sys(e, "resolve '%s'", path);
        *ret_path = xstrndup(target, (size_t)n);
        return 0;
}
