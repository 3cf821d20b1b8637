/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/platform.h"

#include <ctype.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/num.h"

/* Other spellings of an architecture, the kernel's among them. */
typedef struct ArchName {
        const char *name, *arch, *variant;
} ArchName;

static const ArchName arch_names[] = {
        {"x86_64", "amd64", ""},      {"x86-64", "amd64", ""},
        {"i386", "386", ""},          {"i486", "386", ""},
        {"i586", "386", ""},          {"i686", "386", ""},
        {"aarch64", "arm64", ""},     {"armhf", "arm", "v7"},
        {"armel", "arm", "v6"},       {"armv5l", "arm", "v5"},
        {"armv6l", "arm", "v6"},      {"armv7l", "arm", "v7"},
        {"armv8l", "arm", "v8"},      {"loongarch64", "loong64", ""},
        {"mips64el", "mips64le", ""}, {"ppc64el", "ppc64le", ""},
};

static const char *const known_arches[] = {
        "386",     "amd64",   "arm",   "arm64", "loong64", "mips",    "mips64", "mips64le", "mipsle", "ppc64",
        "ppc64le", "riscv64", "s390x", "wasm",  "armbe",   "arm64be", "ppc",    "sparc64",  "riscv",  "s390",
};

static const char *const known_systems[] = {
        "linux",   "windows", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly", "solaris",
        "illumos", "aix",     "plan9",  "android", "js",     "wasip1",  "ios",       "nacl",
};

static bool is_known(const char *text, const char *const *list, size_t count) {
        for (size_t i = 0; i < count; i++) {
                if (streq(text, list[i])) return true;
        }
        return false;
}

/* Plain names only: letters, digits, dots, dashes, underscores. */
static bool copy_part(Str part, char *to, size_t capacity, bool lower) {
        if (part.n == 0 || part.n >= capacity) return false;
        for (size_t i = 0; i < part.n; i++) {
                int c = (unsigned char)part.p[i];
                if (!isalnum(c) && c != '_' && c != '-' && c != '.') return false;
                to[i] = (char)(lower ? tolower(c) : c);
        }
        to[part.n] = '\0';
        return true;
}

static void set(char *to, size_t capacity, const char *text) {
        snprintf(to, capacity, "%s", text);
}

/* Variants are written with a v; those that every processor of the kind has are not written. */
static void normalize(Platform *p) {
        if (streq(p->os, "macos")) set(p->os, sizeof p->os, "darwin");
        for (size_t i = 0; i < ARRAY_SIZE(arch_names); i++) {
                if (!streq(p->arch, arch_names[i].name)) continue;
                set(p->arch, sizeof p->arch, arch_names[i].arch);
                if (*p->variant == '\0') set(p->variant, sizeof p->variant, arch_names[i].variant);
                break;
        }
        if (isdigit((unsigned char)p->variant[0]) && strlen(p->variant) + 1 < sizeof p->variant) {
                memmove(p->variant + 1, p->variant, strlen(p->variant) + 1);
                p->variant[0] = 'v';
        }
        if (streq(p->arch, "amd64") && streq(p->variant, "v1")) p->variant[0] = '\0';
        if (streq(p->arch, "arm64") && streq(p->variant, "v8")) p->variant[0] = '\0';
        if (streq(p->arch, "arm") && *p->variant == '\0') set(p->variant, sizeof p->variant, "v7");
}

void platform_host(Platform *ret_platform) {
        struct utsname names;
        *ret_platform = (Platform){.os = "linux"};
        if (uname(&names) == 0) copy_part(str_of(names.machine), ret_platform->arch, sizeof ret_platform->arch, true);
        normalize(ret_platform);
}

/* "windows(10.0.17763)" */
static bool parse_system(Str text, Platform *p) {
        Str name = text, version;
        if (text.n > 0 && text.p[text.n - 1] == ')') {
                version = str_sub(text, 0, text.n - 1);
                if (!str_cut(&version, '(', &name)) return false;
                if (!copy_part(version, p->os_version, sizeof p->os_version, false)) return false;
        }
        return copy_part(name, p->os, sizeof p->os, true);
}

/* One word: a system, or an architecture. */
static bool parse_word(Str text, Platform *p) {
        Platform host;
        platform_host(&host);
        if (!parse_system(text, p)) return false;
        normalize(p);
        if (is_known(p->os, known_systems, ARRAY_SIZE(known_systems))) {
                set(p->arch, sizeof p->arch, host.arch);
                set(p->variant, sizeof p->variant, host.variant);
                return true;
        }
        *p = (Platform){0};
        if (!copy_part(text, p->arch, sizeof p->arch, true)) return false;
        normalize(p);
        set(p->os, sizeof p->os, host.os);
        return is_known(p->arch, known_arches, ARRAY_SIZE(known_arches));
}

static int bad(Str text, const char *what, Str part, Err **e) {
        err_new(e, ERR_SYNTAX, "platform '" STR_FMT "': unknown %s '" STR_FMT "'", STR_ARG(str_sub(text, 0, 100)), what,
                STR_ARG(str_sub(part, 0, 100)));
        return err_hint(e, "a platform is os/architecture[/variant], for example linux/amd64 or linux/arm/v7");
}

int platform_parse(Str text, Platform *ret_platform, Err **e) {
        Platform p = {0};
        Str system, arch, variant = text;
        if (str_is(text, "local")) {
                platform_host(ret_platform);
                return 0;
        }
        if (!str_cut(&variant, '/', &system)) {
                if (!parse_word(text, &p)) return bad(text, "system or architecture", text, e);
                *ret_platform = p;
                return 0;
        }
        bool has_variant = str_cut(&variant, '/', &arch);
        if (!has_variant) arch = variant;
        if (!parse_system(system, &p)) return bad(text, "system", system, e);
        if (!copy_part(arch, p.arch, sizeof p.arch, true)) return bad(text, "architecture", arch, e);
        if (has_variant && !copy_part(variant, p.variant, sizeof p.variant, true)) {
                return bad(text, "variant", variant, e);
        }
        normalize(&p);
        *ret_platform = p;
        return 0;
}

void platform_render(const Platform *p, char *ret_text) {
        snprintf(ret_text, 96, "%s/%s%s%s", p->os, p->arch, *p->variant ? "/" : "", p->variant);
}

/* Images of others are not always normalised. */
static Platform normalized(const Platform *p) {
        Platform copy = *p;
        normalize(&copy);
        return copy;
}

bool platform_eq(const Platform *a, const Platform *b) {
        Platform x = normalized(a), y = normalized(b);
        return streq(x.os, y.os) && streq(x.arch, y.arch) && streq(x.variant, y.variant);
}

/* "v7" -> 7; the variant that is not written is the lowest (amd64 v1, arm64 v8). -1: no number, or an absurd one. */
static int variant_level(const Platform *p) {
        if (*p->variant == '\0') return streq(p->arch, "arm64") ? 8 : 1;
        uint32_t level;
        Str text = str_of(p->variant);
        if (p->variant[0] != 'v' || !u32_parse(str_sub(text, 1, text.n), 10, &level) || level > 99) return -1;
        return (int)level;
}

int platform_match(const Platform *want, const Platform *have) {
        enum { EXACT = 1000 };
        Platform w = normalized(want), h = normalized(have);
        if (!streq(w.os, h.os) || !streq(w.arch, h.arch)) return 0;
        if (streq(w.variant, h.variant)) return EXACT;
        bool ordered = streq(w.arch, "arm") || streq(w.arch, "arm64") || streq(w.arch, "amd64");
        int wanted = variant_level(&w), offered = variant_level(&h);
        if (!ordered || wanted < 0 || offered < 0 || offered > wanted) return 0;
        return EXACT - (wanted - offered);
}
