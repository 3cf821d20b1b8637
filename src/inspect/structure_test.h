/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "inspect/pattern.h"
#include "layer/view.h"
#include "oci/image_config.h"

/* Structure tests of an image: files as container-structure-test reads them (schema 2.0.0, and 1.0.0 where it says the same),
 * parsed into structs; the tests run against the image's layers and configuration; results.
 *
 * Files are looked up through a View: nothing is mounted or unpacked. Commands are run by a StructureRunner that the caller
 * gives. One thread. */

enum {
        STRUCTURE_TESTS_MAX = 10000,       /* of one file */
        STRUCTURE_CONTENT_MAX = 64 << 20,  /* bytes of a file whose content is looked at */
        STRUCTURE_FOUND_MAX = 300,         /* bytes of a text that a message shows */
        STRUCTURE_COPYRIGHTS_MAX = 100000, /* packages that a license test looks at */
};

/* ---- what is asked for; everything lives in the arena of its file */

typedef struct StructureTexts {
        const char **v;
        size_t n;
} StructureTexts;

typedef struct StructurePatterns {
        Pattern **v;
        size_t n;
} StructurePatterns;

typedef struct StructureCommands {
        StructureTexts *v;
        size_t n;
} StructureCommands;

/* An environment variable or a label. */
typedef struct StructurePair {
        const char *key, *value;
        Pattern *pattern; /* NULL: value is meant literally */
} StructurePair;
typedef struct StructurePairs {
        StructurePair *v;
        size_t n;
} StructurePairs;

typedef struct CommandTest {
        unsigned line;
        const char *name;
        StructureCommands setup, teardown;
        StructurePairs env;
        StructureTexts argv;
        int64_t exit_code;
        StructurePatterns expected_output, excluded_output, expected_error, excluded_error;
} CommandTest;

typedef struct FileExistenceTest {
        unsigned line;
        const char *name, *path;
        bool should_exist;
        bool is_directory;         /* schema 1.0.0: it must be one */
        const char *permissions;   /* "-rw-r--r--"; NULL: any */
        int64_t uid, gid;          /* -1: any */
        const char *executable_by; /* owner, group, other, any; NULL: not asked */
} FileExistenceTest;

typedef struct FileContentTest {
        unsigned line;
        const char *name, *path;
        StructurePatterns expected, excluded;
} FileContentTest;

typedef struct MetadataTest {
        unsigned line; /* 0: there is none */
        StructurePairs env, unbound_env, labels;
        StructureTexts exposed_ports, unexposed_ports, volumes, unmounted_volumes, entrypoint, cmd;
        bool has_entrypoint, has_cmd;
        const char *workdir, *user; /* NULL: not asked */
} MetadataTest;

typedef struct LicenseTest {
        unsigned line;
        bool debian;
        StructureTexts files;
} LicenseTest;

/* How commands are run, by containerRunOptions. */
typedef struct StructureRunOptions {
        const char *user; /* NULL: the image's */
        bool privileged, allocate_tty;
        const char *env_file;     /* NULL: none */
        StructureTexts env_names; /* taken from our own environment */
        StructureTexts capabilities, bind_mounts;
} StructureRunOptions;

typedef struct StructureFile {
        Arena *arena;
        const char *path; /* as messages name it */
        StructurePairs global_env;
        struct {
                CommandTest *v;
                size_t n;
        } commands;
        struct {
                FileExistenceTest *v;
                size_t n;
        } existences;
        struct {
                FileContentTest *v;
                size_t n;
        } contents;
        struct {
                LicenseTest *v;
                size_t n;
        } licenses;
        MetadataTest metadata;
        StructureRunOptions run_options;
        VEC(Pattern *) patterns; /* all of them, to be freed */
} StructureFile;

/* Parse a file. path: for messages, copied; a name that ends in ".json" is read as JSON, anything else as YAML (of which JSON
 * is a part). ERR_SYNTAX with "FILE:LINE: " for anything that is unknown (with the nearest name), missing, of the wrong kind or
 * no regular expression, and for a file without tests; ERR_LIMIT. */
int structure_file_parse(const char *path, Str text, StructureFile **ret_file, Err **e);
void structure_file_free(StructureFile *f);
static inline void structure_file_freep(StructureFile **f) {
        if (*f) structure_file_free(*f);
}

/* ---- running commands */

typedef struct StructureCommand {
        const StrVec *argv;
        const StrVec *env;   /* the whole environment */
        bool is_preparation; /* setup or teardown */
} StructureCommand;

typedef struct StructureCommandResult {
        int status;                               /* exit status, 128 + signal */
        bool timed_out, out_of_memory, truncated; /* truncated: more output than was kept */
        Buf output, errors;
} StructureCommandResult;

/* Each command test gets a root file system of its own; its commands share it. */
typedef struct StructureRunner {
        void *context;
        unsigned timeout_s; /* of each command, for messages */
        /* base_env: the environment without the variables of the tests; emptied and filled. */
        int (*begin)(void *context, const StructureRunOptions *options, StrVec *ret_base_env, Err **e);
        int (*run)(void *context, const StructureCommand *command, StructureCommandResult *ret, Err **e);
        void (*end)(void *context); /* also after a begin() that failed */
} StructureRunner;

/* ---- results */

typedef enum StructureStatus { STRUCTURE_PASSED, STRUCTURE_FAILED, STRUCTURE_SKIPPED } StructureStatus;

typedef struct StructureResult {
        char *name;       /* "Command Test: NAME" */
        const char *file; /* of the StructureFile */
        unsigned line;
        StructureStatus status;
        int64_t duration_ns;
        char *output, *errors; /* of a command, NUL-terminated; NULL: none */
        size_t output_size, errors_size;
        StrVec failures; /* what was expected and what was found, one line each */
} StructureResult;

typedef struct StructureReport {
        VEC(StructureResult) results;
        size_t passed, failed, skipped;
        int64_t duration_ns;
} StructureReport;
void structure_report_done(StructureReport *r);

typedef struct StructureRunParams {
        View *root;
        const ImageConfig *config;
        const StructureRunner *runner;                                   /* NULL: command tests are skipped */
        void (*on_result)(void *context, const StructureResult *result); /* NULL: nobody listens */
        void *context;
} StructureRunParams;

/* Run all tests of a file in the order commands, existence, contents, licenses, metadata, and append their results to report.
 * A test that fails is a result, no error. <0 where no further test makes sense: cancelled, no sandbox, store broken. */
int structure_file_run(const StructureFile *f, const StructureRunParams *params, StructureReport *report, Err **e);
