/* SPDX-License-Identifier: Apache-2.0 */
#include "debian/signature.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "debian/apt_sources_internal.h"
#include "debian/armor.h"
#include "debian/release.h"
#include "os/fs.h"
#include "os/process.h"

enum { STATUS_MAX = 1 << 20, SILENCE_S = 60 };

/* What the verifier said about the signatures of one text. */
typedef struct Verdict {
        StrVec signers;
        bool bad;
        unsigned texts; /* how many texts the message holds */
        Buf reasons;    /* why signatures do not count */
} Verdict;

static void verdict_done(Verdict *v) {
        strvec_done(&v->signers);
        buf_done(&v->reasons);
}

/* ---- key files as the verifiers read them */

static int write_keys(const SignatureInput *in, Str keys, StrVec *files, Err **e) {
        AUTO(freep) char *path = xasprintf("%s/keys-%zu", in->scratch, files->n);
        if (file_write_atomic(AT_FDCWD, path, keys.p, keys.n, 0600, e) < 0) return -1;
        strvec_push_take(files, TAKE(path));
        return 0;
}

static int write_decoded(const SignatureInput *in, Str armored, StrVec *files, Err **e) {
        AUTO(buf_done) Buf keys = {0};
        if (armor_decode_keys(armored, &keys, e) < 0) return -1;
        return write_keys(in, buf_str(&keys), files, e);
}

/* gpgv wants keys without their armor. */
static int prepare_file(const SignatureInput *in, const char *path, StrVec *files, Err **e) {
        AUTO(freep) char *text = NULL;
        size_t size;
        if (file_read(AT_FDCWD, path, KEYRING_MAX, &text, &size, e) < 0)
                return err_wrap(e, "read the keyring '%s'", path);
        if (!armor_is_keys((Str){text, size})) return strvec_push(files, path), 0;
        return write_decoded(in, (Str){text, size}, files, e) < 0 ? err_wrap(e, "keyring '%s'", path) : 0;
}

static int prepare_keyrings(const SignatureInput *in, StrVec *files, Err **e) {
        AUTO(strvec_done) StrVec named = {0};
        Digest identity;
        if (signature_keyrings(in->repository, &named, &identity, e) < 0) return -1;
        for (size_t i = 0; i < named.n; i++)
                if (prepare_file(in, named.v[i], files, e) < 0) return -1;
        const char *inside = in->repository->inline_key;
        if (inside && write_decoded(in, str_of(inside), files, e) < 0)
                return err_wrap(e, "%s: Signed-By", in->repository->where);
        return 0;
}

/* ---- judging */

/* Signed-By may name keys: "FINGERPRINT" any subkey of it, "FINGERPRINT!" this one. */
static bool is_wanted_key(const AptRepository *r, const char *key, const char *primary) {
        for (size_t i = 0; i < r->fingerprints.n; i++) {
                const char *wanted = r->fingerprints.v[i];
                size_t n = strcspn(wanted, "!");
                if (strlen(key) == n && strncasecmp(wanted, key, n) == 0) return true;
                if (!wanted[n] && strlen(primary) == n && strncasecmp(wanted, primary, n) == 0) return true;
        }
        return r->fingerprints.n == 0;
}

static void take_signer(const AptRepository *r, const char *key, const char *primary, Verdict *v) {
        if (!is_wanted_key(r, key, primary)) {
                buf_addf(&v->reasons, "; %s is none of the keys that Signed-By names", key);
        } else if (strvec_index(&v->signers, primary) < 0) {
                strvec_push(&v->signers, primary);
        }
}

/* VALIDSIG KEY DATE TIME EXPIRE VERSION RESERVED ALGORITHM HASH CLASS PRIMARY. MD5, SHA-1 and RIPEMD-160 do not count. */
static void take_valid(const AptRepository *r, const StrVec *words, Verdict *v) {
        enum { KEY = 1, HASH = 8, PRIMARY = 10, WEAK_HASH_LAST = 3 };
        uint32_t hash;
        if (words->n <= HASH || !u32_parse(str_of(words->v[HASH]), 10, &hash)) return;
        const char *primary = words->n > PRIMARY ? words->v[PRIMARY] : words->v[KEY];
        if (hash <= WEAK_HASH_LAST)
                buf_addf(&v->reasons, "; the signature of %s is made with a broken digest", primary);
        else
                take_signer(r, words->v[KEY], primary, v);
}

/* gpgv says one of these about each signature, GOODSIG before VALIDSIG. */
static void judge_status(const AptRepository *r, Str status, Verdict *v) {
        static const struct {
                const char *word, *reason;
        } excuses[] = {{"EXPSIG", "the signature expired"},
                       {"EXPKEYSIG", "the key expired"},
                       {"REVKEYSIG", "the key is revoked"},
                       {"NO_PUBKEY", "the key is in none of the keyrings"}};
        Str line;
        bool more = true, good = false;
        while (more) {
                more = str_cut(&status, '\n', &line);
                if (!str_starts(line, STR("[GNUPG:] "))) continue;
                AUTO(strvec_done) StrVec words = {0};
                apt_words(str_sub(line, 9, line.n), false, &words);
                if (!words.n) continue;
                if (streq(words.v[0], "PLAINTEXT")) v->texts++;
                if (streq(words.v[0], "BADSIG")) v->bad = true;
                if (streq(words.v[0], "NEWSIG")) good = false;
                if (streq(words.v[0], "GOODSIG")) good = true;
                if (streq(words.v[0], "VALIDSIG") && good) take_valid(r, &words, v);
                for (size_t i = 0; i < ARRAY_SIZE(excuses); i++)
                        if (streq(words.v[0], excuses[i].word))
                                buf_addf(&v->reasons, "; %s: %s", words.n > 1 ? words.v[1] : "?", excuses[i].reason);
        }
}

static int refuse(const Verdict *v, const StrVec *keyrings, Err **e) {
        const char *reasons = v->reasons.n ? v->reasons.p + 2 : "it holds none";
        if (v->bad)
                err_new(e, ERR_DENIED, "the signature is bad: the text is not what was signed");
        else
                err_new(e, ERR_DENIED, "no good signature: %s", reasons);
        AUTO(buf_done) Buf names = {0};
        for (size_t i = 0; i < keyrings->n && i < 4; i++) buf_addf(&names, "%s%s", i ? ", " : "", keyrings->v[i]);
        if (!v->bad)
                err_hint(e, "keyrings asked: %s%s; another one is named by [signed-by=FILE] or Signed-By", names.p,
                         keyrings->n > 4 ? ", ..." : "");
        return err_hint(e, "--allow-unsigned takes a repository without a good signature");
}

/* ---- verifiers */

typedef int (*Verify)(const SignatureInput *in, const StrVec *keyrings, Verdict *v, Buf *text, Err **e);

static int run(const SignatureInput *in, const StrVec *arguments, Buf *output, Buf *errors, Err **e) {
        ProcessParams params = {.argv = (const char *const *)arguments->v,
                                .output_max = RELEASE_TEXT_MAX,
                                .silence_s = SILENCE_S,
                                .cancelled = in->cancelled};
        int status;
        return process_run(&params, &status, output, errors, e);
}

static int read_text(const char *path, Buf *text, Err **e) {
        AUTO(freep) char *bytes = NULL;
        size_t size;
        if (file_read(AT_FDCWD, path, RELEASE_TEXT_MAX, &bytes, &size, e) < 0) return err_wrap(e, "read '%s'", path);
        buf_add(text, bytes, size);
        return 0;
}

static int verify_by_gpgv(const SignatureInput *in, const StrVec *keyrings, Verdict *v, Buf *text, Err **e) {
        AUTO(strvec_done) StrVec arguments = {0};
        AUTO(buf_done) Buf errors = {0};
        strvec_push(&arguments, "gpgv");
        strvec_pushf(&arguments, "--status-fd=2");
        if (!in->signature) strvec_push(&arguments, "--output=-");
        for (size_t i = 0; i < keyrings->n; i++) strvec_pushf(&arguments, "--keyring=%s", keyrings->v[i]);
        strvec_push(&arguments, "--");
        if (in->signature) strvec_push(&arguments, in->signature);
        strvec_push(&arguments, in->path);
        if (in->signature && read_text(in->path, text, e) < 0) return -1;
        if (run(in, &arguments, text, &errors, e) < 0) return -1;
        judge_status(in->repository, buf_str(&errors), v);
        if (!in->signature && v->texts > 1)
                return err_new(e, ERR_DENIED, "it holds %u texts; a repository's has one", v->texts);
        return 0;
}

/* sqv knows detached signatures only (its older versions): the text and its signature are taken apart first, and what is believed is
 * the file that sqv was given. */
static int split_for_sqv(const SignatureInput *in, const char *text_path, const char *signature_path, Buf *text,
                         Err **e) {
        AUTO(buf_done) Buf raw = {0}, signature = {0};
        if (read_text(in->path, &raw, e) < 0) return -1;
        if (armor_split_clearsigned(buf_str(&raw), text, &signature, e) < 0) return -1;
        if (file_write_atomic(AT_FDCWD, text_path, text->p, text->n, 0600, e) < 0) return -1;
        return file_write_atomic(AT_FDCWD, signature_path, signature.p, signature.n, 0600, e);
}

/* One fingerprint a line for each good signature; nothing else on standard output. */
static void judge_sqv(const AptRepository *r, Str output, Str errors, Verdict *v) {
        Str line;
        bool more = true;
        while (more) {
                more = str_cut(&output, '\n', &line);
                AUTO(freep) char *key = str_dup(str_trim(line));
                if (*key) take_signer(r, key, key, v);
        }
        str_cut(&errors, '\n', &line);
        if (!v->signers.n && str_trim(line).n) buf_addf(&v->reasons, "; sqv says: " STR_FMT, STR_ARG(str_trim(line)));
}

static int verify_by_sqv(const SignatureInput *in, const StrVec *keyrings, Verdict *v, Buf *text, Err **e) {
        AUTO(freep) char *text_path = xasprintf("%s/text", in->scratch);
        AUTO(freep) char *signature_path = xasprintf("%s/signature", in->scratch);
        AUTO(strvec_done) StrVec arguments = {0};
        AUTO(buf_done) Buf output = {0}, errors = {0};
        int r = in->signature ? read_text(in->path, text, e) : split_for_sqv(in, text_path, signature_path, text, e);
        if (r < 0) return -1;
        strvec_push(&arguments, "sqv");
        for (size_t i = 0; i < keyrings->n; i++) strvec_pushf(&arguments, "--keyring=%s", keyrings->v[i]);
        strvec_push(&arguments, in->signature ? in->signature : signature_path);
        strvec_push(&arguments, in->signature ? in->path : text_path);
        if (run(in, &arguments, &output, &errors, e) < 0) return -1;
        judge_sqv(in->repository, buf_str(&output), buf_str(&errors), v);
        return 0;
}

/* The first that is installed. */
static int verify(const SignatureInput *in, const StrVec *keyrings, Verdict *v, Buf *text, Err **e) {
        static const Verify verifiers[] = {verify_by_gpgv, verify_by_sqv};
        for (size_t i = 0; i < ARRAY_SIZE(verifiers); i++) {
                Err *failure = NULL;
                buf_clear(text);
                if (verifiers[i](in, keyrings, v, text, &failure) == 0) return 0;
                bool absent = err_kind(failure) == ERR_NOT_FOUND;
                if (absent)
                        err_free(failure);
                else
                        return err_move(e, &failure), -1;
        }
        err_new(e, ERR_NOT_FOUND, "neither gpgv nor sqv is installed: one of them verifies signatures");
        return err_hint(e, "apt-get install gpgv");
}

int signature_verify(const SignatureInput *input, Buf *ret_text, StrVec *ret_signers, Err **e) {
        AUTO(strvec_done) StrVec keyrings = {0};
        AUTO(verdict_done) Verdict v = {0};
        AUTO(buf_done) Buf text = {0}, raw = {0};
        if (prepare_keyrings(input, &keyrings, e) < 0) return -1;
        if (!input->signature) { /* one text and nothing around it, before a verifier chooses what to look at */
                if (read_text(input->path, &raw, e) < 0) return -1;
                if (armor_split_clearsigned(buf_str(&raw), NULL, NULL, e) < 0) return -1;
        }
        if (verify(input, &keyrings, &v, &text, e) < 0) return -1;
        if (v.bad || !v.signers.n) return refuse(&v, &keyrings, e);
        buf_add_str(ret_text, buf_str(&text));
        *ret_signers = v.signers;
        v.signers = (StrVec){0};
        return 0;
}
