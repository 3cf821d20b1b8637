#include <stdio.h>

#include "fluent.h"

int lines_of(const char *path) {
        int c, n = 0;
        FILE *f = fopen(path, "r");
        if (!f) return -1;
        while ((c = getc(f)) != EOF) n += c == 10;
        fclose(f);
        return n;
}
