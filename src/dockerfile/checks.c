/* SPDX-License-Identifier: Apache-2.0 */
#include "dockerfile/checks.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/map.h"

enum { FINDINGS_MAX = 10000 };

/* clang-format off */
static const CheckRule rules[CHECK_ID_MAX] = {
        [CHECK_STAGE_CASING] = {"StageNameCasing", CHECK_LEVEL_WARNING, false, true,
                "Stage names are in lower case", "write the stage name in lower case"},
        [CHECK_AS_CASING] = {"FromAsCasing", CHECK_LEVEL_WARNING, false, true,
                "'as' is in the same case as 'from'", "write FROM and AS in the same case"},
        [CHECK_EMPTY_CONTINUATION] = {"NoEmptyContinuation", CHECK_LEVEL_WARNING, false, true,
                "No empty lines inside an instruction", "remove the empty line, or put a comment there"},
        [CHECK_INSTRUCTION_CASING] = {"ConsistentInstructionCasing", CHECK_LEVEL_WARNING, false, true,
                "All instructions are in the same case", "write all instructions in the same case"},
        [CHECK_DUPLICATE_STAGE] = {"DuplicateStageName", CHECK_LEVEL_ERROR, false, false,
                "Each stage has a name of its own", "rename one of the stages"},
        [CHECK_RESERVED_STAGE] = {"ReservedStageName", CHECK_LEVEL_ERROR, false, false,
                "No stage is called scratch or context", "choose another name"},
        [CHECK_SHELL_FORM] = {"JSONArgsRecommended", CHECK_LEVEL_WARNING, false, true,
                "CMD and ENTRYPOINT are JSON arrays", "write a JSON array, or set SHELL to say that the shell is meant"},
        [CHECK_MAINTAINER] = {"MaintainerDeprecated", CHECK_LEVEL_WARNING, false, true,
                "MAINTAINER is not used", "write LABEL org.opencontainers.image.authors=\"...\""},
        [CHECK_UNDEFINED_ARG_IN_FROM] = {"UndefinedArgInFrom", CHECK_LEVEL_WARNING, false, false,
                "FROM uses only arguments that are declared before the first FROM", "declare it with ARG above the first FROM"},
        [CHECK_UNDEFINED_VAR] = {"UndefinedVar", CHECK_LEVEL_WARNING, false, false,
                "Only variables that are defined are used", "define it with ARG or ENV in this stage, or mend the name"},
        [CHECK_RELATIVE_WORKDIR] = {"WorkdirRelativePath", CHECK_LEVEL_WARNING, false, false,
                "The first WORKDIR of a Dockerfile is absolute", "write the whole path, beginning with /"},
        [CHECK_REPEATED] = {"MultipleInstructionsDisallowed", CHECK_LEVEL_WARNING, false, false,
                "CMD, ENTRYPOINT and HEALTHCHECK are there once in a stage", "remove all but the last"},
        [CHECK_LEGACY_PAIR] = {"LegacyKeyValueFormat", CHECK_LEVEL_WARNING, false, true,
                "ENV and LABEL are written with '='", "write NAME=VALUE"},
        [CHECK_BASE_PLATFORM] = {"InvalidBaseImagePlatform", CHECK_LEVEL_WARNING, false, false,
                "Base images are for the platform of the build", "choose an image of this platform, or say --platform in FROM"},
        [CHECK_REDUNDANT_PLATFORM] = {"RedundantTargetPlatform", CHECK_LEVEL_WARNING, false, true,
                "FROM does not repeat the default platform", "leave --platform=$TARGETPLATFORM out"},
        [CHECK_CONSTANT_PLATFORM] = {"FromPlatformFlagConstDisallowed", CHECK_LEVEL_WARNING, false, false,
                "FROM --platform is not a constant", "use $BUILDPLATFORM or another variable, leave the flag out, or name the platform in the stage's name"},
        [CHECK_SECRET_NAME] = {"SecretsUsedInArgOrEnv", CHECK_LEVEL_WARNING, false, false,
                "No secrets in ARG or ENV", "pass it with RUN --mount=type=secret; what ARG and ENV hold can be read in the image"},
        [CHECK_DEFAULT_ARG_IN_FROM] = {"InvalidDefaultArgInFrom", CHECK_LEVEL_WARNING, false, false,
                "FROM names an image also without build arguments", "give the ARG a default that makes a valid image name"},
        [CHECK_COPY_IGNORED] = {"CopyIgnoredFile", CHECK_LEVEL_WARNING, false, false,
                "COPY and ADD name no file that the ignore file hides", "change the ignore file, or do not copy it"},
        [CHECK_DESCRIPTION] = {"InvalidDefinitionDescription", CHECK_LEVEL_WARNING, true, false,
                "A comment above FROM or ARG begins with the name that it describes", "write '# NAME description', or put an empty line below the comment"},
        [CHECK_EXPOSE_CASING] = {"ExposeProtoCasing", CHECK_LEVEL_WARNING, false, true,
                "EXPOSE names protocols in lower case", "write tcp, udp or sctp in lower case"},
        [CHECK_EXPOSE_FORMAT] = {"ExposeInvalidFormat", CHECK_LEVEL_WARNING, false, true,
                "EXPOSE names only ports of the container", "leave addresses and ports of the host out: they are chosen when a container is started"},
        [CHECK_MISSING_INTERPRETER] = {"MissingInterpreter", CHECK_LEVEL_WARNING, false, false,
                "What a program needs to be started is in the image", "copy it too, take a base image that has it, or link the program statically"},
        [CHECK_MISSING_LIBRARY] = {"MissingLibrary", CHECK_LEVEL_WARNING, false, false,
                "The shared libraries of a program are in the image", "copy them too, take a base image that has them, or link the program statically"},
        [CHECK_OLD_LIBRARY] = {"LibraryTooOld", CHECK_LEVEL_WARNING, false, false,
                "The C library is not older than the one that a program was built with", "build the program on the same distribution as the last stage, or on an older one"},
        [CHECK_NO_SHELL] = {"ShellFormWithoutShell", CHECK_LEVEL_WARNING, false, false,
                "Shell form is used only where there is a shell", "write a JSON array"},
        [CHECK_NO_COMMAND] = {"MissingCommand", CHECK_LEVEL_WARNING, false, false,
                "The program that the image starts is in the image", "mend the path, or copy the program"},
        [CHECK_TOOLCHAIN] = {"ToolchainInFinalStage", CHECK_LEVEL_INFO, false, false,
                "Compilers and build tools stay out of the last stage", "build in a stage of its own and COPY --from it what is needed"},
        [CHECK_UNKNOWN_USER] = {"UnknownUser", CHECK_LEVEL_WARNING, false, false,
                "USER is in the image's /etc/passwd", "make the user in a RUN step, copy /etc/passwd, or write a number"},
        [CHECK_UNUSED_STAGE] = {"UnusedStage", CHECK_LEVEL_INFO, false, false,
                "Every stage is needed", "remove the stage, or describe it in a comment above it when it is a --target of its own"},
};
/* clang-format on */

struct Checks {
        const Dockerfile *d;
        const char *rules;
        Arena *arena;
        Map *seen; /* "rule line text" */
        VEC(Finding) list;
        bool sorted;
};

const CheckRule *check_rule(CheckId id) {
        return &rules[id];
}

bool check_find(Str name, CheckId *ret_id) {
        for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
                if (!str_eq_nocase(name, str_of(rules[i].name))) continue;
                *ret_id = (CheckId)i;
                return true;
        }
        return false;
}

static const char *const levels[] = {"error", "warning", "info", "ignore"};

const char *check_level_name(CheckLevel level) {
        return levels[level];
}

bool check_level_find(const char *name, CheckLevel *ret_level) {
        for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
                if (!streq(name, levels[i])) continue;
                *ret_level = (CheckLevel)i;
                return true;
        }
        return false;
}

/* JSONArgsRecommended -> json-args-recommended */
static void add_slug(const char *name, Buf *out) {
        for (const char *c = name; *c; c++) {
                bool start = c > name && isupper((unsigned char)*c) &&
                             (islower((unsigned char)c[-1]) || islower((unsigned char)c[1]));
                if (start) buf_addc(out, '-');
                buf_addc(out, (char)tolower((unsigned char)*c));
        }
}

void check_url(CheckId id, Buf *out) {
        if (check_is_own(id)) {
                buf_addf(out, "docs/checks/%s.md", rules[id].name);
                return;
        }
        buf_adds(out, "https://docs.docker.com/go/dockerfile/rule/");
        add_slug(rules[id].name, out);
        buf_addc(out, '/');
}

Checks *checks_new(const Dockerfile *d, const char *text) {
        Checks *c = xcalloc(1, sizeof *c);
        c->d = d;
        c->rules = text ? text : d->check;
        c->arena = arena_new();
        c->seen = map_new();
        return c;
}

void checks_free(Checks *c) {
        vec_done(&c->list);
        map_free(c->seen);
        arena_free(c->arena);
        free(c);
}

/* The value of key in "key=value;key=value". */
static Str rules_value(const char *text, const char *key) {
        Str rest = str_of(text), one, name;
        bool more = text != NULL;
        while (more) {
                more = str_cut(&rest, ';', &one);
                if (str_cut(&one, '=', &name) && str_eq_nocase(str_trim(name), str_of(key))) return str_trim(one);
        }
        return (Str){0};
}

static bool names_rule(const char *text, const char *key, const char *rule) {
        Str list = rules_value(text, key), one;
        bool more = list.n > 0;
        while (more) {
                more = str_cut(&list, ',', &one);
                one = str_trim(one);
                if (str_eq_nocase(one, STR("all")) || str_eq_nocase(one, str_of(rule))) return true;
        }
        return false;
}

bool checks_wanted(const Checks *c, CheckId id) {
        if (!c) return false;
        const CheckRule *rule = &rules[id];
        if (rule->experimental) return names_rule(c->rules, "experimental", rule->name);
        return !names_rule(c->rules, "skip", rule->name);
}

static void add(Checks *c, CheckId id, const Instruction *in, const char *fix, const char *text) {
        if (!checks_wanted(c, id) || c->list.n >= FINDINGS_MAX) return;
        if (in && in->check && names_rule(in->check, "skip", rules[id].name)) return;
        Finding f = {.id = id,
                     .first_line = in ? in->first_line : 0,
                     .last_line = in ? in->last_line : 0,
                     .text = arena_strdup(c->arena, text),
                     .fix = arena_strdup(c->arena, fix ? fix : rules[id].fix)};
        const char *key = arena_printf(c->arena, "%d %u %s", (int)id, f.first_line, text);
        if (map_puts(c->seen, key, c)) return;
        vec_push(&c->list, f);
        c->sorted = false;
}

void checks_add(Checks *c, CheckId id, const Instruction *in, const char *format, ...) {
        if (!c) return;
        va_list ap;
        va_start(ap, format);
        AUTO(freep) char *text = xvasprintf(format, ap);
        va_end(ap);
        add(c, id, in, NULL, text);
}

void checks_advise(Checks *c, CheckAdvice advice, const char *format, ...) {
        if (!c) return;
        va_list ap;
        va_start(ap, format);
        AUTO(freep) char *text = xvasprintf(format, ap);
        va_end(ap);
        add(c, advice.id, advice.instruction, advice.fix, text);
}

static int by_line(const void *a, const void *b) {
        const Finding *x = a, *y = b;
        if (x->first_line != y->first_line) return x->first_line < y->first_line ? -1 : 1;
        return x->id == y->id ? strcmp(x->text, y->text) : x->id < y->id ? -1 : 1;
}

Finding *checks_list(Checks *c, size_t *ret_count) {
        if (!c->sorted && c->list.n > 1) qsort(c->list.v, c->list.n, sizeof *c->list.v, by_line);
        c->sorted = true;
        *ret_count = c->list.n;
        return c->list.v;
}

const Dockerfile *checks_dockerfile(const Checks *c) {
        return c->d;
}

const char *checks_rules(const Checks *c) {
        return c->rules;
}

const Instruction *checks_instruction(const Checks *c, uint32_t line) {
        size_t from = 0, to = c->d->instruction_count;
        while (from < to) {
                size_t middle = from + (to - from) / 2;
                const Instruction *in = &c->d->instructions[middle];
                if (in->first_line <= line && line <= in->last_line) return in;
                if (in->first_line > line)
                        to = middle;
                else
                        from = middle + 1;
        }
        return NULL;
}

/* As Go reads a truth value. */
static bool truth_parse(Str text, bool *ret_value) {
        static const char *const words[] = {"true", "1", "t", "false", "0", "f"};
        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
                if (!str_eq_nocase(text, str_of(words[i]))) continue;
                *ret_value = i < ARRAY_SIZE(words) / 2;
                return true;
        }
        return false;
}

bool checks_are_fatal(const Checks *c) {
        bool fatal;
        return truth_parse(rules_value(c->rules, "error"), &fatal) && fatal;
}

/* The line of the check directive, or 0 when the rules came from elsewhere. */
static uint32_t rules_line(const Checks *c) {
        if (c->rules != c->d->check) return 0;
        for (size_t i = 0; i < c->d->line_count; i++) {
                Str line = str_trim(c->d->lines[i]), key;
                if (!str_starts(line, STR("#"))) break;
                line = str_sub(line, 1, line.n);
                if (str_cut(&line, '=', &key) && str_eq_nocase(str_trim(key), STR("check"))) return (uint32_t)i + 1;
        }
        return 0;
}

static int refuse_option(const Checks *c, Str one, const char *expected, Err **e) {
        static const char forms[] =
                "the form is skip=RULE,RULE;error=true;experimental=RULE, with 'all' for every rule";
        uint32_t line = rules_line(c);
        if (line)
                dockerfile_error(c->d, line, line, NULL, e, "invalid check option '" STR_FMT "'%s", STR_ARG(one),
                                 expected);
        else
                err_new(e, ERR_USAGE, "BUILDKIT_DOCKERFILE_CHECK: invalid check option '" STR_FMT "'%s", STR_ARG(one),
                        expected);
        return err_hint(e, forms);
}

int checks_validate(const Checks *c, Err **e) {
        Str rest = str_trim(str_of(c->rules ? c->rules : "")), one;
        for (bool more = rest.n > 0; more;) {
                more = str_cut(&rest, ';', &one);
                one = str_trim(one);
                Str value = one, key;
                if (one.n == 0) continue;
                if (!str_cut(&value, '=', &key)) return refuse_option(c, one, ": it has no value", e);
                key = str_trim(key);
                bool truth, error = str_eq_nocase(key, STR("error"));
                if (error && !truth_parse(str_trim(value), &truth))
                        return refuse_option(c, one, ": it should be true or false", e);
                if (!error && !str_eq_nocase(key, STR("skip")) && !str_eq_nocase(key, STR("experimental")))
                        return refuse_option(c, key, "", e);
        }
        return 0;
}

int checks_verdict(Checks *c, Err **e) {
        if (!checks_are_fatal(c)) return 0;
        AUTO(map_freep) Map *seen = map_new();
        AUTO(buf_done) Buf names = {0};
        size_t n;
        const Finding *list = checks_list(c, &n), *first = NULL;
        for (size_t i = 0; i < n; i++) {
                const char *name = rules[list[i].id].name;
                if (check_is_own(list[i].id)) continue;
                if (!first) first = &list[i];
                if (!map_puts(seen, name, c)) buf_addf(&names, "%s%s", names.n ? ", " : "", name);
        }
        if (!first) return 0;
        dockerfile_error(c->d, first->first_line, first->last_line, NULL, e, "lint violation found for rules: %s",
                         names.p);
        return err_hint(e, "%s; checks are errors because of 'check=error=true'", first->text);
}
