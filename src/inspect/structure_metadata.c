/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "inspect/structure_internal.h"

/* The test of the image's configuration. */

static const char *find_variable(const void *config, const char *key) {
        return strvec_env_get(&((const ImageConfig *)config)->env, key);
}
static const char *find_label(const void *config, const char *key) {
        return image_config_label(config, key);
}

/* Variables or labels. */
typedef struct PairCheck {
        const char *what;
        const char *(*find)(const void *config, const char *key);
        const StructurePairs *pairs;
} PairCheck;

static void check_pair(StructureRun *r, const PairCheck *c, const StructurePair *pair) {
        const char *value = c->find(r->params->config, pair->key);
        bool matches = value && streq(value, pair->value);
        AUTO(err_freep) Err *why = NULL;
        if (!value) {
                structure_fail(r, "expected the %s '%s', found none of that name", c->what, pair->key);
                return;
        }
        if (pair->pattern && pattern_search(pair->pattern, str_of(value), &matches, &why) < 0) {
                structure_fail(r, "%s '%s': %s", c->what, pair->key, err_message(why));
                return;
        }
        AUTO(freep) char *found = structure_quote(str_of(value));
        if (!matches)
                structure_fail(r, "expected the %s '%s' %s '%s', found %s", c->what, pair->key,
                               pair->pattern ? "to match" : "to be", pair->value, found);
}

static void check_pairs(StructureRun *r, const PairCheck *c) {
        for (size_t i = 0; i < c->pairs->n; i++) check_pair(r, c, &c->pairs->v[i]);
}

static void check_unbound(StructureRun *r, const StructurePairs *pairs) {
        for (size_t i = 0; i < pairs->n; i++) {
                const char *value = find_variable(r->params->config, pairs->v[i].key);
                if (!value) continue;
                AUTO(freep) char *found = structure_quote(str_of(value));
                structure_fail(r, "expected no variable '%s', found it with the value %s", pairs->v[i].key, found);
        }
}

/* "8080" stands for 8080 of any protocol. */
static bool has_port(const StrVec *ports, const char *port) {
        size_t n = strlen(port);
        for (size_t i = 0; i < ports->n; i++) {
                const char *have = ports->v[i];
                if (strncmp(have, port, n) == 0 && (!have[n] || (have[n] == '/' && !strchr(port, '/')))) return true;
        }
        return false;
}
static bool has_text(const StrVec *list, const char *text) {
        return strvec_index(list, text) >= 0;
}

/* Members of a list of the configuration. */
typedef struct MemberCheck {
        const char *what;
        bool (*has)(const StrVec *list, const char *text);
        const StrVec *list;
        const StructureTexts *present, *absent;
} MemberCheck;

static void check_members(StructureRun *r, const MemberCheck *c) {
        for (size_t i = 0; i < c->present->n; i++) {
                if (!c->has(c->list, c->present->v[i]))
                        structure_fail(r, "expected the %s '%s', found it not", c->what, c->present->v[i]);
        }
        for (size_t i = 0; i < c->absent->n; i++) {
                if (c->has(c->list, c->absent->v[i]))
                        structure_fail(r, "expected no %s '%s', found it", c->what, c->absent->v[i]);
        }
}

static char *list_text(const char *const *v, size_t n) {
        Buf out = {0};
        buf_addc(&out, '[');
        for (size_t i = 0; i < n; i++) {
                AUTO(freep) char *one = structure_quote(str_of(v[i]));
                buf_addf(&out, "%s%s", i ? ", " : "", one);
        }
        buf_addc(&out, ']');
        return buf_take(&out);
}

static void check_list(StructureRun *r, const char *what, const StructureTexts *wanted, const StrVec *have) {
        bool equal = wanted->n == have->n;
        for (size_t i = 0; equal && i < wanted->n; i++) equal = streq(wanted->v[i], have->v[i]);
        if (equal) return;
        AUTO(freep) char *wanted_text = list_text(wanted->v, wanted->n);
        AUTO(freep) char *have_text = list_text((const char *const *)have->v, have->n);
        structure_fail(r, "expected the %s %s, found %s", what, wanted_text, have_text);
}

static void check_text(StructureRun *r, const char *what, const char *wanted, const char *have) {
        if (!have) have = "";
        if (!wanted || streq(wanted, have)) return;
        structure_fail(r, "expected the %s '%s', found '%s'", what, wanted, have);
}

int structure_run_metadata(StructureRun *r, const MetadataTest *t, Err **e) {
        (void)e;
        const ImageConfig *c = r->params->config;
        const PairCheck variables = {"variable", find_variable, &t->env}, labels = {"label", find_label, &t->labels};
        const MemberCheck ports = {"port", has_port, &c->exposed_ports, &t->exposed_ports, &t->unexposed_ports};
        const MemberCheck volumes = {"volume", has_text, &c->volumes, &t->volumes, &t->unmounted_volumes};
        check_pairs(r, &variables);
        check_unbound(r, &t->unbound_env);
        check_pairs(r, &labels);
        check_members(r, &ports);
        check_members(r, &volumes);
        if (t->has_entrypoint) check_list(r, "entrypoint", &t->entrypoint, &c->entrypoint);
        if (t->has_cmd) check_list(r, "command", &t->cmd, &c->cmd);
        check_text(r, "working directory", t->workdir, c->working_dir);
        check_text(r, "user", t->user, c->user);
        return 0;
}
