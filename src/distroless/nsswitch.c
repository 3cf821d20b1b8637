/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/nsswitch.h"

static const char with_libraries[] = "passwd:         compat\n"
                                     "group:          compat\n"
                                     "shadow:         compat\n"
                                     "gshadow:        files\n"
                                     "\n"
                                     "hosts:          files dns\n"
                                     "networks:       files\n"
                                     "\n"
                                     "protocols:      db files\n"
                                     "services:       db files\n"
                                     "ethers:         db files\n"
                                     "rpc:            db files\n"
                                     "\n"
                                     "netgroup:       nis\n";

static const char built_in[] = "passwd:         files\n"
                               "group:          files\n"
                               "shadow:         files\n"
                               "gshadow:        files\n"
                               "\n"
                               "hosts:          files dns\n"
                               "networks:       files\n"
                               "\n"
                               "protocols:      files\n"
                               "services:       files\n"
                               "ethers:         files\n"
                               "rpc:            files\n";

const char *nsswitch_text(bool builtin_only) {
        return builtin_only ? built_in : with_libraries;
}
