/* SPDX-License-Identifier: Apache-2.0 */
/* A TLS connection within one process, and the authorities that OpenSSL trusts without being told any. */
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

static SSL *end_of(const SSL_METHOD *method, BIO *bio) {
        SSL_CTX *context = SSL_CTX_new(method);
        SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
        if (!SSL_CTX_set_cipher_list(context, "AECDH-AES256-SHA:@SECLEVEL=0")) return NULL; /* needs no certificate */
        SSL *ssl = SSL_new(context);
        SSL_set_bio(ssl, bio, bio);
        return ssl;
}

static int connects(void) {
        BIO *there, *back;
        char text[8] = "";
        if (!BIO_new_bio_pair(&there, 0, &back, 0)) return 0;
        SSL *server = end_of(TLS_server_method(), there), *client = end_of(TLS_client_method(), back);
        if (!server || !client) return 0;
        for (int i = 0; i < 4; i++) {
                SSL_connect(client);
                SSL_accept(server);
        }
        return SSL_write(client, "text", 4) == 4 && SSL_read(server, text, sizeof(text) - 1) == 4 &&
               !strcmp(text, "text");
}

int main(void) {
        SSL_CTX *context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_default_verify_paths(context);
        int authorities = sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(context)));
        printf("%s %s\n", connects() ? "connected" : "not-connected",
               authorities > 100 ? "authorities" : "no-authorities");
        return 0;
}
