/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exit.h"

#include "base/cleanup.h"

static const ExitRow rows[] = {
        {EXIT_DONE, "done"},
        {EXIT_FAILED, "failed for a reason that has no status of its own"},
        {EXIT_USAGE, "the command line is wrong"},
        {EXIT_SYNTAX, "a Dockerfile, an ignore file or another text of the user is wrong"},
        {EXIT_STEP, "a RUN step ended with a failure"},
        {EXIT_ABSENT, "an image, stage, file or program that was named is nowhere"},
        {EXIT_DAMAGED, "the store or an archive is damaged, or of a newer version"},
        {EXIT_DENIED, "no permission, or the kernel does not let decant make a sandbox"},
        {EXIT_NO_SPACE, "no space left on the device"},
        {EXIT_NETWORK, "another machine was not reached or failed; trying again may help"},
        {EXIT_TESTS_FAILED, "test: the image does not pass its tests"},
        {EXIT_RUN_FAILED, "run: decant itself failed"},
        {EXIT_RUN_NOT_EXECUTABLE, "run: the command in the image cannot be executed"},
        {EXIT_RUN_NOT_FOUND, "run: the command is not in the image"},
        {EXIT_INTERRUPTED, "interrupted (SIGINT)"},
        {EXIT_TERMINATED, "terminated (SIGTERM)"},
};

static const ExitStatus status_of_kind[ERR_KIND_MAX] = {
        [ERR_INTERNAL] = EXIT_FAILED,       [ERR_SYS] = EXIT_FAILED,
        [ERR_USAGE] = EXIT_USAGE,           [ERR_SYNTAX] = EXIT_SYNTAX,
        [ERR_NOT_FOUND] = EXIT_ABSENT,      [ERR_FORMAT] = EXIT_DAMAGED,
        [ERR_LIMIT] = EXIT_FAILED,          [ERR_DENIED] = EXIT_DENIED,
        [ERR_NO_SPACE] = EXIT_NO_SPACE,     [ERR_STEP] = EXIT_STEP,
        [ERR_CANCELLED] = EXIT_INTERRUPTED, [ERR_CONFLICT] = EXIT_FAILED,
        [ERR_UNSUPPORTED] = EXIT_FAILED,    [ERR_STORE] = EXIT_DAMAGED,
        [ERR_NETWORK] = EXIT_NETWORK,
};

const ExitRow *exit_rows(size_t *ret_count) {
        *ret_count = ARRAY_SIZE(rows);
        return rows;
}

ExitStatus exit_status_of(ErrKind kind) {
        ExitStatus status = kind > 0 && kind < ERR_KIND_MAX ? status_of_kind[kind] : EXIT_FAILED;
        return status == EXIT_DONE ? EXIT_FAILED : status;
}
