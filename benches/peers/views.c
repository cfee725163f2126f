/* What it costs to hand over a result that its maker cannot change any more, from one process to another:
 *
 *   copy     it is written to shared memory that is there already, and the reader copies it to memory of its own
 *   sealed   it is written to new shared memory, which the writer unmaps and the kernel seals against writing; the reader
 *            maps it and touches each page
 *   private  it is written to shared memory that is there already; the reader maps that privately and writes to each page,
 *            so that the kernel copies it
 *
 * Prints nanoseconds for each, of a result of that many bytes: the best of several. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 15, PAGE = 4096 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static void *map(size_t size, int protection, int flags, int file) {
    void *at = mmap(NULL, size, protection, flags, file, 0);
    if (at == MAP_FAILED) { perror("mmap"); exit(1); }
    return at;
}

static int memory(size_t size) {
    int file = memfd_create("result", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0 || ftruncate(file, (off_t)size)) { perror("memfd"); exit(1); }
    return file;
}

static void touch(volatile char *bytes, size_t size, int change) {
    for (size_t at = 0; at < size; at += PAGE)
        if (change) bytes[at] = bytes[at]; else (void)bytes[at];
}

static char *warm;
static int warm_file;

static void copy(size_t size, int round) {
    memset(warm, round, size);
    char *own = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    memcpy(own, warm, size);
    touch(own, size, 0);
    munmap(own, size);
}

static void sealed(size_t size, int round) {
    int file = memory(size);
    char *made = map(size, PROT_READ | PROT_WRITE, MAP_SHARED, file);
    memset(made, round, size);
    munmap(made, size);
    if (fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)) { perror("seal"); exit(1); }
    char *own = map(size, PROT_READ, MAP_PRIVATE, file);
    touch(own, size, 0);
    munmap(own, size);
    close(file);
}

static void private(size_t size, int round) {
    memset(warm, round, size);
    char *own = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE, warm_file);
    touch(own, size, 1);
    munmap(own, size);
}

int main(int count, char **arguments) {
    size_t size = count > 1 ? strtoul(arguments[1], NULL, 10) : 1 << 20;
    warm_file = memory(size);
    warm = map(size, PROT_READ | PROT_WRITE, MAP_SHARED, warm_file);
    memset(warm, 1, size);
    void (*ways[])(size_t, int) = {copy, sealed, private};
    for (int way = 0; way < 3; way++) {
        double best = 1e18;
        for (int round = 0; round < ROUNDS; round++) {
            double start = now();
            ways[way](size, round);
            double took = now() - start;
            if (took < best) best = took;
        }
        printf("%.0f\n", best);
    }
    return 0;
}
