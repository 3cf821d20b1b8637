/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "codec/config_node.h"
#include "distroless/architecture.h"
#include "distroless/recipe.h"

/* How recipes are read. Internal to distroless/. */

/* ---- Recipes that come with the program: made from recipes/ by tools/embed-recipes, ordered by name. */

typedef struct EmbeddedRecipe {
        const char *name, *text;
        size_t size;
} EmbeddedRecipe;

extern const EmbeddedRecipe embedded_recipes[];
extern const size_t embedded_recipe_count;

/* ---- Names that are known. */

typedef struct DebianName {
        const char *release, *codename, *version_id;
} DebianName;

/* Oldest first; ends with an entry of NULLs. */
extern const DebianName debian_names[];
const DebianName *debian_name_find(const char *text); /* any of the three; NULL: unknown */

/* Debian's word, or a platform; NULL: unknown. */
const DebianArchitecture *recipe_architecture(const char *text);

/* ---- A chain of recipes, and the flat recipe that becomes of it. */

typedef struct RecipeFile {
        RecipeText text;
        ConfigNode *root;
} RecipeFile;

typedef struct RecipeReader {
        const RecipeBook *book;
        Arena *arena;          /* of the flat recipe */
        VEC(RecipeFile) files; /* the recipe, what it extends, ... */
        StrVec releases;       /* that the chain is made for, oldest first */
        StrVec variants;       /* that it knows, "latest" first */
        StrVec architectures;  /* that it is made for */
        RecipePlace made_for;  /* where it says so; file NULL: nowhere, it is made for all */
        Buf mistakes;          /* a line each */
        size_t mistake_count;
        /* while one is flattened: */
        Recipe *recipe;
        const DebianName *debian;
        const DebianArchitecture *architecture;
        const char *folder;             /* of the file at hand, or NULL */
        bool closure;                   /* of the packages at hand */
        unsigned first_line, last_line; /* of the part of the file at hand: its top, a release, a variant */
        Map *places;                    /* what is unique in the flat recipe -> its index + 1 */
} RecipeReader;

/* A file's path rather than a name: it holds a slash or ends in .yaml or .yml. */
bool recipe_is_path(const char *name);

/* As recipe_find(), but where the file `after` stands in the way of itself, only behind it: a user's static.yaml may extend the
 * static that comes with the program. */
int recipe_find_after(const RecipeBook *b, const char *name, const char *after, RecipeText *ret_text, Err **e);
/* Names of all recipes, sorted. */
int recipe_names(const RecipeBook *b, StrVec *ret_names, Err **e);

/* Find, parse and check the recipe and all that it extends. */
int recipe_read_chain(RecipeReader *r, const char *name, Err **e);
void recipe_reader_done(RecipeReader *r);

/* Note a mistake "FILE:LINE: TEXT"; reading goes on. */
void recipe_mistake(RecipeReader *r, const ConfigNode *at, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* <0 and *e with all that were noted. */
int recipe_check_mistakes(RecipeReader *r, Err **e);

/* ---- The table of keys. */

typedef enum RecipeValueKind {
        VALUE_TEXT,
        VALUE_FLAG,
        VALUE_TEXTS,         /* a list of texts */
        VALUE_TEXT_MAP,      /* name: text */
        VALUE_MAP,           /* a map with the keys of section inside */
        VALUE_TEXT_OR_MAP,   /* a text, or such a map */
        VALUE_ENTRIES,       /* a list of such maps */
        VALUE_SHORT_ENTRIES, /* a list of texts or such maps */
        VALUE_NAMED,         /* name: such a map, or nothing */
        VALUE_SHORT_NAMED,   /* name: a text or such a map */
        VALUE_KIND_MAX,
} RecipeValueKind;

typedef enum RecipeSection {
        SECTION_RECIPE,  /* a file */
        SECTION_RELEASE, /* a member of releases */
        SECTION_VARIANT, /* a member of variants */
        SECTION_REPOSITORY,
        SECTION_PACKAGE,
        SECTION_ACCOUNTS,
        SECTION_USER,
        SECTION_GROUP,
        SECTION_DIRECTORY,
        SECTION_FILE,
        SECTION_LINK,
        SECTION_LAYERING,
        SECTION_JAVA_RUNTIME,
} RecipeSection;

enum { IN_RECIPE = 1 << SECTION_RECIPE, IN_RELEASE = 1 << SECTION_RELEASE, IN_VARIANT = 1 << SECTION_VARIANT };
#define IN_BODY (IN_RECIPE | IN_RELEASE | IN_VARIANT)

typedef struct RecipeKey {
        unsigned sections; /* bits of RecipeSection where it may stand */
        const char *name;
        RecipeValueKind kind;
        RecipeSection inside; /* whose keys the maps in it have */
        bool early;           /* others need to know it */
        bool required;
        void (*apply)(RecipeReader *r, const ConfigNode *value); /* NULL: what reads the chain or the entry does it */
} RecipeKey;

extern const RecipeKey recipe_keys[];
extern const size_t recipe_key_count;
const RecipeKey *recipe_key_find(RecipeSection section, const char *name);

/* Every key known, every value of its kind; mistakes are noted. */
void recipe_check_keys(RecipeReader *r, const ConfigNode *map, RecipeSection section);

extern const char *const recipe_layering_names[]; /* by RecipeLayering */

/* ---- Helpers of the functions behind keys. */

/* Text of a scalar with its variables replaced; "" after a mistake. Lives in the arena. */
const char *recipe_text(RecipeReader *r, const ConfigNode *value);
const char *recipe_expand(RecipeReader *r, const ConfigNode *at, const char *text);
const char *recipe_member(RecipeReader *r, const ConfigNode *map, const char *key); /* NULL when absent */
void recipe_texts(RecipeReader *r, const ConfigNode *list, StrVec *to);             /* appends */
bool recipe_flag(RecipeReader *r, const ConfigNode *value);
/* A path in the image, checked; NULL after a mistake. */
const char *recipe_image_path(RecipeReader *r, const ConfigNode *at, const char *path);
/* A file beside the recipe; NULL after a mistake. */
const char *recipe_beside(RecipeReader *r, const ConfigNode *at, const char *path);
RecipePlace recipe_place(const ConfigNode *at);
/* Does the other stand in the part of the file that is at hand? What another part says is replaced. */
bool recipe_same_part(const RecipeReader *r, const ConfigNode *at, const RecipePlace *other);
/* Room for one more of a list? Notes a mistake otherwise. */
bool recipe_room(RecipeReader *r, const ConfigNode *at, size_t count);
/* "one, two, three" of a list, in the arena. */
const char *recipe_joined(RecipeReader *r, const StrVec *list);

void recipe_apply_repositories(RecipeReader *r, const ConfigNode *value);
void recipe_apply_packages(RecipeReader *r, const ConfigNode *value);
void recipe_apply_without(RecipeReader *r, const ConfigNode *value);
void recipe_apply_accounts(RecipeReader *r, const ConfigNode *value);
void recipe_apply_directories(RecipeReader *r, const ConfigNode *value);
void recipe_apply_files(RecipeReader *r, const ConfigNode *value);
void recipe_apply_links(RecipeReader *r, const ConfigNode *value);
void recipe_apply_remove(RecipeReader *r, const ConfigNode *value);
void recipe_apply_keep(RecipeReader *r, const ConfigNode *value);
void recipe_apply_drop(RecipeReader *r, const ConfigNode *value);
void recipe_apply_busybox(RecipeReader *r, const ConfigNode *value);
void recipe_apply_certificates(RecipeReader *r, const ConfigNode *value);
void recipe_apply_ca_bundle(RecipeReader *r, const ConfigNode *value);
void recipe_apply_ca_links(RecipeReader *r, const ConfigNode *value);
void recipe_apply_java_keystore(RecipeReader *r, const ConfigNode *value);
void recipe_apply_ld_cache(RecipeReader *r, const ConfigNode *value);
void recipe_apply_os_release(RecipeReader *r, const ConfigNode *value);
void recipe_apply_nsswitch(RecipeReader *r, const ConfigNode *value);
void recipe_apply_python_bytecode(RecipeReader *r, const ConfigNode *value);
void recipe_apply_java_runtime(RecipeReader *r, const ConfigNode *value);
void recipe_apply_time_zone(RecipeReader *r, const ConfigNode *value);
void recipe_apply_locale(RecipeReader *r, const ConfigNode *value);
void recipe_apply_environment(RecipeReader *r, const ConfigNode *value);
void recipe_apply_entrypoint(RecipeReader *r, const ConfigNode *value);
void recipe_apply_cmd(RecipeReader *r, const ConfigNode *value);
void recipe_apply_user(RecipeReader *r, const ConfigNode *value);
void recipe_apply_work_dir(RecipeReader *r, const ConfigNode *value);
void recipe_apply_stop_signal(RecipeReader *r, const ConfigNode *value);
void recipe_apply_labels(RecipeReader *r, const ConfigNode *value);
void recipe_apply_annotations(RecipeReader *r, const ConfigNode *value);
void recipe_apply_layering(RecipeReader *r, const ConfigNode *value);
void recipe_apply_size_budget(RecipeReader *r, const ConfigNode *value);
void recipe_apply_bootstrap(RecipeReader *r, const ConfigNode *value);
