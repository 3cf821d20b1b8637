/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "cli/app.h"
#include "cli/exit.h"
#include "cli/help.h"
#include "sandbox/rootless.h"

static const char *rung_text(RootlessRung rung) {
        if (rung == RUNG_SUBIDS && rootless_outer_uid() == 0)
                return "as root who may not mount, in a user namespace with all ids";
        switch (rung) {
        case RUNG_ROOT: return "as root";
        case RUNG_SUBIDS: return "as an ordinary user, in a user namespace with subordinate ids";
        case RUNG_SINGLE_ID: return "as an ordinary user, in a user namespace with one id";
        case RUNG_NONE: break;
        }
        return "without namespaces: only builds without RUN";
}

static void add_lines(Buf *out, const StrVec *lines) {
        for (size_t i = 0; i < lines->n; i++) buf_addf(out, "%s\n", lines->v[i]);
}

static int check_store(const App *app, const Args *args, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        AUTO(strvec_done) StrVec findings = {0};
        AUTO(buf_done) Buf out = {0};
        uint64_t garbage = 0;
        if (app_store_open(app, &store.store, e) < 0) return -1;
        if (store_check(store.store, args_flag(args, "deep"), &findings, &garbage, e) < 0) return -1;
        buf_addf(&out, "store: %s\n", store_root(store.store));
        for (size_t i = 0; i < findings.n; i++) buf_addf(&out, "fail: %s\n", findings.v[i]);
        if (findings.n == 0) buf_adds(&out, "ok: every record's files are there\n");
        if (garbage)
                buf_addf(&out, "ok: %llu files without a record, which decant prune removes\n",
                         (unsigned long long)garbage);
        if (app_print(&out, e) < 0) return -1;
        return findings.n ? EXIT_DAMAGED : EXIT_DONE;
}

static void add_store_line(const App *app, Buf *out) {
        Store *s = NULL;
        AUTO(err_freep) Err *failure = NULL;
        if (app_store_open(app, &s, &failure) < 0) {
                buf_addf(out, "fail: store: %s\n", err_message(failure));
                return;
        }
        buf_addf(out, "ok: store: %s\n", store_root(s));
        store_close(s);
}

int command_doctor(App *app, const Args *args, Err **e) {
        if (args_flag(args, "store") || args_flag(args, "deep")) return check_store(app, args, e);
        AUTO(strvec_done) StrVec lines = {0};
        AUTO(buf_done) Buf out = {0};
        bool can_run = false;
        buf_addf(&out, "%s\nruns: %s\n", DECANT_VERSION_TEXT, rung_text(rootless_rung()));
        add_store_line(app, &out);
        if (sandbox_diagnose(&lines, &can_run, e) < 0) return -1;
        add_lines(&out, &lines);
        buf_addf(&out, "%s\n", can_run ? "RUN steps work on this machine." : "RUN steps do not work on this machine.");
        if (app_print(&out, e) < 0) return -1;
        return can_run ? EXIT_DONE : EXIT_DENIED;
}
