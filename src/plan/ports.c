/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/maker.h"

#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/num.h"

/* EXPOSE [ip:][host:]port[-port][/protocol] ...: only the container's port and the protocol are kept. */

typedef struct PortRange {
        uint32_t first, last;
        char protocol[8];
} PortRange;

static bool range_parse(Str text, uint32_t *ret_first, uint32_t *ret_last) {
        Str first, rest = text;
        if (!str_cut(&rest, '-', &first)) {
                if (!u32_parse(text, 10, ret_first)) return false;
                *ret_last = *ret_first;
        } else if (!u32_parse(first, 10, ret_first) || !u32_parse(rest, 10, ret_last)) {
                return false;
        }
        return *ret_first <= *ret_last && *ret_last <= 65535;
}

static int protocol_parse(const Stage *s, const Instruction *i, Str text, PortRange *ret, Err **e) {
        static const char *const known[] = {"tcp", "udp", "sctp"};
        for (size_t k = 0; k < ARRAY_SIZE(known); k++) {
                if (!str_eq_nocase(text, str_of(known[k]))) continue;
                strcpy(ret->protocol, known[k]);
                return 0;
        }
        AUTO(freep) char *word = str_dup(text);
        return plan_error(s->maker, i, word, e, "invalid protocol '%s' in EXPOSE (tcp, udp or sctp)", word);
}

static int port_parse(const Stage *s, const Instruction *i, const char *word, PortRange *ret, Err **e) {
        Str ports, protocol = str_of(word);
        if (!str_cut(&protocol, '/', &ports)) protocol = STR("tcp");
        if (protocol_parse(s, i, protocol.n ? protocol : STR("tcp"), ret, e) < 0) return -1;
        /* The address and the host's ports do not matter to the image. */
        for (size_t k = ports.n; k-- > 0;) {
                if (ports.p[k] != ':') continue;
                ports = str_sub(ports, k + 1, ports.n);
                break;
        }
        if (range_parse(ports, &ret->first, &ret->last)) return 0;
        return plan_error(s->maker, i, word, e, "invalid port or port range '%s' in EXPOSE (0 to 65535, rising)", word);
}

static int add_word(Stage *s, const Instruction *i, const char *word, StrVec *all, Err **e) {
        PortRange range = {0};
        if (port_parse(s, i, word, &range, e) < 0) return -1;
        plan_check_port(s, i, word);
        if (all->n + (range.last - range.first) >= PLAN_PORTS_MAX)
                return plan_limit(s->maker, i, PLAN_PORTS_MAX, "ports in one EXPOSE", e);
        for (uint32_t port = range.first; port <= range.last; port++) strvec_pushf(all, "%u/%s", port, range.protocol);
        return 0;
}

/* Sorted lists keep a range of thousands of ports cheap: merged by one sort. */
static void expose_all(StrVec *exposed, const StrVec *more) {
        for (size_t k = 0; k < more->n; k++) strvec_push(exposed, more->v[k]);
        strvec_sort(exposed);
        size_t n = 0;
        for (size_t k = 0; k < exposed->n; k++) {
                if (n > 0 && streq(exposed->v[n - 1], exposed->v[k]))
                        free(exposed->v[k]);
                else
                        exposed->v[n++] = exposed->v[k];
        }
        exposed->n = n;
        if (exposed->v) exposed->v[n] = NULL;
}

int dispatch_expose(Stage *s, const Instruction *i, Err **e) {
        AUTO(strvec_done) StrVec all = {0};
        for (size_t k = 0; k < i->word_count; k++) {
                const char *const *words = NULL;
                size_t count = 0;
                if (stage_expand_list(s, i, i->words[k], &words, &count, e) < 0) return -1;
                for (size_t w = 0; w < count; w++)
                        if (add_word(s, i, words[w], &all, e) < 0) return -1;
        }
        expose_all(&s->pub.config.exposed_ports, &all);
        AUTO(buf_done) Buf text = {0};
        buf_adds(&text, "EXPOSE ");
        plan_text_list(&text, &all);
        history_commit(s, text.p, false);
        return 0;
}
