/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/build_provenance.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "net/url.h"

/* The predicate's members mean what they mean in those of BuildKit. */
#define BUILD_TYPE "https://mobyproject.org/buildkit@v1"
#define FRONTEND "dockerfile.v0"

ProvenanceMode provenance_mode(const char *text) {
        static const char *const off[] = {"disabled", "0", "f", "F", "false", "FALSE", "False"};
        if (!text) return PROVENANCE_MIN;
        for (size_t i = 0; i < ARRAY_SIZE(off); i++)
                if (streq(text, off[i])) return PROVENANCE_OFF;
        return streq(text, "max") ? PROVENANCE_MAX : PROVENANCE_MIN;
}

static json_t *text(const char *value) {
        json_t *t = json_string(value);
        return t ? t : json_string(""); /* no UTF-8 */
}

/* {"sha256": "ab12..."} */
static json_t *digest_set(const char *digest) {
        Str hex = str_of(digest), algorithm;
        json_t *set = json_object();
        if (!str_cut(&hex, ':', &algorithm)) return set;
        AUTO(freep) char *name = str_dup(algorithm);
        AUTO(freep) char *value = str_dup(hex);
        json_object_set_new(set, name, text(value));
        return set;
}

static json_t *material(const BuildMaterial *from) {
        json_t *o = json_object();
        json_object_set_new(o, "uri", text(from->uri));
        if (from->digest) json_object_set_new(o, "digest", digest_set(from->digest));
        return o;
}

static json_t *materials(const BuildMaterials *list, size_t target) {
        json_t *array = json_array();
        for (size_t i = 0; list && i < list->n; i++)
                if (list->v[i].target == target) json_array_append_new(array, material(&list->v[i]));
        return array;
}

/* The material that the main context is; NULL for directories and standard input. */
static const BuildMaterial *context_material(const BuildParams *params, size_t target) {
        const BuildMaterials *list = params->materials;
        if (!params->context_path) return NULL;
        AUTO(freep) char *uri = url_shown(params->context_path);
        for (size_t i = 0; list && i < list->n; i++)
                if (list->v[i].target == target && streq(list->v[i].uri, uri)) return &list->v[i];
        return NULL;
}

static json_t *config_source(const BuildParams *params, const BuildMaterial *context) {
        json_t *source = context ? material(context) : json_object();
        const char *path = params->dockerfile_path ? params->dockerfile_path : "Dockerfile";
        const char *slash = strrchr(path, '/');
        json_object_set_new(source, "entryPoint", text(slash ? slash + 1 : path));
        return source;
}

static json_t *arguments(const BuildParams *params, ProvenanceMode mode) {
        json_t *args = json_object();
        const PlanParams *plan = &params->plan;
        if (plan->target) json_object_set_new(args, "target", text(plan->target));
        for (size_t i = 0; mode == PROVENANCE_MAX && i < plan->build_arg_count; i++) {
                AUTO(freep) char *name = xasprintf("build-arg:%s", plan->build_args[i].name);
                json_object_set_new(args, name, text(plan->build_args[i].value));
        }
        for (size_t i = 0; mode == PROVENANCE_MAX && i < plan->label_count; i++) {
                AUTO(freep) char *name = xasprintf("label:%s", plan->labels[i].name);
                json_object_set_new(args, name, text(plan->labels[i].value));
        }
        return args;
}

static json_t *ids(json_t *list, const char *key, const char *id) {
        json_t *o = json_object();
        json_object_set_new(o, key, text(id));
        json_array_append_new(list, o);
        return list;
}

static json_t *parameters(const BuildParams *params, const BuildMaterial *context, ProvenanceMode mode) {
        json_t *o = json_object(), *args = arguments(params, mode);
        json_object_set_new(o, "frontend", json_string(FRONTEND));
        if (json_object_size(args)) json_object_set(o, "args", args);
        json_decref(args);
        json_t *secrets = json_array(), *ssh = json_array();
        for (size_t i = 0; mode == PROVENANCE_MAX && i < params->secret_count; i++)
                ids(secrets, "id", params->secrets[i].id);
        for (size_t i = 0; mode == PROVENANCE_MAX && i < params->ssh_count; i++) ids(ssh, "id", params->ssh[i].id);
        if (json_array_size(secrets)) json_object_set(o, "secrets", secrets);
        if (json_array_size(ssh)) json_object_set(o, "ssh", ssh);
        json_decref(secrets);
        json_decref(ssh);
        if (!context) json_object_set_new(o, "locals", ids(ids(json_array(), "name", "context"), "name", "dockerfile"));
        return o;
}

json_t *build_provenance(const BuildParams *params, size_t target, ProvenanceMode mode) {
        const BuildMaterial *context = context_material(params, target);
        json_t *document = json_object(), *invocation = json_object();
        char platform[128];
        platform_render(&params->plan.build_platform, platform);
        json_object_set_new(invocation, "configSource", config_source(params, context));
        json_object_set_new(invocation, "parameters", parameters(params, context, mode));
        json_object_set_new(invocation, "environment", json_pack("{ss}", "platform", platform));
        json_object_set_new(document, "buildType", json_string(BUILD_TYPE));
        json_object_set_new(document, "materials", materials(params->materials, target));
        json_object_set_new(document, "invocation", invocation);
        return document;
}
