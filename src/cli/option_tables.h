/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/command.h"

/* The options of each command, sorted by name; cli/command.c puts them to the commands. Internal to cli/. */
extern const OptionTable build_options, bake_options, lint_options, images_options, history_options, inspect_options,
        rmi_options, run_options, test_options, import_options, save_options, sbom_options, load_options, prune_options,
        df_options, doctor_options, global_option_table, no_options;
