/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Certificates of nobody, made by openssl(1). Their hashes are what `openssl x509 -subject_hash` says, their names what
 * X500Principal.getName(CANONICAL) of Java says. */

/* Several blanks, and one at an end. */
#define PLAIN_HASH 0xdac02027
#define PLAIN_TIME 1795232042
#define PLAIN_NAME "cn=root ca,o=example two blanks,c=de"
#define PLAIN_PEM                                                            \
        "-----BEGIN CERTIFICATE-----\n"                                      \
        "MIIB2DCCAX+gAwIBAgIUK38R2DtMkDYb3unw5K95gj99PyYwCgYIKoZIzj0EAwIw\n" \
        "QTELMAkGA1UEBhMCREUxHzAdBgNVBAoMFkV4YW1wbGUgIFR3byAgIEJsYW5rcyAx\n" \
        "ETAPBgNVBAMMCFJvb3QgIENBMCAXDTI2MTEyMTAzMzQwMloYDzIxMjYxMDI4MDMz\n" \
        "NDAyWjBBMQswCQYDVQQGEwJERTEfMB0GA1UECgwWRXhhbXBsZSAgVHdvICAgQmxh\n" \
        "bmtzIDERMA8GA1UEAwwIUm9vdCAgQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n" \
        "AAT8HxkXXpvQ17URI5RVhRzr07qe5eQb+/W8i+Puf6vJ8MtwWWX0A1j8abbv2RxG\n" \
        "XE6GHTkDvsyyHgN9VlQ82lSxo1MwUTAdBgNVHQ4EFgQUDmCi3gS+hX1vbYctobXa\n" \
        "yA/ocMQwHwYDVR0jBBgwFoAUDmCi3gS+hX1vbYctobXayA/ocMQwDwYDVR0TAQH/\n" \
        "BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBbuY9W6FjTBtzZd1sUqShoRXtT6Ryk\n" \
        "51UVdnkVSZDE4gIgb6drXbix74eHg2gB2Ra5b9DrtUYPjVLJob/uiXEsFVI=\n"     \
        "-----END CERTIFICATE-----\n"

/* Letters with accents, and what must be escaped; an address. */
#define ACCENT_HASH 0xb3401600
#define ACCENT_TIME 1795232072
#define ACCENT_NAME                                                                                                     \
        "1.2.840.113549.1.9.1=#1610496e666f404578616d706c652e6f7267,cn=\\#arany (class gold) főtanúsítvány\\, " \
        "\\\"x\\\" \\+ über€,o=netlock kft.\\;#1,c=hu"
#define ACCENT_PEM                                                           \
        "-----BEGIN CERTIFICATE-----\n"                                      \
        "MIICaDCCAg+gAwIBAgIUcTEZT0LucTD2b9I4lcoC6ETlySMwCgYIKoZIzj0EAwIw\n" \
        "gYgxCzAJBgNVBAYTAkhVMRgwFgYDVQQKDA9OZXRMb2NrIEtmdC47IzExPjA8BgNV\n" \
        "BAMMNSNBcmFueSAoQ2xhc3MgR29sZCkgRsWRdGFuw7pzw610dsOhbnksICJ4IiAr\n" \
        "IMOcQkVS4oKsMR8wHQYJKoZIhvcNAQkBFhBJbmZvQEV4YW1wbGUub3JnMCAXDTI2\n" \
        "MTEyMTAzMzQzMloYDzIxMjYxMDI4MDMzNDMyWjCBiDELMAkGA1UEBhMCSFUxGDAW\n" \
        "BgNVBAoMD05ldExvY2sgS2Z0LjsjMTE+MDwGA1UEAww1I0FyYW55IChDbGFzcyBH\n" \
        "b2xkKSBGxZF0YW7DunPDrXR2w6FueSwgIngiICsgw5xCRVLigqwxHzAdBgkqhkiG\n" \
        "9w0BCQEWEEluZm9ARXhhbXBsZS5vcmcwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n" \
        "AASicuDy0Q3wIYGoYwpba/CUf2djoYZ8MQ9XsfYkijYfXOwysDap0/QM2Tg2Qoqo\n" \
        "pwTriOFv5AMQ5AsqzwzapyEyo1MwUTAdBgNVHQ4EFgQU0XMzT+fEXap8Bdusyaxh\n" \
        "jumOHqwwHwYDVR0jBBgwFoAU0XMzT+fEXap8BdusyaxhjumOHqwwDwYDVR0TAQH/\n" \
        "BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiA9U44F0zYcBt44Q2Nd7Fc+eycmk8Yw\n" \
        "jkQZXaPzhb2L3wIgO5kCuVftBPPOMkSivKdTFntV6M55n1cQIwl0AvSpYoQ=\n"     \
        "-----END CERTIFICATE-----\n"

/* A part with three attributes; a domain component. */
#define MULTI_HASH 0x0a32ccd4
#define MULTI_TIME 1795232043
#define MULTI_NAME "dc=#16074578616d706c65,cn=alpha+o=org+ou=unit,c=us"
#define MULTI_PEM                                                            \
        "-----BEGIN CERTIFICATE-----\n"                                      \
        "MIIB9TCCAZugAwIBAgIUU9Q8BnzvMMCaveT4dWq+YhLbvXQwCgYIKoZIzj0EAwIw\n" \
        "TzELMAkGA1UEBhMCVVMxJzAKBgNVBAoMA09yZzALBgNVBAsMBFVuaXQwDAYDVQQD\n" \
        "DAVBbHBoYTEXMBUGCgmSJomT8ixkARkWB0V4YW1wbGUwIBcNMjYxMTIxMDMzNDAz\n" \
        "WhgPMjEyNjEwMjgwMzM0MDNaME8xCzAJBgNVBAYTAlVTMScwCgYDVQQKDANPcmcw\n" \
        "CwYDVQQLDARVbml0MAwGA1UEAwwFQWxwaGExFzAVBgoJkiaJk/IsZAEZFgdFeGFt\n" \
        "cGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3q2gcQwLqCOhXY/E7LPVExP7\n" \
        "7CHTzC3G1LqLGDruCmsouhnmlaBgQcJYr8lAsMar2JAIdv+9Va/WMn8iX+R9d6NT\n" \
        "MFEwHQYDVR0OBBYEFCzhaa8ULbFF3SOvlLiN4S+6q1/KMB8GA1UdIwQYMBaAFCzh\n" \
        "aa8ULbFF3SOvlLiN4S+6q1/KMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID\n" \
        "SAAwRQIgd3V1IeQdi5MMsITDK0sg1eDhWK0M5AkwZZboX6xC+dICIQDJhw9XElDH\n" \
        "YHLLc3J/tYth0ojPgA1Q7w3t+MmQrx+hXQ==\n"                             \
        "-----END CERTIFICATE-----\n"

/* Text of two bytes a character. */
#define BMP_HASH 0xaa6e8a44
#define BMP_TIME 1795232043
#define BMP_NAME                                                       \
        "cn=#1e18039503bb03bb03b703bd03b903ba03ac0020002000490041,o=#" \
        "1e1800dc006e00ef0063006f0064006500200054006500780074,c=fr"
#define BMP_PEM                                                              \
        "-----BEGIN CERTIFICATE-----\n"                                      \
        "MIIBozCCAUkCFESFvayOCQBqyxz1vqRUBSBG9sGjMAoGCCqGSM49BAMCMFMxCzAJ\n" \
        "BgNVBAYTAkZSMSEwHwYDVQQKHhgA3ABuAO8AYwBvAGQAZQAgAFQAZQB4AHQxITAf\n" \
        "BgNVBAMeGAOVA7sDuwO3A70DuQO6A6wAIAAgAEkAQTAgFw0yNjExMjEwMzM0MDNa\n" \
        "GA8yMTI2MTAyODAzMzQwM1owUzELMAkGA1UEBhMCRlIxITAfBgNVBAoeGADcAG4A\n" \
        "7wBjAG8AZABlACAAVABlAHgAdDEhMB8GA1UEAx4YA5UDuwO7A7cDvQO5A7oDrAAg\n" \
        "ACAASQBBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZtX35BWo4YNfaX9iWA8U\n" \
        "sdghP+Yg6lVaF/oZKVL9R/2iuPIvi9kfzTt9hlRq9eFN8xFY0xFGqc+pvNJeu5qi\n" \
        "0jAKBggqhkjOPQQDAgNIADBFAiAeJYu9X1TRo3J3rav9A07hrqtiz/AYhxyIsnd+\n" \
        "ikrUhgIhAPgGzM+G+zzrEWO0Pf/xJ1ILtKFVgnYCVPHrjQkRh+db\n"             \
        "-----END CERTIFICATE-----\n"

/* The subject of the first, spelled otherwise. */
#define SAME_HASH 0xdac02027
#define SAME_TIME 1795232043
#define SAME_NAME "cn=root ca,o=example two blanks,c=de"
#define SAME_PEM                                                             \
        "-----BEGIN CERTIFICATE-----\n"                                      \
        "MIIB0DCCAXWgAwIBAgIUO9e/jDVl0ZyOPf4S9MeNxKCfDO8wCgYIKoZIzj0EAwIw\n" \
        "PDELMAkGA1UEBhMCZGUxGzAZBgNVBAoMEmV4YW1wbGUgdHdvIGJsYW5rczEQMA4G\n" \
        "A1UEAwwHUk9PVCBDQTAgFw0yNjExMjEwMzM0MDNaGA8yMTI2MTAyODAzMzQwM1ow\n" \
        "PDELMAkGA1UEBhMCZGUxGzAZBgNVBAoMEmV4YW1wbGUgdHdvIGJsYW5rczEQMA4G\n" \
        "A1UEAwwHUk9PVCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLs/QWr/CiPB\n" \
        "gzv54qoF9vJrgJWIVvrjg1GPVoESMkWuK5sOB8TNHRq4Ainw6ANY0uJpS/1xkZFj\n" \
        "w3aAw0vGeR2jUzBRMB0GA1UdDgQWBBRpmq7OyrnNjD/MSGPuKFm1uITlHDAfBgNV\n" \
        "HSMEGDAWgBRpmq7OyrnNjD/MSGPuKFm1uITlHDAPBgNVHRMBAf8EBTADAQH/MAoG\n" \
        "CCqGSM49BAMCA0kAMEYCIQDiJRxl5ITFoCrnZIeFv3pvzMm0BQ+vSidBOa/gtv3k\n" \
        "RwIhAKkxjkoJpSqqXQQoRHbgHEyuJxOmwg4QHBXTu+WI1dnZ\n"                 \
        "-----END CERTIFICATE-----\n"
