/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bake_run.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/bake_mux.h"
#include "cli/signals.h"
#include "os/clock.h"
#include "os/workers.h"

/* Targets that are built at once: each has a thread that schedules, and threads of its own for steps. */
enum { RUNNING_MIN = 4, RUNNING_PER_CPU = 2 };

typedef struct Runner Runner;

typedef struct Worker {
        Runner *runner;
        BakeJob *job;
        BakeChannel channel;
        pthread_t thread;
        bool ended;  /* under lock */
        bool joined; /* by the main thread */
} Worker;

struct Runner {
        BakeJobs *jobs;
        Worker *workers; /* one a job */
        BakeMux mux;
        pthread_mutex_t lock;
        int finished_fd, cancel_fd; /* eventfds; the second is never read */
        volatile bool cancelled;
        size_t running, limit;
        int64_t started_ns;
};

static int prepare_job(BakeJob *job, Err **e) {
        const BakeBuild *build = job->build;
        if (args_parse((char *const *)build->argv, build->argc, &job->args, e) < 0) return -1;
        int r = build_request_init(&job->request, &job->args, e);
        if (r < 0) return -1;
        job->request.params.dockerfile_text = build->dockerfile_inline;
        return 0;
}

/* Whose results others want: as images, whether they have names or not. */
static void want_images(BakeJobs *jobs) {
        for (size_t i = 0; i < jobs->n; i++) {
                const BakeBuild *build = jobs->v[i].build;
                for (size_t k = 0; k < build->link_count; k++) {
                        BakeJob *linked = &jobs->v[build->links[k].target];
                        BuildParams *params = &linked->request.params;
                        if (linked->image_ids) continue;
                        linked->image_ids = xcalloc(params->platform_count + 1, sizeof *linked->image_ids);
                        params->want_image = true;
                        params->ret_image_ids = linked->image_ids;
                }
        }
}

int bake_jobs_init(BakeJobs *jobs, const Bake *bake, Err **e) {
        *jobs = (BakeJobs){.v = xcalloc(bake_count(bake) + 1, sizeof(BakeJob)), .n = bake_count(bake)};
        for (size_t i = 0; i < jobs->n; i++) {
                jobs->v[i].build = bake_build(bake, i);
                if (prepare_job(&jobs->v[i], e) < 0) return err_wrap(e, "target %s", jobs->v[i].build->name);
        }
        want_images(jobs);
        return 0;
}

void bake_jobs_done(BakeJobs *jobs) {
        for (size_t i = 0; i < jobs->n; i++) {
                BakeJob *job = &jobs->v[i];
                build_request_done(&job->request);
                build_materials_done(&job->materials);
                args_done(&job->args);
                free(job->image_ids);
                err_free(job->error);
        }
        free(jobs->v);
}

/* ---- links */

static void add_context(BuildRequest *r, const char *name, const Digest *id) {
        char text[DIGEST_TEXT_SIZE];
        digest_text(id, text);
        PlanPair pair = {.name = name, .value = arena_printf(r->arena, "docker-image://%s", text)};
        vec_push(&r->contexts, pair);
        r->params.plan.named_contexts = r->contexts.v;
        r->params.plan.named_context_count = r->contexts.n;
}

/* The images of what the job links to, one a platform, as its named contexts. */
static void fill_links(const BakeJobs *jobs, BakeJob *job) {
        for (size_t i = 0; i < job->build->link_count; i++) {
                const BakeLink *link = &job->build->links[i];
                const BakeJob *linked = &jobs->v[link->target];
                const BuildParams *p = &linked->request.params;
                if (p->platform_count < 2) {
                        add_context(&job->request, link->context, &linked->image_ids[0]);
                        continue;
                }
                for (size_t k = 0; k < p->platform_count; k++) {
                        char platform[128];
                        platform_render(&p->platforms[k], platform);
                        add_context(&job->request, arena_printf(job->request.arena, "%s::%s", link->context, platform),
                                    &linked->image_ids[k]);
                }
        }
}

static bool links_ready(const BakeJobs *jobs, const BakeJob *job) {
        for (size_t i = 0; i < job->build->link_count; i++)
                if (jobs->v[job->build->links[i].target].state != BAKE_JOB_DONE) return false;
        return true;
}

/* ---- running */

static void tell(int fd) {
        uint64_t one = 1;
        while (write(fd, &one, sizeof one) < 0 && errno == EINTR) continue;
}

static void *work(void *argument) {
        Worker *w = argument;
        Runner *r = w->runner;
        build_run(&w->job->request.params, &w->job->result, &w->job->error);
        pthread_mutex_lock(&r->lock);
        w->ended = true;
        pthread_mutex_unlock(&r->lock);
        tell(r->finished_fd);
        return NULL;
}

static void stop(Runner *r) {
        if (r->cancelled) return;
        r->cancelled = true;
        tell(r->cancel_fd);
}

static void start_job(Runner *r, Worker *w) {
        fill_links(r->jobs, w->job);
        w->job->state = BAKE_JOB_RUNNING;
        int failure = pthread_create(&w->thread, NULL, work, w);
        if (failure == 0) {
                r->running++;
                return;
        }
        errno = failure;
        err_sys(&w->job->error, "start a thread");
        w->job->state = BAKE_JOB_FAILED;
        stop(r);
}

static void start_ready(Runner *r) {
        for (size_t i = 0; i < r->jobs->n && !r->cancelled && r->running < r->limit; i++) {
                BakeJob *job = &r->jobs->v[i];
                if (job->state == BAKE_JOB_WAITING && !job->skipped && links_ready(r->jobs, job))
                        start_job(r, &r->workers[i]);
        }
}

static void wait_for_news(Runner *r) {
        uint64_t count;
        struct pollfd polls[2] = {{.fd = r->finished_fd, .events = POLLIN},
                                  {.fd = r->cancelled ? -1 : signals_fd(), .events = POLLIN}};
        (void)poll(polls, 2, -1);
        if (*signals_flag()) stop(r);
        if (polls[0].revents)
                while (read(r->finished_fd, &count, sizeof count) < 0 && errno == EINTR) continue;
}

static void collect(Runner *r) {
        for (size_t i = 0; i < r->jobs->n; i++) {
                Worker *w = &r->workers[i];
                pthread_mutex_lock(&r->lock);
                bool ended = w->ended && !w->joined;
                pthread_mutex_unlock(&r->lock);
                if (!ended) continue;
                pthread_join(w->thread, NULL);
                w->joined = true;
                r->running--;
                w->job->state = w->job->error ? BAKE_JOB_FAILED : BAKE_JOB_DONE;
                if (w->job->error) stop(r);
        }
}

/* Being cancelled is what follows from another's failure: that one is told. */
static int first_error(Runner *r, Err **e) {
        BakeJob *failed = NULL;
        for (size_t i = 0; i < r->jobs->n; i++) {
                BakeJob *job = &r->jobs->v[i];
                bool better = job->error && (!failed || (err_kind(failed->error) == ERR_CANCELLED &&
                                                         err_kind(job->error) != ERR_CANCELLED));
                if (better) failed = job;
        }
        if (!failed) return r->cancelled ? err_new(e, ERR_CANCELLED, "interrupted") : 0;
        bool cancelled = err_kind(failed->error) == ERR_CANCELLED;
        err_move(e, &failed->error);
        return cancelled || r->jobs->n == 1 ? -1 : err_wrap(e, "target %s", failed->build->name);
}

static void connect_job(Runner *r, size_t i, Store *store, const EventSink *events) {
        Worker *w = &r->workers[i];
        BuildParams *params = &r->jobs->v[i].request.params;
        w->runner = r;
        w->job = &r->jobs->v[i];
        bake_channel_init(&w->channel, &r->mux, w->job->build->name);
        params->store = store;
        params->events = r->jobs->n == 1 ? events : &w->channel.sink;
        params->fresh_since_ns = r->started_ns;
        params->cancelled = &r->cancelled;
        params->cancel_fd = r->cancel_fd;
}

static void run(Runner *r) {
        for (;;) {
                start_ready(r);
                if (r->running == 0) return;
                wait_for_news(r);
                collect(r);
        }
}

int bake_jobs_run(BakeJobs *jobs, Store *store, const EventSink *events, Err **e) {
        AUTO(closep) int finished_fd = eventfd(0, EFD_CLOEXEC);
        AUTO(closep) int cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (finished_fd < 0 || cancel_fd < 0) return err_sys(e, "make an eventfd");
        Runner r = {.jobs = jobs, .finished_fd = finished_fd, .cancel_fd = cancel_fd};
        r.limit = cpu_count() * RUNNING_PER_CPU > RUNNING_MIN ? cpu_count() * RUNNING_PER_CPU : RUNNING_MIN;
        r.started_ns = clock_now_ns();
        r.workers = xcalloc(jobs->n + 1, sizeof *r.workers);
        pthread_mutex_init(&r.lock, NULL);
        bake_mux_init(&r.mux, events);
        for (size_t i = 0; i < jobs->n; i++) connect_job(&r, i, store, events);
        run(&r);
        int result = first_error(&r, e);
        VertexOutcome failed = result < 0 && err_kind(*e) == ERR_CANCELLED ? VERTEX_CANCELLED : VERTEX_FAILED;
        if (jobs->n != 1) bake_mux_finish(&r.mux, result == 0 ? VERTEX_DONE : failed);
        for (size_t i = 0; i < jobs->n; i++) bake_channel_done(&r.workers[i].channel);
        bake_mux_done(&r.mux);
        pthread_mutex_destroy(&r.lock);
        free(r.workers);
        return result;
}
