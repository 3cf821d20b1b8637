/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "distroless/assembly.h"

/* Packages p0, p1, ... of two each a source; the later ones are larger. */
static void add_packages(BaseLock *lock, unsigned count) {
        for (unsigned i = 0; i < count; i++)
                vec_push(&lock->packages, (LockedPackage){.name = xasprintf("p%u", i),
                                                          .version = xstrdup("1"),
                                                          .source = xasprintf("s%u", i / 2),
                                                          .size = i});
}

/* How many layers, and how many packages are in the last one. */
static void layers_of(const Recipe *recipe, unsigned packages, size_t *ret_layers, size_t *ret_last) {
        AUTO(base_lock_done) BaseLock lock = {0};
        BaseLayers layers = {0};
        add_packages(&lock, packages);
        Assembly a = {.recipe = recipe, .lock = &lock};
        layering_of(&a, &layers);
        *ret_layers = layers.n;
        *ret_last = layers.v[layers.n - 1].packages.n;
        for (size_t i = 0; i < layers.n; i++) {
                free(layers.v[i].title);
                vec_done(&layers.v[i].packages);
        }
        vec_done(&layers);
}

static void test_budgets(void **state) {
        (void)state;
        static const struct {
                Recipe recipe;
                unsigned packages;
                size_t layers, last;
        } cases[] = {
                {{.layering = LAYERING_PACKAGE}, 100, 100, 1},
                {{.layering = LAYERING_PACKAGE}, 1000, 100, 901}, /* docker takes 127 */
                {{.layering = LAYERING_PACKAGE, .layer_budget = 127}, 1000, 127, 874},
                {{.layering = LAYERING_PACKAGE, .layer_budget = 1}, 10, 1, 10},
                {{.layering = LAYERING_ORIGIN}, 10, 5, 2},
                {{.layering = LAYERING_ORIGIN, .layer_budget = 3}, 10, 3, 6},
                {{.layering = LAYERING_ONE}, 10, 1, 10},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                size_t layers, last;
                layers_of(&cases[i].recipe, cases[i].packages, &layers, &last);
                assert_int_equal(layers, cases[i].layers);
                assert_int_equal(last, cases[i].last);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_budgets)};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
