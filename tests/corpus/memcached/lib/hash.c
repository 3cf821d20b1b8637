#include "lib/hash.h"

unsigned hash(const char *text) {
        unsigned h = 5381;
        while (*text) h = h * 33 + (unsigned char)*text++;
        return h;
}
