/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The only program in the test images, linked statically. Words are done one after the other:
 *   exit N, cat FILE, touch FILE, fill FILE, mkdir DIR, mtime PATH, sleep SECONDS, pwd, id, fork (a sleeping child),
 *   ls DIR, mount (must be refused), umask, kill N, host, tty, eat (memory) */

static void print_file(const char *path) {
        char data[4096];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
                printf("no %s\n", path);
                return;
        }
        ssize_t n;
        while ((n = read(fd, data, sizeof data)) > 0) fwrite(data, 1, (size_t)n, stdout);
        close(fd);
}

static void make_file(const char *path, const char *text) {
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0 || write(fd, text, strlen(text)) < 0) perror(path);
        if (fd >= 0) close(fd);
}

static void print_id(void) {
        gid_t groups[32];
        int n = getgroups(32, groups);
        printf("uid=%u gid=%u groups=", getuid(), getgid());
        for (int i = 0; i < n; i++) printf("%u,", groups[i]);
        printf("\n");
}

static void eat(void) {
        for (;;) {
                volatile char *p = malloc(1 << 20);
                if (!p) exit(3);
                for (size_t i = 0; i < 1 << 20; i += 4096) p[i] = 1;
        }
}

static void plain(const char *word) {
        if (strcmp(word, "pwd") == 0) {
                char path[4096];
                printf("%s\n", getcwd(path, sizeof path) ? path : "?");
        } else if (strcmp(word, "id") == 0) {
                print_id();
        } else if (strcmp(word, "fork") == 0) {
                if (fork() == 0) {
                        setsid();
                        sleep(1000);
                }
        } else if (strcmp(word, "mount") == 0) {
                printf("%s\n", mount("none", "/", "tmpfs", 0, NULL) < 0 ? "refused" : "mounted");
        } else if (strcmp(word, "umask") == 0) {
                printf("%03o\n", umask(0));
        } else if (strcmp(word, "host") == 0) {
                char name[256] = "";
                gethostname(name, sizeof name - 1);
                printf("%s\n", name);
        } else if (strcmp(word, "eat") == 0) {
                eat();
        } else if (strcmp(word, "tty") == 0) {
                int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
                printf("tty %d %d %s\n", isatty(0), fd >= 0 && tcgetpgrp(fd) == getpid(), ttyname(0));
        } else if (strcmp(word, "sid") == 0) {
                printf("%d %d\n", getpid() == getsid(0), getpid());
        }
}

static int with_argument(const char *word, const char *argument) {
        struct stat st;
        if (strcmp(word, "exit") == 0) {
                fflush(stdout);
                _exit(atoi(argument));
        }
        if (strcmp(word, "cat") == 0)
                print_file(argument);
        else if (strcmp(word, "touch") == 0)
                make_file(argument, "");
        else if (strcmp(word, "fill") == 0)
                make_file(argument, "full\n");
        else if (strcmp(word, "mkdir") == 0)
                printf("%s", mkdir(argument, 0777) < 0 ? "mkdir refused\n" : "");
        else if (strcmp(word, "mtime") == 0)
                printf("%lld\n", stat(argument, &st) < 0 ? -1 : (long long)st.st_mtim.tv_sec);
        else if (strcmp(word, "mode") == 0 && stat(argument, &st) == 0)
                printf("%o %u %u\n", st.st_mode, st.st_uid, st.st_gid);
        else if (strcmp(word, "own") == 0)
                printf("%s\n", chown(argument, 1000, 1000) < 0 ? "chown refused" : "owned");
        else if (strcmp(word, "sleep") == 0)
                sleep((unsigned)atoi(argument));
        else if (strcmp(word, "kill") == 0)
                raise(atoi(argument));
        else
                return 0;
        return 1;
}

int main(int argc, char **argv) {
        for (int i = 1; i < argc; i++) {
                if (i + 1 < argc && with_argument(argv[i], argv[i + 1]))
                        i++;
                else
                        plain(argv[i]);
                fflush(stdout);
        }
        return 0;
}
