/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "sandbox/sandbox.h"

/* What a process of a sandbox writes, kept in memory, and an end for one that takes too long: a thread beside sandbox_wait(). */

enum { CAPTURE_MAX = 4 << 20 }; /* bytes kept of each stream; the rest is read and dropped */

typedef struct CaptureParams {
        SandboxProcess *process;
        int output_fd, errors_fd; /* ends for reading, non-blocking, borrowed; errors_fd -1: none */
        int cancel_fd;            /* readable when all should end (signals_fd()); -1: none */
        unsigned timeout_s;       /* 0: none */
} CaptureParams;

typedef struct CaptureResult {
        Buf output, errors;
        bool timed_out, truncated;
} CaptureResult;
void capture_result_done(CaptureResult *r);

typedef struct Capture Capture;
int capture_start(const CaptureParams *params, Capture **ret_capture, Err **e);
/* After the process ended: take what it wrote last. capture is freed. */
void capture_finish(Capture *capture, CaptureResult *ret_result);
