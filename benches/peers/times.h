/* Times of the peers in C: what the clock says, in nanoseconds, and their order, for qsort. */
#include <time.h>

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    long long difference = *(const long long *)a - *(const long long *)b;
    return difference < 0 ? -1 : difference > 0;
}
