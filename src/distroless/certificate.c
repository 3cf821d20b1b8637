/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/certificate.h"

#include <stdbool.h>
#include <time.h>

#include "base/num.h"
#include "codec/der.h"

/* RFC 5280, 4.1.2.5: "YYMMDDHHMMSSZ" of 1950 to 2049, or with four digits of the year. */
static bool read_time(const Der *time, int64_t *ret_s) {
        size_t year_digits = time->tag == DER_UTC_TIME ? 2 : 4;
        uint32_t parts[6];
        if ((time->tag != DER_UTC_TIME && time->tag != DER_GENERALIZED_TIME) || time->content.n != year_digits + 11)
                return false;
        if (time->content.p[time->content.n - 1] != 'Z') return false;
        for (size_t i = 0, at = 0; i < 6; i++) {
                size_t digits = i == 0 ? year_digits : 2;
                if (!u32_parse(str_sub(time->content, at, digits), 10, &parts[i])) return false;
                at += digits;
        }
        if (year_digits == 2) parts[0] += parts[0] < 50 ? 2000 : 1900;
        if (parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31 || parts[3] > 23 || parts[4] > 59 ||
            parts[5] > 60)
                return false;
        struct tm tm = {.tm_year = (int)parts[0] - 1900, .tm_mon = (int)parts[1] - 1, .tm_mday = (int)parts[2]};
        tm.tm_hour = (int)parts[3];
        tm.tm_min = (int)parts[4];
        tm.tm_sec = (int)parts[5];
        *ret_s = timegm(&tm);
        return true;
}

/* TBSCertificate: [0] version, serial number, signature, issuer, validity, subject, ... */
static bool read_fields(Str der, Certificate *c) {
        Der outer, tbs, skipped, validity, subject, time;
        Str rest = der;
        if (!der_take(&rest, DER_SEQUENCE, &outer) || rest.n > 0) return false;
        rest = outer.content;
        if (!der_take(&rest, DER_SEQUENCE, &tbs)) return false;
        rest = tbs.content;
        (void)der_take(&rest, DER_CONTEXT_0, &skipped);
        if (!der_next(&rest, &skipped) || !der_take(&rest, DER_SEQUENCE, &skipped)) return false;
        if (!der_take(&rest, DER_SEQUENCE, &skipped) || !der_take(&rest, DER_SEQUENCE, &validity)) return false;
        if (!der_take(&rest, DER_SEQUENCE, &subject) || !der_take(&rest, DER_SEQUENCE, &skipped)) return false;
        if (!der_next(&validity.content, &time) || !read_time(&time, &c->not_before_s)) return false;
        c->der = der;
        c->subject = subject.whole;
        return true;
}

int certificate_parse(Str der, Certificate *ret_certificate, Err **e) {
        Certificate c = {0};
        if (der.n > CERTIFICATE_MAX)
                return err_new(e, ERR_LIMIT, "a certificate of more than %d bytes", CERTIFICATE_MAX);
        if (!read_fields(der, &c)) return err_new(e, ERR_FORMAT, "it is not an X.509 certificate");
        *ret_certificate = c;
        return 0;
}
