/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "build/graph.h"
#include "os/clock.h"
#include "os/workers.h"

/* The scheduler. One thread (the caller's) owns the state of all nodes: it takes the ready node with the longest way behind
 * it, looks its key up at once, and gives what has to be executed a thread of its own. Finished nodes come back through one
 * queue. Most steps wait for a process most of their time, so more of them run at once than there are processors. */

enum { JOBS_MIN = 8, JOBS_PER_CPU = 4 };

typedef struct Scheduler {
        Build *b;
        NodeList ready; /* a heap: the longest way behind it first, then the order of the Dockerfile */
        unsigned running;
        unsigned limit;
        size_t open; /* nodes that have not ended */
        Err *error;  /* the first failure */
} Scheduler;

static void queue_finished(Build *b, Node *n) {
        pthread_mutex_lock(&b->lock);
        n->next_finished = b->finished;
        b->finished = n;
        pthread_cond_broadcast(&b->key_done);
        pthread_mutex_unlock(&b->lock);
        uint64_t one = 1;
        while (write(b->finished_fd, &one, sizeof one) < 0 && errno == EINTR) continue;
}

/* Who waits for an equal step reads the state. */
static void set_state(Build *b, Node *n, NodeState state) {
        pthread_mutex_lock(&b->lock);
        n->state = state;
        pthread_mutex_unlock(&b->lock);
}

static void *node_thread(void *argument) {
        void **pair = argument;
        Build *b = pair[0];
        Node *n = pair[1];
        free(pair);
        int r = step_ops(n->step->kind)->execute(b, n, &n->error);
        set_state(b, n, r < 0 ? NODE_FAILED : NODE_DONE);
        queue_finished(b, n);
        return NULL;
}

static int start_thread(Scheduler *s, Node *n, Err **e) {
        void **pair = xcalloc(2, sizeof *pair);
        pair[0] = s->b;
        pair[1] = n;
        n->state = NODE_RUNNING;
        int r = pthread_create(&n->thread, NULL, node_thread, pair);
        if (r == 0) {
                s->running++;
                return 0;
        }
        free(pair);
        errno = r;
        return err_sys(e, "start a thread");
}

/* ---- the heap of ready nodes */

static bool goes_before(const Node *a, const Node *b) {
        return a->weight != b->weight ? a->weight > b->weight : a->step->id < b->step->id;
}

static void swap_nodes(NodeList *heap, size_t i, size_t j) {
        Node *held = heap->v[i];
        heap->v[i] = heap->v[j];
        heap->v[j] = held;
}

static void push_ready(Scheduler *s, Node *n) {
        n->state = NODE_READY;
        vec_push(&s->ready, n);
        for (size_t i = s->ready.n - 1; i > 0 && goes_before(s->ready.v[i], s->ready.v[(i - 1) / 2]); i = (i - 1) / 2) {
                swap_nodes(&s->ready, i, (i - 1) / 2);
        }
}

static Node *pop_ready(Scheduler *s) {
        NodeList *heap = &s->ready;
        if (heap->n == 0) return NULL;
        Node *first = heap->v[0];
        heap->v[0] = heap->v[--heap->n];
        for (size_t i = 0, child; (child = 2 * i + 1) < heap->n; i = child) {
                if (child + 1 < heap->n && goes_before(heap->v[child + 1], heap->v[child])) child++;
                if (!goes_before(heap->v[child], heap->v[i])) break;
                swap_nodes(heap, i, child);
        }
        return first;
}

static void open_dependents(Scheduler *s, Node *n) {
        for (size_t i = 0; i < n->dependents.n; i++) {
                Node *next = n->dependents.v[i];
                if (--next->open_inputs == 0 && next->state == NODE_WAITING) push_ready(s, next);
        }
}

static bool is_counted(const Node *n) {
        return n->parent != NULL;
}

/* The root of a FROM scratch is nothing: no line for it. */
static bool is_shown(const Node *n) {
        return n->step->kind != STEP_SCRATCH;
}

static void finish_done(Scheduler *s, Node *n) {
        set_state(s->b, n, NODE_DONE);
        s->open--;
        open_dependents(s, n);
        Build *b = s->b;
        if (is_counted(n)) {
                b->steps_total++;
                if (n->result.cached) b->steps_cached++;
        }
        report_done(b, n->vertex, n->result.cached ? VERTEX_CACHED : VERTEX_DONE, NULL,
                    clock_monotonic_ns() - n->started_ns);
}

/* End what runs; the flag is set first, so that a RUN that is about to start sees it. */
void graph_stop(Build *b) {
        b->cancelled = true;
        atomic_store(&b->stopping, true);
        pthread_mutex_lock(&b->lock);
        for (size_t i = 0; i < b->node_count; i++) {
                Node *n = &b->nodes[i];
                n->kill = true;
                if (n->process) sandbox_kill(n->process, SIGKILL);
        }
        pthread_cond_broadcast(&b->key_done);
        pthread_mutex_unlock(&b->lock);
}

static void finish_failed(Scheduler *s, Node *n) {
        s->open--;
        bool cancelled = err_kind(n->error) == ERR_CANCELLED;
        set_state(s->b, n, cancelled ? NODE_CANCELLED : NODE_FAILED);
        report_done(s->b, n->vertex, cancelled ? VERTEX_CANCELLED : VERTEX_FAILED, err_message(n->error),
                    clock_monotonic_ns() - n->started_ns);
        if (!s->error || (err_kind(s->error) == ERR_CANCELLED && !cancelled)) {
                err_free(s->error);
                s->error = TAKE(n->error);
        }
        graph_stop(s->b);
}

static void start_node(Scheduler *s, Node *n) {
        n->started_ns = clock_monotonic_ns();
        if (is_shown(n)) {
                n->vertex = report_vertex(s->b, n->step->name);
                report_start(s->b, n->vertex);
        }
        int r = step_ops(n->step->kind)->lookup(s->b, n, &n->error);
        if (r == LOOKUP_HIT) {
                finish_done(s, n);
        } else if (r < 0 || start_thread(s, n, &n->error) < 0) {
                finish_failed(s, n);
        }
}

static void start_ready(Scheduler *s) {
        while (!atomic_load(&s->b->stopping) && s->running < s->limit) {
                Node *n = pop_ready(s);
                if (!n) return;
                start_node(s, n);
        }
}

static Node *take_finished(Build *b) {
        uint64_t count;
        while (read(b->finished_fd, &count, sizeof count) < 0 && errno == EINTR) continue;
        pthread_mutex_lock(&b->lock);
        Node *list = b->finished;
        b->finished = NULL;
        pthread_mutex_unlock(&b->lock);
        return list;
}

static void collect_finished(Scheduler *s) {
        for (Node *n = take_finished(s->b), *next; n; n = next) {
                next = n->next_finished;
                pthread_join(n->thread, NULL);
                s->running--;
                if (n->state == NODE_FAILED) {
                        finish_failed(s, n);
                } else {
                        finish_done(s, n);
                }
        }
}

static void check_cancelled(Scheduler *s) {
        const volatile bool *flag = s->b->params->cancelled;
        if (!flag || !*flag || atomic_load(&s->b->stopping)) return;
        if (!s->error) err_new(&s->error, ERR_CANCELLED, "interrupted");
        graph_stop(s->b);
}

static void wait_for_news(Scheduler *s) {
        struct pollfd polls[2] = {
                {.fd = s->b->finished_fd, .events = POLLIN},
                {.fd = atomic_load(&s->b->stopping) ? -1 : s->b->params->cancel_fd, .events = POLLIN},
        };
        (void)poll(polls, 2, -1);
}

int graph_run(Build *b, Err **e) {
        Scheduler s = {.b = b, .open = b->node_count, .limit = b->params->jobs};
        if (s.limit == 0) s.limit = cpu_count() * JOBS_PER_CPU > JOBS_MIN ? cpu_count() * JOBS_PER_CPU : JOBS_MIN;
        for (size_t i = 0; i < b->node_count; i++) {
                if (b->nodes[i].open_inputs == 0) push_ready(&s, &b->nodes[i]);
        }
        for (;;) {
                check_cancelled(&s);
                start_ready(&s);
                if (s.running == 0) break;
                wait_for_news(&s);
                collect_finished(&s);
        }
        vec_done(&s.ready);
        if (s.error) {
                err_move(e, &s.error);
                return -1;
        }
        return s.open == 0 ? 0 : err_new(e, ERR_INTERNAL, "%zu steps never became ready", s.open);
}
