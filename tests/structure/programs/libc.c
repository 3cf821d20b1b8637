/* SPDX-License-Identifier: Apache-2.0 */
/* What a C program asks of an image: its own user's name, a service, a time zone (TZ), the address of a name, the certificates. What is there
 * is printed, one word each. Linked statically it looks up names by itself. */
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifdef STATIC
static const char *user_name(uid_t uid) {
        FILE *f = fopen("/etc/passwd", "r");
        for (struct passwd *p; f && (p = fgetpwent(f));)
                if (p->pw_uid == uid) return p->pw_name;
        return "no-user";
}
#else
static const char *user_name(uid_t uid) {
        struct servent *s = getservbyname("https", "tcp");
        struct addrinfo *found;
        struct passwd *p = getpwuid(uid);
        printf("%s ", s && s->s_port == ((443 & 0xff) << 8 | 443 >> 8) ? "https" : "no-service");
        printf("%s ", getaddrinfo("localhost", "https", NULL, &found) ? "no-address" : "localhost");
        return p ? p->pw_name : "no-user";
}
#endif

int main(void) {
        time_t epoch = 0;
        struct tm *local = localtime(&epoch);
        int c = 0, certificates = 0;
        FILE *f = fopen(getenv("SSL_CERT_FILE"), "r");
        while (f && (c = getc(f)) != EOF) certificates += c == 'B';
        printf("%s ", user_name(getuid()));
        printf("%s %s\n", local->tm_hour == 9 ? "Tokyo" : "no-zone",
               certificates > 100 ? "certificates" : "no-certificates");
        return 0;
}
