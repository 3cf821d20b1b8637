/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/tool_packages.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "distroless/architecture.h"

/* By hand, since what the packages depend on is much more than their programs load. "*" is the version. */
static const char *const python_tools[] = {"python*-minimal", "libpython*-minimal", "libexpat1", "zlib1g", NULL};
static const char *const java_tools[] = {
        "openjdk-*-jdk-headless", "openjdk-*-jre-headless", "libstdc++6", "libgcc-s1", "zlib1g", NULL};
static const char *const java_modules[] = {"openjdk-*-jdk-headless", "openjdk-*-jre-headless", NULL};
static const char *const all_tools[] = {"base-files", "libc6", NULL}; /* base-files has the links of a merged /usr */

const char *tool_architecture(void) {
        Platform host;
        platform_host(&host);
        const DebianArchitecture *a = debian_architecture_of_platform(&host);
        return a ? a->name : NULL;
}

static void add_names(const char *const *patterns, const char *version, StrVec *names) {
        for (; *patterns; patterns++) {
                const char *star = strchr(*patterns, '*');
                if (star)
                        strvec_pushf(names, "%.*s%s%s", (int)(star - *patterns), *patterns, version, star + 1);
                else
                        strvec_push(names, *patterns);
        }
}

char *python_version_of(const BaseLock *lock) {
        for (size_t i = 0; i < lock->packages.n; i++) {
                const LockedPackage *p = &lock->packages.v[i];
                Str name = str_of(p->name), head = str_of("python"), tail = str_of("-minimal");
                if (p->use != USE_FILES || !str_starts(name, str_of("python3.")) || !str_ends(name, tail)) continue;
                Str version = str_sub(name, head.n, name.n - head.n - tail.n);
                if (strspn(version.p, "0123456789.") == version.n) return str_dup(version);
        }
        return NULL;
}

void java_runtime_packages(const Recipe *r, StrVec *ret_names) {
        if (r->java_version) add_names(java_modules, r->java_version, ret_names);
}

void python_tool_packages(const char *version, StrVec *ret_names) {
        add_names(python_tools, version, ret_names);
        add_names(all_tools, version, ret_names);
}

void java_tool_packages(const Recipe *r, StrVec *ret_names) {
        add_names(java_tools, r->java_version, ret_names);
        add_names(all_tools, r->java_version, ret_names);
}

const LockedPackage *tool_package_find(const BaseLock *lock, const char *name, const char *architecture) {
        for (size_t i = 0; i < lock->packages.n; i++) {
                const LockedPackage *p = &lock->packages.v[i];
                if (!streq(p->name, name)) continue;
                if (streq(p->architecture, architecture) || streq(p->architecture, "all")) return p;
        }
        return NULL;
}

void tool_packages_missing(const Recipe *r, const BaseLock *lock, const char *architecture, StrVec *ret_names) {
        AUTO(strvec_done) StrVec wanted = {0};
        AUTO(freep) char *python = r->python_bytecode ? python_version_of(lock) : NULL;
        if (python) python_tool_packages(python, &wanted);
        if (r->java_version) java_tool_packages(r, &wanted);
        for (size_t i = 0; i < wanted.n; i++)
                if (!tool_package_find(lock, wanted.v[i], architecture) && strvec_index(ret_names, wanted.v[i]) < 0)
                        strvec_push(ret_names, wanted.v[i]);
}
