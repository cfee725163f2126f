/* The floor of a spawn: forks of a process that is as large as a template, which write to as many pages as a microprocess copies, and end.
 *
 *     fork MEBIBYTES PAGES ROUNDS UNDER_WAY     prints nanoseconds: fork to the child's first instruction (p50), and what each takes until it
 *                                               has been waited for, with so many under way (mean)
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "times.h"

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    size_t bytes = strtoul(argv[1], 0, 10) << 20, pages = strtoul(argv[2], 0, 10);
    int rounds = atoi(argv[3]), most = atoi(argv[4]), under_way = 0;
    char *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long long *times = mmap(0, rounds * sizeof *times, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || times == MAP_FAILED) return 1;
    madvise(memory, bytes, MADV_NOHUGEPAGE); /* as in a template: its pages come one by one */
    for (size_t at = 0; at < bytes; at += 4096) memory[at] = 1;
    long long begun = now();
    for (int round = 0; round < rounds || under_way > 0;) {
        if (round == rounds || under_way == most) {
            if (wait(0) < 0) return 1;
            under_way--;
            continue;
        }
        long long start = now();
        pid_t child = fork();
        if (child < 0) return 1;
        if (child == 0) {
            times[round] = now() - start;
            for (size_t page = 0; page < pages; page++) memory[page * (bytes / pages) & ~4095ul] = 2;
            _exit(0);
        }
        round++;
        under_way++;
    }
    long long all = now() - begun;
    qsort(times, rounds, sizeof *times, ascending);
    printf("%lld\n%lld\n", times[rounds / 2], all / rounds);
    return 0;
}
