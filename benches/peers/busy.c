/* The floor of a message and its answer, with nobody beside it or with processes that compute: four sockets between three processes, of which
 * the middle one hands on, as the router does: four wake-ups. Those that compute have the nice value and the slice of hogs, the three those
 * of who talks.
 *
 *     busy HOGS NICE PINGS PAUSE SECONDS     prints nanoseconds, p50, p99 and mean, of a ping after each PAUSE microseconds; and if there are
 *                                            hogs, which compute for SECONDS, the smallest and the largest share of processors that one of
 *                                            them had, in parts of the mean
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

/* Compute until then; the processor time that it took. */
static long long compute(long long until) {
    struct timespec used;
    while (now() < until) {}
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * 1000000000ll + used.tv_nsec;
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    int hogs = atoi(argv[1]), nice = atoi(argv[2]), pings = atoi(argv[3]), pause = atoi(argv[4]), one[2], other[2];
    long long *times = calloc(pings, sizeof *times), until = now() + atoi(argv[5]) * 1000000000ll, sum = 0;
    long long *used = mmap(0, (hogs + 1) * sizeof *used, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t *computing = calloc(hogs + 1, sizeof *computing);
    char letter;
    if (!times || !computing || used == MAP_FAILED || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, one) || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, other)) return 1;
    /* As microprocesses, the hogs are in a session of their own, which the kernel may schedule as a group. */
    if (fork() == 0) {
        setsid();
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int hog = 0; hog < hogs; hog++)
            if ((computing[hog] = fork()) == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                stand(nice, 1000000);
                used[hog] = compute(until);
                _exit(0);
            }
        if (fork() == 0) { /* who answers */
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            stand(0, 500000);
            while (read(other[1], &letter, 1) == 1) write(other[1], &letter, 1);
            _exit(0);
        }
        stand(0, 500000); /* who asks */
        if (hogs > 0) usleep(1500000);
        for (int ping = 0; ping < pings; ping++) {
            if (pause > 0) usleep(pause);
            long long start = now();
            write(one[0], "", 1);
            read(one[0], &letter, 1);
            times[ping] = now() - start;
            sum += times[ping];
        }
        qsort(times, pings, sizeof *times, ascending);
        printf("%lld\n%lld\n%lld\n", times[pings / 2], times[pings * 99 / 100], sum / pings);
        if (hogs > 0) {
            long long all = 0;
            for (int hog = 0; hog < hogs; hog++) {
                waitpid(computing[hog], 0, 0);
                all += used[hog];
            }
            qsort(used, hogs, sizeof *used, ascending);
            double mean = (double)all / hogs;
            printf("%f\n%f\n", used[0] / mean, used[hogs - 1] / mean);
        }
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
