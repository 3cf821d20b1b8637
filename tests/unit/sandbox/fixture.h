/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sandbox/internal.h"

enum { SKIPPED = 77 };

/* A scratch directory with one layer that holds only the probe, and a sandbox over it. */
typedef struct Fixture {
        char *dir, *lower_dir;
        StrVec lower, env, argv;
        SandboxSpec spec;
        Sandbox *sandbox;
        unsigned runs;
        char *upper_dir; /* of the last run */
        Buf output;
        int status;
        bool oom;
} Fixture;

/* dir_template: for mkdtemp. */
void fixture_init(Fixture *f, const char *dir_template, SandboxRuntime runtime);
void fixture_done(Fixture *f);
/* Back to a plain specification. */
void fixture_reset(Fixture *f);
/* Words for the probe, separated by blanks. */
void fixture_words(Fixture *f, const char *words);
/* Start with standard output and errors in a pipe; *ret_read is its end. */
SandboxProcess *fixture_start(Fixture *f, int *ret_read);
/* Run to the end. Output, status, oom are in f. Returns what sandbox_wait() returned. */
int fixture_run(Fixture *f, const char *words, Err **e);
bool fixture_has(const Fixture *f, const char *text);
/* Is the path in the last step's layer? */
bool fixture_left(const Fixture *f, const char *path);
/* Files and directories in the last step's layer, the top one not counted. */
size_t fixture_count(const Fixture *f);
/* Everything needed there? Else the program is skipped. */
bool fixture_possible(void);
