/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fs.h"
#include "sandbox/internal.h"

#include <fcntl.h>

/* /etc/hosts and /etc/resolv.conf of a step (reference: BuildKit's executor). */

enum { RESOLV_CONF_MAX = 1 << 20 };

static const char resolv_path[] = "/etc/resolv.conf";
static const char resolved_path[] = "/run/systemd/resolve/resolv.conf";
static const char build_hostname[] = "buildkitsandbox";

int hosts_render(const char *hostname, const StrVec *extra, Buf *ret_text, Err **e) {
        buf_addf(ret_text, "127.0.0.1\tlocalhost %s\n::1\tlocalhost ip6-localhost ip6-loopback\n", hostname);
        for (size_t i = 0; extra && i < extra->n; i++) {
                Str address = str_of(extra->v[i]), name;
                if (!str_cut(&address, ':', &name) || name.n == 0 || address.n == 0) {
                        err_new(e, ERR_USAGE, "extra host '%s' has no address", extra->v[i]);
                        return err_hint(e, "write NAME:ADDRESS");
                }
                if (address.p[0] == '[' && address.p[address.n - 1] == ']')
                        address = str_sub(address, 1, address.n - 2);
                buf_addf(ret_text, STR_FMT "\t" STR_FMT "\n", STR_ARG(address), STR_ARG(name));
        }
        return 0;
}

/* The address of a "nameserver ADDRESS" line; empty for other lines. */
static Str nameserver_of(Str line) {
        static const Str key = STR("nameserver");
        line = str_trim(line);
        if (!str_starts(line, key) || line.n == key.n) return (Str){0};
        if (line.p[key.n] != ' ' && line.p[key.n] != '\t') return (Str){0};
        return str_trim(str_sub(line, key.n, line.n));
}

static bool is_loopback(Str address) {
        return str_starts(address, STR("127.")) || str_is(address, "::1");
}

/* Only systemd-resolved's stub answers here: the servers behind it are in a file of its own. */
static bool only_stub(const char *text) {
        Str rest = str_of(text), line;
        size_t stubs = 0, others = 0;
        bool more = true;
        while (more) {
                more = str_cut(&rest, '\n', &line);
                Str address = nameserver_of(line);
                if (address.n && str_is(address, "127.0.0.53"))
                        stubs++;
                else if (address.n)
                        others++;
        }
        return stubs && !others;
}

void resolv_render(const char *host_text, bool keep_loopback, Buf *ret_text) {
        if (keep_loopback) {
                buf_adds(ret_text, host_text);
                return;
        }
        Str rest = str_of(host_text), line;
        size_t servers = 0;
        bool more = true;
        while (more) {
                more = str_cut(&rest, '\n', &line);
                Str address = nameserver_of(line);
                if (address.n && is_loopback(address)) continue;
                servers += address.n > 0;
                buf_add_str(ret_text, line);
                if (more) buf_addc(ret_text, '\n');
        }
        if (servers == 0) buf_adds(ret_text, "\nnameserver 8.8.8.8\nnameserver 8.8.4.4\n");
}

static char *host_resolv_text(void) {
        char *text = NULL;
        size_t size;
        if (file_read(AT_FDCWD, resolv_path, RESOLV_CONF_MAX, &text, &size, NULL) < 0) return xstrdup("");
        if (!only_stub(text)) return text;
        char *behind = NULL;
        if (file_read(AT_FDCWD, resolved_path, RESOLV_CONF_MAX, &behind, &size, NULL) < 0) return text;
        free(text);
        return behind;
}

int net_files_make(Launch *l, Err **e) {
        const SandboxSpec *s = l->spec;
        l->hostname = s->hostname && s->hostname[0] ? s->hostname : build_hostname;
        AUTO(buf_done) Buf hosts = {0};
        if (hosts_render(l->hostname, s->extra_hosts, &hosts, e) < 0) return -1;
        if (asset_file(l->sandbox, "hosts", &hosts, &l->hosts_path, e) < 0) return -1;
        AUTO(buf_done) Buf resolv = {0};
        AUTO(freep) char *host_text = host_resolv_text();
        resolv_render(host_text, s->network != NETWORK_NONE, &resolv);
        return asset_file(l->sandbox, "resolv.conf", &resolv, &l->resolv_path, e);
}
