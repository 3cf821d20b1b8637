/* SPDX-License-Identifier: Apache-2.0 */

/* Plans of all conformance cases: the configuration and the history of those that succeed, the wording of those that fail
 * here. Argument: the directory with the cases; the program exits 77 without it. Nothing is executed, so cases that fail
 * in a step are only seen to have a plan. */

#include <dirent.h>
#include <jansson.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "helper.h"

#define SERVER "http://127.0.0.1"

typedef struct Counts {
        unsigned passed, failed, deferred;
} Counts;

static json_t *load(const char *directory, const char *name) {
        AUTO(freep) char *path = xasprintf("%s/%s", directory, name);
        return json_load_file(path, 0, NULL);
}

static char *read_text(const char *path, size_t *ret_size) {
        AUTO(fclosep) FILE *f = fopen(path, "re");
        Buf b = {0};
        char piece[4096];
        if (!f) return NULL;
        for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;) buf_add(&b, piece, n);
        *ret_size = b.n;
        return buf_take(&b);
}

static size_t pairs_of(json_t *object, PlanPair *pairs, size_t max) {
        const char *key;
        json_t *value;
        size_t n = 0;
        json_object_foreach(object, key, value) if (n < max) {
                const char *text = json_string_value(value);
                if (text && starts_with(text, "@HTTP@")) text = SERVER; /* what the runner puts there */
                pairs[n++] = (PlanPair){key, text};
        }
        return n;
}

/* "dir:extra" and "image:multiarch" as a command line would say it. */
static size_t contexts_of(json_t *object, PlanPair *pairs, char **ret_texts, size_t max) {
        size_t n = pairs_of(object, pairs, max);
        for (size_t i = 0; i < n; i++) {
                const char *value = pairs[i].value ? pairs[i].value : "";
                const char *name = strchr(value, ':') ? strchr(value, ':') + 1 : value;
                ret_texts[i] = xasprintf(starts_with(value, "image:") ? "oci-layout://%s" : "/%s", name);
                pairs[i].value = ret_texts[i];
        }
        return n;
}

static void sorted_keys(json_t *config, const char *key) {
        json_t *object = json_object_get(config, key), *list = json_array();
        const char *name;
        json_t *value;
        StrVec names = {0};
        if (json_is_object(object)) {
                json_object_foreach(object, name, value) strvec_push(&names, name);
                strvec_sort(&names);
                for (size_t i = 0; i < names.n; i++) json_array_append_new(list, json_string(names.v[i]));
                json_object_set(config, key, list);
        }
        strvec_done(&names);
        json_decref(list);
}

/* The rendered document in the form of expected.json. */
static json_t *flatten(const ImageConfig *c) {
        AUTO(buf_done) Buf text = {0};
        image_config_render(c, &text);
        json_t *document = json_loadb(text.p, text.n, 0, NULL);
        json_t *config = json_object_get(document, "config");
        static const char *const outer[] = {"architecture", "os", "variant", "author"};
        if (!config) {
                config = json_object();
                json_object_set_new(document, "config", config);
        }
        for (size_t i = 0; i < ARRAY_SIZE(outer); i++)
                if (json_object_get(document, outer[i]))
                        json_object_set(config, outer[i], json_object_get(document, outer[i]));
        sorted_keys(config, "ExposedPorts");
        sorted_keys(config, "Volumes");
        json_t *entry, *plain = json_array();
        size_t i;
        json_array_foreach(json_object_get(document, "history"), i, entry) {
                json_t *kept = json_object();
                json_object_set(kept, "created_by", json_object_get(entry, "created_by"));
                if (json_is_true(json_object_get(entry, "empty_layer")))
                        json_object_set_new(kept, "empty_layer", json_true());
                json_array_append_new(plain, kept);
        }
        json_object_set_new(document, "history", plain);
        return document;
}

/* The results name the server as the cases do. */
static void name_server(json_t *history) {
        size_t i;
        json_t *entry;
        json_array_foreach(history, i, entry) {
                const char *text = json_string_value(json_object_get(entry, "created_by"));
                AUTO(buf_done) Buf named = {0};
                while (text && *text) {
                        bool here = starts_with(text, SERVER);
                        if (here)
                                buf_adds(&named, "@HTTP@");
                        else
                                buf_addc(&named, *text);
                        text += here ? strlen(SERVER) : 1;
                }
                if (named.n) json_object_set_new(entry, "created_by", json_string(named.p));
        }
}

static bool same(const char *name, const char *what, json_t *expected, json_t *actual) {
        if (!expected || json_equal(expected, actual)) return true;
        AUTO(freep) char *a = json_dumps(expected, JSON_SORT_KEYS | JSON_ENCODE_ANY);
        AUTO(freep) char *b = json_dumps(actual, JSON_SORT_KEYS | JSON_ENCODE_ANY);
        printf("FAIL %s: %s\n  expected %s\n  got      %s\n", name, what, a, b ? b : "nothing");
        return false;
}

static bool matches(json_t *patterns, const char *text) {
        size_t i;
        json_t *pattern;
        json_array_foreach(patterns, i, pattern) {
                regex_t re;
                if (regcomp(&re, json_string_value(pattern), REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0) continue;
                bool found = regexec(&re, text, 0, NULL, 0) == 0;
                regfree(&re);
                if (found) return true;
        }
        return false;
}

static void check_error(const char *name, json_t *spec, const Err *e, Counts *counts) {
        AUTO(freep)
        char *log =
                xasprintf("%s\n%s\n%s", err_message(e), err_excerpt_text(e) ? err_excerpt_text(e) : "", err_hints(e));
        bool expected = streq(json_string_value(json_object_get(spec, "expect")), "error");
        json_t *patterns = json_object_get(spec, expected ? "error_like" : "or_error");
        if (matches(patterns, log)) {
                counts->passed++;
        } else if (err_kind(e) == ERR_UNSUPPORTED) {
                counts->deferred++;
        } else {
                printf("FAIL %s: %s\n", name, log);
                counts->failed++;
        }
}

static void check_result(const char *name, json_t *spec, const char *directory, const Plan *p, Counts *counts) {
        if (streq(json_string_value(json_object_get(spec, "expect")), "error")) {
                counts->deferred++;
                return;
        }
        AUTO(json_decrefp) json_t *expected = load(directory, "expected.json");
        AUTO(json_decrefp) json_t *actual = flatten(&p->target->config);
        name_server(json_object_get(actual, "history"));
        bool good = same(name, "config", json_object_get(expected, "config"), json_object_get(actual, "config"));
        good &= same(name, "history", json_object_get(expected, "history"), json_object_get(actual, "history"));
        if (good)
                counts->passed++;
        else
                counts->failed++;
}

enum { PAIRS_MAX = 32 };

static void run_case(const char *name, const char *directory, json_t *spec, Counts *counts) {
        json_t *args = json_object_get(spec, "args");
        PlanPair build_args[PAIRS_MAX], labels[PAIRS_MAX], contexts[PAIRS_MAX];
        char *texts[PAIRS_MAX] = {0};
        AUTO(freep) char *path = xasprintf("%s/Dockerfile", directory);
        size_t size = 0;
        AUTO(freep) char *text = read_text(path, &size);
        const char *platform_text = json_string_value(json_object_get(args, "platform"));
        Fixture f;
        Platform platform;
        if (!text || (platform_text && strchr(platform_text, ',')) || json_object_get(spec, "syntax")) return;
        if (json_object_get(spec, "rebuild")) return; /* expected.json is about what the Dockerfile becomes */
        fixture_init(&f);
        f.params.build_args = build_args;
        f.params.build_arg_count = pairs_of(json_object_get(args, "build-arg"), build_args, PAIRS_MAX);
        f.params.labels = labels;
        f.params.label_count = pairs_of(json_object_get(args, "label"), labels, PAIRS_MAX);
        f.params.named_contexts = contexts;
        f.params.named_context_count = contexts_of(json_object_get(args, "build-context"), contexts, texts, PAIRS_MAX);
        f.params.target = json_string_value(json_object_get(args, "target"));
        if (platform_text && platform_parse(str_of(platform_text), &platform, NULL) == 0) f.params.platform = &platform;
        int r = dockerfile_parse("Dockerfile", (Str){text, size}, &f.dockerfile, &f.error);
        if (r == 0) r = plan_make(f.dockerfile, &f.params, &f.plan, &f.error);
        if (r < 0)
                check_error(name, spec, f.error, counts);
        else
                check_result(name, spec, directory, f.plan, counts);
        fixture_done(&f);
        for (size_t i = 0; i < PAIRS_MAX; i++) free(texts[i]);
}

static void run_area(const char *root, const char *area, Counts *counts) {
        AUTO(freep) char *directory = xasprintf("%s/%s", root, area);
        AUTO(closedirp) DIR *d = opendir(directory);
        for (struct dirent *entry; d && (entry = readdir(d));) {
                if (entry->d_name[0] == '.') continue;
                AUTO(freep) char *name = xasprintf("%s/%s", area, entry->d_name);
                AUTO(freep) char *path = xasprintf("%s/%s", root, name);
                AUTO(json_decrefp) json_t *spec = load(path, "case.json");
                if (spec) run_case(name, path, spec, counts);
        }
}

int main(int argc, char **argv) {
        Counts counts = {0};
        AUTO(closedirp) DIR *d = argc > 1 ? opendir(argv[1]) : NULL;
        if (!d) return 77;
        for (struct dirent *entry; (entry = readdir(d));)
                if (entry->d_name[0] != '.') run_area(argv[1], entry->d_name, &counts);
        printf("%u passed, %u failed, %u left to the build\n", counts.passed, counts.failed, counts.deferred);
        return counts.failed > 0;
}
