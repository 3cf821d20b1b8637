/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/str.h"
#include "plan/maker.h"

/* RUN --device=NAME[,required]: fields separated by commas; the name may also be said as name=NAME. */

static int set_required(const Stage *s, const Instruction *i, const char *value, PlanDevice *device, Err **e) {
        device->required = streq(value, "true") || streq(value, "1");
        if (device->required || streq(value, "false") || streq(value, "0")) return 0;
        return plan_error(s->maker, i, value, e, "invalid value for 'required': '%s' (true or false)", value);
}

static int device_parse(const Stage *s, const Instruction *i, const char *text, PlanDevice *device, Err **e) {
        const char *const *fields = NULL;
        size_t count = 0;
        if (!plan_csv_split(s->maker->arena, text, &fields, &count))
                return plan_error(s->maker, i, text, e, "a quote is not closed or stands inside a field");
        for (size_t k = 0; k < count; k++) {
                const char *field = fields[k];
                if (streq(field, "required"))
                        device->required = true;
                else if (starts_with(field, "required=")) {
                        if (set_required(s, i, field + strlen("required="), device, e) < 0) return -1;
                } else if (device->name)
                        return plan_error(s->maker, i, text, e, "unexpected '%s' in '%s': one device a flag", field,
                                          text);
                else
                        device->name = starts_with(field, "name=") ? field + strlen("name=") : field;
        }
        if (device->name && *device->name) return 0;
        return plan_error(s->maker, i, text, e, "the device has no name: --device=vendor.com/class=name");
}

int devices_parse(Stage *s, const Instruction *i, PlanRun *run, Err **e) {
        const char *const *texts = NULL;
        size_t count = plan_flag_list(s->maker, i, "device", &texts);
        if (count > PLAN_MOUNTS_MAX) return plan_limit(s->maker, i, PLAN_MOUNTS_MAX, "devices in one RUN", e);
        PlanDevice *devices = arena_array(s->maker->arena, count, sizeof *devices);
        for (size_t k = 0; k < count; k++) {
                devices[k] = (PlanDevice){0};
                if (device_parse(s, i, texts[k], &devices[k], e) < 0) return -1;
        }
        run->devices = devices;
        run->device_count = count;
        return 0;
}
