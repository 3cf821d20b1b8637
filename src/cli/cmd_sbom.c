/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "cli/app.h"
#include "distroless/origins.h"
#include "inspect/sbom.h"
#include "layer/view.h"
#include "os/fs.h"

typedef struct Sbom {
        Image image;
        char *name; /* full reference, or NULL */
        ImagePackages packages;
} Sbom;

static void sbom_done(Sbom *s) {
        image_done(&s->image);
        free(s->name);
        packages_done(&s->packages);
}

/* The image of an archive or layout, which becomes one of the store without a name. */
static int read_file(Store *store, const char *path, const Platform *platform, Sbom *s, Err **e) {
        struct stat st;
        Digest id;
        AUTO(loaded_images_done) LoadedImages images = {0};
        if (stat(path, &st) < 0) return err_sys(e, "'%s'", path);
        if (S_ISDIR(st.st_mode)) {
                if (layout_read(store, path, NULL, platform, &id, e) < 0) return -1;
        } else {
                AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
                if (fd < 0) return err_sys(e, "open '%s'", path);
                if (archive_read(store, fd, platform, false, &images, e) < 0) return err_wrap(e, "'%s'", path);
                if (images.n != 1) {
                        err_new(e, ERR_USAGE, "'%s' holds %zu images", path, images.n);
                        return err_hint(e, "load it with: decant load -i %s, and name one of them", path);
                }
                id = images.v[0].id;
                s->name = TAKE(images.v[0].name);
        }
        int found = image_load(store, &id, &s->image, e);
        return found == STORE_ABSENT ? err_new(e, ERR_STORE, "the image just read is not in the store") : found;
}

/* A name or id of the store first, then a file or directory. */
static int find_image(Store *store, const char *text, const Platform *platform, Sbom *s, Err **e) {
        struct stat st;
        Err *failure = NULL;
        if (image_find_platform(store, text, platform, &s->image, &s->name, &failure) == 0) return 0;
        if (stat(text, &st) == 0) {
                err_clear(&failure);
                return read_file(store, text, platform, s, e);
        }
        err_move(e, &failure);
        return -1;
}

/* What was known when the base was assembled. */
static int add_origins(Store *store, Sbom *s, Err **e) {
        AUTO(package_origins_done) PackageOrigins origins = {0};
        if (package_origins_read(store, &s->image.snapshots, &origins, e) < 0) return -1;
        for (size_t i = 0; i < s->packages.v.n; i++) {
                ImagePackage *p = &s->packages.v.v[i];
                if (p->kind != PACKAGE_DEB || !p->architecture) continue;
                const PackageOrigin *origin = package_origins_find(&origins, p->name, p->version, p->architecture);
                if (!origin) continue;
                p->has_sha256 = true;
                p->sha256 = origin->sha256;
                if (origin->download) p->download = arena_strdup(s->packages.arena, origin->download);
        }
        return 0;
}

static int read_packages(Store *store, Sbom *s, Err **e) {
        AUTO(strvec_done) StrVec dirs = {0};
        AUTO(view_freep) View *view = NULL;
        for (size_t i = 0; i < s->image.snapshots.n; i++)
                strvec_push_take(&dirs, store_snapshot_path(store, s->image.snapshots.v[i]));
        if (view_open(&dirs, &view, e) < 0 || packages_read(view, &s->packages, e) < 0) return -1;
        return add_origins(store, s, e);
}

/* SOURCE_DATE_EPOCH, else when the image was made, so that a document can be made again. */
static int document_time(const Image *image, int64_t *ret_seconds, Err **e) {
        if (app_source_date_epoch(ret_seconds, e) < 0) return -1;
        const ImageConfig *c = &image->config;
        if (*ret_seconds >= 0) return 0;
        *ret_seconds = c->has_created && c->created_ns > 0 ? c->created_ns / 1000000000 : 0;
        return 0;
}

static int write_document(const Sbom *s, const Args *args, Err **e) {
        AUTO(buf_done) Buf document = {0};
        SbomFormat format = SBOM_TABLE;
        const char *output = args_text(args, "output");
        AUTO(freep) char *name = s->name ? app_familiar_name(s->name) : NULL;
        SbomSubject subject = {.name = name,
                               .image_id = &s->image.id,
                               .config = &s->image.config,
                               .tool_version = DECANT_VERSION,
                               .packages = &s->packages};
        if (args_text(args, "format")) sbom_format_find(args_text(args, "format"), &format); /* the table checked it */
        if (document_time(&s->image, &subject.created_s, e) < 0 || sbom_render(&subject, format, &document, e) < 0)
                return -1;
        for (size_t i = 0; i < s->packages.notes.n; i++)
                app_printf_error("WARNING: not in the bill of materials: %s", s->packages.notes.v[i]);
        if (!output || streq(output, "-")) return app_print(&document, e);
        return file_write_result(output, document.p, document.n, e);
}

int command_sbom(App *app, const Args *args, Err **e) {
        AUTO(app_store_done) AppStore store = {.app = app};
        AUTO(sbom_done) Sbom sbom = {0};
        Platform platform;
        const char *wanted = args_text(args, "platform");
        if (wanted && app_platform(wanted, &platform, e) < 0) return -1;
        if (app_store_open(app, &store.store, e) < 0) return -1;
        if (find_image(store.store, args->operands.v[0], wanted ? &platform : NULL, &sbom, e) < 0) return -1;
        if (read_packages(store.store, &sbom, e) < 0) return -1;
        return write_document(&sbom, args, e);
}
