/* SPDX-License-Identifier: Apache-2.0 */
#include "build/check_elf.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "codec/elf_file.h"

enum {
        LIBRARIES_MAX = 1000, /* of one program, through all others */
        SHOWN_MAX = 8,        /* names in a message */
        CONFIG_MAX = 64 << 10,
};

static const struct {
        uint16_t machine;
        bool wide;
        const char *triplet;
} triplets[] = {
        {EM_X86_64, true, "x86_64-linux-gnu"},     {EM_AARCH64, true, "aarch64-linux-gnu"},
        {EM_386, false, "i386-linux-gnu"},         {EM_ARM, false, "arm-linux-gnueabihf"},
        {EM_RISCV, true, "riscv64-linux-gnu"},     {EM_PPC64, true, "powerpc64le-linux-gnu"},
        {EM_X86_64, false, "x86_64-linux-gnux32"},
};

void image_findings_done(ImageFindings *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->v[i].text);
                free(list->v[i].fix);
        }
        vec_done(list);
}

/* ---- where the loader looks */

static void add_path_list(StrVec *dirs, const char *text, const char *origin) {
        Str rest = str_of(text ? text : ""), one;
        bool more = rest.n > 0;
        while (more) {
                more = str_cut(&rest, ':', &one);
                if (one.n == 0) continue;
                bool braces = str_starts(one, STR("${ORIGIN}"));
                if (braces || str_starts(one, STR("$ORIGIN"))) {
                        one = str_sub(one, braces ? 9 : 7, one.n);
                        strvec_pushf(dirs, "%s" STR_FMT, origin, STR_ARG(one));
                } else if (one.p[0] == '/' && !memchr(one.p, '$', one.n)) {
                        strvec_push_take(dirs, str_dup(one));
                }
        }
}

static void add_config_file(View *view, const char *path, StrVec *dirs) {
        AUTO(freep) char *text = NULL;
        size_t size;
        if (view_read_file(view, path, CONFIG_MAX, &text, &size, NULL) != VIEW_FOUND) return;
        Str rest = {text, size}, line;
        bool more = true;
        while (more) {
                more = str_cut(&rest, '\n', &line);
                line = str_trim(line);
                if (line.n > 0 && line.p[0] == '/') strvec_push_take(dirs, str_dup(line));
        }
}

static void add_configured(View *view, StrVec *dirs) {
        DirList list;
        add_config_file(view, "/etc/ld.so.conf", dirs);
        ViewEntry entry = {0};
        bool there =
                view_lookup(view, "/etc/ld.so.conf.d", true, &entry, NULL) == VIEW_FOUND && S_ISDIR(entry.st.st_mode);
        if (there && view_list(view, entry.path, &list, NULL) == 0) {
                for (size_t i = 0; i < list.n; i++) {
                        AUTO(freep) char *path = xasprintf("%s/%s", entry.path, list.v[i].name);
                        if (ends_with(path, ".conf")) add_config_file(view, path, dirs);
                }
                dir_list_done(&list);
        }
        view_entry_done(&entry);
}

static void add_defaults(const ElfFile *program, View *view, StrVec *dirs) {
        static const char *const plain[] = {"/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib"};
        bool musl = program->interpreter && strstr(program->interpreter, "ld-musl");
        if (!musl) add_configured(view, dirs);
        for (size_t i = 0; i < ARRAY_SIZE(triplets) && !musl; i++) {
                if (triplets[i].machine != program->machine || triplets[i].wide != program->wide) continue;
                strvec_pushf(dirs, "/lib/%s", triplets[i].triplet);
                strvec_pushf(dirs, "/usr/lib/%s", triplets[i].triplet);
        }
        for (size_t i = 0; i < ARRAY_SIZE(plain); i++) strvec_push(dirs, plain[i]);
}

/* ---- libraries */

struct ElfCache {
        Map *files; /* resolved path -> ElfFile; machine 0: no library */
};

ElfCache *elf_cache_new(void) {
        ElfCache *c = xcalloc(1, sizeof *c);
        c->files = map_new();
        return c;
}

void elf_cache_free(ElfCache *c) {
        for (size_t i = 0; i < map_count(c->files); i++) {
                const char *key;
                size_t size;
                ElfFile *file = map_at(c->files, i, &key, &size);
                elf_file_done(file);
                free(file);
        }
        map_free(c->files);
        free(c);
}

static ElfFile *read_library(View *view, const ViewEntry *entry) {
        ElfFile *file = xcalloc(1, sizeof *file);
        AUTO(closep) int fd = S_ISREG(entry->st.st_mode) ? view_open_entry(view, entry, O_RDONLY, NULL) : -1;
        if (fd < 0 || elf_read(fd, file, NULL) != ELF_FOUND) *file = (ElfFile){0};
        return file;
}

/* Borrowed from the cache. */
static const ElfFile *get_library(ElfCache *cache, View *view, const ViewEntry *entry) {
        ElfFile *file = map_gets(cache->files, entry->path);
        if (!file) {
                file = read_library(view, entry);
                map_puts(cache->files, entry->path, file);
        }
        return file;
}

/* ---- one program */

/* Where libraries are looked for: in the image, or in the stage that the program comes from. */
typedef struct Place {
        View *view;
        ElfCache *cache;
} Place;

typedef struct Job {
        const ElfCheck *check;
        Place image;
        const char *path;
        const ElfFile *program;
        StrVec defaults;
        StrVec queue; /* resolved paths of libraries to read */
        Map *seen;    /* names that were looked for */
        StrVec missing;
        Buf old; /* "GLIBC_2.38 of libc.so.6" */
} Job;

static char *directory_of(const char *path) {
        const char *slash = strrchr(path, '/');
        return slash && slash > path ? xstrndup(path, (size_t)(slash - path)) : xstrdup(slash == path ? "" : ".");
}

/* A library of the right kind at path, borrowed; *ret_path is where it is after all links. */
static const ElfFile *library_at(const Job *j, const Place *place, const char *path, char **ret_path) {
        ViewEntry entry = {0};
        const ElfFile *file = NULL;
        if (view_lookup(place->view, path, true, &entry, NULL) == VIEW_FOUND)
                file = get_library(place->cache, place->view, &entry);
        if (file && (file->machine != j->program->machine || file->wide != j->program->wide)) file = NULL;
        if (file) *ret_path = TAKE(entry.path);
        view_entry_done(&entry);
        return file;
}

static const ElfFile *find_library(const Job *j, const Place *place, const StrVec *dirs, const char *name,
                                   char **ret_path) {
        const ElfFile *found = NULL;
        if (strchr(name, '/')) return library_at(j, place, name, ret_path);
        for (size_t i = 0; i < dirs->n && !found; i++) {
                AUTO(freep) char *path = xasprintf("%s/%s", dirs->v[i], name);
                found = library_at(j, place, path, ret_path);
        }
        return found;
}

static bool has_version(const ElfFile *library, const char *name) {
        for (size_t i = 0; i < library->has.n; i++)
                if (streq(library->has.v[i].name, name)) return true;
        return library->has.n == 0;
}

static void compare_versions(Job *j, const ElfFile *user, const char *name, const ElfFile *library) {
        for (size_t i = 0; i < user->wants.n; i++) {
                const ElfVersion *v = &user->wants.v[i];
                if (!streq(v->file, name) || has_version(library, v->name)) continue;
                if (j->old.n < 200) buf_addf(&j->old, "%s%s of %s", j->old.n ? ", " : "", v->name, name);
        }
}

/* user: the program or one of its libraries, at path. */
static void look_up_needed(Job *j, const ElfFile *user, const char *path) {
        AUTO(strvec_done) StrVec dirs = {0};
        AUTO(freep) char *origin = directory_of(path);
        if (!user->runpath) {
                add_path_list(&dirs, user->rpath, origin);
                AUTO(freep) char *own = directory_of(j->path);
                if (!j->program->runpath) add_path_list(&dirs, j->program->rpath, own);
        }
        add_path_list(&dirs, j->check->library_path, origin);
        add_path_list(&dirs, user->runpath, origin);
        for (size_t i = 0; i < j->defaults.n; i++) strvec_push(&dirs, j->defaults.v[i]);
        for (size_t i = 0; i < user->needed.n; i++) {
                const char *name = user->needed.v[i];
                AUTO(freep) char *found = NULL;
                bool first = map_puts(j->seen, name, j) == NULL;
                if (!first && user->wants.n == 0) continue;
                const ElfFile *library = find_library(j, &j->image, &dirs, name, &found);
                if (library) {
                        compare_versions(j, user, name, library);
                        if (first && j->queue.n < LIBRARIES_MAX) strvec_push_take(&j->queue, TAKE(found));
                } else if (first) {
                        strvec_push(&j->missing, name);
                }
        }
}

static void look_up_all(Job *j) {
        look_up_needed(j, j->program, j->path);
        for (size_t i = 0; i < j->queue.n; i++) {
                AUTO(freep) char *path = NULL;
                const ElfFile *library = library_at(j, &j->image, j->queue.v[i], &path);
                if (library) look_up_needed(j, library, path);
        }
}

/* ---- what to say */

static void add_names(Buf *out, const StrVec *names) {
        for (size_t i = 0; i < names->n && i < SHOWN_MAX; i++) buf_addf(out, "%s%s", i ? ", " : "", names->v[i]);
        if (names->n > SHOWN_MAX) buf_addf(out, " and %zu more", names->n - SHOWN_MAX);
}

/* The places of the missing libraries in the stage that the program comes from, as COPYs to write. */
static void add_copies(const Job *j, const Place *stage, const char *interpreter, Buf *copies) {
        AUTO(strvec_done) StrVec dirs = {0};
        AUTO(freep) char *loader = NULL;
        const char *name = j->check->source_name;
        add_defaults(j->program, stage->view, &dirs);
        if (interpreter && library_at(j, stage, interpreter, &loader))
                buf_addf(copies, "; COPY --from=%s %s %s", name, loader, interpreter);
        for (size_t i = 0; i < j->missing.n && i < SHOWN_MAX; i++) {
                AUTO(freep) char *path = NULL;
                if (!find_library(j, stage, &dirs, j->missing.v[i], &path)) continue;
                AUTO(freep) char *directory = directory_of(path);
                buf_addf(copies, "; COPY --from=%s %s %s/%s", name, path, directory, j->missing.v[i]);
        }
}

static void advise_copy(const Job *j, const char *interpreter, Buf *out) {
        AUTO(buf_done) Buf copies = {0};
        if (!j->check->source || !j->check->source_name) return;
        Place stage = {j->check->source, elf_cache_new()};
        add_copies(j, &stage, interpreter, &copies);
        elf_cache_free(stage.cache);
        if (copies.n) buf_addf(out, "; to copy them: %s", copies.p + 2);
}

static void push(Job *j, CheckId id, Buf *text, Buf *fix, ImageFindings *findings) {
        ImageFinding f = {id, j->check->depth, buf_take(text), buf_take(fix)};
        vec_push(findings, f);
}

static void tell_no_interpreter(Job *j, ImageFindings *findings) {
        Buf text = {0}, fix = {0};
        const char *interpreter = j->program->interpreter;
        bool musl = strstr(interpreter, "ld-musl") != NULL;
        buf_addf(&text, "'%s' cannot be started: its interpreter '%s' is not in the image", j->path, interpreter);
        if (j->missing.n) {
                buf_adds(&text, ", nor are ");
                add_names(&text, &j->missing);
        }
        buf_addf(
                &fix,
                "take a base image with %s, or link it statically (Go: CGO_ENABLED=0, C: -static, Rust: a musl target)",
                musl ? "musl (alpine)" : "glibc (debian and its relatives)");
        advise_copy(j, interpreter, &fix);
        push(j, CHECK_MISSING_INTERPRETER, &text, &fix, findings);
}

static void tell_missing(Job *j, ImageFindings *findings) {
        Buf text = {0}, fix = {0};
        buf_addf(&text, "'%s' cannot be started: the image lacks ", j->path);
        add_names(&text, &j->missing);
        buf_adds(&fix, "install or copy what is missing, or link the program statically");
        advise_copy(j, NULL, &fix);
        push(j, CHECK_MISSING_LIBRARY, &text, &fix, findings);
}

static void tell_old(Job *j, ImageFindings *findings) {
        Buf text = {0}, fix = {0};
        buf_addf(&text, "'%s' cannot be started: the image's libraries are too old for it, they have no %s", j->path,
                 j->old.p);
        buf_adds(&fix, check_rule(CHECK_OLD_LIBRARY)->fix);
        push(j, CHECK_OLD_LIBRARY, &text, &fix, findings);
}

static bool is_there(View *view, const char *path) {
        ViewEntry entry = {0};
        bool found = view_lookup(view, path, true, &entry, NULL) == VIEW_FOUND;
        view_entry_done(&entry);
        return found;
}

void elf_check_program(const ElfCheck *check, const char *path, int fd, ImageFindings *findings) {
        ElfFile program = {0};
        if (elf_read(fd, &program, NULL) != ELF_FOUND || !program.interpreter) {
                elf_file_done(&program);
                return;
        }
        Job j = {.check = check,
                 .image = {check->view, check->cache},
                 .path = path,
                 .program = &program,
                 .seen = map_new()};
        add_defaults(&program, check->view, &j.defaults);
        look_up_all(&j);
        if (!is_there(check->view, program.interpreter)) {
                tell_no_interpreter(&j, findings);
        } else if (j.missing.n) {
                tell_missing(&j, findings);
        } else if (j.old.n) {
                tell_old(&j, findings);
        }
        strvec_done(&j.defaults);
        strvec_done(&j.queue);
        strvec_done(&j.missing);
        buf_done(&j.old);
        map_free(j.seen);
        elf_file_done(&program);
}
