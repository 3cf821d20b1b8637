/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "debian/signature.h"
#include "os/fs.h"

#define DEBIAN_KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"

static void add_if_readable(StrVec *files, const char *path) {
        if (access(path, R_OK) == 0) strvec_push(files, path);
}

/* What apt believes on this machine, and what Debian's own package of keys holds. */
static void default_keyrings(StrVec *files) {
        static const char directory[] = "/etc/apt/trusted.gpg.d";
        DirList entries;
        add_if_readable(files, DEBIAN_KEYRING);
        add_if_readable(files, "/etc/apt/trusted.gpg");
        if (dir_list(AT_FDCWD, directory, &entries, NULL) < 0) return;
        for (size_t i = 0; i < entries.n; i++) {
                const char *name = entries.v[i].name;
                AUTO(freep) char *path = xasprintf("%s/%s", directory, name);
                if (ends_with(name, ".gpg") || ends_with(name, ".asc")) add_if_readable(files, path);
        }
        dir_list_done(&entries);
}

static int named_keyrings(const AptRepository *r, StrVec *files, Err **e) {
        for (size_t i = 0; i < r->keyrings.n; i++) {
                const char *path = r->keyrings.v[i];
                if (access(path, R_OK) == 0) {
                        strvec_push(files, path);
                        continue;
                }
                err_sys(e, "%s: the keyring '%s'", r->where, path);
                return strstr(path, "debian-archive-")
                               ? err_hint(e, "Debian's keys come with: apt-get install debian-archive-keyring")
                               : -1;
        }
        return 0;
}

/* Path, size and time of each: enough to see that one was replaced. */
static void identify(const AptRepository *r, const StrVec *files, Digest *ret_identity) {
        AUTO(sha256_freep) Sha256 *hash = sha256_new();
        AUTO(buf_done) Buf text = {0};
        for (size_t i = 0; i < files->n; i++) {
                struct stat st = {0};
                (void)stat(files->v[i], &st);
                buf_addf(&text, "file %s %lld %lld.%09ld\n", files->v[i], (long long)st.st_size,
                         (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
        }
        for (size_t i = 0; i < r->fingerprints.n; i++) buf_addf(&text, "fingerprint %s\n", r->fingerprints.v[i]);
        if (r->inline_key) buf_addf(&text, "key %s\n", r->inline_key);
        sha256_add_str(hash, buf_str(&text));
        sha256_finish(hash, ret_identity);
}

int signature_keyrings(const AptRepository *repository, StrVec *ret_files, Digest *ret_identity, Err **e) {
        AUTO(strvec_done) StrVec files = {0};
        if (named_keyrings(repository, &files, e) < 0) return -1;
        if (!repository->keyrings.n && !repository->inline_key) default_keyrings(&files);
        if (!files.n && !repository->inline_key) {
                err_new(e, ERR_DENIED, "%s: there is no key to verify the repository with", repository->where);
                return err_hint(
                        e, "apt-get install debian-archive-keyring, or name the key's file: deb [signed-by=FILE] ...");
        }
        identify(repository, &files, ret_identity);
        *ret_files = files;
        files = (StrVec){0};
        return 0;
}
