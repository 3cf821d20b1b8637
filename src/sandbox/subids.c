/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/subids.h"

#include "base/cleanup.h"
#include "base/num.h"
#include "base/str.h"

static bool line_parse(Str line, const char *user, uint32_t uid, SubidRange *ret_range) {
        Str name, start;
        uint32_t number;
        if (!str_cut(&line, ':', &name) || !str_cut(&line, ':', &start)) return false;
        bool ours = (user && str_is(name, user)) || (u32_parse(name, 10, &number) && number == uid);
        SubidRange r;
        if (!ours || !u32_parse(start, 10, &r.start) || !u32_parse(str_trim(line), 10, &r.count)) return false;
        if (r.count == 0 || r.count > UINT32_MAX - r.start) return false;
        *ret_range = r;
        return true;
}

size_t subids_parse(const char *text, const char *user, uint32_t uid, SubidRange *ret_ranges) {
        Str rest = str_of(text), line;
        size_t count = 0;
        bool more = true;
        while (more && count < SUBID_RANGES_MAX) {
                more = str_cut(&rest, '\n', &line);
                if (line_parse(line, user, uid, &ret_ranges[count])) count++;
        }
        return count;
}

void subids_map(const SubidRange *ranges, size_t count, uint32_t own, StrVec *ret_arguments) {
        strvec_push(ret_arguments, "0");
        strvec_pushf(ret_arguments, "%u", own);
        strvec_push(ret_arguments, "1");
        uint64_t next = 1;
        for (size_t i = 0; i < count && next + ranges[i].count <= UINT32_MAX; i++) {
                strvec_pushf(ret_arguments, "%llu", (unsigned long long)next);
                strvec_pushf(ret_arguments, "%u", ranges[i].start);
                strvec_pushf(ret_arguments, "%u", ranges[i].count);
                next += ranges[i].count;
        }
}

bool subids_identity(const char *text, Buf *ret_map) {
        Str rest = str_of(text), line;
        for (bool more = true; more;) {
                uint32_t fields[3];
                more = str_cut(&rest, '\n', &line);
                if (str_trim(line).n == 0) continue;
                for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
                        Str word;
                        line = str_trim(line);
                        if (!str_cut(&line, ' ', &word)) line = (Str){0};
                        if (!u32_parse(word, 10, &fields[i])) return false;
                }
                /* a map that lacks nothing is how the first namespace is known from others */
                if (fields[2] == UINT32_MAX) fields[2]--;
                buf_addf(ret_map, "%u %u %u\n", fields[0], fields[0], fields[2]);
        }
        return true;
}
