/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "cli/command.h"

/* Text for people and shells, made from the table of commands. All of them only append to out. */

#define DECANT_VERSION_TEXT "decant version " DECANT_VERSION

void help_program(Buf *out);                         /* decant help */
void help_command(const Command *command, Buf *out); /* decant help COMMAND */
void manual_page(Buf *out);                          /* troff, man(7) macros */

void completion_bash(Buf *out);
void completion_zsh(Buf *out);
void completion_fish(Buf *out);
