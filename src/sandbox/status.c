/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/internal.h"

bool status_next(const Buf *status, size_t *at, StatusRecord *ret_record, Str *ret_text) {
        if (status->n - *at < sizeof *ret_record) return false;
        memcpy(ret_record, status->p + *at, sizeof *ret_record);
        size_t left = status->n - *at - sizeof *ret_record;
        if (ret_record->size > left) return false;
        *ret_text = (Str){status->p + *at + sizeof *ret_record, ret_record->size};
        *at += sizeof *ret_record + ret_record->size;
        return true;
}
