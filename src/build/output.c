/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "build/build.h"

/* --output: CSV of key=value as buildx takes it. */

typedef struct OutputKey {
        const char *name;
        int (*set)(BuildOutput *o, const char *value, Err **e);
} OutputKey;

static int bad_value(const char *key, const char *value, const char *expected, Err **e) {
        return err_new(e, ERR_USAGE, "--output: %s=%s: expected %s", key, value, expected);
}

static int set_type(BuildOutput *o, const char *value, Err **e) {
        static const char *const names[] = {[OUTPUT_IMAGE] = "image",
                                            [OUTPUT_OCI] = "oci",
                                            [OUTPUT_DOCKER] = "docker",
                                            [OUTPUT_TAR] = "tar",
                                            [OUTPUT_LOCAL] = "local"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                if (!streq(value, names[i])) continue;
                o->type = (OutputType)i;
                return 0;
        }
        bad_value("type", value, "local, tar, oci, docker or image", e);
        if (streq(value, "registry"))
                err_hint(
                        e,
                        "pushing to a registry is not supported yet: write type=oci,dest=FILE and push it with skopeo");
        const char *near = nearest_name(value, names, ARRAY_SIZE(names));
        return near ? err_hint(e, "did you mean type=%s?", near) : -1;
}

static int set_destination(BuildOutput *o, const char *value, Err **e) {
        (void)e;
        free(o->destination);
        o->destination = xstrdup(value);
        return 0;
}

static int set_name(BuildOutput *o, const char *value, Err **e) {
        (void)e;
        Str rest = str_of(value), one;
        bool more;
        do {
                more = str_cut(&rest, ',', &one);
                strvec_push_take(&o->names, str_dup(one));
        } while (more);
        return 0;
}

static int parse_bool(const char *key, const char *value, bool *ret_flag, Err **e) {
        if (streq(value, "true") || streq(value, "1")) {
                *ret_flag = true;
        } else if (streq(value, "false") || streq(value, "0")) {
                *ret_flag = false;
        } else {
                return bad_value(key, value, "true or false", e);
        }
        return 0;
}

static int set_tar(BuildOutput *o, const char *value, Err **e) {
        bool tar = true;
        if (parse_bool("tar", value, &tar, e) < 0) return -1;
        o->as_directory = !tar;
        return 0;
}

static int set_oci_types(BuildOutput *o, const char *value, Err **e) {
        bool oci = true;
        if (parse_bool("oci-mediatypes", value, &oci, e) < 0) return -1;
        o->docker_media_types = !oci;
        return 0;
}

static int set_split(BuildOutput *o, const char *value, Err **e) {
        bool split = true;
        if (parse_bool("platform-split", value, &split, e) < 0) return -1;
        o->one_tree = !split;
        return 0;
}

static int set_force(BuildOutput *o, const char *value, Err **e) {
        return parse_bool("force-compression", value, &o->force_compression, e);
}

static int set_compression(BuildOutput *o, const char *value, Err **e) {
        static const Compression known[] = {COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD};
        for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
                if (!streq(value, compression_name(known[i]))) continue;
                o->compression = known[i];
                return 0;
        }
        return bad_value("compression", value, "uncompressed, gzip or zstd", e);
}

static int set_level(BuildOutput *o, const char *value, Err **e) {
        int64_t level;
        if (!i64_parse(str_of(value), &level) || level < 0 || level > 22)
                return bad_value("compression-level", value, "0 to 22", e);
        o->compression_level = (int)level;
        return 0;
}

/* Accepted because scripts pass them; the default is what they ask for. */
static int ignore_value(BuildOutput *o, const char *value, Err **e) {
        (void)o;
        (void)value;
        (void)e;
        return 0;
}

static const OutputKey output_keys[] = {
        {"type", set_type},
        {"dest", set_destination},
        {"name", set_name},
        {"tar", set_tar},
        {"oci-mediatypes", set_oci_types},
        {"compression", set_compression},
        {"compression-level", set_level},
        {"force-compression", set_force},
        {"platform-split", set_split},
        {"unpack", ignore_value},
        {"store", ignore_value},
        {"context", ignore_value},
};

/* ---- annotation-index.KEY, annotation-manifest[linux/amd64].KEY, annotation.KEY */

static const char *keep_text(BuildOutput *o, const char *text) {
        strvec_push(&o->annotation_texts, text);
        return o->annotation_texts.v[o->annotation_texts.n - 1];
}

static int annotation_target(Str name, AnnotationTarget *ret_target, Err **e) {
        static const char *const names[] = {
                [ANNOTATE_MANIFEST] = "annotation-manifest",
                [ANNOTATE_INDEX] = "annotation-index",
                [ANNOTATE_MANIFEST_DESCRIPTOR] = "annotation-manifest-descriptor",
                [ANNOTATE_INDEX_DESCRIPTOR] = "annotation-index-descriptor",
        };
        *ret_target = ANNOTATE_MANIFEST;
        if (str_is(name, "annotation")) return 0;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                if (!str_is(name, names[i])) continue;
                *ret_target = (AnnotationTarget)i;
                return 0;
        }
        return err_new(e, ERR_USAGE, "--output: unknown key '" STR_FMT "'", STR_ARG(name));
}

static int set_annotation(BuildOutput *o, const char *key, const char *value, Err **e) {
        Annotation a = {.has_platform = false};
        const char *bracket = strchr(key, '['), *close = bracket ? strstr(bracket, "].") : NULL;
        const char *dot = close ? close + 1 : strchr(key, '.');
        if (!dot || !dot[1]) return err_new(e, ERR_USAGE, "--output: %s=%s: expected annotation.KEY=VALUE", key, value);
        Str name = {key, (size_t)((close ? bracket : dot) - key)};
        if (annotation_target(name, &a.target, e) < 0) return -1;
        if (close) {
                a.has_platform = true;
                Str platform = {bracket + 1, (size_t)(close - bracket - 1)};
                if (platform_parse(platform, &a.platform, e) < 0) return err_wrap(e, "--output: %s", key);
        }
        a.key = keep_text(o, dot + 1);
        a.value = keep_text(o, value);
        vec_push(&o->annotations, a);
        return 0;
}

static int set_key(BuildOutput *o, const char *key, const char *value, Err **e) {
        const char *names[ARRAY_SIZE(output_keys)];
        if (starts_with(key, "annotation")) return set_annotation(o, key, value, e);
        for (size_t i = 0; i < ARRAY_SIZE(output_keys); i++) {
                if (streq(key, output_keys[i].name)) return output_keys[i].set(o, value, e);
                names[i] = output_keys[i].name;
        }
        err_new(e, ERR_USAGE, "--output: unknown key '%s'", key);
        const char *near = nearest_name(key, names, ARRAY_SIZE(names));
        return near ? err_hint(e, "did you mean '%s'?", near) : -1;
}

/* The next CSV field, with "" quoting as encoding/csv: a field that holds commas is quoted whole. */
static char *next_field(const char **text) {
        Buf field = {0};
        const char *p = *text;
        bool quoted = *p == '"';
        for (p += quoted; *p && (quoted || *p != ','); p++) {
                if (quoted && *p == '"' && p[1] == '"') {
                        p++;
                } else if (quoted && *p == '"') {
                        quoted = false;
                        continue;
                }
                buf_addc(&field, *p);
        }
        *text = *p ? p + 1 : p;
        return buf_take(&field);
}

static int parse_fields(const char *text, BuildOutput *o, Err **e) {
        while (*text) {
                AUTO(freep) char *field = next_field(&text);
                Str value = str_of(field), key;
                if (!str_cut(&value, '=', &key)) return err_new(e, ERR_USAGE, "--output: '%s' is not key=value", field);
                AUTO(freep) char *name = str_dup(key);
                if (set_key(o, name, value.p, e) < 0) return -1;
        }
        return 0;
}

static int check_output(BuildOutput *o, Err **e) {
        if (o->type == OUTPUT_IMAGE) return 0;
        if (!o->destination) {
                bool archive = o->type != OUTPUT_LOCAL && !o->as_directory;
                if (!archive) return err_new(e, ERR_USAGE, "--output: dest=DIRECTORY is missing");
                o->destination = xstrdup("-");
        }
        bool directory = o->type == OUTPUT_LOCAL || o->as_directory;
        if (directory && streq(o->destination, "-"))
                return err_new(e, ERR_USAGE, "--output: a directory cannot go to standard output");
        return 0;
}

int build_output_parse(const char *text, BuildOutput *ret_output, Err **e) {
        BuildOutput o = {.type = OUTPUT_LOCAL, .compression = COMPRESSION_NONE, .compression_level = -1};
        int r = 0;
        if (streq(text, "-")) {
                o.type = OUTPUT_TAR;
                o.destination = xstrdup("-");
        } else if (!strchr(text, '=')) {
                o.destination = xstrdup(text);
        } else {
                r = parse_fields(text, &o, e);
        }
        if (r == 0) r = check_output(&o, e);
        if (r < 0) {
                build_output_done(&o);
                return -1;
        }
        *ret_output = o;
        return 0;
}

void build_output_done(BuildOutput *o) {
        free(o->destination);
        strvec_done(&o->names);
        strvec_done(&o->annotation_texts);
        vec_done(&o->annotations);
        *o = (BuildOutput){0};
}
