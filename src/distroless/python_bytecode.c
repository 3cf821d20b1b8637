/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "distroless/tool_packages.h"
#include "distroless/tool_run.h"
#include "layer/view.h"
#include "os/fs.h"

/* What py3compile would have made of the image's modules, by its own version of Python: NAME.cpython-313.pyc in __pycache__ beside each. They
 * are believed without a look at the source (PEP 552, unchecked), so that no time of a file is in them or matters to them. Bytecode has no
 * architecture. */

enum {
        PYTHON_SOURCE_MAX = 16 << 20,
        PYTHON_SOURCES_MAX = 200000,
        PYTHON_DEPTH_MAX = 64,
};

/* In one process and in one order, since what is marshalled depends on what else lives. What is no Python of this version gets nothing, as
 * from py3compile: there are templates among the files. */
static const char script[] =
        "import marshal, os, sys\n"
        "from importlib.util import MAGIC_NUMBER, source_hash\n"
        "top, out = sys.argv[1:]\n"
        "for folder, folders, files in os.walk(top):\n"
        "    folders.sort()\n"
        "    cache = out + folder[len(top):] + '/__pycache__/'\n"
        "    for name in sorted(files):\n"
        "        with open(folder + '/' + name, 'rb') as f: text = f.read()\n"
        "        try: code = compile(text, folder[len(top):] + '/' + name, 'exec', dont_inherit=True)\n"
        "        except (SyntaxError, ValueError): continue\n"
        "        os.makedirs(cache, exist_ok=True)\n"
        "        with open(cache + name[:-3] + '.' + sys.implementation.cache_tag + '.pyc', 'wb') as f:\n"
        "            f.write(MAGIC_NUMBER + (1).to_bytes(4, 'little') + source_hash(text) + marshal.dumps(code))\n";

static bool is_wanted(const Recipe *r) {
        return r->python_bytecode;
}

static void add_key(const Assembly *a, const BaseLayers *below, KeyText *k) {
        AUTO(freep) char *version = python_version_of(a->lock);
        AUTO(strvec_done) StrVec names = {0};
        for (size_t i = 0; i < below->n; i++) key_digest(k, "below", &below->v[i].key);
        key_bytes(k, "script", script, sizeof script - 1);
        if (!version) return;
        python_tool_packages(version, &names);
        tool_key_packages(a, &names, k);
}

/* ---- the sources */

typedef struct Sources {
        View *view;
        const char *dir; /* they go below it */
        size_t count;
} Sources;

static int copy_source(Sources *s, const char *path, Err **e) {
        AUTO(freep) char *text = NULL;
        size_t size;
        int r = view_read_file(s->view, path, PYTHON_SOURCE_MAX, &text, &size, e);
        if (r != VIEW_FOUND) return r < 0 ? -1 : 0; /* a link that leads nowhere */
        if (++s->count > PYTHON_SOURCES_MAX)
                return err_new(e, ERR_LIMIT, "more than %d modules of Python", PYTHON_SOURCES_MAX);
        AUTO(freep) char *to = xasprintf("%s%s", s->dir, path);
        return file_write_atomic(AT_FDCWD, to, text, size, 0644, e);
}

static int copy_sources(Sources *s, const char *folder, unsigned depth, Err **e);

static int copy_entry(Sources *s, const char *folder, const DirEntry *entry, unsigned depth, Err **e) {
        AUTO(freep) char *path = xasprintf("%s/%s", folder, entry->name);
        if (entry->type == DT_DIR) return copy_sources(s, path, depth + 1, e);
        bool source = (entry->type == DT_REG || entry->type == DT_LNK) && ends_with(entry->name, ".py");
        return source ? copy_source(s, path, e) : 0;
}

static int copy_sources(Sources *s, const char *folder, unsigned depth, Err **e) {
        DirList list = {0};
        if (depth > PYTHON_DEPTH_MAX) return err_new(e, ERR_LIMIT, "'%s' is too deep", folder);
        AUTO(freep) char *to = xasprintf("%s%s", s->dir, folder);
        if (dir_make_all(AT_FDCWD, to, 0755, e) < 0 || view_list(s->view, folder, &list, e) < 0) return -1;
        int r = 0;
        for (size_t i = 0; i < list.n && r == 0; i++) r = copy_entry(s, folder, &list.v[i], depth, e);
        dir_list_done(&list);
        return r;
}

/* Where that Python looks for modules. */
static int copy_all(Sources *s, const char *version, Err **e) {
        static const char *const places[] = {"/usr/lib/python3", "/usr/lib/python%s", "/usr/local/lib/python%s"};
        if (dir_make_all(AT_FDCWD, s->dir, 0755, e) < 0) return -1;
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                const char *hole = strchr(places[i], '%');
                size_t n = hole ? (size_t)(hole - places[i]) : strlen(places[i]);
                AUTO(freep) char *place = xasprintf("%.*s%s", (int)n, places[i], hole ? version : "");
                ViewEntry entry;
                int r = view_lookup(s->view, place, false, &entry, e);
                if (r < 0) return -1;
                bool directory = r == VIEW_FOUND && S_ISDIR(entry.st.st_mode);
                view_entry_done(&entry);
                if (directory && copy_sources(s, place, 0, e) < 0) return -1;
        }
        return 0;
}

/* ---- the layer */

static int compile(Assembly *a, const char *version, const char *input, const char *output, Err **e) {
        AUTO(strvec_done) StrVec names = {0}, argv = {0};
        python_tool_packages(version, &names);
        strvec_pushf(&argv, "/usr/bin/python%s", version);
        static const char *const options[] = {"-S", "-B", "-W", "ignore", "-c", script, TOOL_INPUT, TOOL_OUTPUT};
        for (size_t i = 0; i < ARRAY_SIZE(options); i++) strvec_push(&argv, options[i]);
        const ToolRun run = {"python-bytecode", &a->recipe->bytecode_at, &names, &argv, input, output};
        return tool_run(a, &run, e);
}

static int make(Assembly *a, View *below, const Draft *draft, Err **e) {
        const Recipe *r = a->recipe;
        AUTO(freep) char *version = python_version_of(a->lock);
        AUTO(freep) char *input = xasprintf("%s/input", draft->path);
        Sources sources = {.view = below, .dir = input};
        if (!version) {
                err_new(e, ERR_SYNTAX, "%s:%u: 'python-bytecode' needs a Python in the image", r->bytecode_at.file,
                        r->bytecode_at.line);
                return err_hint(e, "a package such as python3.13-minimal");
        }
        if (copy_all(&sources, version, e) < 0) return -1;
        if (compile(a, version, input, draft->fs_path, e) < 0) return -1;
        return tool_output_settle(draft->fs_path, e);
}

const ToolKind python_bytecode = {"Python bytecode", "compile Python's modules", is_wanted, add_key, make};
