/* The floor of a spawn out of a blank: a process asks a second one by a socket, which tells a third one, a fork of a process that is as large as
 * a template, to begin. It copies as many pages as a microprocess does on its way to its function, before it says that it has begun.
 *
 *     blank MEBIBYTES PAGES ROUNDS     prints nanoseconds from the question to the beginning, p50 and p99; then what an idle blank has of
 *                                      its own, in bytes: private memory, page tables
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "times.h"

/* A field of a file of /proc, in bytes. */
static long long field(pid_t pid, const char *file, const char *name) {
    char path[64], line[256];
    long long sum = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    FILE *open = fopen(path, "r");
    while (open && fgets(line, sizeof line, open))
        if (!strncmp(line, name, strlen(name))) sum += strtoll(line + strlen(name), 0, 10) << 10;
    if (open) fclose(open);
    return sum;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    size_t bytes = strtoul(argv[1], 0, 10) << 20, pages = strtoul(argv[2], 0, 10);
    int rounds = atoi(argv[3]), asks[2], begins[2];
    char *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long long *began = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    long long *times = calloc(rounds, sizeof *times), kept = 0, tables = 0;
    if (memory == MAP_FAILED || began == MAP_FAILED || !times) return 1;
    madvise(memory, bytes, MADV_NOHUGEPAGE); /* as in a template: its pages come one by one */
    for (size_t at = 0; at < bytes; at += 4096) memory[at] = 1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, asks) || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, begins)) return 1;
    pid_t relay = fork();
    if (relay == 0) {
        char one;
        close(asks[0]);
        while (read(asks[1], &one, 1) == 1) write(begins[0], &one, 1);
        _exit(0);
    }
    close(asks[1]);
    for (int round = 0; round < rounds; round++) {
        pid_t blank = fork();
        if (blank == 0) {
            char one;
            read(begins[1], &one, 1);
            for (size_t page = 0; page < pages; page++) memory[page * (bytes / pages) & ~4095ul] = 2;
            *began = now();
            _exit(0);
        }
        usleep(2000); /* it sleeps by now */
        if (round == 0) {
            kept = field(blank, "smaps_rollup", "Private_Dirty:") + field(blank, "smaps_rollup", "Private_Clean:");
            tables = field(blank, "status", "VmPTE:");
        }
        long long start = now();
        write(asks[0], "", 1);
        waitpid(blank, 0, 0);
        times[round] = *began - start;
    }
    close(asks[0]);
    waitpid(relay, 0, 0);
    qsort(times, rounds, sizeof *times, ascending);
    printf("%lld\n%lld\n%lld\n%lld\n", times[rounds / 2], times[rounds * 99 / 100], kept, tables);
    return 0;
}
