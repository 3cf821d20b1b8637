/* SPDX-License-Identifier: Apache-2.0 */

/* Any text as a bake file: the first byte says of which kind. What is read has a selection that prints as JSON which is read again. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "bake/definition.h"
#include "base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
        if (!condition) abort();
}

static void print_again(Bake *b) {
        AUTO(buf_done) Buf out = {0};
        AUTO(err_freep) Err *e = NULL;
        bake_print(b, &out);
        ConfigNode *root;
        require(config_json_parse(b->arena, "printed", buf_str(&out), &root, &e) == 0);
        buf_clear(&out);
        bake_list_targets(b, false, &out);
        (void)bake_list_variables(b, true, &out, &e);
}

/* As bake_load(), of one text and without a look at the working directory. */
static int read_text(Bake *b, char kind, Str text, Err **e) {
        ConfigNode *root;
        b->compose_environment = b->environment;
        b->unset = config_node_new(b->arena, CONFIG_LIST, NULL);
        if (kind == 'E') return bake_dotenv(b->arena, ".env", text, b->environment, e);
        if (kind == 'Y')
                return config_yaml_parse(b->arena, "compose.yaml", text, &root, e) < 0
                               ? -1
                               : bake_read_compose(b, &root, 1, e);
        if (config_json_parse(b->arena, "docker-bake.json", text, &root, e) < 0) return -1;
        return bake_read_definitions(b, &root, 1, e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const sets[] = {"*.tags+=x", "*.args.A=1", "*.load=true"}, *const names[] = {"*"};
        BakeParams params = {
                .names = names, .name_count = 1, .sets = sets, .set_count = 3, .local_platform = "linux/amd64"};
        AUTO(err_freep) Err *e = NULL;
        if (size < 1) return 0;
        AUTO(bake_freep) Bake *b = xcalloc(1, sizeof *b);
        b->arena = arena_new();
        b->params = &params;
        b->environment = config_node_new(b->arena, CONFIG_MAP, NULL);
        config_node_set(b->arena, b->environment, "A", config_node_text(b->arena, "value", NULL));
        int r = read_text(b, (char)data[0], (Str){(const char *)data + 1, size - 1}, &e);
        if (r == 0) r = bake_select(b, &e);
        if (r == 0) {
                print_again(b);
                r = bake_commands(b, &e);
        }
        require((r < 0) == (e != NULL));
        return 0;
}
