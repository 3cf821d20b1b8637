/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "net/http.h"
#include "net/module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A server that answers with the input: answers end at a byte 0xff, their headers at an empty line, and the first byte of an
 * answer says how the transfer ended. */

static Str input;

static void *session_new(void) {
        return &input;
}

static void session_free(void *session) {
        (void)session;
}

/* Waiting as long as a server wants is for another test. */
static bool makes_wait(Str line) {
        for (size_t i = 0; i + 11 <= line.n; i++)
                if (strncasecmp(line.p + i, "retry-after", 11) == 0) return true;
        return false;
}

static int send_answer(const NetTransfer *t, Str answer, NetOutcome *outcome) {
        Str line;
        bool more = true;
        while (more) {
                more = str_cut(&answer, '\n', &line);
                if (makes_wait(line)) continue;
                if (line.n > 9 && strncasecmp(line.p, "location:", 9) == 0) {
                        free(outcome->redirect);
                        outcome->redirect = str_dup(str_sub(line, 9, line.n));
                }
                if (t->header(t->context, line.p, line.n) < 0) return -1;
                if (line.n == 0) break;
        }
        for (size_t at = 0; more && at < answer.n; at += 7) {
                Str part = str_sub(answer, at, 7);
                if (t->body(t->context, part.p, part.n) < 0 || t->poll(t->context) < 0) return -1;
        }
        return 0;
}

static void get(void *session, const NetTransfer *t, NetOutcome *ret_outcome) {
        (void)session;
        Str answer;
        *ret_outcome = (NetOutcome){.failure = NET_BROKEN};
        if (!input.n) return;
        if (!str_cut(&input, (char)0xff, &answer)) input = (Str){"", 0};
        if (!answer.n) return;
        ret_outcome->failure = (NetFailure)((unsigned char)answer.p[0] % (NET_FAILED + 1));
        if (send_answer(t, str_sub(answer, 1, answer.n), ret_outcome) < 0) ret_outcome->failure = NET_STOPPED;
}

/* What was kept is what was promised. */
static void check_reply(int fd, const HttpReply *reply) {
        struct stat st;
        if (fstat(fd, &st) < 0 || (uint64_t)st.st_size != reply->size || reply->size > 100) abort();
        char body[100];
        Digest digest;
        if (pread(fd, body, sizeof body, 0) != (ssize_t)reply->size) abort();
        sha256_of(body, reply->size, &digest);
        if (!digest_eq(&digest, &reply->digest)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const NetModule module = {NET_MODULE_VERSION, session_new, session_free, get};
        input = (Str){(const char *)data, size};
        AUTO(closep) int fd = memfd_create("body", MFD_CLOEXEC);
        AUTO(http_reply_done) HttpReply reply = {0};
        AUTO(err_freep) Err *e = NULL;
        HttpRequest request = {.url = "http://h/f",
                               .authorization = "x",
                               .etag = "\"e\"",
                               .fd = fd,
                               .limits = {.max_bytes = 100, .stall_s = 1}};
        int r = http_get_by(&module, &request, &reply, &e);
        if ((r < 0) != (e != NULL)) abort();
        if (r == HTTP_FETCHED) check_reply(fd, &reply);
        return 0;
}
