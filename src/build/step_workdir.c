/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "build/graph.h"
#include "store/key.h"
#include "layer/copy.h"
#include "layer/users.h"
#include "os/clock.h"

/* WORKDIR: make the directory and its missing parents, owned by the current USER. */

static void workdir_key(Node *n, Digest *ret_key) {
        KeyText k;
        key_begin(&k, "workdir");
        key_digest(&k, "parent", &n->parent->result.key);
        key_text(&k, "path", n->step->workdir.path);
        key_text(&k, "user", n->step->workdir.user);
        key_finish_keep(&k, ret_key, node_key_text(n));
}

static int workdir_lookup(Build *b, Node *n, Err **e) {
        Digest key;
        workdir_key(n, &key);
        return node_lookup_key(b, n, &key, e);
}

static int workdir_make(Build *b, Node *n, const Digest *key, Err **e) {
        AUTO(view_freep) View *below = NULL;
        if (node_view(b, n->parent, &below, e) < 0) return -1;
        User user = {0};
        if (n->step->workdir.user[0] && users_resolve_run(below, n->step->workdir.user, &user, e) < 0) return -1;
        Draft *draft;
        int r = store_draft_new(b->store, &draft, e);
        if (r == 0) {
                MakeDirsParams params = {n->step->workdir.path, user.uid, user.gid, build_time_ns(b)};
                r = layer_make_dirs(below, draft, &params, e);
                if (r < 0) store_draft_discard(b->store, draft);
        }
        user_done(&user);
        return r < 0 ? -1 : node_commit(b, n, key, draft, NULL, e);
}

static int workdir_execute(Build *b, Node *n, Err **e) {
        Digest key;
        int lock_fd;
        workdir_key(n, &key);
        int r = node_claim(b, n, &key, &lock_fd, e);
        if (r != CLAIM_MINE) return r;
        r = workdir_make(b, n, &key, e);
        node_release(b, lock_fd);
        return r < 0 ? node_error(b, n, e) : 0;
}

const StepOps step_workdir_ops = {workdir_lookup, workdir_execute, 1};
