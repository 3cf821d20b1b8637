/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "codec/sha256.h"

/* HTTP client: one file from an http or https URL.
 *
 * Tried again after a pause when the server is busy (429, 5xx, Retry-After) or the connection fails or breaks; what has come is
 * kept where the server can go on from there. Redirects are followed by hand: only to http and https, and credentials go only to the
 * host that they are for. Proxies come from the environment (http_proxy, https_proxy, all_proxy,
 * no_proxy, also in capitals), authorities from the system (SSL_CERT_FILE, SSL_CERT_DIR).
 * Any thread; a call blocks. */

enum {
        HTTP_REDIRECTS_MAX = 10,
        HTTP_ATTEMPTS = 4, /* the first one included; DECANT_FETCH_RETRIES says how many more than one */
        HTTP_RETRIES_MAX = 100,
        HTTP_HEADERS_MAX = 1 << 20,
        HTTP_URL_MAX = 8192,
        HTTP_CONNECT_S = 20,
        HTTP_STALL_S = 30,           /* DECANT_FETCH_TIMEOUT */
        HTTP_RETRY_AFTER_MAX_S = 30, /* a server that wants us to wait longer is taken as failing */
};
#define HTTP_SIZE_MAX (UINT64_C(64) << 30) /* DECANT_FETCH_MAX */

typedef struct HttpLimits {
        uint64_t max_bytes;
        unsigned stall_s;
        unsigned connect_s;
        unsigned retry_ms; /* pause before the second attempt; doubled each time */
        unsigned attempts; /* 0: HTTP_ATTEMPTS */
} HttpLimits;
/* The named limits above, changed by DECANT_FETCH_MAX (bytes, "10g"), DECANT_FETCH_TIMEOUT (seconds) and DECANT_FETCH_RETRIES. ERR_USAGE. */
int http_limits(HttpLimits *ret_limits, Err **e);

/* A connection that is kept from one request for the next to the same server. One request at a time; any thread. */
typedef struct HttpSession HttpSession;
int http_session_new(HttpSession **ret_session, Err **e); /* ERR_NOT_FOUND: the module is not installed */
void http_session_free(HttpSession *s);

typedef struct HttpRequest {
        HttpSession *session; /* borrowed; NULL: a connection of its own */
        const char *url;
        const char *authorization; /* value of the header, or NULL */
        const char *denied_hint;   /* what to do when the server wants a login; NULL: name a secret of the build */
        const char *etag;          /* of the copy that is known, or NULL: asks only whether there is a newer one */
        const char *last_modified; /* as the server spelled it, or NULL */
        int fd;                    /* the body is written here from the start of the file; borrowed */
        uint64_t
                offset; /* so many bytes of it are there from an earlier call, and are gone on with where the server can
                                      (it need not be the same file: whoever says this compares the digest of the whole) */
        HttpLimits limits;
        const volatile bool *cancelled; /* or NULL */
        void (*progress)(void *context, uint64_t done, uint64_t total);
        void *progress_context;
} HttpRequest;

typedef struct HttpReply {
        char *etag;              /* or NULL */
        char *last_modified;     /* or NULL */
        char *url;               /* where it came from in the end */
        int64_t last_modified_s; /* unix; <0: not said, or not understood */
        uint64_t size;
        Digest digest; /* of the body */
} HttpReply;
void http_reply_done(HttpReply *r);

enum { HTTP_FETCHED = 0, HTTP_NOT_MODIFIED = 1 };
/* HTTP_NOT_MODIFIED: the known copy is still right; nothing was written (validators in *ret_reply may be new).
 * ERR_NETWORK: host not found, not reached, stalled, 5xx; ERR_NOT_FOUND: 404, 410; ERR_DENIED: 401, 403, 407;
 * ERR_FORMAT: redirect to something else than http(s); ERR_LIMIT: longer than limits.max_bytes, too many redirects. */
int http_get(const HttpRequest *request, HttpReply *ret_reply, Err **e);

/* The same by a module that the caller has: for tests, which have one that answers what they want. */
struct NetModule;
int http_get_by(const struct NetModule *module, const HttpRequest *request, HttpReply *ret_reply, Err **e);

/* "Sat, 05 Jun 2021 04:03:02 GMT" and the two older forms (RFC 9110 5.6.7). False when it is none. */
bool http_date_parse(const char *text, int64_t *ret_unix_s);
