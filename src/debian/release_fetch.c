/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "debian/archive_internal.h"
#include "debian/armor.h"
#include "debian/signature.h"
#include "net/url.h"
#include "os/fs.h"
#include "os/lock.h"

/* One refresh or look-up of a suite's Release. */
typedef struct SuiteJob {
        ArchiveContext *c;
        const SuiteRequest *request;
        char *key;       /* "releases/HEX" */
        char *directory; /* "dists/SUITE" */
        bool has_record;
        ReleaseRecord known; /* what the cache has */
        Digest keyrings;     /* identity of what would verify now */
        bool has_keyrings;
        size_t uri; /* which one answered */
} SuiteJob;

static void suite_job_done(SuiteJob *j) {
        free(j->key);
        free(j->directory);
        release_record_done(&j->known);
}

void suite_release_done(SuiteRelease *r) {
        free(r->data);
        free(r->info.uri);
        free(r->info.suite);
        free(r->info.codename);
        free(r->info.origin);
        free(r->info.version);
        strvec_done(&r->info.signers);
        *r = (SuiteRelease){0};
}

char *suite_directory(const char *suite) {
        if (!suite_is_flat(suite)) return xasprintf("dists/%s/", suite);
        while (starts_with(suite, "./") || *suite == '/') suite += *suite == '/' ? 1 : 2;
        return xstrdup(suite);
}

static bool may_be_unsigned(const SuiteJob *j) {
        return j->request->repository->trusted || j->c->params->allow_unsigned;
}

/* By the names in the sources, not by those that a list of mirrors gave: what was seen of one mirror binds the others. */
static char *job_key(const SuiteRequest *request) {
        char hex[DIGEST_HEX_SIZE];
        Digest digest;
        AUTO(freep) char *name = xasprintf("%s %s", request->repository->uris.v[0], request->suite);
        sha256_of(name, strlen(name), &digest);
        digest_hex(&digest, hex);
        return xasprintf("releases/%.32s", hex);
}

static int job_init(SuiteJob *j, ArchiveContext *c, const SuiteRequest *request, Err **e) {
        *j = (SuiteJob){
                .c = c, .request = request, .key = job_key(request), .directory = suite_directory(request->suite)};
        AUTO(strvec_done) StrVec files = {0};
        Err *failure = NULL;
        if (signature_keyrings(request->repository, &files, &j->keyrings, &failure) == 0) {
                j->has_keyrings = true;
        } else if (may_be_unsigned(j)) {
                err_free(failure);
        } else {
                return err_move(e, &failure), -1;
        }
        return 0;
}

static int job_read_record(SuiteJob *j, Err **e) {
        release_record_done(&j->known);
        int r = release_record_read(j->c, j->key, &j->known, e);
        if (r < 0) return -1;
        j->has_record = r == RECORD_FOUND;
        return 0;
}

/* ---- the rules of freshness */

static void date_render(int64_t unix_s, char *ret_text) {
        time_render(unix_s * 1000000000, ret_text);
}

/* A date of the future would keep every later Release out, and a clock that is behind takes what has expired. */
static int check_not_future(const SuiteJob *j, const ReleaseFile *file, Err **e) {
        const AptRepository *r = j->request->repository;
        char date[40], now[40];
        int64_t most_s = r->date_max_future_s ? r->date_max_future_s : DATE_MAX_FUTURE_S;
        if (file->date_s - most_s <= j->c->params->now_s) return 0;
        date_render(file->date_s, date);
        date_render(j->c->params->now_s, now);
        err_new(e, ERR_DENIED, "its Release is not valid yet: Date is %s, now it is %s", date, now);
        return err_hint(e, "most likely the clock of this machine is behind: set it; 'date -u' shows it");
}

static int check_valid(const SuiteJob *j, const ReleaseFile *file, Err **e) {
        char until[40], now[40];
        if (j->request->repository->ignore_date) return 0;
        if (check_not_future(j, file, e) < 0) return -1;
        if (!file->valid_until_s || j->request->repository->ignore_valid_until) return 0;
        if (file->valid_until_s >= j->c->params->now_s) return 0;
        date_render(file->valid_until_s, until);
        date_render(j->c->params->now_s, now);
        err_new(e, ERR_DENIED, "its Release expired: Valid-Until is %s, now it is %s", until, now);
        return err_hint(
                e, "a mirror that is no longer updated, or a wrong clock; for a snapshot say [check-valid-until=no]");
}

/* Only what was signed counts as seen: nobody else's date may lock the repository out. */
static int check_not_older(const SuiteJob *j, const ReleaseFile *file, Err **e) {
        ReleaseFile before;
        char old[40], new[40];
        if (!j->has_record || !j->known.is_signed || release_parse(j->known.text, "record", &before, NULL) < 0)
                return 0;
        if (file->date_s >= before.date_s) return 0;
        date_render(before.date_s, old);
        date_render(file->date_s, new);
        err_new(e, ERR_DENIED, "its Release went back in time: Date is %s, but that of %s was seen before", new, old);
        err_hint(e, "an outdated mirror, or somebody who replays old files");
        return err_hint(e, "when it is meant, forget what was seen: remove %s/%s", j->c->params->cache_dir, j->key);
}

/* The keys of one suite may sign others too: an old one in place of a new one is not what was asked for. */
static int check_name(const SuiteJob *j, const ReleaseFile *file, Err **e) {
        Str wanted = str_of(j->request->suite);
        if (suite_is_flat(j->request->suite) || j->request->repository->trusted) return 0;
        if (str_ends(wanted, STR("/updates"))) wanted.n -= sizeof "/updates" - 1; /* security, before bullseye */
        if (!file->suite.n && !file->codename.n) return 0;
        if (str_eq(wanted, file->suite) || str_eq(wanted, file->codename)) return 0;
        return err_new(e, ERR_DENIED, "its Release is another suite's: Suite is '" STR_FMT "', Codename '" STR_FMT "'",
                       STR_ARG(file->suite), STR_ARG(file->codename));
}

static int check_rules(const SuiteJob *j, const ReleaseFile *file, Err **e) {
        if (check_name(j, file, e) < 0 || check_not_older(j, file, e) < 0) return -1;
        return check_valid(j, file, e);
}

/* ---- from files to a verified text */

typedef struct Candidate { /* what came, as files in a directory of our own */
        char *scratch;
        char *text_path, *signature_path; /* signature_path NULL: clear-signed, or no signature */
        bool detached;
        HttpReply reply; /* of the text */
} Candidate;

static void candidate_done(Candidate *c) {
        archive_scratch_remove(&c->scratch);
        free(c->text_path);
        free(c->signature_path);
        http_reply_done(&c->reply);
}

static int take_unsigned(const char *path, Buf *text, Err **e) {
        AUTO(freep) char *bytes = NULL;
        size_t size;
        if (file_read(AT_FDCWD, path, RELEASE_TEXT_MAX, &bytes, &size, e) < 0) return -1;
        Str raw = {bytes, size};
        if (armor_is_clearsigned(raw)) return armor_split_clearsigned(raw, text, NULL, e);
        buf_add_str(text, raw);
        return 0;
}

/* *ret_signers stays empty where it is taken unsigned. */
static int verify(SuiteJob *j, const Candidate *candidate, Buf *ret_text, StrVec *ret_signers, Err **e) {
        AUTO(err_freep) Err *failure = NULL;
        SignatureInput input = {.repository = j->request->repository,
                                .path = candidate->text_path,
                                .signature = candidate->signature_path,
                                .scratch = candidate->scratch,
                                .cancelled = j->c->params->cancelled};
        if (candidate->detached && !candidate->signature_path) {
                err_new(&failure, ERR_DENIED, "it is not signed: there is neither InRelease nor Release.gpg");
                err_hint(&failure, "--allow-unsigned takes a repository without a good signature");
        } else if (signature_verify(&input, ret_text, ret_signers, &failure) == 0) {
                return 0;
        }
        if (!may_be_unsigned(j) || err_kind(failure) == ERR_CANCELLED) return err_move(e, &failure), -1;
        return take_unsigned(candidate->text_path, ret_text, e);
}

/* ---- from the repository to files */

static int fetch_part(SuiteJob *j, const char *base, const char *name, const Candidate *candidate, bool conditional,
                      HttpReply *ret_reply, Err **e) {
        AUTO(freep) char *path = xasprintf("%s%s", j->directory, name);
        AUTO(freep) char *uri = uri_join(base, path);
        AUTO(freep) char *to = xasprintf("%s/%s", candidate->scratch, name);
        AUTO(freep) char *etag = conditional && j->known.etag.n ? str_dup(j->known.etag) : NULL;
        AUTO(freep) char *time = conditional && j->known.last_modified.n ? str_dup(j->known.last_modified) : NULL;
        AUTO(closep) int fd = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0) return err_sys(e, "create '%s'", to);
        ArchiveFile file = {
                .uri = uri, .name = name, .max = RELEASE_TEXT_MAX, .fd = fd, .etag = etag, .last_modified = time};
        return archive_fetch(j->c, &file, ret_reply, e);
}

/* Release and Release.gpg, for repositories that have no InRelease. */
static int fetch_detached(SuiteJob *j, const char *base, Candidate *candidate, Err **e) {
        AUTO(http_reply_done) HttpReply signature = {0};
        Err *failure = NULL;
        candidate->detached = true;
        candidate->text_path = xasprintf("%s/Release", candidate->scratch);
        if (fetch_part(j, base, "Release", candidate, false, &candidate->reply, e) < 0) {
                if (err_kind(*e) != ERR_NOT_FOUND) return -1;
                AUTO(freep) char *shown = url_shown(base);
                return err_hint(e, "there is no suite '%s' at '%s': neither InRelease nor Release", j->request->suite,
                                shown);
        }
        if (fetch_part(j, base, "Release.gpg", candidate, false, &signature, &failure) == HTTP_FETCHED) {
                candidate->signature_path = xasprintf("%s/Release.gpg", candidate->scratch);
                return HTTP_FETCHED;
        }
        if (err_kind(failure) == ERR_NOT_FOUND) return err_free(failure), HTTP_FETCHED;
        return err_move(e, &failure), -1;
}

static int fetch_candidate(SuiteJob *j, const char *base, bool conditional, Candidate *candidate, Err **e) {
        Err *failure = NULL;
        if (archive_scratch(j->c, &candidate->scratch, e) < 0) return -1;
        candidate->text_path = xasprintf("%s/InRelease", candidate->scratch);
        int r = fetch_part(j, base, "InRelease", candidate, conditional && !j->known.detached, &candidate->reply,
                           &failure);
        if (r >= 0) return r;
        if (err_kind(failure) != ERR_NOT_FOUND) return err_move(e, &failure), -1;
        err_free(failure);
        free(candidate->text_path);
        return fetch_detached(j, base, candidate, e);
}

/* ---- into the cache */

/* The bytes that came: for verifying them again with other keyrings when nobody can be asked. */
static int keep_raw(const SuiteJob *j, const Candidate *candidate, Err **e) {
        AUTO(freep) char *text = xasprintf("%s.%s", j->key, candidate->detached ? "Release" : "InRelease");
        AUTO(freep) char *signature = xasprintf("%s.Release.gpg", j->key);
        if (renameat(AT_FDCWD, candidate->text_path, j->c->cache_fd, text) < 0)
                return err_sys(e, "rename to '%s'", text);
        if (!candidate->signature_path) return 0;
        if (renameat(AT_FDCWD, candidate->signature_path, j->c->cache_fd, signature) < 0)
                return err_sys(e, "rename to '%s'", signature);
        return 0;
}

static Str str_or_none(const char *text) {
        return text ? str_of(text) : (Str){"", 0};
}

static int publish(SuiteJob *j, const Candidate *candidate, Str text, StrVec *signers, Err **e) {
        ReleaseRecord record = {.etag = str_or_none(candidate->reply.etag),
                                .last_modified = str_or_none(candidate->reply.last_modified),
                                .text = text,
                                .detached = candidate->detached,
                                .is_signed = signers->n > 0,
                                .keyrings = j->keyrings,
                                .digest = candidate->reply.digest,
                                .checked_s = j->c->params->now_s,
                                .signers = *signers};
        ReleaseFile file;
        if (release_parse(text, candidate->detached ? "Release" : "InRelease", &file, e) < 0) return -1;
        if (check_rules(j, &file, e) < 0 || keep_raw(j, candidate, e) < 0) return -1;
        return release_record_write(j->c, j->key, &record, e);
}

static int refresh_from(SuiteJob *j, const char *base, bool conditional, Err **e) {
        AUTO(candidate_done) Candidate candidate = {0};
        AUTO(buf_done) Buf text = {0};
        AUTO(strvec_done) StrVec signers = {0};
        int r = fetch_candidate(j, base, conditional, &candidate, e);
        if (r < 0) return -1;
        bool same = conditional && !candidate.detached && digest_eq(&candidate.reply.digest, &j->known.digest);
        if (r == HTTP_NOT_MODIFIED || same) { /* the bytes that were verified before, by the same keys */
                j->known.checked_s = j->c->params->now_s;
                return release_record_write(j->c, j->key, &j->known, e);
        }
        if (verify(j, &candidate, &text, &signers, e) < 0) return -1;
        return publish(j, &candidate, buf_str(&text), &signers, e);
}

/* May what the cache has be believed as it is? */
static bool is_acceptable(const SuiteJob *j) {
        if (!j->has_record) return false;
        if (!j->known.is_signed || !j->has_keyrings) return may_be_unsigned(j);
        return digest_eq(&j->known.keyrings, &j->keyrings);
}

static int refresh(SuiteJob *j, Err **e) {
        const StrVec *uris = j->request->uris;
        bool conditional = is_acceptable(j) && !j->request->refresh;
        AUTO(err_freep) Err *failure = NULL;
        for (j->uri = 0; j->uri < uris->n; j->uri++) {
                err_clear(&failure);
                if (refresh_from(j, uris->v[j->uri], conditional, &failure) == 0) return job_read_record(j, e);
                AUTO(freep) char *shown = url_shown(uris->v[j->uri]);
                err_wrap(&failure, "suite '%s' of '%s'", j->request->suite, shown);
                if (err_kind(failure) == ERR_CANCELLED) break;
        }
        j->uri = 0;
        if (err_kind(failure) == ERR_NETWORK && is_acceptable(j)) {
                archive_warn(j->c, "%s; what was fetched before is used", err_message(failure));
                return 0;
        }
        if (!failure)
                return err_new(e, ERR_NOT_FOUND, "%s: the list of mirrors is empty", j->request->repository->where);
        return err_move(e, &failure), -1;
}

/* ---- from the cache */

static int read_again(SuiteJob *j, Candidate *candidate, Err **e) {
        const char *cache = j->c->params->cache_dir;
        AUTO(freep) char *bytes = NULL;
        size_t size;
        Digest digest;
        if (archive_scratch(j->c, &candidate->scratch, e) < 0) return -1;
        candidate->detached = j->known.detached;
        candidate->text_path = xasprintf("%s/%s.%s", cache, j->key, j->known.detached ? "Release" : "InRelease");
        if (j->known.detached) candidate->signature_path = xasprintf("%s/%s.Release.gpg", cache, j->key);
        if (file_read(AT_FDCWD, candidate->text_path, RELEASE_TEXT_MAX, &bytes, &size, e) < 0) return -1;
        sha256_of(bytes, size, &digest);
        return digest_eq(&digest, &j->known.digest) ? 0
                                                    : err_new(e, ERR_STORE, "'%s' is damaged", candidate->text_path);
}

/* Other keys speak for the repository than those that verified it. */
static int verify_again(SuiteJob *j, Err **e) {
        AUTO(candidate_done) Candidate candidate = {0};
        AUTO(buf_done) Buf text = {0};
        StrVec signers = {0};
        if (read_again(j, &candidate, e) < 0 || verify(j, &candidate, &text, &signers, e) < 0) return -1;
        strvec_done(&j->known.signers);
        j->known.signers = signers;
        j->known.is_signed = signers.n > 0;
        j->known.keyrings = j->keyrings;
        if (release_record_write(j->c, j->key, &j->known, e) < 0) return -1;
        return job_read_record(j, e);
}

static int use_offline(SuiteJob *j, Err **e) {
        char age[32];
        AUTO(freep) char *shown = url_shown(j->request->repository->uris.v[0]);
        if (!j->has_record) {
                err_new(e, ERR_NOT_FOUND, "suite '%s' of '%s' is not in the cache, and nobody is asked (--offline)",
                        j->request->suite, shown);
                return err_hint(e, "once without --offline fetches it");
        }
        if (!is_acceptable(j) && verify_again(j, e) < 0)
                return err_wrap(e, "suite '%s' of '%s'", j->request->suite, shown);
        age_render(j->c->params->now_s - j->known.checked_s, age);
        archive_warn(j->c, "offline: suite '%s' of '%s' as it was %s ago", j->request->suite, shown, age);
        return 0;
}

static bool is_fresh(const SuiteJob *j) {
        int64_t age_s = j->c->params->now_s - j->known.checked_s;
        ReleaseFile file;
        if (!is_acceptable(j) || j->request->refresh || age_s < 0 || age_s >= j->c->params->max_age_s) return false;
        return release_parse(j->known.text, "record", &file, NULL) == 0 && check_valid(j, &file, NULL) == 0;
}

static int refresh_locked(SuiteJob *j, Err **e) {
        AUTO(freep) char *path = xasprintf("%s.lock", j->key);
        AUTO(closep) int lock = -1;
        int r = lock_file_until(j->c->cache_fd, path, LOCK_EXCLUSIVE, j->c->params->cancelled, &lock, e);
        if (r < 0) return -1;
        if (r == LOCK_BUSY) return err_new(e, ERR_CANCELLED, "interrupted");
        if (job_read_record(j, e) < 0) return -1;
        return is_fresh(j) ? 0 : refresh(j, e);
}

static void fill_info(const SuiteJob *j, DebianRelease *info, const ReleaseFile *file) {
        *info = (DebianRelease){.uri = xstrdup(j->request->repository->uris.v[0]),
                                .suite = xstrdup(j->request->suite),
                                .codename = str_dup(file->codename),
                                .origin = str_dup(file->origin),
                                .version = str_dup(file->version),
                                .date_s = file->date_s,
                                .valid_until_s = file->valid_until_s,
                                .checked_s = j->known.checked_s,
                                .digest = j->known.digest};
        strvec_copy(&info->signers, &j->known.signers);
}

static int take_result(SuiteJob *j, SuiteRelease *ret_release, Err **e) {
        AUTO(suite_release_done) SuiteRelease r = {.text = j->known.text, .uri = j->uri};
        if (release_parse(r.text, "Release", &r.file, e) < 0) return -1;
        AUTO(freep) char *shown = url_shown(j->request->repository->uris.v[0]);
        if (check_valid(j, &r.file, e) < 0) return err_wrap(e, "suite '%s' of '%s'", j->request->suite, shown);
        fill_info(j, &r.info, &r.file);
        if (!j->known.is_signed && !j->request->repository->trusted)
                archive_warn(
                        j->c,
                        "suite '%s' of '%s' has no good signature: whoever answers for it decides what is installed",
                        r.info.suite, shown);
        r.data = TAKE(j->known.data);
        *ret_release = r;
        r = (SuiteRelease){0};
        return 0;
}

int suite_release_get(ArchiveContext *c, const SuiteRequest *request, SuiteRelease *ret_release, Err **e) {
        AUTO(suite_job_done) SuiteJob j = {0};
        if (job_init(&j, c, request, e) < 0 || job_read_record(&j, e) < 0) return -1;
        if (c->params->offline) {
                if (use_offline(&j, e) < 0) return -1;
        } else if (!is_fresh(&j) && refresh_locked(&j, e) < 0) {
                return -1;
        }
        return take_result(&j, ret_release, e);
}
