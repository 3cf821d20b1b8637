/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/command.h"

/* The options of each command, sorted by name; cli/command.c puts them to the commands. Internal to cli/. */
extern const OptionTable bake_options, base_options, build_options, df_options, doctor_options, global_option_table,
        history_options, images_options, import_options, inspect_options, lint_options, load_options, no_options,
        prune_options, rmi_options, run_options, save_options, sbom_options, test_options;
