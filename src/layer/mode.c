/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/mode.h"

#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "layer/copy.h"

enum { MODE_TEXT_MAX = 256 };

static mode_t bits_of_who(char who) {
        switch (who) {
        case 'u': return 0700 | 04000;
        case 'g': return 0070 | 02000;
        case 'o': return 0007 | 01000;
        case 'a': return 07777;
        default: return 0;
        }
}

/* The rwx bits of one class, spread over all three. */
static mode_t copied_bits(char from, mode_t mode) {
        unsigned shift = from == 'u' ? 6 : from == 'g' ? 3 : 0;
        mode_t bits = (mode >> shift) & 07;
        return bits << 6 | bits << 3 | bits;
}

static bool permission_bits(char c, mode_t mode, bool directory, mode_t *bits) {
        switch (c) {
        case 'r': *bits |= 0444; return true;
        case 'w': *bits |= 0222; return true;
        case 'x': *bits |= 0111; return true;
        case 'X': *bits |= directory || (mode & 0111) ? 0111 : 0; return true;
        case 's': *bits |= 06000; return true;
        case 't': *bits |= 01000; return true;
        case 'u':
        case 'g':
        case 'o': *bits |= copied_bits(c, mode); return true;
        default: return false;
        }
}

/* One "[ugoa]*([-+=][perms])+" from *text on. Returns false when it is not one. */
static bool apply_clause(const char **text, mode_t *mode, bool directory) {
        const char *p = *text;
        mode_t who = 0;
        while (*p && strchr("ugoa", *p)) who |= bits_of_who(*p++);
        if (who == 0) who = 07777;
        /* "=" leaves the set-id bits of a directory alone, as chmod(1) does. */
        mode_t replaced = directory ? who & ~(mode_t)06000 : who;
        if (!*p || !strchr("+-=", *p)) return false;
        while (*p && strchr("+-=", *p)) {
                char action = *p++;
                mode_t bits = 0;
                while (permission_bits(*p, *mode, directory, &bits)) p++;
                bits &= who;
                if (action == '+') *mode |= bits;
                if (action == '-') *mode &= ~bits;
                if (action == '=') *mode = (*mode & ~replaced) | bits;
        }
        *text = p;
        return true;
}

static bool apply_symbolic(const char *text, mode_t *mode, bool directory) {
        if (!*text) return false;
        for (;;) {
                if (!apply_clause(&text, mode, directory)) return false;
                if (!*text) return true;
                if (*text++ != ',') return false;
        }
}

static int bad_mode(const char *text, Err **e) {
        err_new(e, ERR_SYNTAX, "invalid --chmod mode '%.64s'", text);
        return err_hint(e, "use an octal mode up to 7777 such as 0644, or a symbolic one such as u=rwX,go=rX");
}

int mode_parse(const char *text, ModeChange *ret_change, Err **e) {
        uint32_t octal = 0;
        bool digits = text[0] >= '0' && text[0] <= '9';
        if (digits) {
                if (!u32_parse(str_of(text), 8, &octal) || octal > 07777) return bad_mode(text, e);
                *ret_change = (ModeChange){.octal = octal, .text = text};
                return 0;
        }
        mode_t mode = 0;
        if (strlen(text) > MODE_TEXT_MAX || !apply_symbolic(text, &mode, false)) return bad_mode(text, e);
        *ret_change = (ModeChange){.symbolic = true, .text = text};
        return 0;
}

mode_t mode_apply(const ModeChange *change, mode_t mode, bool directory) {
        if (!change->symbolic) return change->octal;
        mode_t result = mode & 07777;
        apply_symbolic(change->text, &result, directory);
        return result;
}
