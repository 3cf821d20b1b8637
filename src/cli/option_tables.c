/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/option_tables.h"

#include "base/cleanup.h"

#define NO_REGISTRY "there is no registry client yet; write an archive with -o type=oci,dest=FILE and send that"

#define FLAG(l, n, h, ...) \
        { .letter = l, .name = n, .kind = OPTION_FLAG, .help = h, __VA_ARGS__ }
#define TEXT(l, n, v, h, ...) \
        { .letter = l, .name = n, .kind = OPTION_TEXT, .value = v, .help = h, __VA_ARGS__ }
#define LIST(l, n, v, h, ...) \
        { .letter = l, .name = n, .kind = OPTION_LIST, .value = v, .help = h, __VA_ARGS__ }

/* Rows are sorted by name, as help and man page show them. */
static const Option build_options_rows[] = {
        LIST(0, "add-host", "HOST:IP", "Add a line to /etc/hosts of RUN steps"),
        LIST(0, "allow", "ENTITLEMENT",
             "Allow steps what they ask for: security.insecure, network.host, device[=NAME]"),
        FLAG(0, "allow-unsigned", "Assemble base images from repositories without a good signature, with a warning"),
        LIST(0, "annotation", "[TYPE[PLATFORM]:]KEY=VALUE",
             "Annotate the image: manifest (default), index, manifest-descriptor or index-descriptor"),
        LIST(0, "attest", "SPEC", "Attach an attestation", .state = OPTION_UNSUPPORTED,
             .note = "attestations are not made yet"),
        TEXT(0, "base-from", "WHERE", "Where base images come from that the store does not have (default: any)",
             .choices = "any recipe registry"),
        LIST(0, "build-arg", "NAME[=VALUE]", "Set a build argument (without VALUE: from the environment)"),
        LIST(0, "build-arg-file", "FILE", "Set build arguments from the lines of FILE", .completes = COMPLETES_FILE),
        LIST(0, "build-context", "NAME=SOURCE",
             "Name a further context: a directory, docker-image://NAME, oci-layout://PATH, a git repository or an "
             "archive's URL"),
        TEXT(0, "builder", "NAME", "Choose a builder instance", .state = OPTION_IGNORED,
             .note = "decant is its own builder"),
        LIST(0, "cache-from", "SPEC", "Use an outside cache", .state = OPTION_IGNORED,
             .note = "only the local store is a cache so far"),
        LIST(0, "cache-to", "SPEC", "Write an outside cache", .state = OPTION_UNSUPPORTED,
             .note = "only the local store is a cache so far"),
        TEXT(0, "call", "METHOD[,format=json]",
             "Say something of the Dockerfile instead of building it: check, outline, targets"),
        LIST(0, "cap-add", "CAPABILITY", "Add a capability in RUN steps (ALL: all)"),
        LIST(0, "cap-drop", "CAPABILITY", "Drop a capability in RUN steps (ALL: all)"),
        TEXT(0, "cgroup-parent", "PATH", "Parent cgroup of RUN steps", .state = OPTION_IGNORED,
             .note = "RUN steps stay in decant's own cgroup"),
        FLAG(0, "check", "Check the Dockerfile only (--call=check)"),
        FLAG(0, "compress", "Compress the context", .state = OPTION_IGNORED, .note = "the context is read in place"),
        TEXT(0, "cpu-period", "N", "Limit processor time", .state = OPTION_IGNORED,
             .note = "processor time is not limited"),
        TEXT(0, "cpu-quota", "N", "Limit processor time", .state = OPTION_IGNORED,
             .note = "processor time is not limited"),
        TEXT('c', "cpu-shares", "N", "Weigh processor time", .state = OPTION_IGNORED,
             .note = "processor time is not limited"),
        TEXT(0, "cpuset-cpus", "LIST", "Bind RUN steps to processors", .state = OPTION_IGNORED,
             .note = "run decant under taskset instead"),
        TEXT(0, "cpuset-mems", "LIST", "Bind RUN steps to memory nodes", .state = OPTION_IGNORED,
             .note = "run decant under numactl instead"),
        FLAG(0, "explain", "Say for every step that was not cached which part of its key changed"),
        TEXT('f', "file", "PATH", "The Dockerfile, - for standard input, or a URL (default: Dockerfile in the context)",
             .completes = COMPLETES_FILE),
        FLAG(0, "force-rm", "Remove intermediate containers (always the case)"),
        FLAG(0, "ignore-remote", "Let .dockerignore count in git, URL and archive contexts too"),
        TEXT(0, "ignorefile", "FILE", "Use FILE instead of the context's .dockerignore, whatever the context is",
             .completes = COMPLETES_FILE),
        TEXT(0, "iidfile", "FILE", "Write the image id into FILE", .completes = COMPLETES_FILE),
        TEXT(0, "isolation", "KIND", "Kind of isolation", .state = OPTION_IGNORED, .note = "see --runtime"),
        TEXT('j', "jobs", "N", "Run at most N steps at once (default: one a processor)"),
        LIST(0, "label", "KEY=VALUE", "Set a label of the image"),
        FLAG(0, "load", "Put the image into the local store even when other outputs are asked for"),
        TEXT('m', "memory", "SIZE", "Limit the memory of each RUN step"),
        TEXT(0, "memory-swap", "SIZE", "Limit memory and swap", .state = OPTION_IGNORED,
             .note = "only --memory is limited"),
        TEXT(0, "metadata-file", "FILE", "Write digests and names of the result into FILE as JSON",
             .completes = COMPLETES_FILE),
        TEXT(0, "network", "MODE", "Network of RUN steps", .choices = "default host none"),
        FLAG(0, "no-cache", "Run every step again"),
        LIST(0, "no-cache-filter", "STAGES", "Run the steps of these stages again"),
        FLAG(0, "offline", "Assemble base images from what is in the store already"),
        TEXT(0, "on-error", "ACTION", "What to do when a RUN fails: shell opens one in its state", .choices = "shell"),
        LIST('o', "output", "SPEC",
             "What to write: DIRECTORY, - or type=image|oci|docker|tar|local[,dest=PATH][,KEY=VALUE...]"),
        LIST(0, "platform", "PLATFORM[,PLATFORM...]", "Target platforms, for example linux/amd64,linux/arm64"),
        LIST(0, "policy", "SPEC", "Source policy", .state = OPTION_UNSUPPORTED, .note = "policies are not there yet"),
        TEXT(0, "progress", "KIND", "How to show progress on standard error",
             .choices = "auto plain tty rawjson quiet none"),
        TEXT(0, "provenance", "SPEC", "Attach provenance", .state = OPTION_UNSUPPORTED,
             .note = "attestations are not made yet", .neutral = "false"),
        FLAG(0, "pull", "Assemble base images again whose packages have changed"),
        FLAG(0, "push", "Send the image to a registry", .state = OPTION_UNSUPPORTED, .note = NO_REGISTRY),
        FLAG('q', "quiet", "Show no progress and print the image id"),
        LIST(0, "recipes", "DIRECTORY", "Where own recipes of base images are (default: $DECANT_RECIPES)",
             .completes = COMPLETES_DIRECTORY),
        LIST(0, "resource", "KEY=VALUE", "Limit resources of RUN steps", .state = OPTION_IGNORED,
             .note = "see --memory"),
        TEXT(0, "retry", "N", "Try a URL again up to N times when its server fails (default: 3)"),
        FLAG(0, "rm", "Remove intermediate containers (always the case)"),
        TEXT(0, "runtime", "NAME", "What starts RUN steps", .choices = "launcher crun"),
        TEXT(0, "sbom", "SPEC", "Attach a bill of materials", .state = OPTION_UNSUPPORTED,
             .note = "attestations are not made yet", .neutral = "false"),
        LIST(0, "secret", "id=ID[,src=FILE|,env=NAME]", "A secret for RUN --mount=type=secret"),
        LIST(0, "security-opt", "OPTION", "Security options", .state = OPTION_IGNORED,
             .note = "RUN steps always get the default profile"),
        TEXT(0, "shm-size", "SIZE", "Size of /dev/shm in RUN steps (default: 64m)"),
        FLAG(0, "squash", "Make one layer of all that the target's steps make"),
        LIST(0, "ssh", "default|ID[=SOCKET|KEY,...]", "Forward an SSH agent or keys to RUN --mount=type=ssh"),
        LIST('t', "tag", "NAME[:TAG]", "Name the image in the local store", .completes = COMPLETES_IMAGE),
        TEXT(0, "target", "STAGE", "Build this stage instead of the last"),
        TEXT(0, "timestamp", "SECONDS", "Date the image and all that steps make, as SOURCE_DATE_EPOCH"),
        LIST(0, "ulimit", "NAME=SOFT[:HARD]", "Resource limit of RUN steps"),
        LIST(0, "unsetenv", "NAME", "Take a variable out of the image"),
        LIST(0, "unsetlabel", "KEY", "Take a label out of the image"),
        LIST('v', "volume", "SOURCE:PATH[:ro]", "Show a directory or file of the host in RUN steps"),
};

static const Option bake_options_rows[] = {
        LIST(0, "allow", "ENTITLEMENT", "Allow an entitlement", .state = OPTION_IGNORED,
             .note = "what the file asks for is allowed; --print shows it"),
        TEXT(0, "builder", "NAME", "Choose a builder instance", .state = OPTION_IGNORED,
             .note = "decant is its own builder"),
        TEXT(0, "call", "METHOD", "Evaluate the Dockerfiles instead of building: check, outline, targets"),
        FLAG(0, "check", "Check the Dockerfiles: --call=check"),
        LIST('f', "file", "FILE", "A bake file in JSON or a compose file, - for standard input",
             .completes = COMPLETES_FILE),
        TEXT(0, "list", "WHAT", "List targets or variables (targets,format=json for JSON)"),
        FLAG(0, "load", "Put the images into the local store, whatever the file says"),
        TEXT(0, "metadata-file", "FILE", "Write digests and names of the results into FILE as JSON, by target",
             .completes = COMPLETES_FILE),
        FLAG(0, "no-cache", "Run every step again"),
        LIST(0, "policy", "SPEC", "Source policy", .state = OPTION_UNSUPPORTED, .note = "policies are not there yet"),
        FLAG(0, "print", "Show the targets as JSON instead of building"),
        TEXT(0, "progress", "KIND", "How to show progress on standard error",
             .choices = "auto plain tty rawjson quiet none"),
        TEXT(0, "provenance", "SPEC", "Attach provenance", .state = OPTION_UNSUPPORTED,
             .note = "attestations are not made yet", .neutral = "false"),
        FLAG(0, "pull", "Ask registries for newer base images"),
        FLAG(0, "push", "Send the images to a registry (refused: there is no registry client yet)"),
        TEXT(0, "sbom", "SPEC", "Attach a bill of materials", .state = OPTION_UNSUPPORTED,
             .note = "attestations are not made yet", .neutral = "false"),
        LIST(0, "set", "TARGET.KEY[+]=VALUE", "Override a value of the targets that fit the pattern TARGET"),
        LIST(0, "var", "NAME=VALUE", "Set a variable of the file"),
};

static const Option lint_options_rows[] = {
        LIST(0, "error", "RULES", "Take these rules as errors (all: every one)"),
        TEXT('t', "failure-threshold", "LEVEL", "End with status 1 from this level on (default: warning)",
             .choices = "error warning info none"),
        FLAG(0, "fix", "Mend in the file what can be mended mechanically"),
        TEXT('f', "format", "FORMAT", "Form of the output (default: tty)",
             .choices = "tty json sarif checkstyle codeclimate gitlab_codeclimate"),
        LIST(0, "ignore", "RULES", "Leave these rules out"),
        LIST(0, "info", "RULES", "Take these rules as information"),
        FLAG(0, "no-fail", "End with status 0 whatever is found"),
        LIST(0, "warning", "RULES", "Take these rules as warnings"),
};

static const Option images_options_rows[] = {
        FLAG('a', "all", "Show all images (always the case)"),
        FLAG(0, "digests", "Show manifest digests too"),
        LIST(0, "filter", "KEY=VALUE", "Show only what fits: dangling=true|false, reference=PATTERN"),
        TEXT(0, "format", "TEMPLATE", "table, json, or a Go template for each image"),
        FLAG(0, "no-trunc", "Show whole ids"),
        FLAG('q', "quiet", "Show only ids"),
};

static const Option history_options_rows[] = {
        TEXT(0, "format", "TEMPLATE", "table, json, or a Go template for each line"),
        FLAG('H', "human", "Sizes and ages for people (default; --human=false: bytes and times)"),
        FLAG(0, "no-trunc", "Do not shorten commands and ids"),
        FLAG('q', "quiet", "Show only ids"),
};

static const Option inspect_options_rows[] = {
        TEXT('f', "format", "TEMPLATE", "json, or a Go template for each image"),
        FLAG('s', "size", "Show sizes (always the case)"),
        TEXT(0, "type", "TYPE", "Kind of object", .choices = "image"),
};

static const Option rmi_options_rows[] = {
        FLAG('f', "force", "Remove an image that has several names; do not mind absent ones"),
        FLAG(0, "no-prune", "Leave the layers in the store"),
};

static const Option run_options_rows[] = {
        LIST(0, "add-host", "HOST:IP", "Add a line to /etc/hosts"),
        LIST(0, "cap-add", "CAPABILITY", "Add a capability (ALL: all)"),
        LIST(0, "cap-drop", "CAPABILITY", "Drop a capability (ALL: all)"),
        FLAG('d', "detach", "Run in the background", .state = OPTION_UNSUPPORTED,
             .note = "there is no daemon that could keep the container"),
        TEXT(0, "entrypoint", "PROGRAM", "Instead of the image's entrypoint"),
        LIST('e', "env", "NAME[=VALUE]", "Set a variable (without VALUE: from the environment)"),
        LIST(0, "env-file", "FILE", "Set variables from the lines of FILE", .completes = COMPLETES_FILE),
        TEXT('h', "hostname", "NAME", "Host name of the container"),
        FLAG(0, "init", "Run an init in the container", .state = OPTION_IGNORED,
             .note = "all processes end with the first"),
        FLAG('i', "interactive", "Connect standard input"),
        TEXT('m', "memory", "SIZE", "Limit the memory"),
        TEXT(0, "name", "NAME", "Name the container", .state = OPTION_IGNORED, .note = "containers are not kept"),
        TEXT(0, "network", "MODE", "Network of the container", .choices = "default bridge host none"),
        TEXT(0, "platform", "PLATFORM", "Refuse an image of another platform"),
        FLAG(0, "privileged", "All capabilities, no system call filter, nothing masked"),
        LIST('p', "publish", "PORTS", "Publish ports", .state = OPTION_IGNORED,
             .note = "the container uses the host's network: its ports are there already"),
        TEXT(0, "pull", "WHEN", "When to pull", .choices = "always missing never", .state = OPTION_IGNORED,
             .note = "images come from the local store only"),
        FLAG('q', "quiet", "Show no progress (always the case)"),
        FLAG(0, "read-only", "Mount the root file system read-only"),
        FLAG(0, "rm", "Remove the container at the end (always the case)"),
        TEXT(0, "runtime", "NAME", "What starts the container", .choices = "launcher crun"),
        TEXT(0, "shm-size", "SIZE", "Size of /dev/shm (default: 64m)"),
        LIST(0, "tmpfs", "PATH[:size=SIZE]", "Mount an empty tmpfs"),
        FLAG('t', "tty", "Give the container a terminal"),
        LIST(0, "ulimit", "NAME=SOFT[:HARD]", "Resource limit"),
        TEXT('u', "user", "USER[:GROUP]", "Instead of the image's user"),
        LIST('v', "volume", "SOURCE:PATH[:ro]", "Show a directory or file of the host inside"),
        TEXT('w', "workdir", "PATH", "Instead of the image's working directory"),
};

static const Option test_options_rows[] = {
        LIST('c', "config", "FILE", "A file of tests, as the operands are", .completes = COMPLETES_FILE),
        TEXT('d', "driver", "NAME", "What looks at the image", .state = OPTION_IGNORED,
             .note = "files are read from the image's layers, commands run in decant's own sandbox"),
        TEXT('i', "image", "IMAGE", "The image; then all operands are files", .completes = COMPLETES_IMAGE),
        TEXT(0, "junit-suite-name", "NAME", "Name of the suite in JUnit reports"),
        TEXT(0, "network", "MODE", "Network of commands", .choices = "default bridge host none"),
        FLAG(0, "no-color", "No colours"),
        FLAG(0, "no-run", "Leave out the tests that run commands"),
        TEXT('o', "output", "FORMAT", "Form of the report (default: text)", .choices = "text json junit"),
        TEXT(0, "platform", "PLATFORM", "Which image of a name that stands for several"),
        FLAG(0, "pull", "Ask registries for a newer image", .state = OPTION_IGNORED,
             .note = "images come from the local store only"),
        FLAG('q', "quiet", "Show nothing but a report that is no text"),
        FLAG(0, "read-only", "Run the tested commands (not setup and teardown) with a read-only root file system"),
        TEXT(0, "runtime", "NAME", "What starts commands", .choices = "launcher crun"),
        TEXT(0, "test-report", "FILE",
             "Write the report into FILE (json unless --output says junit), text to the terminal",
             .completes = COMPLETES_FILE),
        TEXT(0, "timeout", "DURATION", "How long each command may take (default: 2m)"),
        LIST(0, "tmpfs", "PATH[:size=SIZE]", "Mount an empty tmpfs for commands"),
        TEXT('u', "user", "USER[:GROUP]", "Run commands as this user instead of the file's or the image's"),
};

static const Option base_options_rows[] = {
        FLAG(0, "allow-unsigned", "Use repositories that have no good signature, with a warning"),
        FLAG(0, "diff", "update: only say what would change"),
        TEXT(0, "lock", "FILE", "The lock file (default: NAME-RELEASE.lock.json)", .completes = COMPLETES_FILE),
        FLAG(0, "locked", "build: take exactly the packages of the lock file"),
        TEXT(0, "max-age", "DURATION", "How old a verified release may be before it is asked for again (default: 1h)"),
        FLAG(0, "offline", "Ask no repository: use what is in the store"),
        LIST(0, "platform", "PLATFORM", "Platforms to assemble for, separated by commas (default: this machine's)"),
        TEXT(0, "progress", "KIND", "How to show what goes on", .choices = "auto plain tty rawjson quiet none"),
        FLAG(0, "pull", "Ask the repositories, however new the release that is known"),
        FLAG('q', "quiet", "Show no progress"),
        LIST(0, "recipes", "DIRECTORY", "Where own recipes are (default: $DECANT_RECIPES)",
             .completes = COMPLETES_DIRECTORY),
        LIST(0, "repository", "LINE", "A repository instead of this machine's: 'deb [signed-by=FILE] URI SUITE main'"),
        LIST('t', "tag", "NAME[:TAG]", "Name the image (default: NAME-RELEASE:VARIANT)"),
};

static const Option import_options_rows[] = {
        LIST('c', "change", "INSTRUCTION", "Apply a Dockerfile instruction, for example 'CMD [\"sh\"]'"),
        TEXT('m', "message", "TEXT", "Comment in the image's history"),
        TEXT(0, "platform", "PLATFORM", "Platform of the files (default: this machine's)"),
};

static const Option save_options_rows[] = {
        TEXT(0, "compression", "KIND", "Compression of the layers (default: none)", .choices = "none gzip zstd"),
        TEXT(0, "compression-level", "N", "How hard to compress"),
        TEXT(0, "format", "KIND", "Form of the archive (default: docker)",
             .choices = "docker oci docker-archive oci-archive oci-dir"),
        TEXT('o', "output", "FILE", "Write to FILE instead of standard output", .completes = COMPLETES_FILE),
};

static const Option sbom_options_rows[] = {
        TEXT(0, "format", "KIND", "Form of the document (default: table)",
             .choices = "table json spdx-json cyclonedx-json"),
        TEXT('o', "output", "FILE", "Write to FILE instead of standard output", .completes = COMPLETES_FILE),
        TEXT(0, "platform", "PLATFORM", "Which image of a name that stands for several (default: this machine's)"),
};

static const Option load_options_rows[] = {
        TEXT('i', "input", "FILE", "Read FILE (or an OCI layout directory) instead of standard input",
             .completes = COMPLETES_FILE),
        TEXT(0, "platform", "PLATFORM", "Which image of an index (default: this machine's)"),
        FLAG('q', "quiet", "Print ids only"),
};

static const Option prune_options_rows[] = {
        FLAG('a', "all", "Remove all images, not only those without a name"),
        FLAG(0, "dry-run", "Say what would be removed"),
        LIST(0, "filter", "until=AGE", "Remove only what was not used for AGE (for example 24h)"),
        FLAG('f', "force", "Do not ask"),
        TEXT(0, "keep-storage", "SIZE", "Keep that much of the build cache"),
};

static const Option df_options_rows[] = {
        TEXT(0, "format", "TEMPLATE", "table, json, or a Go template for each line"),
};

static const Option doctor_options_rows[] = {
        FLAG(0, "deep", "With --store: read every blob and compare its digest"),
        FLAG(0, "store", "Check the store instead of the machine"),
};

static const Option global_option_table_rows[] = {
        FLAG('D', "debug", "Say more in messages"),
        FLAG(0, "help", "Show help"),
        TEXT(0, "root", "DIRECTORY", "Where the store is (default: $DECANT_ROOT)", .completes = COMPLETES_DIRECTORY),
        FLAG(0, "version", "Show the version"),
};

const OptionTable build_options = {build_options_rows, ARRAY_SIZE(build_options_rows)};
const OptionTable bake_options = {bake_options_rows, ARRAY_SIZE(bake_options_rows)};
const OptionTable lint_options = {lint_options_rows, ARRAY_SIZE(lint_options_rows)};
const OptionTable images_options = {images_options_rows, ARRAY_SIZE(images_options_rows)};
const OptionTable history_options = {history_options_rows, ARRAY_SIZE(history_options_rows)};
const OptionTable inspect_options = {inspect_options_rows, ARRAY_SIZE(inspect_options_rows)};
const OptionTable rmi_options = {rmi_options_rows, ARRAY_SIZE(rmi_options_rows)};
const OptionTable run_options = {run_options_rows, ARRAY_SIZE(run_options_rows)};
const OptionTable test_options = {test_options_rows, ARRAY_SIZE(test_options_rows)};
const OptionTable base_options = {base_options_rows, ARRAY_SIZE(base_options_rows)};
const OptionTable import_options = {import_options_rows, ARRAY_SIZE(import_options_rows)};
const OptionTable save_options = {save_options_rows, ARRAY_SIZE(save_options_rows)};
const OptionTable sbom_options = {sbom_options_rows, ARRAY_SIZE(sbom_options_rows)};
const OptionTable load_options = {load_options_rows, ARRAY_SIZE(load_options_rows)};
const OptionTable prune_options = {prune_options_rows, ARRAY_SIZE(prune_options_rows)};
const OptionTable df_options = {df_options_rows, ARRAY_SIZE(df_options_rows)};
const OptionTable doctor_options = {doctor_options_rows, ARRAY_SIZE(doctor_options_rows)};
const OptionTable global_option_table = {global_option_table_rows, ARRAY_SIZE(global_option_table_rows)};
const OptionTable no_options = {NULL, 0};
