/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/module.h"

/* The module: libcurl behind net/module.h. It decides nothing: retries, redirects and limits are net/http.c's. */

/* Slower than this for stall_s counts as standing still: who sends a byte now and then never ends either. */
enum { SLOW_BYTES_A_SECOND = 64 };

static size_t on_header(char *line, size_t size, size_t count, void *context) {
        const NetTransfer *t = context;
        return t->header(t->context, line, size * count) < 0 ? 0 : size * count;
}

static size_t on_body(char *data, size_t size, size_t count, void *context) {
        const NetTransfer *t = context;
        return t->body(t->context, data, size * count) < 0 ? 0 : size * count;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now) {
        (void)total, (void)now, (void)up_total, (void)up_now;
        const NetTransfer *t = context;
        return t->poll(t->context) < 0;
}

static NetFailure failure_of(CURLcode code) {
        switch (code) {
        case CURLE_OK: return NET_DONE;
        case CURLE_WRITE_ERROR:
        case CURLE_ABORTED_BY_CALLBACK: return NET_STOPPED;
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_URL_MALFORMAT: return NET_BAD_URL;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY: return NET_UNRESOLVED;
        case CURLE_COULDNT_CONNECT: return NET_UNREACHED;
        case CURLE_OPERATION_TIMEDOUT: return NET_STALLED;
        case CURLE_PARTIAL_FILE:
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM: return NET_BROKEN;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER: return NET_UNTRUSTED;
        default: return NET_FAILED;
        }
}

/* libcurl reads the lower-case variables, HTTPS_PROXY, ALL_PROXY and NO_PROXY, but not HTTP_PROXY, which a web server may
 * set from a request's header. Nobody serves the web from here, and docker's users set that one. */
static void set_proxy(CURL *curl, const char *url) {
        const char *upper = getenv("HTTP_PROXY");
        if (strncasecmp(url, "http://", 7) == 0 && upper && *upper && !getenv("http_proxy"))
                curl_easy_setopt(curl, CURLOPT_PROXY, upper);
}

/* Where other programs look for authorities too. */
static void set_authorities(CURL *curl) {
        const char *file = getenv("SSL_CERT_FILE"), *directory = getenv("SSL_CERT_DIR");
        if (file && *file) curl_easy_setopt(curl, CURLOPT_CAINFO, file);
        if (directory && *directory) curl_easy_setopt(curl, CURLOPT_CAPATH, directory);
}

static void set_options(CURL *curl, const NetTransfer *t) {
        curl_easy_reset(curl);
        curl_easy_setopt(curl, CURLOPT_URL, t->url);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "decant/" DECANT_VERSION);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, t->connect_s);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_A_SECOND);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, t->stall_s);
        curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 256L << 10);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, (void *)t);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, (void *)t);
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, (void *)t);
        set_proxy(curl, t->url);
        set_authorities(curl);
}

static void session_get(void *session, const NetTransfer *t, NetOutcome *ret_outcome) {
        CURL *curl = session;
        char text[CURL_ERROR_SIZE] = "";
        struct curl_slist *headers = NULL;
        set_options(curl, t);
        for (size_t i = 0; t->headers && t->headers[i]; i++) headers = curl_slist_append(headers, t->headers[i]);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
        CURLcode code = curl_easy_perform(curl);
        *ret_outcome = (NetOutcome){.failure = failure_of(code)};
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret_outcome->status);
        char *redirect = NULL;
        if (code == CURLE_OK) curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &redirect);
        if (redirect) ret_outcome->redirect = strdup(redirect);
        const char *said = text[0] ? text : code != CURLE_OK ? curl_easy_strerror(code) : "";
        snprintf(ret_outcome->text, sizeof ret_outcome->text, "%s", said);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
        curl_slist_free_all(headers);
}

/* libcurl initialises itself at the first session, under a lock of its own. */
static void *session_new(void) {
        return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
}

static void session_free(void *session) {
        curl_easy_cleanup(session);
        curl_global_cleanup();
}

__attribute__((visibility("default"))) const NetModule *decant_net_module(void) {
        static const NetModule module = {NET_MODULE_VERSION, session_new, session_free, session_get};
        return &module;
}
