/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "distroless/recipe.h"
#include "distroless/recipe_internal.h"
#include "os/fs.h"

static int enter_scratch(void **state) {
        const char *base = getenv("TMPDIR");
        char *path = xasprintf("%s/decant-recipe-XXXXXX", base ? base : "/tmp");
        if (!mkdtemp(path) || chdir(path) < 0) return -1;
        *state = path;
        return 0;
}

static int leave_scratch(void **state) {
        int r = chdir("/");
        tree_remove(AT_FDCWD, *state, NULL);
        free(*state);
        return r;
}

static void put(const char *name, const char *text) {
        assert_int_equal(file_write_atomic(AT_FDCWD, name, text, strlen(text), 0644, NULL), 0);
}

static Recipe *load(const char *name, const char *release, const char *variant) {
        AUTO(err_freep) Err *e = NULL;
        Recipe *r = NULL;
        RecipeBook book = {0};
        recipe_book_add(&book, ".");
        RecipeChoice choice = {.name = name, .release = release, .variant = variant, .architecture = "amd64"};
        if (recipe_load(&book, &choice, &r, &e) < 0)
                fail_msg("%s: %s\n%s", name, err_message(e), err_excerpt_text(e) ? err_excerpt_text(e) : "");
        recipe_book_done(&book);
        return r;
}

/* "message|excerpt|hints" of a recipe x.yaml with that text. */
static char *mistakes(const char *text) {
        AUTO(err_freep) Err *e = NULL;
        Recipe *r = NULL;
        RecipeBook book = {0};
        RecipeChoice choice = {.name = "./x.yaml", .architecture = "amd64"};
        recipe_book_add(&book, ".");
        put("x.yaml", text);
        if (recipe_load(&book, &choice, &r, &e) == 0) {
                recipe_free(r);
                fail_msg("accepted: %s", text);
        }
        recipe_book_done(&book);
        const char *excerpt = err_excerpt_text(e);
        return xasprintf("%s|%s|%s", err_message(e), excerpt ? excerpt : "", err_hints(e));
}

static void assert_says(const char *text, const char *expected) {
        AUTO(freep) char *said = mistakes(text);
        if (!strstr(said, expected)) fail_msg("no '%s' in: %s", expected, said);
}

static const RecipePackage *package_of(const Recipe *r, const char *name) {
        for (size_t i = 0; i < r->packages.n; i++)
                if (streq(r->packages.v[i].name, name)) return &r->packages.v[i];
        return NULL;
}

static const RecipePath *path_of(const Recipe *r, const char *path) {
        for (size_t i = 0; i < r->paths.n; i++)
                if (streq(r->paths.v[i].path, path)) return &r->paths.v[i];
        return NULL;
}

/* ---- What comes with the program */

static void test_static(void **state) {
        (void)state;
        AUTO(recipe_freep) Recipe *r = load("static", NULL, NULL);
        assert_string_equal(r->release, "debian13");
        assert_string_equal(r->codename, "trixie");
        assert_string_equal(r->variant, "latest");
        assert_int_equal(r->packages.n, 5);
        assert_non_null(package_of(r, "tzdata-legacy"));
        assert_false(package_of(r, "tzdata-legacy")->closure);
        assert_string_equal(r->user, "0");
        assert_string_equal(r->working_dir, "/");
        assert_string_equal(strvec_env_get(&r->env, "PATH"),
                            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        assert_false(r->has_entrypoint);
        assert_true(r->ca_bundle && r->os_release && r->nsswitch && !r->ld_cache);
        assert_int_equal(path_of(r, "/home/nonroot")->mode, 0700);
        assert_int_equal(path_of(r, "/home/nonroot")->uid, 65532);
        assert_int_equal(path_of(r, "/home/nonroot")->gid, 65532);
        assert_int_equal(path_of(r, "/tmp")->mode, 01777);
}

static void test_variants_come_from_one_place(void **state) {
        (void)state;
        AUTO(recipe_freep) Recipe *base = load("base", "12", "debug-nonroot");
        assert_string_equal(base->user, "65532");
        assert_string_equal(base->working_dir, "/home/nonroot");
        assert_string_equal(base->busybox, "/busybox");
        assert_string_equal(base->entrypoint.v[0], "/busybox/sh");
        assert_true(ends_with(strvec_env_get(&base->env, "PATH"), ":/busybox"));
        assert_non_null(package_of(base, "libssl3"));
        assert_null(package_of(base, "tzdata-legacy"));

        AUTO(recipe_freep) Recipe *python = load("python3", "bookworm", "debug");
        assert_string_equal(python->entrypoint.v[0], "/usr/bin/python3.11");
        assert_string_equal(python->user, "0");
        assert_string_equal(python->busybox, "/busybox");
        assert_int_equal(python->chain.n, 4);
        assert_string_equal(python->chain.v[0], "static");
}

static void load_all_of(const RecipeSummary *s) {
        for (size_t rel = 0; rel < s->releases.n; rel++)
                for (size_t v = 0; v < s->variants.n; v++)
                        for (size_t a = 0; a < s->architectures.n; a++) {
                                AUTO(err_freep) Err *e = NULL;
                                AUTO(recipe_freep) Recipe *r = NULL;
                                RecipeChoice choice = {s->name, s->releases.v[rel], s->variants.v[v],
                                                       s->architectures.v[a]};
                                if (recipe_load(NULL, &choice, &r, &e) < 0)
                                        fail_msg("%s %s %s: %s", s->name, choice.release, choice.variant,
                                                 err_message(e));
                                if (!r->packages.n && !r->bootstrap) fail_msg("%s has no packages", s->name);
                                if (!r->description) fail_msg("%s has no description", s->name);
                                if (s->architectures.n < 2) fail_msg("%s says of no architectures", s->name);
                        }
}

static void test_all_load(void **state) {
        (void)state;
        RecipeSummaries all = {0};
        RecipeBook none = {0};
        assert_int_equal(recipe_list(&none, &all, NULL), 0);
        assert_int_equal(all.n, embedded_recipe_count);
        for (size_t i = 0; i < all.n; i++) load_all_of(&all.v[i]);
        recipe_summaries_done(&all);
}

/* What is printed of a recipe reads as the same recipe. */
static void test_renders_what_it_reads(void **state) {
        (void)state;
        for (size_t i = 0; i < embedded_recipe_count; i++) {
                AUTO(buf_done) Buf first = {0}, second = {0};
                AUTO(recipe_freep) Recipe *r = load(embedded_recipes[i].name, NULL, "latest");
                recipe_render(r, &first);
                put("again.yaml", first.p);
                AUTO(recipe_freep) Recipe *again = load("./again.yaml", NULL, NULL);
                recipe_render(again, &second);
                assert_string_equal(first.p, second.p);
        }
}

/* ---- A user's own */

static void test_six_lines(void **state) {
        (void)state;
        put("mine.yaml", "description: static, libpq and our own CA\n"
                         "extends: static\n"
                         "packages: [libpq5]\n"
                         "certificates: [our-ca.pem]\n"
                         "user: nonroot\n"
                         "size-budget: 30MB\n");
        AUTO(recipe_freep) Recipe *r = load("mine", NULL, NULL);
        assert_string_equal(r->name, "mine");
        assert_true(package_of(r, "libpq5")->closure);
        assert_false(package_of(r, "netbase")->closure);
        assert_string_equal(r->certificates.v[0], "./our-ca.pem");
        assert_int_equal(r->size_budget, 30000000);
        assert_string_equal(r->user, "nonroot");
        assert_int_equal(package_of(r, "libpq5")->at.line, 3);
        assert_string_equal(package_of(r, "libpq5")->at.file, "./mine.yaml");
}

static void test_own_name_extends_the_shipped_one(void **state) {
        (void)state;
        put("static.yaml", "extends: static\npackages: [libpq5]\n");
        AUTO(recipe_freep) Recipe *r = load("static", NULL, NULL);
        assert_non_null(package_of(r, "libpq5"));
        assert_non_null(package_of(r, "netbase"));
        assert_int_equal(unlink("static.yaml"), 0);
}

static void test_everything(void **state) {
        (void)state;
        put("all.yaml", "extends: cc\n"
                        "closure: false\n"
                        "repositories:\n"
                        "  - {uri: \"https://example.org/debian\", suite: \"${codename}-x\", signed-by: [key.gpg]}\n"
                        "packages:\n"
                        "  - {name: curl, closure: true, architectures: [arm64]}\n"
                        "  - {name: zstd, closure: true, paths: [/usr/bin/**]}\n"
                        "  - libc6\n"
                        "drop: [/usr/share/doc/**, \"**/*.a\"]\n"
                        "keep: [/usr/share/doc/*/copyright]\n"
                        "accounts:\n"
                        "  users: [{name: app, uid: 1000, gid: 50, home: /app, shell: /bin/x, gecos: App}]\n"
                        "  groups: [{name: app, gid: 1000, members: [app]}]\n"
                        "directories: {/app/: {owner: \"app:app\", mode: 0750}, \"/${multiarch}\": {}}\n"
                        "files: {/app/a: {text: \"${x}\\n\", mode: 600}, /app/b: {source: b.txt, owner: 7}}\n"
                        "links: {/l: /app/a, /h: {target: /app/a, hard: true}}\n"
                        "remove: [/etc/nothing]\n"
                        "ca-bundle: true\n"
                        "ca-links: true\n"
                        "nsswitch: |\n"
                        "  passwd: files\n"
                        "python-bytecode: true\n"
                        "java-runtime: {version: 17, modules: [java.base, java.net.http]}\n"
                        "time-zone: Europe/Berlin\n"
                        "locale: C.utf8\n"
                        "environment: {A: \"${release} $${release} $x\"}\n"
                        "cmd: [a, b]\n"
                        "work-dir: /app\n"
                        "stop-signal: SIGTERM\n"
                        "labels: {a.b: c}\n"
                        "layering: {strategy: origin, budget: 5}\n"
                        "size-budget: 1.5 MiB\n");
        AUTO(recipe_freep) Recipe *r = load("all", "trixie", NULL);
        assert_string_equal(r->repositories.v[0].suite, "trixie-x");
        assert_string_equal(r->repositories.v[0].components.v[0], "main");
        assert_string_equal(r->repositories.v[0].signed_by.v[0], "./key.gpg");
        assert_null(package_of(r, "curl"));
        assert_true(package_of(r, "zstd")->closure);
        assert_false(package_of(r, "libc6")->closure);
        assert_true(recipe_package_takes(package_of(r, "zstd"), "/usr/bin/zstd"));
        assert_false(recipe_package_takes(package_of(r, "zstd"), "/usr/share/x"));
        assert_false(recipe_takes(r, "/usr/share/doc/libc6/README"));
        assert_true(recipe_takes(r, "/usr/share/doc/libc6/copyright"));
        assert_false(recipe_takes(r, "/usr/lib/libx.a"));
        assert_true(recipe_takes(r, "/usr/lib/libx.so"));
        assert_int_equal(path_of(r, "/app")->uid, 1000);
        assert_int_equal(path_of(r, "/app")->gid, 1000);
        assert_int_equal(path_of(r, "/app")->mode, 0750);
        assert_non_null(path_of(r, "/x86_64-linux-gnu"));
        assert_string_equal(path_of(r, "/app/a")->text, "${x}\n");
        assert_int_equal(path_of(r, "/app/a")->mode, 0600);
        assert_string_equal(path_of(r, "/app/b")->source, "./b.txt");
        assert_int_equal(path_of(r, "/app/b")->uid, 7);
        assert_int_equal(path_of(r, "/l")->kind, RECIPE_SYMLINK);
        assert_int_equal(path_of(r, "/h")->kind, RECIPE_HARDLINK);
        assert_int_equal(path_of(r, "/etc/nothing")->kind, RECIPE_REMOVE);
        assert_string_equal(r->nsswitch_text, "passwd: files\n");
        assert_string_equal(strvec_env_get(&r->env, "A"), "debian13 ${release} $x");
        assert_string_equal(string_pairs_get(&r->labels, "a.b"), "c");
        assert_true(r->python_bytecode);
        assert_int_equal(r->bytecode_at.line, 22);
        assert_string_equal(r->java_version, "17");
        assert_int_equal(r->java_modules.n, 2);
        assert_string_equal(r->java_modules.v[1], "java.net.http");
        assert_int_equal(r->layering, LAYERING_ORIGIN);
        assert_int_equal(r->layer_budget, 5);
        assert_int_equal(r->size_budget, 1572864);
}

static void test_parts_override(void **state) {
        (void)state;
        put("parts.yaml", "releases: {debian12: {}, debian13: {files: {/a: {text: thirteen}}}}\n"
                          "files: {/a: {text: top}}\n"
                          "variants:\n"
                          "  debug: {with: [tools], files: {/a: {text: debug}}, user: \"5\"}\n"
                          "  tools: {packages: [strace], user: \"6\"}\n");
        AUTO(recipe_freep)
        Recipe *twelve = load("parts", "12", NULL), *thirteen = load("parts", NULL, NULL),
               *debug = load("parts", NULL, "debug");
        assert_string_equal(path_of(twelve, "/a")->text, "top");
        assert_string_equal(path_of(thirteen, "/a")->text, "thirteen");
        assert_string_equal(path_of(debug, "/a")->text, "debug");
        assert_int_equal(debug->paths.n, 1);
        assert_non_null(package_of(debug, "strace"));
        assert_string_equal(debug->user, "5");
}

static const char *version_of(void *context, const char *package) {
        return streq(package, context) ? "1:17.0.21+9-1~deb12u1" : NULL;
}

static void test_fills_versions(void **state) {
        (void)state;
        char jdk[] = "jdk", jre[] = "jre";
        AUTO(err_freep) Err *e = NULL;
        put("v.yaml", "environment: {V: \"<${upstream:jre}>\"}\nlabels: {v: \"${upstream:jre}${upstream:jre}\"}\n");
        AUTO(recipe_freep) Recipe *r = load("v", NULL, NULL);
        assert_int_equal(recipe_fill_versions(r, version_of, jdk, &e), -1);
        assert_non_null(strstr(err_message(e), "./v.yaml:2: '${upstream:jre}'"));
        assert_int_equal(recipe_fill_versions(r, version_of, jre, NULL), 0);
        assert_string_equal(strvec_env_get(&r->env, "V"), "<17.0.21>");
        assert_string_equal(string_pairs_get(&r->labels, "v"), "17.0.2117.0.21");
}

/* ---- Mistakes */

static void test_unknown_words(void **state) {
        (void)state;
        assert_says("description: x\npakages: [a]\n", "./x.yaml:2: unknown key 'pakages': did you mean 'packages'?");
        assert_says("zzzzzzzzz: 1\n", "unknown key 'zzzzzzzzz': there are name, description, extends");
        assert_says("packages:\n  - {name: curl, clossure: true}\n",
                    "./x.yaml:2: unknown key 'clossure': did you mean 'closure'?");
        assert_says("variants: {a: {extends: static}}\n", "the key 'extends' may only stand at the top");
        assert_says("releases: {debian31: {}}\n", "unknown release 'debian31': did you mean debian11");
        assert_says("architectures: [sparc]\n", "./x.yaml:1: unknown architecture 'sparc'");
        assert_says("layering: packge\n", "unknown layering 'packge': did you mean package");
        assert_says("bootstrap: minbas\n", "did you mean 'minbase'");
        assert_says("user: \"${relase}\"\n", "unknown variable '${relase}': did you mean '${release}'");
        assert_says("variants: {a: {with: [b]}}\n", "there is no variant 'b': latest, a");
        assert_says("extends: statik\n", "./x.yaml:1: there is no recipe 'statik'||did you mean 'static'?");
        assert_says("extends: python3\nreleases: {debian11: {}}\n",
                    "not made for debian11, only for debian12, debian13");
}

static void test_kinds(void **state) {
        (void)state;
        assert_says("packages: curl\n", "./x.yaml:1: 'packages' wants a list of texts or maps, found a text");
        assert_says("packages:\n", "'packages' wants a list of texts or maps, found nothing");
        assert_says("entrypoint: [[a]]\n", "expected a text, found a list");
        assert_says("ca-links: perhaps\n", "'ca-links' wants true or false, found a text");
        assert_says("accounts: {users: [{name: a}]}\n", "the key 'uid' is missing here");
        assert_says("repositories: [~]\n", "expected a map, found nothing");
        assert_says("- a\n- b\n", "a recipe is a map of keys such as 'packages:', found a list");
        assert_says("a: b\na: c\n", "./x.yaml:2: the key 'a' is there twice");
}

static void test_values(void **state) {
        (void)state;
        assert_says("files: {etc/x: {text: a}}\n", "the path 'etc/x' is not absolute: write '/etc/x'");
        assert_says("directories: {/a/../b: {}}\n", "the path '/a/../b' must not hold '..'");
        assert_says("files: {/x: {text: a, source: b}}\n", "'text' or 'source', not both");
        assert_says("files: {/x: {}}\n", "'text' or 'source', found neither");
        assert_says("files: {/x: {text: a, mode: 9}}\n", "'mode' wants an octal number");
        assert_says("files: {/x: {text: a, owner: nobody}}\n", "there is no user 'nobody' in accounts");
        assert_says("size-budget: 3 parsecs\n", "'size-budget' wants a size such as '30MB'");
        assert_says("layering: {strategy: one, budget: 999}\n", "'budget' wants a number of layers from 1 to 127");
        assert_says("java-runtime: {version: 17a, modules: [x]}\n", "'version' wants the number of a Java release");
        assert_says("java-runtime: {version: 17, modules: []}\n", "'modules' wants at least one");
        assert_says("java-runtime: {version: 17, modules: [\"java.base,x\"]}\n",
                    "'java.base,x' is no name of a module");
        assert_says("java-runtime: {version: 17}\n", "the key 'modules' is missing here");
        assert_says("bootstrap: minbase\npython-bytecode: true\n", "'python-bytecode' is for images that are unpacked");
        assert_says("bootstrap: minbase\njava-runtime: {version: 17, modules: [a]}\n", "not for a bootstrapped Debian");
        assert_says("environment: {\"A=B\": c}\n", "'A=B' is no name of a variable");
        assert_says("packages: [CURL]\n", "'CURL' is no name of a package");
        assert_says("packages: [curl, zstd, curl]\n", "the package 'curl' is there already, in line 1");
        assert_says("drop: [usr/share]\n", "the pattern 'usr/share' is not absolute");
        assert_says("drop: [\"/a[\"]\n", "'/a[' is no pattern");
        assert_says("stop-signal: SIGWHAT\n", "'SIGWHAT' is no signal");
        assert_says("time-zone: ../../etc/shadow\n", "is no time zone");
        assert_says("repositories: [{uri: example.org, suite: x}]\n", "no address");
        assert_says("links: {/: /a}\n", "the root directory cannot be this");
        assert_says("links: {/a: {target: /b, hard: true, owner: 7}}\n", "a hard link has the owner of its target");
        assert_says("files: {/a/.wh.b: {text: x}}\n", "names with '.wh.' take files away");
        assert_says("\ncertificates: [ca.pem]\n", "./x.yaml:2: 'certificates' has no place to go");
        assert_says("\nca-links: true\n", "./x.yaml:2: 'ca-links' lie beside the bundle");
        assert_says("name: ../../etc/x\n", "./x.yaml:1: '../../etc/x' is no name of a recipe");
        assert_says("name: \"\"\n", "'' is no name of a recipe");
}

static void test_accounts(void **state) {
        (void)state;
        assert_says("accounts:\n  users:\n    - {name: a, uid: 5}\n    - {name: b, uid: 5}\n",
                    "./x.yaml:4: the user id '5' is there already, in line 3");
        assert_says("extends: static\naccounts: {users: [{name: app, uid: 65532}]}\n",
                    "the user id '65532' is there already, at recipes/static.yaml:");
        assert_says("accounts:\n  groups:\n    - {name: a, gid: 5}\n    - {name: a, gid: 6}\n",
                    "the group 'a' is there already");
        assert_says("accounts: {users: [{name: \"a:b\", uid: 5}]}\n", "'a:b' is no name of a user");
        assert_says("accounts: {users: [{name: a, uid: 99999999999}]}\n", "'uid' wants a number");
        assert_says("accounts: {users: [{name: a, uid: 1, home: \"/a:/b\"}]}\n", "'home' must not hold ':'");
}

static void test_several_at_once(void **state) {
        (void)state;
        AUTO(freep) char *said = mistakes("pakages: []\nuser: [a]\ncmmd: []\n");
        assert_string_equal(said, "./x.yaml:1: unknown key 'pakages': did you mean 'packages'?|"
                                  "./x.yaml:2: 'user' wants a text, found a list\n"
                                  "./x.yaml:3: unknown key 'cmmd': did you mean 'cmd'?\n|");
}

static void test_circle(void **state) {
        (void)state;
        assert_int_equal(dir_make_all(AT_FDCWD, "below", 0755, NULL), 0);
        put("below/one.yaml", "extends: two.yaml\n");
        put("below/two.yaml", "extends: one.yaml\n");
        assert_says("extends: below/one.yaml\n", "./below/two.yaml:1: recipes extend each other in a circle");
        put("a.yaml", "extends: b\n");
        put("b.yaml", "description: b\nextends: a\n");
        assert_says("extends: a\n", "./b.yaml:2: recipes extend each other in a circle: a -> b -> a");
        assert_says("extends: ./x.yaml\n", "in a circle: x -> x");
}

static void test_unknown_choices(void **state) {
        (void)state;
        const struct {
                RecipeChoice choice;
                const char *message, *hint;
        } cases[] = {
                {{"static", "debian11", NULL, "amd64"},
                 "has no release 'debian11': there is debian12, debian13",
                 "debian1"},
                {{"static", NULL, "nonrot", "amd64"},
                 "has no variant 'nonrot': there is latest, nonroot, debug, debug-nonroot",
                 "nonroot"},
                {{"static", NULL, NULL, "armhf"}, "has no architecture 'armhf': there is amd64, arm64", ""},
                {{"static", NULL, NULL, "pdp11"}, "has no architecture 'pdp11'", ""},
                {{"pyton3", NULL, NULL, "amd64"}, "there is no recipe 'pyton3'", "did you mean 'python3'?"},
                {{"./nothing.yaml", NULL, NULL, "amd64"}, "there is no recipe './nothing.yaml'", ""},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                AUTO(err_freep) Err *e = NULL;
                Recipe *r = NULL;
                assert_int_equal(recipe_load(NULL, &cases[i].choice, &r, &e), -1);
                assert_int_equal(err_kind(e), ERR_NOT_FOUND);
                if (!strstr(err_message(e), cases[i].message))
                        fail_msg("no '%s' in: %s", cases[i].message, err_message(e));
                if (!strstr(err_hints(e), cases[i].hint)) fail_msg("no '%s' in: %s", cases[i].hint, err_hints(e));
        }
}

static char *read_text(const char *path) {
        char *text = NULL;
        size_t size;
        AUTO(err_freep) Err *e = NULL;
        if (file_read(AT_FDCWD, path, 1 << 20, &text, &size, &e) < 0) fail_msg("%s", err_message(e));
        return text;
}

/* The table of keys and the page that explains them say the same. */
static void test_keys_are_documented(void **state) {
        (void)state;
        AUTO(freep) char *path = xasprintf("%s/docs/RECIPES.md", getenv("DECANT_TOP"));
        AUTO(freep) char *page = read_text(path);
        for (size_t i = 0; i < recipe_key_count; i++) {
                AUTO(freep) char *row = xasprintf("| `%s` |", recipe_keys[i].name);
                if (!strstr(page, row)) fail_msg("docs/RECIPES.md has no row %s", row);
        }
}

/* Every file of recipes/ is in the program. */
static void test_all_files_are_embedded(void **state) {
        (void)state;
        AUTO(freep) char *folder = xasprintf("%s/recipes", getenv("DECANT_TOP"));
        DirList list = {0};
        size_t count = 0;
        assert_int_equal(dir_list(AT_FDCWD, folder, &list, NULL), 0);
        for (size_t i = 0; i < list.n; i++) {
                if (!ends_with(list.v[i].name, ".yaml")) continue;
                AUTO(freep) char *path = xasprintf("%s/%s", folder, list.v[i].name);
                AUTO(freep) char *text = read_text(path), *name = xstrndup(list.v[i].name, strlen(list.v[i].name) - 5);
                RecipeText found = {0};
                RecipeBook none = {0};
                assert_int_equal(recipe_find(&none, name, &found, NULL), 0);
                assert_string_equal(found.text, text);
                recipe_text_done(&found);
                count++;
        }
        dir_list_done(&list);
        assert_int_equal(count, embedded_recipe_count);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_static),
                cmocka_unit_test(test_variants_come_from_one_place),
                cmocka_unit_test(test_all_load),
                cmocka_unit_test(test_renders_what_it_reads),
                cmocka_unit_test(test_six_lines),
                cmocka_unit_test(test_own_name_extends_the_shipped_one),
                cmocka_unit_test(test_everything),
                cmocka_unit_test(test_parts_override),
                cmocka_unit_test(test_fills_versions),
                cmocka_unit_test(test_unknown_words),
                cmocka_unit_test(test_kinds),
                cmocka_unit_test(test_values),
                cmocka_unit_test(test_accounts),
                cmocka_unit_test(test_several_at_once),
                cmocka_unit_test(test_circle),
                cmocka_unit_test(test_unknown_choices),
                cmocka_unit_test(test_keys_are_documented),
                cmocka_unit_test(test_all_files_are_embedded),
        };
        return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
