/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/internal.h"

int sandbox_new(const SandboxParams *params, Sandbox **ret_sandbox, Err **e) {
        if (!params->scratch_dir || params->scratch_dir[0] != '/')
                return err_new(e, ERR_INTERNAL, "a sandbox needs the absolute path of a scratch directory");
        Sandbox *s = xcalloc(1, sizeof *s);
        s->runtime = params->runtime;
        s->launcher_path = xstrdup(params->launcher_path);
        s->cache_dir = xstrdup(params->cache_dir);
        s->scratch_dir = xstrdup(params->scratch_dir);
        pthread_mutex_init(&s->lock, NULL);
        *ret_sandbox = s;
        return 0;
}

void sandbox_free(Sandbox *s) {
        if (!s) return;
        assets_remove(s);
        for (size_t i = 0; i < s->filters.n; i++) {
                buf_done(&s->filters.v[i]->program);
                free(s->filters.v[i]);
        }
        vec_done(&s->filters);
        pthread_mutex_destroy(&s->lock);
        free(s->launcher_path);
        free(s->cache_dir);
        free(s->scratch_dir);
        free(s);
}
