#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
        if (argc > 2 && strcmp(argv[1], "-run") == 0) {
                execvp(argv[2], argv + 2);
                return 127;
        }
        printf("usage: dockerize -run PROGRAM ... (uid %d, euid %d)\n", (int)getuid(), (int)geteuid());
        return 0;
}
