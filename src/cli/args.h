/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"
#include "cli/command.h"

/* A parsed command line. Values are borrowed from argv. One thread. */

enum { ARGS_COUNT_MAX = 65536 };

typedef struct ArgValue {
        const Option *option;
        const char *value; /* "true" or "false" for flags */
} ArgValue;

typedef struct Args {
        const Command *command; /* NULL: none was named */
        VEC(ArgValue) values;   /* options in the order in which they were given, the global ones among them */
        VEC(const char *) operands;
} Args;

/* argv without the program's name. Finds the command, checks every option, choice and the number of operands (unless --help
 * or --version is there). ERR_USAGE with the nearest name as hint; ERR_UNSUPPORTED for options that cannot be served. */
int args_parse(char *const *argv, size_t count, Args *ret_args, Err **e);
void args_done(Args *a);

/* name must stand in the table: anything else aborts the program, which the tests would notice. */
bool args_flag(const Args *a, const char *name);        /* false when absent */
const char *args_text(const Args *a, const char *name); /* the last value, or NULL */
/* Values of a list one by one: for (size_t i = 0; (v = args_next(a, "tag", &i));) */
const char *args_next(const Args *a, const char *name, size_t *i);
/* A text as a size ("64m"); *ret_bytes stays when the option is absent. */
int args_size(const Args *a, const char *name, uint64_t *ret_bytes, Err **e);

/* One line for each accepted option that changes nothing; NULL when *i is past the last. */
const Option *args_next_ignored(const Args *a, size_t *i);
