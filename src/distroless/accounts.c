/* SPDX-License-Identifier: Apache-2.0 */
#include "distroless/accounts.h"

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "base/str.h"

static const char *const first_names[] = {"root", "nobody", "tty", "staff", "nonroot"};

/* A user or a group, as far as both are the same. */
typedef struct Account {
        const char *name, *where;
        uint32_t id;
        size_t index; /* in its list */
        bool there;
} Account;

static size_t rank(const char *name) {
        size_t i = 0;
        while (i < ARRAY_SIZE(first_names) && !streq(first_names[i], name)) i++;
        return i;
}

static int compare_accounts(const void *a, const void *b) {
        const Account *x = a, *y = b;
        size_t rx = rank(x->name), ry = rank(y->name);
        if (rx != ry) return rx < ry ? -1 : 1;
        return x->index < y->index ? -1 : x->index > y->index;
}

/* As adduser(8) takes names by default, and capitals. */
static bool name_valid(const char *name) {
        size_t n = strlen(name);
        if (n == 0 || n > ACCOUNT_NAME_MAX) return false;
        if (!((*name | 32) >= 'a' && (*name | 32) <= 'z') && *name != '_') return false;
        return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

static int check_name(const char *kind, const Account *a, Err **e) {
        if (name_valid(a->name)) return 0;
        err_new(e, ERR_SYNTAX, "%s: '%.100s' cannot be the name of a %s", a->where, a->name, kind);
        return err_hint(e, "at most %d letters, digits, '.', '_' and '-'; the first a letter or '_'", ACCOUNT_NAME_MAX);
}

/* Names and ids are both to be there once. kind: "user". */
static int check_list(const char *kind, const Account *list, size_t count, Err **e) {
        AUTO(map_freep) Map *names = map_new();
        AUTO(map_freep) Map *ids = map_new();
        for (size_t i = 0; i < count; i++) {
                const Account *a = &list[i];
                if (!a->there && check_name(kind, a, e) < 0) return -1;
                if (a->id == UINT32_MAX)
                        return err_new(e, ERR_SYNTAX, "%s: %s '%s' has id %u, which stands for \"none\"", a->where,
                                       kind, a->name, a->id);
                const Account *same = map_puts(names, a->name, (void *)a);
                if (same && !a->there)
                        return err_new(e, ERR_SYNTAX, "%s: %s '%s' is at %s already", a->where, kind, a->name,
                                       same->where);
                same = map_put(ids, &a->id, sizeof a->id, (void *)a);
                if (same && !a->there)
                        return err_new(e, ERR_SYNTAX, "%s: %s '%s' has id %u, which '%s' at %s has already", a->where,
                                       kind, a->name, a->id, same->name, same->where);
        }
        return 0;
}

static int check_field(const AccountUser *u, const char *field, const char *value, bool is_path, Err **e) {
        if (strpbrk(value, ":\n"))
                return err_new(e, ERR_SYNTAX, "%s: the %s of user '%s' cannot hold ':' or a line break", u->where,
                               field, u->name);
        if (is_path && value[0] != '/')
                return err_new(e, ERR_SYNTAX, "%s: the %s of user '%s' is '%s', not an absolute path", u->where, field,
                               u->name, value);
        return 0;
}

static const char *or_default(const char *text, const char *otherwise) {
        return text ? text : otherwise;
}

static int add_user(const AccountUser *u, Buf *out, Err **e) {
        const char *gecos = or_default(u->gecos, u->name), *home = or_default(u->home, "/nonexistent");
        const char *shell = or_default(u->shell, "/sbin/nologin");
        if (check_field(u, "gecos", gecos, false, e) < 0 || check_field(u, "home", home, true, e) < 0 ||
            check_field(u, "shell", shell, true, e) < 0)
                return -1;
        buf_addf(out, "%s:x:%u:%u:%s:%s:%s\n", u->name, u->uid, u->gid, gecos, home, shell);
        return 0;
}

static int check_primary_group(const AccountUser *u, const Accounts *all, Err **e) {
        for (size_t i = 0; i < all->group_count; i++)
                if (all->groups[i].gid == u->gid) return 0;
        err_new(e, ERR_SYNTAX, "%s: user '%s' is of group %u, which does not exist", u->where, u->name, u->gid);
        return err_hint(e, "name it among the groups: name: %s, gid: %u", u->name, u->gid);
}

static int check_member(const AccountGroup *g, const char *member, const Accounts *all, Err **e) {
        const char *names[ACCOUNTS_MAX];
        for (size_t i = 0; i < all->user_count; i++) {
                names[i] = all->users[i].name;
                if (streq(names[i], member)) return 0;
        }
        err_new(e, ERR_SYNTAX, "%s: group '%s' has the member '%.100s', who is no user of the image", g->where, g->name,
                member);
        const char *near = nearest_name(member, names, all->user_count);
        return near ? err_hint(e, "did you mean '%s'?", near) : -1;
}

static int add_group(const AccountGroup *g, const Accounts *all, Buf *out, Err **e) {
        if (g->member_count > ACCOUNT_MEMBERS_MAX)
                return err_new(e, ERR_LIMIT, "%s: group '%s' has more than %d members", g->where, g->name,
                               ACCOUNT_MEMBERS_MAX);
        buf_addf(out, "%s:x:%u:", g->name, g->gid);
        for (size_t i = 0; i < g->member_count; i++) {
                if (check_member(g, g->members[i], all, e) < 0) return -1;
                buf_addf(out, "%s%s", i ? "," : "", g->members[i]);
        }
        buf_addc(out, '\n');
        return 0;
}

static int render_users(const Accounts *all, Buf *out, Err **e) {
        AUTO(freep) Account *list = xcalloc(all->user_count + 1, sizeof *list);
        for (size_t i = 0; i < all->user_count; i++)
                list[i] = (Account){all->users[i].name, all->users[i].where, all->users[i].uid, i, all->users[i].there};
        if (check_list("user", list, all->user_count, e) < 0) return -1;
        qsort(list, all->user_count, sizeof *list, compare_accounts);
        for (size_t i = 0; i < all->user_count; i++) {
                const AccountUser *u = &all->users[list[i].index];
                if (u->there) continue;
                if (check_primary_group(u, all, e) < 0 || add_user(u, out, e) < 0) return -1;
        }
        return 0;
}

static int render_groups(const Accounts *all, Buf *out, Err **e) {
        AUTO(freep) Account *list = xcalloc(all->group_count + 1, sizeof *list);
        for (size_t i = 0; i < all->group_count; i++)
                list[i] = (Account){all->groups[i].name, all->groups[i].where, all->groups[i].gid, i,
                                    all->groups[i].there};
        if (check_list("group", list, all->group_count, e) < 0) return -1;
        qsort(list, all->group_count, sizeof *list, compare_accounts);
        for (size_t i = 0; i < all->group_count; i++)
                if (!all->groups[list[i].index].there && add_group(&all->groups[list[i].index], all, out, e) < 0)
                        return -1;
        return 0;
}

int accounts_render(const Accounts *accounts, Buf *ret_passwd, Buf *ret_group, Err **e) {
        AUTO(buf_done) Buf passwd = {0};
        AUTO(buf_done) Buf group = {0};
        if (accounts->user_count > ACCOUNTS_MAX || accounts->group_count > ACCOUNTS_MAX)
                return err_new(e, ERR_LIMIT, "more than %d users or groups", ACCOUNTS_MAX);
        if (render_users(accounts, &passwd, e) < 0 || render_groups(accounts, &group, e) < 0) return -1;
        buf_add_str(ret_passwd, buf_str(&passwd));
        buf_add_str(ret_group, buf_str(&group));
        return 0;
}
