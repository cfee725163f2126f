/* The floor of a kill: a process that is as large as a template computes, and is killed and waited for.
 *
 *     kill MEBIBYTES ROUNDS     prints nanoseconds: p50 and p99
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "times.h"

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    size_t bytes = strtoul(argv[1], 0, 10) << 20;
    int rounds = atoi(argv[2]);
    char *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long long *times = calloc(rounds, sizeof *times);
    if (memory == MAP_FAILED || !times) return 1;
    madvise(memory, bytes, MADV_NOHUGEPAGE); /* as in a template: its pages come one by one */
    for (size_t at = 0; at < bytes; at += 4096) memory[at] = 1;
    for (int round = 0; round < rounds; round++) {
        pid_t child = fork();
        if (child < 0) return 1;
        if (child == 0) {
            setsid(); /* as a template, and all its forks with it */
            for (;;) {}
        }
        usleep(5000);
        long long start = now();
        kill(child, SIGKILL);
        waitpid(child, 0, 0);
        times[round] = now() - start;
    }
    qsort(times, rounds, sizeof *times, ascending);
    printf("%lld\n%lld\n", times[rounds / 2], times[rounds * 99 / 100]);
    return 0;
}
