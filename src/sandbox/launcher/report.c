/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/launcher/launcher.h"
#include "sandbox/launcher/sys.h"

static void send(const StatusRecord *record, const char *text) {
        struct {
                StatusRecord record;
                char text[STATUS_TEXT_MAX];
        } message;
        message.record = *record;
        size_t n = 0;
        while (text[n] && n < STATUS_TEXT_MAX) {
                message.text[n] = text[n];
                n++;
        }
        message.record.size = (uint32_t)n;
        SYS(SYS_write, LAUNCH_FD_STATUS, &message, sizeof message.record + n);
}

_Noreturn void setup_fail(const char *what, const char *detail, long error) {
        LINE(line, STATUS_TEXT_MAX);
        line_add(&line, what);
        if (detail) {
                line_add(&line, " ");
                line_add(&line, detail);
        }
        StatusRecord record = {.tag = STATUS_FAILED, .error = (int32_t)(error < 0 ? -error : error)};
        send(&record, line.p);
        sys_exit(125);
}

void report_path(StatusTag tag, const char *path, const StatusRecord *attributes) {
        StatusRecord record = {0};
        if (attributes) record = *attributes;
        record.tag = tag;
        send(&record, path);
}

void report_exit(int status) {
        StatusRecord record = {.tag = STATUS_EXIT, .exit_status = status};
        send(&record, "");
}
