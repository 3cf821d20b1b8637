/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/image.h"

/* Two stores in a scratch directory, and images to fill them with. */

typedef struct Fixture {
        char path[64];
        Store *a, *b;
        Err *e;
} Fixture;

int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* Fails the test with the message of f->e when r < 0. Returns r. */
int ok(Fixture *f, int r);
/* The call must have failed with this kind; forgets the error. */
void failed(Fixture *f, int r, ErrKind kind);

/* A snapshot with one file; id is written to ret_id. */
void make_snapshot(Fixture *f, Store *s, const char *file, const char *content, char ret_id[SNAPSHOT_ID_SIZE]);

/* An image of two layers: etc/one ("first") and two ("second" + variation). */
void make_image(Fixture *f, Store *s, const char *variation, Image *ret_image);

int memory_file(void);
void rewind_file(int fd);
/* Everything in fd from its beginning; owned. */
char *whole_file(int fd, size_t *ret_size);

/* The content of a file of an image's top layer; owned, NULL when absent. */
char *image_file(Fixture *f, Store *s, const Image *image, size_t layer, const char *path);
