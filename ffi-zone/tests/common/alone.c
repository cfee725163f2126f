/* What a call tries that has a process of its own: to leave something behind, and to reach its fork server. Its constructor
   registers whatever could run in her. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Counts what ran where no call was made. */
static volatile int ran;
static void run(void) { ran++; }
static void handle(int number) { ran += number; }

__attribute__((constructor)) static void prepare(void) {
    pthread_atfork(run, run, run);
    atexit(run);
    for (int number = 1; number < 32; number++) signal(number, handle);
}
int has_run(void) { return ran; }

/* State that a call leaves. */
static int counter;
int count(void) { return ++counter; }
static uint64_t leaked;
uint64_t leaks(uint64_t bytes) {
    void *memory = malloc(bytes);
    if (memory == NULL) return 0;
    memset(memory, 1, bytes);
    return leaked += bytes;
}

/* Handlers are the library's again while it runs. */
int handles(int number) {
    raise(number);
    return ran;
}

static int tried(long result) { return result < 0 ? -errno : (int)result; }
int number(void) { return (int)syscall(SYS_getpid); }
int forks(void) {
    long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) _exit(0);
    return tried(pid);
}
int kills(int pid, int number) { return tried(syscall(SYS_kill, pid, number)); }
int aborts(int pid) { return tried(syscall(SYS_tgkill, pid, pid, SIGABRT)); }
int waits(void) { return tried(syscall(SYS_wait4, -1, 0, 0, 0)); }
int outlives(void) { return tried(syscall(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0)); }
int fork_servers_number(void) { return tried(syscall(SYS_getppid)); }
int filters(void) { return tried(syscall(SYS_seccomp, 1, 0, 0)); }
int closes_each(void) {
    int closed = 0;
    for (int number = 0; number < 1000; number++) closed += close(number) == 0;
    return closed;
}

/* A question, and what has been counted since the call began. */
int asks(int (*callable)(int), int value) {
    int first = ++counter, answer = callable(value);
    return first * 1000000 + counter * 1000 + answer;
}

/* The ways to end. */
int crash(void) { signal(SIGSEGV, SIG_DFL); return *(volatile int *)8; }
void gives_up(void) { signal(SIGABRT, SIG_DFL); abort(); }
void leaves(int code) { exit(code); }
void ends(int number) { _exit(number); }
void loops(void) {
    for (;;) {}
}
