# SPDX-License-Identifier: Apache-2.0
# A thin front for Meson: what a visitor needs is make, make demo, make check, make bench, make install.
BUILD ?= build
PREFIX ?= /usr/local
DECANT = $(BUILD)/src/cli/decant

.PHONY: all deps demo check bench install format clean
all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

# Compile with what is there; install what is missing first.
$(BUILD)/build.ninja:
	@tools/install-packages build run
	@mkdir -p $(BUILD)
	@meson setup $(BUILD) --prefix=$(PREFIX) -Dtests=disabled >$(BUILD)/setup.log 2>&1 || { cat $(BUILD)/setup.log; exit 1; }

deps:
	@tools/install-packages build run test style

demo: all
	@tools/install-packages run
	@examples/demo $(DECANT)

check:
	@tools/install-packages build run test style
	@tests/run $(BUILD)

bench: all
	@tools/install-packages run bench test
	@bench/run $(DECANT)

install: all
	@meson install -C $(BUILD) --quiet --no-rebuild

format:
	@clang-format -i $$(git ls-files 'src/*.[ch]' 'tests/*.[ch]')

clean:
	@rm -rf $(BUILD) $(BUILD)-*
