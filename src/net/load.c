/* SPDX-License-Identifier: Apache-2.0 */
#include "net/load.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/str.h"

static int module_find(char **ret_path, Err **e) {
        static const char *const places[] = {"decant-net.so", "../libexec/decant/decant-net.so", "../net/decant-net.so",
                                             "../../../src/net/decant-net.so"};
        const char *named = getenv("DECANT_NET_MODULE");
        if (named && named[0]) {
                *ret_path = xstrdup(named);
                return 0;
        }
        char self[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
        if (n < 0) return err_sys(e, "find the program's own path");
        self[n] = '\0';
        char *slash = strrchr(self, '/');
        if (slash) *slash = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                AUTO(freep) char *path = xasprintf("%s/%s", self, places[i]);
                if (access(path, R_OK) < 0) continue;
                *ret_path = TAKE(path);
                return 0;
        }
        err_new(e, ERR_NOT_FOUND, "decant-net.so is not installed beside '%s/decant'", self);
        return err_hint(e, "install decant completely, or set DECANT_NET_MODULE to the module's path");
}

/* The dynamic linker counts and serialises: asking again gives the same module. */
int net_module_load(const NetModule **ret_module, Err **e) {
        AUTO(freep) char *path = NULL;
        if (module_find(&path, e) < 0) return -1;
        void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (!handle) {
                err_new(e, ERR_NOT_FOUND, "load '%s': %s", path, dlerror());
                return err_hint(e, "remote sources need libcurl (Debian: apt-get install libcurl4)");
        }
        const NetModule *(*entry)(void);
        void *symbol = dlsym(handle, NET_MODULE_SYMBOL);
        memcpy(&entry, &symbol, sizeof entry); /* ISO C has no conversion for this */
        if (!symbol || entry()->version != NET_MODULE_VERSION) {
                dlclose(handle);
                return err_new(e, ERR_STORE, "'%s' belongs to another version of decant", path);
        }
        *ret_module = entry();
        return 0;
}
