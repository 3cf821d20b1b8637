#include "fluent.h"

const char *engine(void) {
        return "coroutines";
}
