/* Functions that wait for each other. */
#include <pthread.h>
#include <stdatomic.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int tokens, waiting;

/* Returns when somebody has put a token there. */
int take(void)
{
    pthread_mutex_lock(&mutex);
    waiting++;
    pthread_cond_broadcast(&changed);
    while (tokens == 0)
        pthread_cond_wait(&changed, &mutex);
    waiting--;
    int left = --tokens;
    pthread_mutex_unlock(&mutex);
    return left;
}

/* Returns when somebody waits for the token that it puts there. */
int put(void)
{
    pthread_mutex_lock(&mutex);
    while (waiting == 0)
        pthread_cond_wait(&changed, &mutex);
    int now = ++tokens;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    return now;
}

static _Atomic int running, most;

/* How many have ever run at once. */
int crowd(int rounds)
{
    int now = ++running;
    for (int seen = most; seen < now && !atomic_compare_exchange_weak(&most, &seen, now);)
        ;
    volatile int work = 0;
    for (int round = 0; round < rounds; round++)
        work += round;
    running--;
    return most;
}
