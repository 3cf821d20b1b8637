/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "net/http.h"

/* strptime() would follow the locale; the names in headers are English everywhere, and "C" is what the program runs in. */
bool http_date_parse(const char *text, int64_t *ret_unix_s) {
        static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                            "%a %b %e %H:%M:%S %Y"};
        for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
                struct tm when = {0};
                const char *end = strptime(text, forms[i], &when);
                if (!end || *end) continue;
                *ret_unix_s = timegm(&when);
                return true;
        }
        return false;
}
