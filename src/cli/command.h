/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The table of commands and options. Parsing, help, shell completion and the man page all come from it; who runs a
 * command is in main.c. Immutable; any thread. */

typedef enum CommandId {
        COMMAND_BUILD,
        COMMAND_BAKE,
        COMMAND_LINT,
        COMMAND_BASE,
        COMMAND_IMAGES,
        COMMAND_HISTORY,
        COMMAND_INSPECT,
        COMMAND_TAG,
        COMMAND_RMI,
        COMMAND_RUN,
        COMMAND_TEST,
        COMMAND_IMPORT,
        COMMAND_SAVE,
        COMMAND_LOAD,
        COMMAND_SBOM,
        COMMAND_PRUNE,
        COMMAND_DF,
        COMMAND_DOCTOR,
        COMMAND_VERSION,
        COMMAND_HELP,
        COMMAND_COMPLETION,
        COMMAND_MAN,
        COMMAND_SYNC,
        COMMAND_ID_MAX,
} CommandId;

typedef enum OptionKind {
        OPTION_FLAG, /* --name, --name=false */
        OPTION_TEXT, /* --name VALUE; the last one counts */
        OPTION_LIST, /* --name VALUE, any number of times */
} OptionKind;

typedef enum OptionState {
        OPTION_SERVED,
        OPTION_IGNORED,     /* accepted; a note says why it changes nothing */
        OPTION_UNSUPPORTED, /* refused with the note, unless its value is the neutral one */
} OptionState;

typedef enum Completes {
        COMPLETES_NOTHING,
        COMPLETES_FILE,
        COMPLETES_DIRECTORY,
        COMPLETES_IMAGE,
        COMPLETES_COMMAND
} Completes;

typedef struct Option {
        char letter;      /* 0: none */
        const char *name; /* without dashes */
        OptionKind kind;
        const char *value;   /* what VALUE is called in help; NULL for flags */
        const char *help;    /* one line, no full stop */
        const char *choices; /* words separated by spaces: the only values; NULL: any */
        Completes completes;
        OptionState state;
        const char *note;    /* why it is ignored or unsupported */
        const char *neutral; /* the value of an unsupported option that asks for nothing ("false") */
} Option;

typedef struct OptionTable {
        const Option *rows; /* sorted by name */
        size_t count;
} OptionTable;

typedef struct Command {
        CommandId id;
        const char *name;
        const char *operands;            /* "SOURCE TARGET" for the usage line */
        const char *help;                /* one line, no full stop */
        const char *detail;              /* further paragraphs for help and man page, or NULL */
        const char *choices;             /* of the operand, for completion; NULL: any */
        const OptionTable *options;      /* never NULL */
        size_t operand_min, operand_max; /* operand_max SIZE_MAX: any number */
        Completes completes;             /* the operands */
        bool hidden;
        bool uses_store;    /* enters the user namespace first when run by an ordinary user */
        bool options_first; /* what follows the first operand belongs to somebody else (run) */
} Command;

const Command *command_table(size_t *ret_count);
const Command *command_find(const char *name); /* NULL when absent */
/* Options that every command takes: --root, --debug, --help. */
const Option *global_options(size_t *ret_count);
/* Look an option up: the command's own first, then the global ones. command may be NULL. NULL when absent. */
const Option *option_by_name(const Command *command, const char *name, size_t name_size);
const Option *option_by_letter(const Command *command, char letter);

/* An environment variable that the program reads; for help and man page. */
typedef struct EnvironmentRow {
        const char *name;
        const char *meaning;
} EnvironmentRow;
const EnvironmentRow *environment_rows(size_t *ret_count);
