/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include "base/str.h"

#define LIST_IMAGES "decant images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null"

static void add_options(const Option *options, size_t count, Buf *out) {
        for (size_t i = 0; i < count; i++) {
                if (options[i].state == OPTION_UNSUPPORTED) continue;
                if (options[i].letter) buf_addf(out, " -%c", options[i].letter);
                buf_addf(out, " --%s", options[i].name);
        }
}

static void add_command_names(Buf *out, const char *separator) {
        size_t count;
        const Command *table = command_table(&count);
        for (size_t i = 0, n = 0; i < count; i++) {
                if (!table[i].hidden) buf_addf(out, "%s%s", n++ ? separator : "", table[i].name);
        }
}

/* ---- bash: one case for the word before the cursor, one for the command */

static const char *bash_action(Completes completes) {
        switch (completes) {
        case COMPLETES_FILE: return "COMPREPLY=($(compgen -f -- \"$cur\"))";
        case COMPLETES_DIRECTORY: return "COMPREPLY=($(compgen -d -- \"$cur\"))";
        case COMPLETES_IMAGE: return "COMPREPLY=($(compgen -W \"$(" LIST_IMAGES ")\" -- \"$cur\"))";
        case COMPLETES_COMMAND: return "COMPREPLY=($(compgen -W \"$commands\" -- \"$cur\"))";
        case COMPLETES_NOTHING: break;
        }
        return "COMPREPLY=()";
}

static void bash_values(const char *command, const Option *options, size_t count, Buf *out) {
        for (size_t i = 0; i < count; i++) {
                const Option *o = &options[i];
                if (o->kind == OPTION_FLAG) continue;
                buf_addf(out, "    %s:--%s", command, o->name);
                if (o->letter) buf_addf(out, "|%s:-%c", command, o->letter);
                if (o->choices) {
                        buf_addf(out, ") COMPREPLY=($(compgen -W \"%s\" -- \"$cur\")); return ;;\n", o->choices);
                } else {
                        buf_addf(out, ") %s; return ;;\n", bash_action(o->completes));
                }
        }
}

void completion_bash(Buf *out) {
        size_t count, global_count;
        const Command *table = command_table(&count);
        const Option *global = global_options(&global_count);
        buf_adds(out, "# bash completion for decant; made by: decant completion bash\n"
                      "_decant() {\n"
                      "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\" command= word "
                      "commands=\"");
        add_command_names(out, " ");
        buf_adds(out, "\"\n"
                      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                      "    case \" $commands \" in *\" $word \"*) command=$word; break ;; esac\n"
                      "  done\n"
                      "  COMPREPLY=()\n"
                      "  case \"$command:$prev\" in\n");
        for (size_t i = 0; i < count; i++)
                bash_values(table[i].name, table[i].options->rows, table[i].options->count, out);
        bash_values("*", global, global_count, out);
        buf_adds(out, "  esac\n  case \"$command\" in\n    '')\n      COMPREPLY=($(compgen -W \"$commands");
        add_options(global, global_count, out);
        buf_adds(out, "\" -- \"$cur\")) ;;\n");
        for (size_t i = 0; i < count; i++) {
                const Command *c = &table[i];
                if (c->hidden) continue;
                buf_addf(out, "    %s)\n      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"", c->name);
                add_options(c->options->rows, c->options->count, out);
                add_options(global, global_count, out);
                buf_adds(out, "\" -- \"$cur\"))\n      else ");
                if (c->choices) {
                        buf_addf(out, "COMPREPLY=($(compgen -W \"%s\" -- \"$cur\")); fi ;;\n", c->choices);
                } else {
                        buf_addf(out, "%s; fi ;;\n", bash_action(c->completes));
                }
        }
        buf_adds(out, "  esac\n}\ncomplete -o filenames -F _decant decant\n");
}

/* ---- zsh */

/* Text inside a single-quoted _arguments specification. */
static void zsh_text(const char *text, Buf *out) {
        for (; *text; text++) {
                if (*text == '\'') {
                        buf_adds(out, "'\\''");
                } else {
                        if (*text == '[' || *text == ']' || *text == ':' || *text == '\\') buf_addc(out, '\\');
                        buf_addc(out, *text);
                }
        }
}

static const char *zsh_action(Completes completes) {
        switch (completes) {
        case COMPLETES_FILE: return "_files";
        case COMPLETES_DIRECTORY: return "_files -/";
        case COMPLETES_IMAGE: return "_decant_images";
        case COMPLETES_COMMAND: return "_decant_commands";
        case COMPLETES_NOTHING: break;
        }
        return " ";
}

static void zsh_option(const Option *o, Buf *out) {
        if (o->state == OPTION_UNSUPPORTED) return;
        const char *star = o->kind == OPTION_LIST ? "\\*" : "";
        buf_adds(out, " \\\n        ");
        if (o->letter) {
                buf_addf(out, "%s{-%c,--%s}'[", star, o->letter, o->name);
        } else {
                buf_addf(out, "%s'--%s[", star, o->name);
        }
        zsh_text(o->help, out);
        buf_addc(out, ']');
        if (o->kind != OPTION_FLAG) {
                buf_addc(out, ':');
                zsh_text(o->value, out);
                if (o->choices) {
                        buf_addf(out, ":(%s)", o->choices);
                } else {
                        buf_addf(out, ":%s", zsh_action(o->completes));
                }
        }
        buf_addc(out, '\'');
}

static void zsh_command(const Command *c, Buf *out) {
        size_t count;
        const Option *global = global_options(&count);
        buf_addf(out, "    %s)\n      _arguments -s", c->name);
        for (size_t i = 0; i < c->options->count; i++) zsh_option(&c->options->rows[i], out);
        for (size_t i = 0; i < count; i++) zsh_option(&global[i], out);
        if (c->choices) {
                buf_addf(out, " \\\n        '1:word:(%s)'", c->choices);
        } else if (c->operand_max > 0) {
                buf_addf(out, " \\\n        '*:operand:%s'", zsh_action(c->completes));
        }
        buf_adds(out, "\n      ;;\n");
}

void completion_zsh(Buf *out) {
        size_t count;
        const Command *table = command_table(&count);
        buf_adds(out, "#compdef decant\n# zsh completion for decant; made by: decant completion zsh\n"
                      "_decant_images() {\n  local -a names\n  names=(${(f)\"$(" LIST_IMAGES ")\"})\n"
                      "  compadd -a names\n}\n"
                      "_decant_commands() {\n  local -a commands\n  commands=(");
        for (size_t i = 0; i < count; i++) {
                if (table[i].hidden) continue;
                buf_addf(out, "\n    '%s:", table[i].name);
                zsh_text(table[i].help, out);
                buf_addc(out, '\'');
        }
        buf_adds(out, "\n  )\n  _describe command commands\n}\n"
                      "_decant() {\n  local curcontext=$curcontext state line\n"
                      "  _arguments -C '1:command:_decant_commands' '*::argument:->arguments'\n"
                      "  [[ $state == arguments ]] || return\n  case $line[1] in\n");
        for (size_t i = 0; i < count; i++) {
                if (!table[i].hidden) zsh_command(&table[i], out);
        }
        buf_adds(
                out,
                "  esac\n}\nif [[ $funcstack[1] == _decant ]]; then _decant \"$@\"; else compdef _decant decant; fi\n");
}

/* ---- fish */

static void fish_quoted(const char *text, Buf *out) {
        buf_addc(out, '\'');
        for (; *text; text++) {
                if (*text == '\'' || *text == '\\') buf_addc(out, '\\');
                buf_addc(out, *text);
        }
        buf_addc(out, '\'');
}

static void fish_action(Completes completes, Buf *out) {
        switch (completes) {
        case COMPLETES_FILE: buf_adds(out, " -F"); break;
        case COMPLETES_DIRECTORY: buf_adds(out, " -a '(__fish_complete_directories)'"); break;
        case COMPLETES_IMAGE: buf_adds(out, " -a '(__decant_images)'"); break;
        case COMPLETES_COMMAND:
                buf_adds(out, " -a '");
                add_command_names(out, " ");
                buf_addc(out, '\'');
                break;
        case COMPLETES_NOTHING: break;
        }
}

static void fish_option(const char *condition, const Option *o, Buf *out) {
        if (o->state == OPTION_UNSUPPORTED) return;
        buf_addf(out, "complete -c decant%s -l %s", condition, o->name);
        if (o->letter) buf_addf(out, " -s %c", o->letter);
        buf_adds(out, " -d ");
        fish_quoted(o->help, out);
        if (o->kind != OPTION_FLAG) {
                buf_adds(out, " -x");
                if (o->choices) {
                        buf_addf(out, " -a '%s'", o->choices);
                } else {
                        fish_action(o->completes, out);
                }
        }
        buf_addc(out, '\n');
}

static void fish_command(const Command *c, Buf *out) {
        Buf condition = {0};
        buf_addf(out, "complete -c decant -n __fish_use_subcommand -a %s -d ", c->name);
        fish_quoted(c->help, out);
        buf_addc(out, '\n');
        buf_addf(&condition, " -n '__fish_seen_subcommand_from %s'", c->name);
        for (size_t i = 0; i < c->options->count; i++) fish_option(condition.p, &c->options->rows[i], out);
        if (c->choices || c->completes != COMPLETES_NOTHING) {
                buf_addf(out, "complete -c decant%s", condition.p);
                if (c->choices) {
                        buf_addf(out, " -a '%s'", c->choices);
                } else {
                        fish_action(c->completes, out);
                }
                buf_addc(out, '\n');
        }
        buf_done(&condition);
}

void completion_fish(Buf *out) {
        size_t count;
        const Option *global = global_options(&count);
        buf_adds(out, "# fish completion for decant; made by: decant completion fish\n"
                      "function __decant_images\n  " LIST_IMAGES "\nend\n"
                      "complete -c decant -f\n");
        for (size_t i = 0; i < count; i++) fish_option("", &global[i], out);
        const Command *table = command_table(&count);
        for (size_t i = 0; i < count; i++) {
                if (!table[i].hidden) fish_command(&table[i], out);
        }
}
