/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"
#include "sandbox/internal.h"

#define LIMIT(name, upper) \
        { name, "RLIMIT_" #upper, RLIMIT_##upper }

static const struct {
        const char *name, *symbol;
        int resource;
} limits[] = {
        LIMIT("core", CORE),         LIMIT("cpu", CPU),
        LIMIT("data", DATA),         LIMIT("fsize", FSIZE),
        LIMIT("locks", LOCKS),       LIMIT("memlock", MEMLOCK),
        LIMIT("msgqueue", MSGQUEUE), LIMIT("nice", NICE),
        LIMIT("nofile", NOFILE),     LIMIT("nproc", NPROC),
        LIMIT("rss", RSS),           LIMIT("rtprio", RTPRIO),
        LIMIT("rttime", RTTIME),     LIMIT("sigpending", SIGPENDING),
        LIMIT("stack", STACK),
};

const char *limit_name(int resource) {
        for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
                if (limits[i].resource == resource) return limits[i].symbol;
        return "RLIMIT_CORE";
}

static int unknown_limit(const char *text, Str name, Err **e) {
        const char *names[ARRAY_SIZE(limits)];
        Buf all = {0};
        for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
                names[i] = limits[i].name;
                buf_addf(&all, "%s%s", i ? ", " : "", limits[i].name);
        }
        AUTO(freep) char *given = str_dup(name), *known = buf_take(&all);
        const char *near = nearest_name(given, names, ARRAY_SIZE(names));
        err_new(e, ERR_USAGE, "unknown limit '%s' in '%s'", given, text);
        if (near) err_hint(e, "did you mean '%s'?", near);
        return err_hint(e, "known limits: %s", known);
}

/* A number, or -1 for no limit. */
static bool value_parse(Str text, rlim_t *ret_value) {
        uint64_t value;
        if (str_is(text, "-1")) {
                *ret_value = RLIM_INFINITY;
                return true;
        }
        if (!u64_parse(text, 10, &value)) return false;
        *ret_value = value;
        return true;
}

int sandbox_limit_parse(const char *text, SandboxLimit *ret_limit, Err **e) {
        Str rest = str_of(text), name, soft;
        if (!str_cut(&rest, '=', &name))
                return err_new(e, ERR_USAGE, "limit '%s' is not of the form NAME=SOFT[:HARD]", text);
        SandboxLimit limit = {.resource = -1};
        for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
                if (str_is(name, limits[i].name)) limit.resource = limits[i].resource;
        if (limit.resource < 0) return unknown_limit(text, name, e);
        bool pair = str_cut(&rest, ':', &soft);
        if (!value_parse(soft, &limit.soft)) return err_new(e, ERR_USAGE, "limit '%s' has no valid soft value", text);
        limit.hard = limit.soft;
        if (pair && !value_parse(rest, &limit.hard))
                return err_new(e, ERR_USAGE, "limit '%s' has no valid hard value", text);
        if (limit.soft > limit.hard)
                return err_new(e, ERR_USAGE, "limit '%s': the soft value is above the hard one", text);
        *ret_limit = limit;
        return 0;
}
