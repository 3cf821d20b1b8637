/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* fsync(), fdatasync(), sync(), syncfs(), sync_file_range() and msync() do nothing any more, and succeed, in the calling thread and all that
 * it starts: a seccomp filter (seccomp(2)), for good. For work that is thrown away if the machine dies under it.
 * Returns 0, or -1 where the kernel or the lack of rights does not allow it: nothing has changed then. */
int no_sync_enter(void);
