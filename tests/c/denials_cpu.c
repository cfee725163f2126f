#include <pthread.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

static uint64_t used(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Takes so many milliseconds of this process's processor time. */
static void burn(unsigned milliseconds) {
    for (uint64_t end = used() + milliseconds; used() < end;) {}
}

void burns(unsigned milliseconds) { burn(milliseconds); }

void ends(unsigned milliseconds) {
    burn(milliseconds);
    _exit(0);
}

void crashes(unsigned milliseconds) {
    burn(milliseconds);
    *(volatile int *)0 = 1;
}

static void *run(void *milliseconds) {
    burn((unsigned)(uintptr_t)milliseconds);
    return NULL;
}

/* In a thread of its own, for which it waits. */
int threads(unsigned milliseconds) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run, (void *)(uintptr_t)milliseconds);
    return error != 0 ? error : pthread_join(thread, NULL);
}
