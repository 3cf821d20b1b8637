/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

/* What the program and its module decant-net agree on. The module alone is linked with libcurl, and it is loaded when
 * the first byte is wanted from the network: a build that needs none pays nothing for it. Plain C types only, so that
 * neither side depends on the inside of the other. */

enum { NET_MODULE_VERSION = 1, NET_TEXT_SIZE = 256 };

typedef enum NetFailure {
        NET_DONE,
        NET_STOPPED,    /* a callback said so */
        NET_BAD_URL,    /* no URL, or one with another scheme than http and https */
        NET_UNRESOLVED, /* the name of the host or of its proxy is not known */
        NET_UNREACHED,  /* no connection */
        NET_STALLED,    /* nothing, or next to nothing, came for too long */
        NET_BROKEN,     /* the connection ended before the answer did */
        NET_UNTRUSTED,  /* TLS: the certificate or the handshake */
        NET_FAILED,     /* anything else */
} NetFailure;

typedef struct NetTransfer {
        const char *url;
        const char *const *headers; /* "Name: value", NULL-terminated */
        long connect_s;             /* until the connection stands */
        long stall_s;               /* without progress */
        /* Called on the caller's thread; below 0 stops the transfer. */
        int (*header)(void *context, const char *line, size_t size); /* status lines too; with its line end */
        int (*body)(void *context, const void *data, size_t size);
        int (*poll)(void *context); /* about once a second, and as data come */
        void *context;
} NetTransfer;

typedef struct NetOutcome {
        NetFailure failure;
        long status;              /* of the last answer, 0 when there was none */
        char text[NET_TEXT_SIZE]; /* of the failure, for people */
        char *redirect;           /* where a 3xx points, absolute; free() */
} NetOutcome;

typedef struct NetModule NetModule;
struct NetModule {
        unsigned version;
        /* One connection at a time that is kept for the next transfer. NULL: out of memory. */
        void *(*session_new)(void);
        void (*session_free)(void *session);
        void (*get)(void *session, const NetTransfer *transfer, NetOutcome *ret_outcome);
};

/* The one symbol that the module shows. */
#define NET_MODULE_SYMBOL "decant_net_module"
const NetModule *decant_net_module(void);
