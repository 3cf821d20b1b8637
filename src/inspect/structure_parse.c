/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "codec/config_node.h"
#include "inspect/structure_test.h"

/* One table a map says which keys it takes, of which kind each is, and where in the struct it goes. */

typedef enum FieldKind {
        FIELD_TEXT,
        FIELD_NAME, /* a text that must be there and not be empty */
        FIELD_FLAG,
        FIELD_NUMBER,
        FIELD_TEXTS,
        FIELD_SET_TEXTS, /* texts, and the flag behind them says that they were given */
        FIELD_PATTERNS,
        FIELD_COMMANDS,
        FIELD_PAIRS,
        FIELD_ARGV,      /* the command: a text and args (2.0.0), or the whole list (1.0.0) */
        FIELD_ARGS,      /* what follows the command in the same list */
        FIELD_MAP,       /* a struct by its own table */
        FIELD_LIST,      /* a list of such structs */
        FIELD_VERSION,   /* read before anything else */
        FIELD_KEY_NAMES, /* pairs of which only the keys count: texts are fine too */
} FieldKind;

enum { VERSION_1 = 1, VERSION_2 = 2, VERSION_ANY = 3 };

typedef struct Table Table;

typedef struct Field {
        const char *key;
        FieldKind kind;
        size_t offset;
        unsigned versions;   /* VERSION_ANY unless said otherwise: 0 stands for it */
        const Table *table;  /* FIELD_MAP, FIELD_LIST */
        const char *choices; /* FIELD_TEXT: words separated by spaces; NULL: any */
} Field;

struct Table {
        const char *what; /* "a command test" */
        const Field *fields;
        size_t count;
        size_t size;          /* of the struct */
        size_t line_offset;   /* of its unsigned line; NO_LINE */
        const void *defaults; /* NULL: zeros */
};
#define NO_LINE SIZE_MAX

typedef struct Parser {
        StructureFile *file;
        Arena *arena;
        unsigned version; /* VERSION_1, VERSION_2 */
        Err **e;
} Parser;

#define FIELD(name, type, object, member, ...) \
        { .key = (name), .kind = (type), .offset = offsetof(object, member), __VA_ARGS__ }

static const Field command_fields[] = {
        FIELD("name", FIELD_NAME, CommandTest, name),
        FIELD("setup", FIELD_COMMANDS, CommandTest, setup),
        FIELD("teardown", FIELD_COMMANDS, CommandTest, teardown),
        FIELD("envVars", FIELD_PAIRS, CommandTest, env),
        FIELD("command", FIELD_ARGV, CommandTest, argv),
        FIELD("args", FIELD_ARGS, CommandTest, argv, .versions = VERSION_2),
        FIELD("exitCode", FIELD_NUMBER, CommandTest, exit_code),
        FIELD("expectedOutput", FIELD_PATTERNS, CommandTest, expected_output),
        FIELD("excludedOutput", FIELD_PATTERNS, CommandTest, excluded_output),
        FIELD("expectedError", FIELD_PATTERNS, CommandTest, expected_error),
        FIELD("excludedError", FIELD_PATTERNS, CommandTest, excluded_error),
};

static const Field existence_fields[] = {
        FIELD("name", FIELD_NAME, FileExistenceTest, name),
        FIELD("path", FIELD_NAME, FileExistenceTest, path),
        FIELD("shouldExist", FIELD_FLAG, FileExistenceTest, should_exist),
        FIELD("isDirectory", FIELD_FLAG, FileExistenceTest, is_directory, .versions = VERSION_1),
        FIELD("permissions", FIELD_TEXT, FileExistenceTest, permissions),
        FIELD("uid", FIELD_NUMBER, FileExistenceTest, uid),
        FIELD("gid", FIELD_NUMBER, FileExistenceTest, gid),
        FIELD("isExecutableBy", FIELD_TEXT, FileExistenceTest, executable_by, .choices = "owner group other any"),
};

static const Field content_fields[] = {
        FIELD("name", FIELD_NAME, FileContentTest, name),
        FIELD("path", FIELD_NAME, FileContentTest, path),
        FIELD("expectedContents", FIELD_PATTERNS, FileContentTest, expected),
        FIELD("excludedContents", FIELD_PATTERNS, FileContentTest, excluded),
};

static const Field metadata_fields[] = {
        FIELD("envVars", FIELD_PAIRS, MetadataTest, env),
        FIELD("env", FIELD_PAIRS, MetadataTest, env), /* its name in older files */
        FIELD("unboundEnvVars", FIELD_KEY_NAMES, MetadataTest, unbound_env),
        FIELD("labels", FIELD_PAIRS, MetadataTest, labels),
        FIELD("exposedPorts", FIELD_TEXTS, MetadataTest, exposed_ports),
        FIELD("unexposedPorts", FIELD_TEXTS, MetadataTest, unexposed_ports),
        FIELD("volumes", FIELD_TEXTS, MetadataTest, volumes),
        FIELD("unmountedVolumes", FIELD_TEXTS, MetadataTest, unmounted_volumes),
        FIELD("entrypoint", FIELD_SET_TEXTS, MetadataTest, entrypoint),
        FIELD("cmd", FIELD_SET_TEXTS, MetadataTest, cmd),
        FIELD("workdir", FIELD_TEXT, MetadataTest, workdir),
        FIELD("user", FIELD_TEXT, MetadataTest, user),
};

static const Field license_fields[] = {
        FIELD("debian", FIELD_FLAG, LicenseTest, debian),
        FIELD("files", FIELD_TEXTS, LicenseTest, files),
};

static const Field run_fields[] = {
        FIELD("user", FIELD_TEXT, StructureRunOptions, user),
        FIELD("privileged", FIELD_FLAG, StructureRunOptions, privileged),
        FIELD("allocateTty", FIELD_FLAG, StructureRunOptions, allocate_tty),
        FIELD("envFile", FIELD_TEXT, StructureRunOptions, env_file),
        FIELD("envVars", FIELD_TEXTS, StructureRunOptions, env_names),
        FIELD("capabilities", FIELD_TEXTS, StructureRunOptions, capabilities),
        FIELD("bindMounts", FIELD_TEXTS, StructureRunOptions, bind_mounts),
};

static const FileExistenceTest existence_defaults = {.should_exist = true, .uid = -1, .gid = -1};

#define TABLE(text, type, rows, line_at, default_value)                                            \
        {                                                                                          \
                .what = (text), .fields = (rows), .count = ARRAY_SIZE(rows), .size = sizeof(type), \
                .line_offset = (line_at), .defaults = (default_value)                              \
        }
static const Table command_table =
        TABLE("a command test", CommandTest, command_fields, offsetof(CommandTest, line), NULL);
static const Table existence_table = TABLE("a file existence test", FileExistenceTest, existence_fields,
                                           offsetof(FileExistenceTest, line), &existence_defaults);
static const Table content_table =
        TABLE("a file content test", FileContentTest, content_fields, offsetof(FileContentTest, line), NULL);
static const Table metadata_table =
        TABLE("the metadata test", MetadataTest, metadata_fields, offsetof(MetadataTest, line), NULL);
static const Table license_table =
        TABLE("a license test", LicenseTest, license_fields, offsetof(LicenseTest, line), NULL);
static const Table run_table = TABLE("containerRunOptions", StructureRunOptions, run_fields, NO_LINE, NULL);

static const Field file_fields[] = {
        {.key = "schemaVersion", .kind = FIELD_VERSION},
        FIELD("globalEnvVars", FIELD_PAIRS, StructureFile, global_env),
        FIELD("commandTests", FIELD_LIST, StructureFile, commands, .table = &command_table),
        FIELD("fileExistenceTests", FIELD_LIST, StructureFile, existences, .table = &existence_table),
        FIELD("fileContentTests", FIELD_LIST, StructureFile, contents, .table = &content_table),
        FIELD("licenseTests", FIELD_LIST, StructureFile, licenses, .table = &license_table),
        FIELD("metadataTest", FIELD_MAP, StructureFile, metadata, .table = &metadata_table),
        FIELD("containerRunOptions", FIELD_MAP, StructureFile, run_options, .versions = VERSION_2, .table = &run_table),
};
static const Table file_table = TABLE("a structure test file", StructureFile, file_fields, NO_LINE, NULL);

/* ---- values */

static int wrong_kind(const Parser *p, const ConfigNode *n, const char *key, const char *wanted) {
        return config_node_error(n, p->e, "%s: %s is expected, not %s", key, wanted, config_node_kind_name(n));
}

/* Any scalar, since 8080 and true are texts where a text is meant. Null is "". */
static int read_text(const Parser *p, const ConfigNode *n, const char *key, const char **ret_text) {
        const char *text = n->kind == CONFIG_NULL ? "" : config_node_scalar(n);
        if (!text) return wrong_kind(p, n, key, "a text");
        *ret_text = text;
        return 0;
}

static int read_choice(const Parser *p, const ConfigNode *n, const Field *f, const char **ret_text) {
        if (read_text(p, n, f->key, ret_text) < 0) return -1;
        Str rest = str_of(f->choices), word;
        bool more = f->choices != NULL;
        while (more) {
                more = str_cut(&rest, ' ', &word);
                if (str_is(word, *ret_text)) return 0;
        }
        if (!f->choices) return 0;
        return config_node_error(n, p->e, "%s: '%s' is none of: %s", f->key, *ret_text, f->choices);
}

static int read_number(const Parser *p, const ConfigNode *n, const char *key, int64_t *ret_number) {
        const char *text = config_node_scalar(n);
        if (text && i64_parse(str_of(text), ret_number) && *ret_number >= 0 && *ret_number <= UINT32_MAX) return 0;
        if (!text) return wrong_kind(p, n, key, "a number");
        return config_node_error(n, p->e, "%s: '%s' is not a number", key, text);
}

static int read_flag(const Parser *p, const ConfigNode *n, const char *key, bool *ret_flag) {
        const char *text = config_node_scalar(n);
        if (config_node_flag(n, ret_flag) == 0) return 0;
        if (!text) return wrong_kind(p, n, key, "true or false");
        return config_node_error(n, p->e, "%s: '%s' is neither true nor false", key, text);
}

/* Appended to what is there. */
static int read_texts(const Parser *p, const ConfigNode *n, const char *key, StructureTexts *list) {
        if (n->kind == CONFIG_NULL) return 0;
        if (n->kind != CONFIG_LIST) return wrong_kind(p, n, key, "a list");
        const char **all = arena_array(p->arena, list->n + n->count, sizeof *all);
        if (list->n) memcpy(all, list->v, list->n * sizeof *all);
        list->v = all;
        for (const ConfigNode *item = n->first; item; item = item->next) {
                if (read_text(p, item, key, &list->v[list->n]) < 0) return -1;
                list->n++;
        }
        return 0;
}

static int read_pattern(const Parser *p, const ConfigNode *n, const char *key, const char *text,
                        Pattern **ret_pattern) {
        Err *why = NULL;
        if (pattern_compile(text, ret_pattern, &why) == 0) {
                vec_push(&p->file->patterns, *ret_pattern);
                return 0;
        }
        config_node_error(n, p->e, "%s: %s", key, err_message(why));
        Str rest = str_of(err_hints(why)), hint;
        while (str_cut(&rest, '\n', &hint)) err_hint(p->e, STR_FMT, STR_ARG(hint));
        err_free(why);
        return -1;
}

static int read_patterns(const Parser *p, const ConfigNode *n, const char *key, StructurePatterns *list) {
        const char *text = "";
        if (n->kind == CONFIG_NULL) return 0;
        if (n->kind != CONFIG_LIST) return wrong_kind(p, n, key, "a list of regular expressions");
        list->v = arena_array(p->arena, n->count, sizeof(Pattern *));
        list->n = 0;
        for (const ConfigNode *item = n->first; item; item = item->next) {
                if (read_text(p, item, key, &text) < 0) return -1;
                if (read_pattern(p, item, key, text, &list->v[list->n]) < 0) return -1;
                list->n++;
        }
        return 0;
}

static int read_commands(const Parser *p, const ConfigNode *n, const char *key, StructureCommands *list) {
        if (n->kind == CONFIG_NULL) return 0;
        if (n->kind != CONFIG_LIST) return wrong_kind(p, n, key, "a list of commands");
        list->v = arena_array(p->arena, n->count, sizeof *list->v);
        list->n = 0;
        for (const ConfigNode *item = n->first; item; item = item->next) {
                if (item->kind != CONFIG_LIST || !item->count)
                        return config_node_error(item, p->e,
                                                 "%s: each command is a list: [[\"program\", \"argument\"]]", key);
                if (read_texts(p, item, key, &list->v[list->n]) < 0) return -1;
                list->n++;
        }
        return 0;
}

/* ---- environment variables and labels: {key: A, value: B, isRegex: false} */

static int unknown_key(const Parser *p, const ConfigNode *n, const char *what, const char *const *names, size_t count) {
        const char *near = nearest_name(n->key, names, count);
        config_node_error(n, p->e, "%s has no key '%s'", what, n->key);
        if (near) return err_hint(p->e, "did you mean '%s'?", near);
        AUTO(buf_done) Buf all = {0};
        for (size_t i = 0; i < count; i++) buf_addf(&all, "%s%s", i ? ", " : "", names[i]);
        return err_hint(p->e, "keys: %s", buf_str(&all).p);
}

static int read_pair(const Parser *p, const ConfigNode *n, const char *key, bool keys_only, StructurePair *pair) {
        static const char *const names[] = {"key", "value", "isRegex"};
        bool is_regex = false;
        const ConfigNode *value = NULL;
        if (keys_only && n->kind == CONFIG_TEXT) {
                pair->key = n->text;
                return 0;
        }
        if (n->kind != CONFIG_MAP) return wrong_kind(p, n, key, "a map with key and value");
        for (const ConfigNode *m = n->first; m; m = m->next) {
                int r = 0;
                if (streq(m->key, "key")) {
                        r = read_text(p, m, key, &pair->key);
                } else if (streq(m->key, "value")) {
                        value = m;
                        r = read_text(p, m, key, &pair->value);
                } else if (streq(m->key, "isRegex")) {
                        r = read_flag(p, m, key, &is_regex);
                } else {
                        r = unknown_key(p, m, key, names, ARRAY_SIZE(names));
                }
                if (r < 0) return -1;
        }
        if (!pair->key || !*pair->key) return config_node_error(n, p->e, "%s: an entry without a key", key);
        if (!value && !keys_only) return config_node_error(n, p->e, "%s: '%s' has no value", key, pair->key);
        return is_regex && value ? read_pattern(p, value, key, pair->value, &pair->pattern) : 0;
}

static int read_pairs(const Parser *p, const ConfigNode *n, const Field *f, StructurePairs *list) {
        if (n->kind == CONFIG_NULL) return 0;
        if (n->kind != CONFIG_LIST) return wrong_kind(p, n, f->key, "a list of maps with key and value");
        list->v = arena_array(p->arena, n->count, sizeof *list->v);
        list->n = 0;
        for (const ConfigNode *item = n->first; item; item = item->next) {
                if (read_pair(p, item, f->key, f->kind == FIELD_KEY_NAMES, &list->v[list->n]) < 0) return -1;
                list->n++;
        }
        return 0;
}

/* ---- maps by their tables */

static int read_map(const Parser *p, const ConfigNode *n, const Table *t, void *ret_struct);

/* ret_list: a struct of a pointer to structs and their number. */
static int read_list(const Parser *p, const ConfigNode *n, const Field *f, void *ret_list) {
        if (n->kind == CONFIG_NULL) return 0;
        if (n->kind != CONFIG_LIST) return wrong_kind(p, n, f->key, "a list");
        if (n->count > STRUCTURE_TESTS_MAX)
                return config_node_error(n, p->e, "%s: more than %d tests", f->key, STRUCTURE_TESTS_MAX);
        char *list = arena_array(p->arena, n->count, f->table->size), *at = list;
        for (const ConfigNode *item = n->first; item; item = item->next, at += f->table->size)
                if (read_map(p, item, f->table, at) < 0) return -1;
        memcpy(ret_list, &list, sizeof list);
        memcpy((char *)ret_list + sizeof list, &n->count, sizeof n->count);
        return 0;
}

/* The program goes before the arguments, wherever in the map it stands. */
static int read_argv(const Parser *p, const ConfigNode *n, StructureTexts *argv) {
        if (p->version == VERSION_1) {
                if (n->kind == CONFIG_LIST) return read_texts(p, n, "command", argv);
                wrong_kind(p, n, "command", "a list of the program and its arguments");
                return err_hint(p->e, "schema 2.0.0 takes a text, and the arguments as args");
        }
        if (n->kind == CONFIG_LIST) {
                wrong_kind(p, n, "command", "a text");
                return err_hint(p->e, "the arguments belong into args: command: \"sh\", args: [\"-c\", \"true\"]");
        }
        const char **all = arena_array(p->arena, argv->n + 1, sizeof *all);
        if (argv->n) memcpy(all + 1, argv->v, argv->n * sizeof *all);
        argv->v = all;
        argv->n++;
        return read_text(p, n, "command", &argv->v[0]);
}

static int read_set_texts(const Parser *p, const ConfigNode *n, const char *key, MetadataTest *m) {
        bool entrypoint = streq(key, "entrypoint");
        *(entrypoint ? &m->has_entrypoint : &m->has_cmd) = n->kind != CONFIG_NULL;
        return read_texts(p, n, key, entrypoint ? &m->entrypoint : &m->cmd);
}

static int read_field(const Parser *p, const ConfigNode *n, const Field *f, void *ret_struct) {
        void *at = (char *)ret_struct + f->offset;
        switch (f->kind) {
        case FIELD_VERSION: return 0;
        case FIELD_TEXT:
        case FIELD_NAME: return read_choice(p, n, f, at);
        case FIELD_FLAG: return read_flag(p, n, f->key, at);
        case FIELD_NUMBER: return read_number(p, n, f->key, at);
        case FIELD_TEXTS:
        case FIELD_ARGS: return read_texts(p, n, f->key, at);
        case FIELD_SET_TEXTS: return read_set_texts(p, n, f->key, ret_struct);
        case FIELD_PATTERNS: return read_patterns(p, n, f->key, at);
        case FIELD_COMMANDS: return read_commands(p, n, f->key, at);
        case FIELD_PAIRS:
        case FIELD_KEY_NAMES: return read_pairs(p, n, f, at);
        case FIELD_ARGV: return read_argv(p, n, at);
        case FIELD_MAP: return n->kind == CONFIG_NULL ? 0 : read_map(p, n, f->table, at);
        case FIELD_LIST: return read_list(p, n, f, at);
        }
        return 0;
}

static bool in_version(const Parser *p, const Field *f) {
        return ((f->versions ? f->versions : VERSION_ANY) & p->version) != 0;
}

static int unknown_field(const Parser *p, const ConfigNode *n, const Table *t) {
        const char *names[16];
        size_t count = 0;
        for (size_t i = 0; i < t->count && count < ARRAY_SIZE(names); i++) {
                if (in_version(p, &t->fields[i])) names[count++] = t->fields[i].key;
        }
        return unknown_key(p, n, t->what, names, count);
}

static int check_required(const Parser *p, const ConfigNode *n, const Table *t, const void *values) {
        for (size_t i = 0; i < t->count; i++) {
                const Field *f = &t->fields[i];
                const void *at = (const char *)values + f->offset;
                bool missing = false;
                if (f->kind == FIELD_NAME) missing = !*(const char *const *)at || !**(const char *const *)at;
                if (f->kind == FIELD_ARGV) {
                        const StructureTexts *argv = at;
                        missing = !config_node_get(n, f->key) || !argv->n || !*argv->v[0];
                }
                if (missing) return config_node_error(n, p->e, "%s needs '%s'", t->what, f->key);
        }
        return 0;
}

static int read_map(const Parser *p, const ConfigNode *n, const Table *t, void *ret_struct) {
        if (n->kind != CONFIG_MAP) return wrong_kind(p, n, t->what, "a map");
        if (t->defaults) memcpy(ret_struct, t->defaults, t->size);
        if (t->line_offset != NO_LINE) *(unsigned *)(void *)((char *)ret_struct + t->line_offset) = n->line;
        for (const ConfigNode *m = n->first; m; m = m->next) {
                const Field *field = NULL;
                for (size_t i = 0; i < t->count && !field; i++) {
                        if (streq(t->fields[i].key, m->key) && in_version(p, &t->fields[i])) field = &t->fields[i];
                }
                if (!field) return unknown_field(p, m, t);
                if (read_field(p, m, field, ret_struct) < 0) return -1;
        }
        return check_required(p, n, t, ret_struct);
}

/* ---- the file */

static int read_version(Parser *p, const ConfigNode *root) {
        if (root->kind != CONFIG_MAP) return wrong_kind(p, root, "a structure test file", "a map");
        const ConfigNode *n = config_node_get(root, "schemaVersion");
        const char *text = n ? config_node_scalar(n) : NULL;
        if (!n) {
                config_node_error(root, p->e, "the key schemaVersion is missing");
                return err_hint(p->e, "the file begins with: schemaVersion: \"2.0.0\"");
        }
        p->version = text && streq(text, "1.0.0") ? VERSION_1 : VERSION_2;
        if (text && (p->version == VERSION_1 || streq(text, "2.0.0"))) return 0;
        config_node_error(n, p->e, "schemaVersion: '%s' is not known", text ? text : config_node_kind_name(n));
        return err_hint(p->e, "known are \"2.0.0\" and \"1.0.0\"");
}

static int check_tests(const Parser *p, const ConfigNode *root) {
        const StructureFile *f = p->file;
        if (f->commands.n + f->existences.n + f->contents.n + f->licenses.n > 0 || f->metadata.line) return 0;
        config_node_error(root, p->e, "there is no test in this file");
        return err_hint(
                p->e,
                "tests stand under commandTests, fileExistenceTests, fileContentTests, metadataTest or licenseTests");
}

static int parse_node(Parser *p, const char *path, Str text, ConfigNode **ret_root) {
        if (ends_with(path, ".json")) return config_json_parse(p->arena, path, text, ret_root, p->e);
        return config_yaml_parse(p->arena, path, text, ret_root, p->e);
}

int structure_file_parse(const char *path, Str text, StructureFile **ret_file, Err **e) {
        AUTO(structure_file_freep) StructureFile *f = xcalloc(1, sizeof *f);
        ConfigNode *root;
        f->arena = arena_new();
        f->path = arena_strdup(f->arena, path);
        Parser p = {.file = f, .arena = f->arena, .e = e};
        if (parse_node(&p, path, text, &root) < 0 || read_version(&p, root) < 0) return -1;
        if (read_map(&p, root, &file_table, f) < 0 || check_tests(&p, root) < 0) return -1;
        *ret_file = TAKE(f);
        return 0;
}

void structure_file_free(StructureFile *f) {
        for (size_t i = 0; i < f->patterns.n; i++) pattern_free(f->patterns.v[i]);
        vec_done(&f->patterns);
        arena_free(f->arena);
        free(f);
}
