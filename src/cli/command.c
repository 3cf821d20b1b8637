/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cli/option_tables.h"

#define OPTIONS(table) .options = &(table)

static const Command commands[] = {
        {.id = COMMAND_BUILD,
         .name = "build",
         .operands = "PATH | URL | -",
         .help = "Build an image from a Dockerfile",
         .detail =
                 "PATH is the build context: the directory from which COPY and ADD take files. URL is a git repository "
                 "(https://HOST/NAME.git#REF:SUBDIRECTORY, git://, ssh://, git@HOST:PATH), an archive, or a "
                 "Dockerfile. With "
                 "- standard input holds the context as an archive, or a Dockerfile, and then the context is empty. "
                 "Without --tag and --output the result stays in the build cache.",
         OPTIONS(build_options),
         .operand_min = 1,
         .operand_max = 1,
         .completes = COMPLETES_DIRECTORY,
         .uses_store = true},
        {.id = COMMAND_BAKE,
         .name = "bake",
         .operands = "[TARGET...]",
         .help = "Build the targets of a bake or compose file",
         .detail = "TARGET is a target, a group or a pattern (default: default). Without --file these are read as far "
                   "as they are there, later ones over earlier ones: compose.yaml, compose.yml, docker-compose.yml, "
                   "docker-compose.yaml, docker-bake.json, docker-bake.override.json. All targets are built at once; "
                   "steps that they have in common run once.",
         OPTIONS(bake_options),
         .operand_max = SIZE_MAX,
         .uses_store = true},
        {.id = COMMAND_LINT,
         .name = "lint",
         .operands = "[FILE...]",
         .help = "Check Dockerfiles without building them",
         .detail = "FILE is a Dockerfile, - standard input; without it the Dockerfile of the working directory. "
                   "Neither store nor "
                   "images are looked at; build --check does that too. The status is 0 when nothing is found that is a "
                   "warning or an error, 1 when something is or a file cannot be parsed.",
         OPTIONS(lint_options),
         .operand_max = SIZE_MAX,
         .completes = COMPLETES_FILE},
        {.id = COMMAND_BASE,
         .name = "base",
         .operands = "ACTION [NAME]",
         .help = "Assemble base images from signed Debian packages",
         .detail = "ACTION is list (the recipes there are), show (one, with what it extends), build (the image), lock "
                   "(write down its "
                   "packages), update (what the repositories have now against the lock) or verify (a lock's packages "
                   "against "
                   "their digests and the signed releases). NAME is a recipe with a release and a variant "
                   "(python3-debian12:nonroot) or the path of a recipe (./web.yaml). Repositories are those of this "
                   "machine's "
                   "apt sources. FROM gcr.io/distroless/NAME in a Dockerfile does the same.",
         OPTIONS(base_options),
         .operand_min = 1,
         .operand_max = 2,
         .choices = "list show build lock update verify",
         .uses_store = true},
        {.id = COMMAND_IMAGES,
         .name = "images",
         .operands = "[NAME[:TAG]]",
         .help = "List the images of the store",
         OPTIONS(images_options),
         .operand_max = 1,
         .completes = COMPLETES_IMAGE,
         .uses_store = true},
        {.id = COMMAND_HISTORY,
         .name = "history",
         .operands = "IMAGE",
         .help = "Show how an image was made",
         OPTIONS(history_options),
         .operand_min = 1,
         .operand_max = 1,
         .completes = COMPLETES_IMAGE,
         .uses_store = true},
        {.id = COMMAND_INSPECT,
         .name = "inspect",
         .operands = "IMAGE...",
         .help = "Show everything about images",
         OPTIONS(inspect_options),
         .operand_min = 1,
         .operand_max = SIZE_MAX,
         .completes = COMPLETES_IMAGE,
         .uses_store = true},
        {.id = COMMAND_TAG,
         .name = "tag",
         .operands = "IMAGE NAME[:TAG]",
         OPTIONS(no_options),
         .help = "Give an image a further name",
         .operand_min = 2,
         .operand_max = 2,
         .completes = COMPLETES_IMAGE,
         .uses_store = true},
        {.id = COMMAND_RMI,
         .name = "rmi",
         .operands = "IMAGE...",
         .help = "Remove names and images",
         OPTIONS(rmi_options),
         .operand_min = 1,
         .operand_max = SIZE_MAX,
         .completes = COMPLETES_IMAGE,
         .uses_store = true},
        {.id = COMMAND_RUN,
         .name = "run",
         .operands = "IMAGE [COMMAND [ARGUMENT...]]",
         .help = "Run a command in an image",
         .detail = "The container's changes are dropped when it ends. The exit status is that of the command, or 125 "
                   "when decant "
                   "fails, 126 "
                   "when the command cannot be executed, 127 when it is not in the image.",
         OPTIONS(run_options),
         .operand_min = 1,
         .operand_max = SIZE_MAX,
         .completes = COMPLETES_IMAGE,
         .uses_store = true,
         .options_first = true},
        {.id = COMMAND_TEST,
         .name = "test",
         .operands = "IMAGE FILE...",
         .help = "Run structure tests against an image",
         .detail = "FILE holds tests as container-structure-test reads them, in YAML or JSON, - is standard input: "
                   "commands with their output and exit status, files with their mode, owner and content, and the "
                   "image's configuration. Files are looked up in the layers, with nothing mounted; each command test "
                   "runs in a sandbox and a root file system of its own, as with decant run. The status is 0 when all "
                   "tests pass, 10 when one fails, 3 when a file is wrong.",
         OPTIONS(test_options),
         .operand_max = SIZE_MAX,
         .completes = COMPLETES_FILE,
         .uses_store = true},
        {.id = COMMAND_IMPORT,
         .name = "import",
         .operands = "FILE | - [NAME[:TAG]]",
         .help = "Make an image of a root file system archive",
         .detail = "FILE is a tar archive, plain or compressed with gzip, zstd, xz or bzip2.",
         OPTIONS(import_options),
         .operand_min = 1,
         .operand_max = 2,
         .completes = COMPLETES_FILE,
         .uses_store = true},
        {.id = COMMAND_SAVE,
         .name = "save",
         .operands = "IMAGE...",
         .help = "Write images as an archive",
         .detail = "Either form holds what docker, podman and skopeo read.",
         OPTIONS(save_options),
         .operand_min = 1,
         .operand_max = SIZE_MAX,
         .completes = COMPLETES_IMAGE,
         .uses_store = true},
        {.id = COMMAND_LOAD,
         .name = "load",
         .operands = "",
         .help = "Read images from an archive",
         .detail = "Reads docker archives, OCI archives and OCI layouts, plain or compressed.",
         OPTIONS(load_options),
         .uses_store = true},
        {.id = COMMAND_SBOM,
         .name = "sbom",
         .operands = "IMAGE|FILE",
         .help = "List the packages in an image, as a bill of materials",
         .detail = "IMAGE is a name or id of the store; FILE an archive or an OCI layout. Written are SPDX 2.3 "
                   "(spdx-json), CycloneDX 1.6 "
                   "(cyclonedx-json), a table, or everything as decant's own JSON (json). Nothing of the image is run. "
                   "The document's time is "
                   "SOURCE_DATE_EPOCH, else that of the image, so that it can be made again byte for byte.",
         OPTIONS(sbom_options),
         .operand_min = 1,
         .operand_max = 1,
         .completes = COMPLETES_IMAGE,
         .uses_store = true},
        {.id = COMMAND_PRUNE,
         .name = "prune",
         .operands = "",
         .help = "Remove what is not needed",
         OPTIONS(prune_options),
         .uses_store = true},
        {.id = COMMAND_DF,
         .name = "df",
         .operands = "",
         .help = "Show what the store takes",
         OPTIONS(df_options),
         .uses_store = true},
        {.id = COMMAND_DOCTOR,
         .name = "doctor",
         .operands = "",
         .help = "Say what works on this machine and what to do about the rest",
         OPTIONS(doctor_options),
         .uses_store = true},
        {.id = COMMAND_VERSION, .name = "version", .operands = "", .help = "Show the version", OPTIONS(no_options)},
        {.id = COMMAND_HELP,
         .name = "help",
         .operands = "[COMMAND]",
         OPTIONS(no_options),
         .help = "Show help",
         .operand_max = 1,
         .completes = COMPLETES_COMMAND},
        {.id = COMMAND_COMPLETION,
         .name = "completion",
         .operands = "SHELL",
         OPTIONS(no_options),
         .help = "Print completion rules for bash, zsh or fish",
         .choices = "bash zsh fish",
         .operand_min = 1,
         .operand_max = 1},
        {.id = COMMAND_MAN,
         .name = "man",
         .operands = "",
         .help = "Print the manual page",
         .hidden = true,
         OPTIONS(no_options)},
        {.id = COMMAND_SYNC,
         .name = "_sync",
         .operands = "",
         OPTIONS(no_options),
         .help = "Make what was recorded durable",
         .hidden = true,
         .uses_store = true},
};

static const EnvironmentRow environment[] = {
        {"DECANT_ROOT", "where the store is; default /var/lib/decant for root, else $XDG_DATA_HOME/decant"},
        {"DECANT_RECIPES", "directories with own recipes of base images, separated by colons"},
        {"DECANT_SYNC", "when records become durable: background (default), wait, or off"},
        {"DECANT_CDI_DIRS", "where RUN --device looks for devices; default /etc/cdi:/var/run/cdi"},
        {"DECANT_CPUS", "how many processors to use"},
        {"DECANT_FETCH_MAX", "how much a URL or an archived context may hold; default 64g"},
        {"DECANT_FETCH_RETRIES", "how often a URL is tried again; default 3"},
        {"DECANT_FETCH_TIMEOUT", "seconds that a remote source may stand still; default 30"},
        {"DECANT_NET_MODULE", "path of decant-net.so, which fetches URLs"},
        {"BUILDKIT_PROGRESS", "default of build --progress"},
        {"BUILDKIT_TTY_LOG_LINES", "how many last lines of a running step the tty view shows (default 6)"},
        {"NO_COLOR", "when set and not empty: no colours"},
        {"SOURCE_DATE_EPOCH", "time in seconds that images and their files are given"},
};

const Command *command_table(size_t *ret_count) {
        *ret_count = ARRAY_SIZE(commands);
        return commands;
}

const Command *command_find(const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
                if (streq(commands[i].name, name)) return &commands[i];
        }
        return NULL;
}

const Option *global_options(size_t *ret_count) {
        *ret_count = global_option_table.count;
        return global_option_table.rows;
}

const Option *option_by_name(const Command *command, const char *name, size_t name_size) {
        Str wanted = {name, name_size};
        for (size_t i = 0; command && i < command->options->count; i++) {
                if (str_is(wanted, command->options->rows[i].name)) return &command->options->rows[i];
        }
        for (size_t i = 0; i < global_option_table.count; i++) {
                if (str_is(wanted, global_option_table.rows[i].name)) return &global_option_table.rows[i];
        }
        return NULL;
}

const Option *option_by_letter(const Command *command, char letter) {
        for (size_t i = 0; command && i < command->options->count; i++) {
                if (command->options->rows[i].letter == letter) return &command->options->rows[i];
        }
        for (size_t i = 0; i < global_option_table.count; i++) {
                if (global_option_table.rows[i].letter == letter) return &global_option_table.rows[i];
        }
        /* two letters that people type where the table has none */
        if (letter == 'h') return option_by_name(NULL, "help", 4);
        if (letter == 'v' && !command) return option_by_name(NULL, "version", 7);
        return NULL;
}

const EnvironmentRow *environment_rows(size_t *ret_count) {
        *ret_count = ARRAY_SIZE(environment);
        return environment;
}
