/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "codec/sha256.h"
#include "debian/apt_sources.h"

/* OpenPGP signatures of repositories, by the program gpgv, or sqv where there is no gpgv. Any thread; calls block. */

enum { KEYRING_MAX = 4 << 20 };

/* The key files that speak for a repository, and a digest of which ones they are and how they stand there: what was verified with
 * others must be verified again. Without Signed-By these are all of /etc/apt/trusted.gpg.d, and Debian's own archive keyring.
 * ERR_NOT_FOUND: a named one is not there; ERR_DENIED: there is none at all. */
int signature_keyrings(const AptRepository *repository, StrVec *ret_files, Digest *ret_identity, Err **e);

typedef struct SignatureInput {
        const AptRepository *repository;
        const char *path;      /* clear-signed text, or the text that signature belongs to */
        const char *signature; /* file of the detached signature; NULL: clear-signed */
        const char *scratch;   /* directory for files of our own */
        const volatile bool *cancelled;
} SignatureInput;

/* Verify. *ret_text: what was signed, as the verifier gives it back; *ret_signers: fingerprints of the keys whose good signatures it has.
 * One good signature is enough; a bad one among them is not forgiven. SHA-1 and older digests do not count.
 * ERR_DENIED: no good signature; ERR_NOT_FOUND: neither gpgv nor sqv is installed. */
int signature_verify(const SignatureInput *input, Buf *ret_text, StrVec *ret_signers, Err **e);
