/* SPDX-License-Identifier: Apache-2.0 */
#include "os/workers.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { CPU_MAX = 256, RUN_LENGTH_MAX = 64 };

unsigned cpu_count(void) {
        const char *fixed = getenv("DECANT_CPUS");
        int wanted = fixed ? atoi(fixed) : 0;
        if (wanted > 0) return wanted < CPU_MAX ? (unsigned)wanted : CPU_MAX;
        cpu_set_t set;
        if (sched_getaffinity(0, sizeof set, &set) < 0) return 1;
        int n = CPU_COUNT(&set);
        return n < 1 ? 1 : n < CPU_MAX ? (unsigned)n : CPU_MAX;
}

typedef struct ParallelJob {
        size_t count;
        size_t run_length;
        int (*work)(void *context, size_t index);
        void *context;
        atomic_size_t next;
        atomic_int result;
} ParallelJob;

static void *parallel_worker(void *argument) {
        ParallelJob *job = argument;
        for (;;) {
                size_t from = atomic_fetch_add(&job->next, job->run_length);
                if (from >= job->count) return NULL;
                size_t to = from + job->run_length < job->count ? from + job->run_length : job->count;
                for (size_t i = from; i < to; i++) {
                        if (atomic_load(&job->result) < 0) return NULL;
                        int r = job->work(job->context, i);
                        if (r < 0) atomic_store(&job->result, r);
                }
        }
}

static int run(ParallelJob *job, unsigned threads) {
        pthread_t ids[CPU_MAX];
        unsigned started = 0;
        while (started + 1 < threads && pthread_create(&ids[started], NULL, parallel_worker, job) == 0) started++;
        parallel_worker(job);
        for (unsigned i = 0; i < started; i++) pthread_join(ids[i], NULL);
        return atomic_load(&job->result);
}

int parallel_for(size_t count, int (*work)(void *context, size_t index), void *context) {
        unsigned threads = cpu_count();
        if (threads > count) threads = (unsigned)count;
        size_t run_length = threads ? count / (threads * 8UL) : 1;
        if (run_length < 1) run_length = 1;
        if (run_length > RUN_LENGTH_MAX) run_length = RUN_LENGTH_MAX;
        ParallelJob job = {.count = count, .run_length = run_length, .work = work, .context = context};
        return run(&job, threads);
}

int parallel_for_threads(size_t count, unsigned threads, int (*work)(void *context, size_t index), void *context) {
        ParallelJob job = {.count = count, .run_length = 1, .work = work, .context = context};
        if (threads > CPU_MAX) threads = CPU_MAX;
        return run(&job, threads < count ? threads : (unsigned)count);
}
