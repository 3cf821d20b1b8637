/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "net/http.h"

/* A server that answers each connection with the next of its answers, whatever is asked, and keeps what was asked. */

enum { ANSWERS_MAX = 16, REQUEST_MAX = 4096 };

typedef struct Server {
        int fd;
        unsigned port;
        pthread_t thread;
        const char *answers[ANSWERS_MAX]; /* "..." sent and closed; a leading '!' keeps it open until the client goes */
        bool endless;
        char requests[ANSWERS_MAX][REQUEST_MAX];
        unsigned served;
        char url[64];
} Server;

static void answer(Server *s, int client, const char *text) {
        char *request = s->requests[s->served];
        size_t n = 0;
        while (n < REQUEST_MAX - 1 && !strstr(request, "\r\n\r\n")) {
                ssize_t r = read(client, request + n, REQUEST_MAX - 1 - n);
                if (r <= 0) return;
                n += (size_t)r;
        }
        bool hold = text[0] == '!';
        text += hold;
        (void)!send(client, text, strlen(text), MSG_NOSIGNAL);
        char block[4096] = {0};
        while (s->endless && send(client, block, sizeof block, MSG_NOSIGNAL) > 0) continue;
        if (hold) (void)!read(client, block, sizeof block);
}

static void *serve(void *argument) {
        Server *s = argument;
        while (s->answers[s->served]) {
                int client = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
                if (client < 0) break;
                answer(s, client, s->answers[s->served]);
                s->served++;
                close(client);
        }
        return NULL;
}

static Server *server_start(const char *const *answers, bool endless) {
        Server *s = calloc(1, sizeof *s);
        for (size_t i = 0; answers[i]; i++) s->answers[i] = answers[i];
        s->endless = endless;
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;
        s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(s->fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(s->fd, 8), 0);
        getsockname(s->fd, (struct sockaddr *)&address, &size);
        s->port = ntohs(address.sin_port);
        snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u/f", s->port);
        pthread_create(&s->thread, NULL, serve, s);
        return s;
}

static void server_stop(Server *s) {
        shutdown(s->fd, SHUT_RDWR);
        pthread_join(s->thread, NULL);
        close(s->fd);
        free(s);
}

typedef struct Result {
        int status;
        HttpReply reply;
        Err *e;
        char body[256];
} Result;

static const HttpLimits limits = {.max_bytes = 1 << 20, .stall_s = 2, .connect_s = 2, .retry_ms = 50};

static void fetch(HttpRequest request, Result *ret_result) {
        *ret_result = (Result){0};
        request.fd = memfd_create("body", MFD_CLOEXEC);
        if (!request.limits.max_bytes) request.limits = limits;
        ret_result->status = http_get(&request, &ret_result->reply, &ret_result->e);
        ssize_t n = pread(request.fd, ret_result->body, sizeof ret_result->body - 1, 0);
        assert_true(n >= 0);
        close(request.fd);
}

static void result_done(Result *r) {
        http_reply_done(&r->reply);
        err_free(r->e);
}

static void fails(const char *const *answers, ErrKind kind, const char *said) {
        Server *s = server_start(answers, false);
        Result r;
        fetch((HttpRequest){.url = s->url}, &r);
        assert_int_equal(r.status, -1);
        if (!strstr(err_message(r.e), said)) fail_msg("'%s' is not in '%s'", said, err_message(r.e));
        assert_int_equal(err_kind(r.e), kind);
        result_done(&r);
        server_stop(s);
}

static void test_plain(void **state) {
        (void)state;
        static const char *const answers[] = {
                "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nLast-Modified: Sat, 05 Jun 2021 04:03:02 "
                "GMT\r\nContent-Length: 7\r\n\r\nremote\n",
                NULL};
        Server *s = server_start(answers, false);
        Result r;
        fetch((HttpRequest){.url = s->url, .authorization = "Bearer t"}, &r);
        assert_int_equal(r.status, HTTP_FETCHED);
        assert_string_equal(r.body, "remote\n");
        assert_string_equal(r.reply.etag, "\"e\"");
        assert_int_equal(r.reply.last_modified_s, 1622865782);
        assert_int_equal(r.reply.size, 7);
        char hex[DIGEST_HEX_SIZE];
        digest_hex(&r.reply.digest, hex);
        assert_string_equal(hex, "c81662749eb30a2c7f6b6b9b1a561a7b0be5cc115759b72442ddb476e7712751");
        assert_non_null(strstr(s->requests[0], "Authorization: Bearer t\r\n"));
        result_done(&r);
        server_stop(s);
}

static void test_not_modified(void **state) {
        (void)state;
        static const char *const answers[] = {"HTTP/1.1 304 Not Modified\r\nETag: \"e\"\r\n\r\n", NULL};
        Server *s = server_start(answers, false);
        Result r;
        fetch((HttpRequest){.url = s->url, .etag = "\"e\""}, &r);
        assert_int_equal(r.status, HTTP_NOT_MODIFIED);
        assert_non_null(strstr(s->requests[0], "If-None-Match: \"e\"\r\n"));
        result_done(&r);
        server_stop(s);
}

static void test_empty_file(void **state) {
        (void)state;
        static const char *const answers[] = {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NULL};
        Server *s = server_start(answers, false);
        Result r;
        fetch((HttpRequest){.url = s->url}, &r);
        assert_int_equal(r.status, HTTP_FETCHED);
        assert_int_equal(r.reply.size, 0);
        result_done(&r);
        server_stop(s);
}

/* Busy, then broken off in the middle, then the rest. */
static void test_retry_and_resume(void **state) {
        (void)state;
        static const char *const answers[] = {
                "HTTP/1.1 503 Busy\r\nContent-Length: 3\r\n\r\nno\n",
                "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 10\r\n\r\n01234",
                "HTTP/1.1 206 Partial\r\nETag: \"e\"\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789",
                NULL};
        Server *s = server_start(answers, false);
        Result r;
        fetch((HttpRequest){.url = s->url}, &r);
        assert_int_equal(r.status, HTTP_FETCHED);
        assert_string_equal(r.body, "0123456789");
        assert_int_equal(r.reply.size, 10);
        Digest whole;
        sha256_of("0123456789", 10, &whole);
        assert_true(digest_eq(&whole, &r.reply.digest));
        assert_non_null(strstr(s->requests[2], "Range: bytes=5-\r\n"));
        assert_non_null(strstr(s->requests[2], "If-Range: \"e\"\r\n"));
        result_done(&r);
        server_stop(s);
}

/* Without a validator, or when the file became another one, it starts anew. */
static void test_restart(void **state) {
        (void)state;
        static const char *const answers[] = {"HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 10\r\n\r\n01234",
                                              "HTTP/1.1 200 OK\r\nETag: \"n\"\r\nContent-Length: 10\r\n\r\nabc",
                                              "HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n",
                                              "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnew\n", NULL};
        Server *s = server_start(answers, false);
        Result r;
        fetch((HttpRequest){.url = s->url}, &r);
        assert_int_equal(r.status, HTTP_FETCHED);
        assert_string_equal(r.body, "new\n");
        result_done(&r);
        server_stop(s);
}

/* The beginning came by an earlier call: the rest is asked for, and the digest is of the whole. */
static void go_on(const char *const *answers, const char *there, uint64_t offset, const char *whole,
                  const char *asked) {
        Server *s = server_start(answers, false);
        AUTO(closep) int fd = memfd_create("body", MFD_CLOEXEC);
        assert_int_equal(write(fd, there, strlen(there)), (ssize_t)strlen(there));
        HttpRequest request = {.url = s->url, .fd = fd, .limits = limits, .offset = offset};
        HttpReply reply = {0};
        Digest digest;
        char body[64] = {0};
        assert_int_equal(http_get(&request, &reply, NULL), HTTP_FETCHED);
        assert_int_equal(pread(fd, body, sizeof body - 1, 0), (ssize_t)strlen(whole));
        assert_string_equal(body, whole);
        sha256_of(whole, strlen(whole), &digest);
        assert_int_equal(reply.size, strlen(whole));
        assert_true(digest_eq(&digest, &reply.digest));
        if (asked)
                assert_non_null(strstr(s->requests[0], asked));
        else
                assert_null(strstr(s->requests[0], "Range:"));
        assert_null(strstr(s->requests[0], "If-Range"));
        http_reply_done(&reply);
        server_stop(s);
}

static void test_offset(void **state) {
        (void)state;
        static const char *const part[] = {
                "HTTP/1.1 206 Partial\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789", NULL};
        static const char *const all[] = {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall", NULL};
        static const char *const beyond[] = {"HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n",
                                             "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall", NULL};
        go_on(part, "01234", 5, "0123456789", "Range: bytes=5-\r\n");
        go_on(part, "01234", 500, "0123456789", "Range: bytes=5-\r\n"); /* as much as there is */
        go_on(all, "01234", 5, "all", "Range: bytes=5-\r\n");
        go_on(beyond, "01234", 5, "all", "Range: bytes=5-\r\n");
        go_on(all, "01234", limits.max_bytes + 1, "all", NULL);
}

static void test_redirects(void **state) {
        (void)state;
        static const char *const answers[] = {"HTTP/1.1 302 Found\r\nLocation: other\r\nContent-Length: 0\r\n\r\n",
                                              "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL};
        Server *s = server_start(answers, false);
        Result r;
        fetch((HttpRequest){.url = s->url}, &r);
        assert_int_equal(r.status, HTTP_FETCHED);
        assert_true(starts_with(s->requests[1], "GET /other "));
        assert_true(ends_with(r.reply.url, "/other"));
        result_done(&r);
        server_stop(s);
}

/* Credentials stay with the host that they are for. */
static void test_credentials_stay(void **state) {
        (void)state;
        static const char *const there[] = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL};
        Server *other = server_start(there, false);
        char first[256];
        snprintf(first, sizeof first, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", other->url);
        const char *const here[] = {first, NULL};
        Server *s = server_start(here, false);
        Result r;
        fetch((HttpRequest){.url = s->url, .authorization = "Bearer t"}, &r);
        assert_int_equal(r.status, HTTP_FETCHED);
        assert_non_null(strstr(s->requests[0], "Bearer"));
        assert_null(strstr(other->requests[0], "Bearer"));
        result_done(&r);
        server_stop(s);
        server_stop(other);
}

static void test_failures(void **state) {
        (void)state;
        fails((const char *const[]){"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", NULL}, ERR_NOT_FOUND,
              "status 404");
        fails((const char *const[]){"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", NULL}, ERR_DENIED, "status 403");
        fails((const char *const[]){"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
                                    NULL},
              ERR_FORMAT, "file:///etc/passwd");
        fails((const char *const[]){"HTTP/1.1 302 Found\r\nLocation: ftp://h/x\r\nContent-Length: 0\r\n\r\n", NULL},
              ERR_FORMAT, "neither http nor https");
        fails((const char *const[]){"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", NULL}, ERR_FORMAT, "to nowhere");
        fails((const char *const[]){"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n", NULL}, ERR_LIMIT,
              "longer than");
        fails((const char *const[]){"!HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", NULL}, ERR_NETWORK,
              "Operation");
        fails((const char *const[]){"HTTP/1.1 429 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n", NULL},
              ERR_NETWORK, "status 429");
}

static void test_redirect_loop(void **state) {
        (void)state;
        static const char *answers[HTTP_REDIRECTS_MAX + 2];
        for (size_t i = 0; i <= HTTP_REDIRECTS_MAX; i++)
                answers[i] = "HTTP/1.1 302 Found\r\nLocation: /f\r\nContent-Length: 0\r\n\r\n";
        fails(answers, ERR_LIMIT, "redirects");
}

static void test_endless(void **state) {
        (void)state;
        static const char *const answers[] = {"HTTP/1.1 200 OK\r\n\r\n", NULL};
        Server *s = server_start(answers, true);
        Result r;
        fetch((HttpRequest){.url = s->url}, &r);
        assert_int_equal(r.status, -1);
        assert_int_equal(err_kind(r.e), ERR_LIMIT);
        result_done(&r);
        server_stop(s);
}

static void test_refused_requests(void **state) {
        (void)state;
        static const char *const urls[] = {"file:///etc/passwd", "ftp://h/f", "http//h", ""};
        for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
                Result r;
                fetch((HttpRequest){.url = urls[i]}, &r);
                assert_int_equal(r.status, -1);
                assert_int_equal(err_kind(r.e), ERR_SYNTAX);
                result_done(&r);
        }
        Result r;
        fetch((HttpRequest){.url = "http://127.0.0.1:1/x"}, &r);
        assert_int_equal(err_kind(r.e), ERR_NETWORK);
        result_done(&r);
        volatile bool cancelled = true;
        fetch((HttpRequest){.url = "http://127.0.0.1:1/x", .cancelled = &cancelled}, &r);
        assert_int_equal(err_kind(r.e), ERR_CANCELLED);
        result_done(&r);
}

int main(void) {
        static const char *const proxies[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};
        for (size_t i = 0; i < ARRAY_SIZE(proxies); i++) unsetenv(proxies[i]);
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plain),      cmocka_unit_test(test_not_modified),
                cmocka_unit_test(test_empty_file), cmocka_unit_test(test_retry_and_resume),
                cmocka_unit_test(test_restart),    cmocka_unit_test(test_offset),
                cmocka_unit_test(test_redirects),  cmocka_unit_test(test_credentials_stay),
                cmocka_unit_test(test_failures),   cmocka_unit_test(test_redirect_loop),
                cmocka_unit_test(test_endless),    cmocka_unit_test(test_refused_requests),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
