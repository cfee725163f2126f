/* The floor of a message and its answer beside a hundred processes that compute: four sockets between three processes, of which the middle
 * one hands on, as the router does. The hundred have the nice value and the slice of hogs, the three those of who talks.
 *
 *     busy HOGS NICE PINGS     prints nanoseconds: p50 and p99
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "times.h"

/* Where this process stands; the slice counts from Linux 6.12 on. */
static void stand(int nice, long long slice) {
    struct { unsigned size, policy; unsigned long long flags; int nice; unsigned priority; unsigned long long runtime, deadline, period; } wanted;
    memset(&wanted, 0, sizeof wanted);
    wanted.size = sizeof wanted;
    wanted.nice = nice;
    wanted.runtime = slice;
    syscall(SYS_sched_setattr, 0, &wanted, 0);
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    int hogs = atoi(argv[1]), nice = atoi(argv[2]), pings = atoi(argv[3]), one[2], other[2];
    long long *times = calloc(pings, sizeof *times);
    char letter;
    if (!times || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, one) || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, other)) return 1;
    /* As microprocesses, the hogs are in a session of their own, which the kernel may schedule as a group. */
    if (fork() == 0) {
        setsid();
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int hog = 0; hog < hogs; hog++)
            if (fork() == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                stand(nice, 1000000);
                for (;;) {}
            }
        if (fork() == 0) { /* who answers */
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            stand(0, 500000);
            while (read(other[1], &letter, 1) == 1) write(other[1], &letter, 1);
            _exit(0);
        }
        stand(0, 500000); /* who asks */
        usleep(1500000);
        for (int ping = 0; ping < pings; ping++) {
            usleep(5000);
            long long start = now();
            write(one[0], "", 1);
            read(one[0], &letter, 1);
            times[ping] = now() - start;
        }
        qsort(times, pings, sizeof *times, ascending);
        printf("%lld\n%lld\n", times[pings / 2], times[pings * 99 / 100]);
        fflush(stdout);
        shutdown(one[0], SHUT_RDWR);
        _exit(0);
    }
    stand(0, 100000); /* who hands on */
    while (read(one[1], &letter, 1) == 1) {
        write(other[0], &letter, 1);
        if (read(other[0], &letter, 1) == 1) write(one[1], &letter, 1);
    }
    return 0;
}
