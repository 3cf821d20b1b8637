#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

/* One program under several names, as the real one. */
int main(int argc, char **argv) {
        const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
        FILE *f = argc > 1 && strcmp(argv[1], "--version") ? fopen("dump.rdb", "w") : NULL;
        printf("%s uid=%d protected=%d saved=%d", name, (int)getuid(), PROTECTED, f != NULL);
        for (int i = 1; i < argc; i++) printf(" %s", argv[i]);
        puts("");
        return 0;
}
