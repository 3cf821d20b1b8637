/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"
#include "base/vec.h"
#include "net/load.h"
#include "net/url.h"
#include "os/fs.h"

enum { IGNORED_BODY_MAX = 1 << 20, STALL_WORTH_RETRY = 64 << 10, RETRY_MS = 250, PAUSE_SLICE_MS = 50 };

/* What one answer's header said. */
typedef struct Answer {
        long status;
        char *etag, *last_modified, *retry_after;
        uint64_t length; /* UINT64_MAX: not said */
        uint64_t range_from;
        size_t header_bytes;
        uint64_t ignored; /* bytes of a body that nobody wants */
        bool taken;       /* its body is what we want, and has begun */
} Answer;

typedef struct Get {
        const HttpRequest *r;
        const NetModule *net;
        void *session;
        char *url; /* behind the redirects so far */
        Answer answer;
        Sha256 *hash;
        uint64_t got, total; /* total 0: not known */
        char *got_etag;      /* of the file whose beginning has come; NULL: cannot be gone on with */
        bool unchecked;      /* its beginning is the caller's, who compares digests */
        uint64_t attempt_from;
        Err *stopped; /* why a callback ended the transfer */
} Get;

struct HttpSession {
        const NetModule *module;
        void *handle;
};

int http_session_new(HttpSession **ret_session, Err **e) {
        HttpSession s;
        if (net_module_load(&s.module, e) < 0) return -1;
        s.handle = s.module->session_new();
        if (!s.handle) return err_new(e, ERR_INTERNAL, "libcurl does not start");
        *ret_session = xmemdup(&s, sizeof s);
        return 0;
}

void http_session_free(HttpSession *s) {
        if (s) s->module->session_free(s->handle);
        free(s);
}

static void answer_done(Answer *a) {
        free(a->etag);
        free(a->last_modified);
        free(a->retry_after);
        *a = (Answer){.length = UINT64_MAX};
}

static void get_done(Get *g) {
        if (g->session && !g->r->session) g->net->session_free(g->session);
        answer_done(&g->answer);
        free(g->url);
        free(g->got_etag);
        sha256_freep(&g->hash);
        err_free(g->stopped);
}

void http_reply_done(HttpReply *r) {
        free(r->etag);
        free(r->last_modified);
        free(r->url);
        *r = (HttpReply){0};
}

int http_limits(HttpLimits *ret_limits, Err **e) {
        const char *size = getenv("DECANT_FETCH_MAX"), *timeout = getenv("DECANT_FETCH_TIMEOUT");
        const char *retries = getenv("DECANT_FETCH_RETRIES");
        HttpLimits l = {HTTP_SIZE_MAX, HTTP_STALL_S, HTTP_CONNECT_S, RETRY_MS, HTTP_ATTEMPTS};
        if (retries && *retries) {
                if (!u32_parse(str_of(retries), 10, &l.attempts) || l.attempts > HTTP_RETRIES_MAX)
                        return err_new(e, ERR_USAGE, "DECANT_FETCH_RETRIES: '%s' is not a number of retries", retries);
                l.attempts++;
        }
        if (size && *size && size_parse(str_of(size), &l.max_bytes, e) < 0) return err_wrap(e, "DECANT_FETCH_MAX");
        if (timeout && *timeout) {
                if (!u32_parse(str_of(timeout), 10, &l.stall_s) || l.stall_s == 0 || l.stall_s > 86400)
                        return err_new(e, ERR_USAGE, "DECANT_FETCH_TIMEOUT: '%s' is not a number of seconds", timeout);
                if (l.connect_s > l.stall_s) l.connect_s = l.stall_s;
        }
        *ret_limits = l;
        return 0;
}

/* ---- what the module calls */

static void keep(char **to, Str value) {
        free(*to);
        *to = str_dup(value);
}

/* "bytes 100-199/200": where the part begins. */
static uint64_t range_start(Str value) {
        Str from;
        uint64_t start = UINT64_MAX;
        if (!str_starts(value, STR("bytes "))) return start;
        value = str_sub(value, 6, value.n);
        str_cut(&value, '-', &from);
        u64_parse(str_trim(from), 10, &start);
        return start;
}

static void take_header(Answer *a, Str name, Str value) {
        if (str_eq_nocase(name, STR("etag"))) {
                keep(&a->etag, value);
        } else if (str_eq_nocase(name, STR("last-modified"))) {
                keep(&a->last_modified, value);
        } else if (str_eq_nocase(name, STR("retry-after"))) {
                keep(&a->retry_after, value);
        } else if (str_eq_nocase(name, STR("content-length"))) {
                if (!u64_parse(value, 10, &a->length)) a->length = UINT64_MAX;
        } else if (str_eq_nocase(name, STR("content-range"))) {
                a->range_from = range_start(value);
        }
}

static int too_long(Get *g) {
        char max[32];
        size_render(g->r->limits.max_bytes, max);
        err_new(&g->stopped, ERR_LIMIT, "the answer is longer than %s", max);
        return err_hint(&g->stopped, "DECANT_FETCH_MAX sets the limit, for instance DECANT_FETCH_MAX=100g");
}

static int on_header(void *context, const char *line, size_t size) {
        Get *g = context;
        Str rest = {line, size}, name;
        if (str_starts(rest, STR("HTTP/"))) { /* a new answer: what came before was an interim one */
                size_t bytes = g->answer.header_bytes;
                uint32_t status = 0;
                answer_done(&g->answer);
                g->answer.header_bytes = bytes;
                str_cut(&rest, ' ', &name);
                u32_parse(str_sub(rest, 0, 3), 10, &status);
                g->answer.status = status;
                return 0;
        }
        g->answer.header_bytes += size;
        if (g->answer.header_bytes > HTTP_HEADERS_MAX)
                return err_new(&g->stopped, ERR_LIMIT, "more than %d bytes of headers", HTTP_HEADERS_MAX);
        bool end = str_trim(rest).n == 0;
        if (end && g->answer.status == 200 && g->answer.length != UINT64_MAX &&
            g->answer.length > g->r->limits.max_bytes)
                return too_long(g);
        if (str_cut(&rest, ':', &name)) take_header(&g->answer, str_trim(name), str_trim(rest));
        return 0;
}

/* The body that we want begins: go on behind what is there, or begin anew. */
static int take_body(Get *g) {
        Answer *a = &g->answer;
        a->taken = true;
        if (a->status == 200) {
                g->got = 0;
                g->unchecked = false;
                sha256_reset(g->hash);
                if (ftruncate(g->r->fd, 0) < 0) return err_sys(&g->stopped, "empty the file");
        } else if (!g->got) {
                return err_new(&g->stopped, ERR_FORMAT, "the server sent a part although all was asked for");
        } else if (a->range_from != g->got) {
                return err_new(&g->stopped, ERR_FORMAT, "the server went on at byte %llu instead of %llu",
                               (unsigned long long)a->range_from, (unsigned long long)g->got);
        }
        g->total = a->length == UINT64_MAX ? 0 : g->got + a->length;
        if (g->total > g->r->limits.max_bytes) return too_long(g);
        if (a->status == 200) { /* only a strong validator says that two parts belong together */
                free(g->got_etag);
                g->got_etag = a->etag && a->etag[0] == '"' ? xstrdup(a->etag) : NULL;
        }
        return 0;
}

static bool wanted(const Answer *a) {
        return a->status == 200 || a->status == 206;
}

static int on_body(void *context, const void *data, size_t size) {
        Get *g = context;
        Answer *a = &g->answer;
        if (!wanted(a)) {
                a->ignored += size;
                return a->ignored > IGNORED_BODY_MAX ? -1 : 0;
        }
        if (!a->taken && take_body(g) < 0) return -1;
        if (size > g->r->limits.max_bytes - g->got) return too_long(g);
        for (size_t done = 0; done < size;) {
                ssize_t n = pwrite(g->r->fd, (const char *)data + done, size - done, (off_t)(g->got + done));
                if (n < 0 && errno != EINTR) return err_sys(&g->stopped, "write the file");
                if (n > 0) done += (size_t)n;
        }
        sha256_add(g->hash, data, size);
        g->got += size;
        return 0;
}

static int check_cancelled(const Get *g, Err **e) {
        return g->r->cancelled && *g->r->cancelled ? err_new(e, ERR_CANCELLED, "interrupted") : 0;
}

static int on_poll(void *context) {
        Get *g = context;
        if (g->stopped || check_cancelled(g, &g->stopped) < 0) return -1;
        if (g->r->progress && g->got) g->r->progress(g->r->progress_context, g->got, g->total);
        return 0;
}

/* ---- one request */

static void request_headers(const Get *g, StrVec *ret_headers) {
        const HttpRequest *r = g->r;
        if (r->authorization && url_same_origin(r->url, g->url))
                strvec_pushf(ret_headers, "Authorization: %s", r->authorization);
        if (g->got) {
                strvec_pushf(ret_headers, "Range: bytes=%llu-", (unsigned long long)g->got);
                if (!g->unchecked) strvec_pushf(ret_headers, "If-Range: %s", g->got_etag);
        } else {
                if (r->etag) strvec_pushf(ret_headers, "If-None-Match: %s", r->etag);
                if (r->last_modified) strvec_pushf(ret_headers, "If-Modified-Since: %s", r->last_modified);
        }
}

static void perform(Get *g, NetOutcome *ret_outcome) {
        StrVec headers = {0};
        g->attempt_from = g->got;
        request_headers(g, &headers);
        NetTransfer transfer = {
                .url = g->url,
                .headers = (const char *const *)headers.v,
                .connect_s = (long)g->r->limits.connect_s,
                .stall_s = (long)g->r->limits.stall_s,
                .header = on_header,
                .body = on_body,
                .poll = on_poll,
                .context = g,
        };
        answer_done(&g->answer);
        g->net->get(g->session, &transfer, ret_outcome);
        strvec_done(&headers);
}

/* ---- what came of it. ANSWER_AGAIN: *e says what was wrong, and it may be better next time. */

enum { ANSWER_DONE, ANSWER_UNCHANGED, ANSWER_ELSEWHERE, ANSWER_AGAIN };

static int transfer_failed(const Get *g, const NetOutcome *outcome, Err **e) {
        static const ErrKind kinds[] = {
                [NET_BAD_URL] = ERR_SYNTAX,  [NET_UNRESOLVED] = ERR_NETWORK, [NET_UNREACHED] = ERR_NETWORK,
                [NET_STALLED] = ERR_NETWORK, [NET_BROKEN] = ERR_NETWORK,     [NET_UNTRUSTED] = ERR_NETWORK,
                [NET_FAILED] = ERR_NETWORK,  [NET_STOPPED] = ERR_INTERNAL,
        };
        err_new(e, kinds[outcome->failure], "%s", outcome->text);
        switch (outcome->failure) {
        case NET_UNRESOLVED:
        case NET_UNREACHED:
                err_hint(e, "is the address right, and does this machine need a proxy (http_proxy, https_proxy)?");
                return ANSWER_AGAIN;
        case NET_BROKEN: return ANSWER_AGAIN;
        case NET_STALLED:
                err_hint(e, "nothing came for %u seconds; DECANT_FETCH_TIMEOUT sets how long to wait",
                         g->r->limits.stall_s);
                return g->got >= g->attempt_from + STALL_WORTH_RETRY ? ANSWER_AGAIN : -1;
        case NET_UNTRUSTED:
                err_hint(e, "install ca-certificates, or name the authorities' file in SSL_CERT_FILE");
                return -1;
        default: return -1;
        }
}

static int status_failed(const Get *g, Err **e) {
        long status = g->answer.status;
        AUTO(freep) char *host = url_host(g->url);
        ErrKind kind = status == 404 || status == 410                    ? ERR_NOT_FOUND
                       : status == 401 || status == 403 || status == 407 ? ERR_DENIED
                                                                         : ERR_NETWORK;
        err_new(e, kind, "the server answered with status %ld", status);
        if ((status == 401 || status == 403) && g->r->denied_hint)
                err_hint(e, "%s", g->r->denied_hint);
        else if (status == 401 || status == 403)
                err_hint(e, "credentials come from a secret: --secret id=HTTP_AUTH_TOKEN_%s,env=NAME", host);
        return status == 408 || status == 429 || status >= 500 ? ANSWER_AGAIN : -1;
}

static int redirected(Get *g, NetOutcome *outcome, Err **e) {
        if (!outcome->redirect)
                return err_new(e, ERR_FORMAT, "the server redirects (status %ld) to nowhere", g->answer.status);
        AUTO(freep) char *shown = url_shown(outcome->redirect);
        if (!url_is_http(outcome->redirect))
                return err_new(e, ERR_FORMAT, "the server redirects to '%s', which is neither http nor https", shown);
        free(g->url);
        g->url = TAKE(outcome->redirect);
        return ANSWER_ELSEWHERE;
}

static int judge(Get *g, NetOutcome *outcome, Err **e) {
        long status = g->answer.status;
        if (g->stopped) {
                err_move(e, &g->stopped);
                return -1;
        }
        bool enough = !wanted(&g->answer) && status >= 300 && g->answer.ignored > IGNORED_BODY_MAX;
        if (outcome->failure != NET_DONE && !enough) return transfer_failed(g, outcome, e);
        if (status == 304 && (g->r->etag || g->r->last_modified)) return ANSWER_UNCHANGED;
        if (status == 416 && g->got) { /* the file is another one by now */
                g->got = 0;
                err_new(e, ERR_NETWORK, "the file changed while it was fetched");
                return ANSWER_AGAIN;
        }
        if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308)
                return redirected(g, outcome, e);
        if (!wanted(&g->answer)) return status_failed(g, e);
        if (!g->answer.taken && take_body(g) < 0) { /* no byte came: an empty file */
                err_move(e, &g->stopped);
                return -1;
        }
        return ANSWER_DONE;
}

/* One attempt, with all its redirects. */
static int attempt(Get *g, Err **e) {
        free(g->url);
        g->url = xstrdup(g->r->url);
        if (g->got && !g->got_etag && !g->unchecked) g->got = 0;
        for (unsigned i = 0; i <= HTTP_REDIRECTS_MAX; i++) {
                NetOutcome outcome;
                perform(g, &outcome);
                int r = judge(g, &outcome, e);
                free(outcome.redirect);
                if (r != ANSWER_ELSEWHERE) return r;
        }
        return err_new(e, ERR_LIMIT, "more than %d redirects", HTTP_REDIRECTS_MAX);
}

static int pause_ms(const Get *g, unsigned ms, Err **e) {
        for (unsigned waited = 0; waited < ms; waited += PAUSE_SLICE_MS) {
                if (check_cancelled(g, e) < 0) return -1;
                struct timespec slice = {0, PAUSE_SLICE_MS * 1000000L};
                nanosleep(&slice, NULL);
        }
        return 0;
}

/* How long the server wants us to wait; -1: longer than we do. */
static int wanted_pause_ms(const Get *g, unsigned usual_ms) {
        uint32_t seconds;
        if (!g->answer.retry_after || !u32_parse(str_of(g->answer.retry_after), 10, &seconds)) return (int)usual_ms;
        return seconds > HTTP_RETRY_AFTER_MAX_S ? -1 : (int)(seconds * 1000);
}

static int get(Get *g, Err **e) {
        unsigned usual_ms = g->r->limits.retry_ms;
        unsigned attempts = g->r->limits.attempts ? g->r->limits.attempts : HTTP_ATTEMPTS;
        for (unsigned i = 1;; i++, usual_ms *= 2) {
                Err *failure = NULL;
                int r = attempt(g, &failure);
                int wait = r == ANSWER_AGAIN && i < attempts ? wanted_pause_ms(g, usual_ms) : -1;
                if (wait < 0) {
                        if (failure) err_move(e, &failure);
                        return r == ANSWER_AGAIN && i > 1 ? err_wrap(e, "%u attempts", i) : r == ANSWER_AGAIN ? -1 : r;
                }
                err_free(failure);
                if (pause_ms(g, (unsigned)wait, e) < 0) return -1;
        }
}

static void take_reply(Get *g, HttpReply *ret_reply) {
        HttpReply reply = {.size = g->got, .last_modified_s = -1};
        reply.etag = TAKE(g->answer.etag);
        reply.last_modified = TAKE(g->answer.last_modified);
        reply.url = TAKE(g->url);
        if (reply.last_modified && !http_date_parse(reply.last_modified, &reply.last_modified_s))
                reply.last_modified_s = -1;
        sha256_finish(g->hash, &reply.digest);
        *ret_reply = reply;
}

/* What the file holds already counts as come. */
static int take_beginning(Get *g, Err **e) {
        char block[16384];
        size_t n = 1;
        if (g->r->offset > g->r->limits.max_bytes) return 0;
        while (n > 0 && g->got < g->r->offset) {
                uint64_t left = g->r->offset - g->got;
                if (fd_read_at(g->r->fd, g->got, block, left < sizeof block ? (size_t)left : sizeof block, &n, e) < 0)
                        return -1;
                sha256_add(g->hash, block, n);
                g->got += n;
        }
        g->unchecked = g->got > 0;
        return 0;
}

int http_get_by(const NetModule *module, const HttpRequest *request, HttpReply *ret_reply, Err **e) {
        AUTO(get_done) Get g = {.r = request, .net = module, .hash = sha256_new(), .answer = {.length = UINT64_MAX}};
        g.session = request->session ? request->session->handle : module->session_new();
        if (!g.session) return err_new(e, ERR_INTERNAL, "libcurl does not start");
        int r = take_beginning(&g, e);
        if (r == 0) r = get(&g, e);
        if (r < 0) return -1;
        take_reply(&g, ret_reply);
        return r == ANSWER_UNCHANGED ? HTTP_NOT_MODIFIED : HTTP_FETCHED;
}

int http_get(const HttpRequest *request, HttpReply *ret_reply, Err **e) {
        const NetModule *module;
        AUTO(freep) char *shown = url_shown(request->url);
        if (strlen(request->url) > HTTP_URL_MAX)
                return err_new(e, ERR_LIMIT, "a URL of more than %d bytes", HTTP_URL_MAX);
        if (!url_is_http(request->url))
                return err_new(e, ERR_SYNTAX, "fetch '%s': neither an http nor an https URL", shown);
        if (request->session)
                module = request->session->module;
        else if (net_module_load(&module, e) < 0)
                return -1;
        int r = http_get_by(module, request, ret_reply, e);
        return r < 0 ? err_wrap(e, "fetch '%s'", shown) : r;
}
