/* SPDX-License-Identifier: Apache-2.0 */
#include "build/run_devices.h"

#include <string.h>

#include "base/cleanup.h"
#include "build/cdi.h"

void run_devices_key(const Node *n, KeyText *k) {
        const PlanRun *run = &n->step->run;
        if (run->device_count == 0) return; /* keys of steps without any stay what they are */
        key_number(k, "devices", run->device_count);
        for (size_t i = 0; i < run->device_count; i++) {
                key_text(k, "device", run->devices[i].name);
                key_number(k, "required", run->devices[i].required);
        }
}

static bool is_allowed(const BuildParams *params, const char *name) {
        if (params->allow_devices) return true;
        for (size_t i = 0; i < params->allowed_devices.n; i++) {
                const char *allowed = params->allowed_devices.v[i];
                size_t size = strlen(allowed);
                if (streq(allowed, name)) return true;
                /* "vendor.com/class" allows all of the class */
                if (strncmp(allowed, name, size) == 0 && name[size] == '=' && !strchr(allowed, '=')) return true;
        }
        return false;
}

static int absent(const PlanDevice *device, Err **e) {
        if (!device->required) return 0;
        err_new(e, ERR_NOT_FOUND, "device '%s' is required, and no file of /etc/cdi or /var/run/cdi has it",
                device->name);
        return err_hint(e, "its driver's tool writes such files, for instance: nvidia-ctk cdi generate --format=json "
                           "--output=/etc/cdi/nvidia.json");
}

static int denied(const PlanDevice *device, Err **e) {
        err_new(e, ERR_DENIED, "device '%s' is not allowed", device->name);
        return err_hint(e, "allow it for this build with --allow device=%s", device->name);
}

static void take_edits(const CdiEdits *edits, StrVec *env, RunMounts *m) {
        for (size_t i = 0; i < edits->env.n; i++) {
                Str value = str_of(edits->env.v[i]), name;
                if (!str_cut(&value, '=', &name)) continue;
                AUTO(freep) char *key = str_dup(name);
                strvec_env_set(env, key, value.p);
        }
        for (size_t i = 0; i < edits->mounts.n; i++) {
                const CdiMount *from = &edits->mounts.v[i];
                SandboxMount mount = {.type = SANDBOX_BIND, .read_only = from->read_only};
                mount.source = run_mounts_keep(m, from->source);
                mount.target = run_mounts_keep(m, from->target);
                vec_push(&m->list, mount);
        }
}

static int prepare_device(Build *b, Node *n, const PlanDevice *device, StrVec *env, RunMounts *m, Err **e) {
        static const char hooks[] = "hooks of the device are not run\n";
        AUTO(cdi_edits_done) CdiEdits edits = {0};
        int r = cdi_find(device->name, &edits, e);
        if (r < 0) return err_wrap(e, "device '%s'", device->name);
        if (r == CDI_ABSENT) return absent(device, e);
        if (!edits.allowed && !is_allowed(b->params, device->name)) return denied(device, e);
        if (edits.hooks) report_log(b, n->vertex, 2, hooks, sizeof hooks - 1);
        take_edits(&edits, env, m);
        return 0;
}

int run_devices_prepare(Build *b, Node *n, StrVec *env, RunMounts *m, Err **e) {
        const PlanRun *run = &n->step->run;
        for (size_t i = 0; i < run->device_count; i++)
                if (prepare_device(b, n, &run->devices[i], env, m, e) < 0) return -1;
        return 0;
}
