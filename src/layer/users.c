/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/users.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"

/* The fields of one line of passwd ("name:x:uid:gid:gecos:home:shell") or group ("name:x:gid:a,b,c"). */
enum { FIELDS_MAX = 7 };
typedef struct Row {
        Str field[FIELDS_MAX];
        size_t count;
} Row;

typedef struct Table {
        char *data;
        size_t size;
} Table;

static void table_done(Table *t) {
        free(t->data);
}

static Row split_row(Str line) {
        Row row = {0};
        bool more = true;
        while (more && row.count < FIELDS_MAX) more = str_cut(&line, ':', &row.field[row.count++]);
        return row;
}

/* Walks the lines; *position starts at 0. Blank lines and comments are passed over. */
static bool next_row(const Table *t, size_t *position, Row *ret_row) {
        while (*position < t->size) {
                Str rest = {t->data + *position, t->size - *position}, line;
                str_cut(&rest, '\n', &line);
                *position += line.n + 1;
                line = str_trim(line);
                if (line.n == 0 || line.p[0] == '#') continue;
                *ret_row = split_row(line);
                return true;
        }
        return false;
}

/* A file that is not there has no rows. */
static int read_table(View *root, const char *path, Table *ret_table, Err **e) {
        Table t = {0};
        int r = view_read_file(root, path, USERS_FILE_MAX, &t.data, &t.size, e);
        if (r < 0) return err_wrap(e, "read %s of the image", path);
        *ret_table = t;
        return 0;
}

static bool parse_id(Str text, uint32_t *ret_id) {
        return u32_parse(text, 10, ret_id) && *ret_id != UINT32_MAX;
}

static bool looks_numeric(Str text) {
        for (size_t i = 0; i < text.n; i++) {
                if (text.p[i] < '0' || text.p[i] > '9') return false;
        }
        return text.n > 0;
}

static int wrong_id(const char *what, Str text, Err **e) {
        return err_new(e, ERR_NOT_FOUND, "invalid %s id " STR_FMT ": it is larger than 4294967294", what,
                       STR_ARG(text));
}

static int unknown_name(const Table *t, const char *what, const char *path, Str name, Err **e) {
        AUTO(freep) char *wanted = str_dup(name);
        if (!t->data) {
                err_new(e, ERR_NOT_FOUND, "unknown %s '%s': the image has no %s", what, wanted, path);
                return err_hint(e, "give the id as a number");
        }
        err_new(e, ERR_NOT_FOUND, "unknown %s '%s': %s of the image does not have it", what, wanted, path);
        StrVec names = {0};
        Row row;
        for (size_t at = 0; next_row(t, &at, &row);) strvec_push_take(&names, str_dup(row.field[0]));
        const char *near = names.n ? nearest_name(wanted, (const char *const *)names.v, names.n) : NULL;
        if (near) err_hint(e, "did you mean '%s'?", near);
        strvec_done(&names);
        return -1;
}

typedef struct Account {
        bool found;
        uint32_t uid, gid;
        Str name, home;
} Account;

/* The first entry of that name or, for a number, of that id: digits are always an id. */
static void find_account(const Table *passwd, Str who, Account *ret_account) {
        uint32_t wanted = 0;
        bool by_id = looks_numeric(who) && parse_id(who, &wanted);
        Row row;
        for (size_t at = 0; next_row(passwd, &at, &row);) {
                uint32_t uid, gid;
                if (row.count < 4 || !parse_id(row.field[2], &uid) || !parse_id(row.field[3], &gid)) continue;
                if (by_id ? uid != wanted : !str_eq(row.field[0], who)) continue;
                *ret_account = (Account){true, uid, gid, row.field[0], row.count > 5 ? row.field[5] : (Str){0}};
                return;
        }
}

static int find_group(const Table *group, Str who, gid_t *ret_gid, Err **e) {
        uint32_t gid;
        if (looks_numeric(who)) return parse_id(who, ret_gid) ? 0 : wrong_id("group", who, e);
        Row row;
        for (size_t at = 0; next_row(group, &at, &row);) {
                if (row.count < 3 || !str_eq(row.field[0], who) || !parse_id(row.field[2], &gid)) continue;
                *ret_gid = gid;
                return 0;
        }
        return unknown_name(group, "group", "/etc/group", who, e);
}

static bool lists_member(Str members, Str name) {
        Str one;
        bool more = members.n > 0;
        while (more) {
                more = str_cut(&members, ',', &one);
                if (str_eq(str_trim(one), name)) return true;
        }
        return false;
}

static int collect_groups(const Table *group, Str name, User *user, Err **e) {
        VEC(gid_t) groups = {0};
        Row row;
        for (size_t at = 0; next_row(group, &at, &row);) {
                uint32_t gid;
                if (row.count < 4 || !parse_id(row.field[2], &gid) || !lists_member(row.field[3], name)) continue;
                if (groups.n == USERS_GROUPS_MAX) {
                        vec_done(&groups);
                        return err_new(e, ERR_LIMIT, "user '" STR_FMT "' is in more than %d groups", STR_ARG(name),
                                       USERS_GROUPS_MAX);
                }
                vec_push(&groups, gid);
        }
        user->groups = groups.v;
        user->group_count = groups.n;
        return 0;
}

void user_done(User *u) {
        free(u->groups);
        free(u->home);
        *u = (User){0};
}

/* "user[:group]"; an empty user means root. */
typedef struct Spec {
        Str user, group;
        bool has_group;
} Spec;

static Spec split_spec(const char *text) {
        Spec spec = {0};
        Str rest = str_of(text);
        spec.has_group = str_cut(&rest, ':', &spec.user);
        if (spec.has_group) spec.group = rest;
        if (spec.group.n == 0) spec.has_group = false;
        if (spec.user.n == 0) spec.user = STR("0");
        return spec;
}

static int resolve_user(const Table *passwd, Str who, Account *ret_account, Err **e) {
        Account account = {0};
        find_account(passwd, who, &account);
        if (!account.found && !looks_numeric(who)) return unknown_name(passwd, "user", "/etc/passwd", who, e);
        if (!account.found && !parse_id(who, &account.uid)) return wrong_id("user", who, e);
        *ret_account = account;
        return 0;
}

int users_resolve_run(View *root, const char *spec_text, User *ret_user, Err **e) {
        AUTO(table_done) Table passwd = {0};
        AUTO(table_done) Table group = {0};
        if (read_table(root, "/etc/passwd", &passwd, e) < 0 || read_table(root, "/etc/group", &group, e) < 0) return -1;
        Spec spec = split_spec(spec_text);
        Account account = {0};
        if (resolve_user(&passwd, spec.user, &account, e) < 0) return -1;
        User user = {.uid = account.uid, .gid = account.gid};
        if (spec.has_group) {
                if (find_group(&group, spec.group, &user.gid, e) < 0) return -1;
        } else if (account.found && collect_groups(&group, account.name, &user, e) < 0) {
                return -1;
        }
        user.home = account.home.n ? str_dup(account.home) : xstrdup("/");
        *ret_user = user;
        return 0;
}

int users_resolve_chown(View *root, const char *spec_text, uid_t *ret_uid, gid_t *ret_gid, Err **e) {
        Spec spec = split_spec(spec_text);
        uint32_t uid = 0, gid = 0;
        bool by_id = looks_numeric(spec.user);
        if (by_id) {
                if (!parse_id(spec.user, &uid)) return wrong_id("user", spec.user, e);
                gid = uid;
        } else {
                AUTO(table_done) Table passwd = {0};
                Account account = {0};
                if (read_table(root, "/etc/passwd", &passwd, e) < 0) return -1;
                if (resolve_user(&passwd, spec.user, &account, e) < 0) return -1;
                uid = account.uid;
                gid = account.gid;
        }
        if (spec.has_group) {
                AUTO(table_done) Table group = {0};
                /* A number needs no file: the image may have none, or one that cannot be read. */
                if (!looks_numeric(spec.group) && read_table(root, "/etc/group", &group, e) < 0) return -1;
                if (find_group(&group, spec.group, &gid, e) < 0) return -1;
        }
        *ret_uid = uid;
        *ret_gid = gid;
        return 0;
}
