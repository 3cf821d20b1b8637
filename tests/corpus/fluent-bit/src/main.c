#include <stdio.h>
#include <stdlib.h>

#include "fluent.h"

int main(int argc, char **argv) {
        int n = argc > 2 ? lines_of(argv[2]) : -1;
        const char *v = getenv("FLUENT_BIT_VERSION");
        printf("fluent %s (%s) %s %d\n", FLB_VERSION, v ? v : "none", engine(), n);
        return n < 0;
}
