/* Calls that never return. */
#include <signal.h>

void forever(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, 0);
    for (;;)
        ;
}

int calls_back(int (*f)(int)) {
    return f(1);
}

int calls_back_for_ever(int (*f)(int)) {
    for (int i = 0;; i++)
        f(i & 0xff);
}
