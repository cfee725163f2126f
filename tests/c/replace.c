/* A library of which there are several versions: what it says depends on VERSION. */
#include <stdlib.h>
#include <unistd.h>

struct counter { int next; };

int version(void) { return VERSION; }

/* Calls back, and says only then which version it is. */
int version_after(int (*wait)(int)) {
    wait(VERSION);
    return VERSION;
}

/* Ends when there is a file of that name. */
int version_when(const char *path) {
    while (access(path, F_OK))
        usleep(1000);
    return VERSION;
}

struct counter *counter_open(int from) {
    struct counter *counter = malloc(sizeof *counter);
    if (counter)
        counter->next = from;
    return counter;
}

int counter_next(struct counter *counter) { return counter->next++; }

void counter_close(struct counter *counter) { free(counter); }

#if VERSION < 3
int add(int one, int other) { return one + other; }
#else
long add(long one, long other) { return one + other; }
int extra(void) { return 7; }
#endif

#ifdef BROKEN
__attribute__((constructor)) static void broken(void) { abort(); }
#endif
