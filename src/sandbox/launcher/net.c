/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/launcher/launcher.h"
#include "sandbox/launcher/sys.h"

#include <linux/if.h>
#include <linux/sockios.h>
#include <sys/socket.h>

void loopback_up(void) {
        long fd = SYS(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0) setup_fail("open a socket", NULL, fd);
        struct ifreq request = {.ifr_name = "lo"};
        request.ifr_flags = IFF_UP | IFF_RUNNING;
        long r = SYS(SYS_ioctl, fd, SIOCSIFFLAGS, &request);
        if (r < 0) setup_fail("bring up the loopback interface", NULL, r);
        SYS(SYS_close, fd);
}
