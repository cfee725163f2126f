/* A library that behaves as badly as it can. Each function is one crime; `add` is the honest one. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int add(int a, int b) { return a + b; }

static int counter;
int count(void) { return ++counter; }

int segfault(void) { return *(volatile int *)0 = 1; }
int wild_jump(void) { return ((int (*)(void))0x1234)(); }
int aborts(void) { abort(); }
int illegal(void) { __builtin_trap(); }
int divides(int by) {
    volatile int dividend = 7; /* which the compiler cannot know */
    return dividend / by;
}
int double_free(void) {
    char *memory = malloc(64);
    free(memory);
    free(memory);
    return 0;
}
int smashes_stack(void) {
    char small[8];
    memset(small, 'x', 4096);
    return small[0];
}
static int deeper(int depth) {
    volatile char room[4096];
    room[0] = (char)depth;
    return deeper(depth + 1) + room[0];
}
int overflows_stack(void) { return deeper(0); }

int exits(int code) { exit(code); }
int exits_at_once(int code) { _exit(code); }
int exits_thread(void) { return (int)syscall(SYS_exit, 5); }
int ends_main_thread(void) { pthread_exit(0); }

int loops(void) {
    for (;;) {
    }
}
int sleeps(void) {
    struct timespec long_time = {1000, 0};
    while (nanosleep(&long_time, 0) != 0) {
    }
    return 0;
}
int loops_deafly(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, 0);
    for (int signal = 1; signal < 65; signal++) sigaction(signal, &(struct sigaction){.sa_handler = SIG_IGN}, 0);
    return loops();
}
static void returns(int signal) { (void)signal; }
int faults_for_ever(void) {
    signal(SIGSEGV, returns);
    return segfault();
}

/* How many mebibytes it got. */
long eats_memory(void) {
    long eaten = 0;
    for (char *block; eaten < (1 << 20) && (block = malloc(1 << 20)) != 0; eaten++) memset(block, 1, 1 << 20);
    return eaten;
}
int eats_memory_and_dies(void) {
    while (1) *(volatile char *)malloc(1 << 20) = 1;
}

static sigjmp_buf escape;
static void escapes(int signal) { siglongjmp(escape, signal); }
int survives_own_fault(void) {
    if (sigsetjmp(escape, 1) != 0) {
        signal(SIGSEGV, SIG_DFL);
        return 7;
    }
    signal(SIGSEGV, escapes);
    return segfault();
}
int catches_the_filter(void) {
    if (sigsetjmp(escape, 1) != 0) return 7;
    signal(SIGSYS, escapes);
    char *nothing[] = {0};
    return (int)syscall(SYS_execve, "/bin/true", nothing, nothing);
}
static jmp_buf earlier;
int remembers(void) { return setjmp(earlier); }
int jumps_out(void) { longjmp(earlier, 3); }

int signals_itself(int signal) { return raise(signal); }
int closes_everything(void) {
    for (int descriptor = 0; descriptor < 1024; descriptor++) close(descriptor);
    return 1;
}
int forks_a_lot(void) {
    int children = 0;
    for (int i = 0; i < 200; i++) {
        pid_t pid = fork();
        if (pid == 0) _exit(0);
        if (pid > 0) children++;
    }
    return children;
}
int prints_a_lot(void) {
    for (int i = 0; i < 20000; i++) printf("forged output of a library, line %d\n", i);
    fprintf(stderr, "forged error\n");
    fflush(0);
    return 1;
}

#ifdef CONSTRUCTOR
__attribute__((constructor)) static void construct(void) { CONSTRUCTOR; }
#endif
