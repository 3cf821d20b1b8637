/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "build/build_checks.h"
#include "build/check_elf.h"
#include "layer/users.h"
#include "os/fs.h"

/* The finished root file system against what the image says of it. What the configuration says is compared in each build: a few
 * look-ups. Programs that COPY brought are read once, when the last stage was really built; what was found is kept in the store's
 * cache/checks/<key of the stage>, so that a build that finds everything in the cache warns again without reading. */

enum {
        ENTRIES_MAX = 4096, /* names below all COPYs that are looked at */
        PROGRAMS_MAX = 256,
        FINDINGS_MAX = 20,
        DEPTH_MAX = 64, /* directories inside each other */
        NOTES_MAX = 1 << 20,
        SCRIPT_LINE_MAX = 256, /* as the kernel reads */
};
#define NOTES_VERSION "1"

typedef struct ImageCheck {
        Checks *checks;
        Build *b;
        const PlanStage *stage;
        Node *target;
        Node *nodes;
        View *view;
        ElfCache *cache;
        ImageFindings findings;
        size_t entries, programs;
} ImageCheck;

/* ---- what the configuration names */

static bool is_there(View *view, const char *path) {
        ViewEntry entry = {0};
        /* A failure (a loop of links) is not absence. */
        bool absent = view_lookup(view, path, true, &entry, NULL) == VIEW_ABSENT;
        view_entry_done(&entry);
        return !absent;
}

/* Where a program is found as execvp() would; NULL: nowhere. Owned. */
static char *find_program(const ImageCheck *c, const char *program) {
        const ImageConfig *config = &c->stage->config;
        const char *path = strvec_env_get(&config->env, "PATH");
        const char *cwd = config->working_dir ? config->working_dir : "/";
        if (strchr(program, '/')) {
                char *full = program[0] == '/' ? xstrdup(program) : xasprintf("%s/%s", cwd, program);
                if (is_there(c->view, full)) return full;
                free(full);
                return NULL;
        }
        Str rest = str_of(path ? path : ""), one;
        bool more = true;
        while (more) {
                more = str_cut(&rest, ':', &one);
                char *full = xasprintf(STR_FMT "/%s", STR_ARG(one), program);
                if (is_there(c->view, full)) return full;
                free(full);
        }
        return NULL;
}

static bool on_path(const ImageCheck *c, const char *program) {
        AUTO(freep) char *path = find_program(c, program);
        return path != NULL;
}

/* The interpreter that the first line of a script names, "" for anything else. */
static void read_interpreter(View *view, const char *path, char ret_line[SCRIPT_LINE_MAX]) {
        ViewEntry entry = {0};
        ret_line[0] = '\0';
        if (view_lookup(view, path, true, &entry, NULL) == VIEW_FOUND && S_ISREG(entry.st.st_mode)) {
                AUTO(closep) int fd = view_open_entry(view, &entry, O_RDONLY, NULL);
                ssize_t n = fd >= 0 ? pread(fd, ret_line, SCRIPT_LINE_MAX - 1, 0) : 0;
                ret_line[n > 2 && ret_line[0] == '#' && ret_line[1] == '!' ? n : 0] = '\0';
                ret_line[strcspn(ret_line, "\n")] = '\0';
        }
        view_entry_done(&entry);
}

static void check_script(const ImageCheck *c, const Instruction *i, const char *path) {
        char line[SCRIPT_LINE_MAX];
        read_interpreter(c->view, path, line);
        if (!*line) return;
        size_t size = strlen(line);
        bool windows = line[size - 1] == '\r';
        if (windows) line[size - 1] = '\0';
        Str rest = str_trim(str_of(line + 2)), word;
        bool more = str_cut(&rest, ' ', &word);
        AUTO(freep) char *program = str_dup(word);
        AUTO(freep) char *argument = str_dup(str_trim(rest));
        bool env = ends_with(program, "/env") && more && *argument && !strpbrk(argument, " =-");
        const char *missing = !on_path(c, program) ? program : env && !on_path(c, argument) ? argument : NULL;
        if (windows) {
                CheckAdvice advice = {CHECK_MISSING_INTERPRETER, i,
                                      "store the script with line feeds only (git: text eol=lf)"};
                checks_advise(c->checks, advice,
                              "'%s' cannot be started: its lines end as on Windows, so that it asks for '%s\\r'", path,
                              program);
        } else if (missing && *program) {
                CheckAdvice advice = {
                        CHECK_MISSING_INTERPRETER, i,
                        "install or copy the interpreter, or write the script for one that the image has"};
                checks_advise(c->checks, advice, "'%s' cannot be started: its interpreter '%s' is not in the image",
                              path, missing);
        }
}

static bool in_volume(const ImageConfig *config, const char *path) {
        for (size_t i = 0; i < config->volumes.n; i++)
                if (starts_with(path, config->volumes.v[i])) return true;
        return false;
}

static void check_shell(const ImageCheck *c, InstructionKind kind) {
        const Instruction *i = c->stage->last[kind];
        const ImageConfig *config = &c->stage->config;
        const char *shell = config->shell.n ? config->shell.v[0] : "/bin/sh";
        if (!i || i->json || i->word_count == 0 || on_path(c, shell)) return;
        checks_add(c->checks, CHECK_NO_SHELL, i, PLAN_NO_SHELL_TEXT, instruction_name(kind), shell);
}

/* What is started: the entrypoint, else the command. */
static void check_command(const ImageCheck *c) {
        const ImageConfig *config = &c->stage->config;
        const StrVec *words = config->entrypoint.n ? &config->entrypoint : &config->cmd;
        InstructionKind kind = config->entrypoint.n ? INSTR_ENTRYPOINT : INSTR_CMD;
        const Instruction *i = c->stage->last[kind];
        if (!i || !i->json || words->n == 0 || !*words->v[0]) return;
        AUTO(freep) char *path = find_program(c, words->v[0]);
        if (path) check_script(c, i, path);
        if (path || in_volume(config, words->v[0])) return;
        checks_add(c->checks, CHECK_NO_COMMAND, i, "%s starts '%s', which is not in the image", instruction_name(kind),
                   words->v[0]);
}

static void check_user(const ImageCheck *c) {
        const Instruction *i = c->stage->last[INSTR_USER];
        const char *spec = c->stage->config.user;
        User user = {0};
        AUTO(err_freep) Err *e = NULL;
        if (!i || !spec || !*spec) return;
        int r = users_resolve_run(c->view, spec, &user, &e);
        user_done(&user);
        if (r < 0 && err_kind(e) == ERR_NOT_FOUND) checks_add(c->checks, CHECK_UNKNOWN_USER, i, "%s", err_message(e));
}

/* ---- programs */

static const char *source_name(const PlanStep *from, const Plan *plan) {
        if (!from || from->stage >= plan->stage_count) return NULL;
        const char *name = plan->stages[from->stage].name;
        return *name ? name : NULL;
}

typedef struct Walk {
        ImageCheck *c;
        ElfCheck elf;
} Walk;

static void check_file(Walk *w, int dir_fd, const char *name, const char *path) {
        struct stat st;
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !(st.st_mode & 0111) || st.st_size < 64) return;
        if (++w->c->programs > PROGRAMS_MAX || !is_there(w->c->view, path)) return;
        AUTO(closep) int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd >= 0) elf_check_program(&w->elf, path, fd, &w->c->findings);
}

static void walk(Walk *w, int dir_fd, const char *path, unsigned depth) {
        DirList list;
        if (depth > DEPTH_MAX || dir_list(dir_fd, "", &list, NULL) < 0) return;
        for (size_t i = 0; i < list.n && w->c->entries < ENTRIES_MAX && w->c->findings.n < FINDINGS_MAX; i++) {
                AUTO(freep) char *below = xasprintf("%s/%s", path, list.v[i].name);
                w->c->entries++;
                if (list.v[i].type == DT_REG) {
                        check_file(w, dir_fd, list.v[i].name, below);
                } else if (list.v[i].type == DT_DIR) {
                        AUTO(closep)
                        int fd = openat(dir_fd, list.v[i].name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                        if (fd >= 0) walk(w, fd, below, depth + 1);
                }
        }
        dir_list_done(&list);
}

static void check_copy(ImageCheck *c, const Node *n, size_t depth, const Plan *plan) {
        const PlanStep *from = n->step->copy.from;
        AUTO(view_freep) View *source = NULL;
        AUTO(freep) char *directory = store_snapshot_path(c->b->store, n->result.snapshot);
        AUTO(closep) int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return;
        if (from) node_view(c->b, &c->nodes[from->id], &source, NULL);
        Walk w = {c,
                  {.view = c->view,
                   .cache = c->cache,
                   .source = source,
                   .source_name = source_name(from, plan),
                   .library_path = strvec_env_get(&c->stage->config.env, "LD_LIBRARY_PATH"),
                   .depth = depth}};
        walk(&w, fd, "", 0);
}

static void check_programs(ImageCheck *c, const Plan *plan) {
        size_t depth = 0;
        c->cache = elf_cache_new();
        for (const Node *n = c->target; n; n = n->parent, depth++)
                if (n->step->kind == STEP_COPY && n->result.snapshot[0]) check_copy(c, n, depth, plan);
        elf_cache_free(c->cache);
}

/* ---- notes: "RULE\tDEPTH\tTEXT\tFIX\n" */

static char *notes_path(const ImageCheck *c) {
        char key[DIGEST_TEXT_SIZE];
        digest_text(&c->target->result.key, key);
        return xasprintf("%s/cache/checks/" NOTES_VERSION "-%s", store_root(c->b->store), key + strlen("sha256:"));
}

static void add_field(Buf *out, const char *text, char end) {
        for (; *text; text++) buf_addc(out, *text == '\t' || *text == '\n' ? ' ' : *text);
        buf_addc(out, end);
}

static void write_notes(const ImageCheck *c, const char *path) {
        AUTO(buf_done) Buf out = {0};
        if (c->findings.n == 0) return;
        for (size_t i = 0; i < c->findings.n; i++) {
                const ImageFinding *f = &c->findings.v[i];
                buf_addf(&out, "%s\t%zu\t", check_rule(f->id)->name, f->depth);
                add_field(&out, f->text, '\t');
                add_field(&out, f->fix, '\n');
        }
        AUTO(freep) char *directory = xasprintf("%s/cache/checks", store_root(c->b->store));
        if (dir_make_all(AT_FDCWD, directory, 0755, NULL) == 0)
                file_write_atomic(AT_FDCWD, path, out.p, out.n, 0644, NULL);
}

static void read_note(ImageCheck *c, Str line) {
        Str rule, depth, text;
        uint32_t number;
        ImageFinding f = {0};
        if (!str_cut(&line, '\t', &rule) || !str_cut(&line, '\t', &depth) || !str_cut(&line, '\t', &text)) return;
        if (!check_find(rule, &f.id) || !u32_parse(depth, 10, &number)) return;
        f.depth = number;
        f.text = str_dup(text);
        f.fix = str_dup(line);
        vec_push(&c->findings, f);
}

static void read_notes(ImageCheck *c, const char *path) {
        AUTO(freep) char *text = NULL;
        size_t size;
        if (access(path, F_OK) < 0 || file_read(AT_FDCWD, path, NOTES_MAX, &text, &size, NULL) < 0) return;
        Str rest = {text, size}, line;
        while (str_cut(&rest, '\n', &line)) read_note(c, line);
}

static void tell_programs(const ImageCheck *c) {
        for (size_t i = 0; i < c->findings.n; i++) {
                const ImageFinding *f = &c->findings.v[i];
                const Node *n = c->target;
                for (size_t k = 0; n && k < f->depth; k++) n = n->parent;
                if (!n) continue;
                const Instruction *in = checks_instruction(c->checks, n->step->first_line);
                checks_advise(c->checks, (CheckAdvice){f->id, in, f->fix}, "%s", f->text);
        }
}

static bool all_cached(const Node *n) {
        for (; n; n = n->parent)
                if (!n->result.cached) return false;
        return true;
}

void build_checks_image(Checks *checks, Build *b, const Plan *plan, Node *nodes) {
        ImageCheck c = {.checks = checks,
                        .b = b,
                        .stage = plan->target,
                        .target = &nodes[plan->target->result->id],
                        .nodes = nodes};
        AUTO(view_freep) View *view = NULL;
        AUTO(freep) char *path = notes_path(&c);
        if (node_view(b, c.target, &view, NULL) < 0) return;
        c.view = view;
        if (c.stage->config.cmd.n) check_shell(&c, INSTR_CMD);
        if (c.stage->config.entrypoint.n) check_shell(&c, INSTR_ENTRYPOINT);
        check_command(&c);
        check_user(&c);
        if (all_cached(c.target)) {
                read_notes(&c, path);
        } else {
                check_programs(&c, plan);
                write_notes(&c, path);
        }
        tell_programs(&c);
        image_findings_done(&c.findings);
}
