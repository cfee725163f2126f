/* What the tests call: one function for each way that data can take, and some that misbehave. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int a_datum = 7;

int add(int a, int b) { return a + b; }
int8_t narrows(int8_t value) { return value; }
uint64_t wide(uint64_t value) { return value; }
float half(float value) { return value / 2; }

double mix(signed char a, unsigned short b, float c, double d) { return a + b + c + d; }

unsigned long sum(const uint8_t *bytes, uint32_t count) {
    unsigned long total = bytes == NULL ? 1000000 : 0;
    for (uint32_t i = 0; i < count; i++) total += bytes[i];
    return total;
}

uint64_t dot(const int32_t *a, const int32_t *b, size_t count) {
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) total += (uint64_t)(a[i] * b[i]);
    return total;
}

size_t bound(size_t count) { return count + 7; }

/* Writes `count` times `value`; the capacity is in *length, and then what was written. */
int fill(uint8_t *target, size_t *length, uint8_t value, size_t count) {
    if (count > *length) return -5;
    memset(target, value, count);
    *length = count;
    return 0;
}

/* As much as there is room for; `room` is filled in. */
size_t flood(uint8_t *target, uint32_t room) {
    memset(target, 'f', room);
    return room;
}

int lie(uint8_t *target, size_t *length) {
    (void)target;
    *length = (size_t)1 << 40;
    return 0;
}

int lazy(uint8_t *target, size_t room) {
    (void)target;
    return (int)room;
}

void reverse(int32_t *values, size_t count) {
    for (size_t i = 0; i < count / 2; i++) {
        int32_t kept = values[i];
        values[i] = values[count - 1 - i];
        values[count - 1 - i] = kept;
    }
}

void split(double value, int64_t *whole, double *rest) {
    *whole = (int64_t)value;
    *rest = value - (double)*whole;
}

int increment(const int32_t *step, int32_t *value) {
    *value += step == NULL ? 1 : *step;
    return 0;
}

size_t length(const char *text) { return text == NULL ? 999 : strlen(text); }

void name(char *target, size_t room, int which) { snprintf(target, room, "number %d", which); }

int fails(int code) {
    errno = code;
    return -1;
}

int refuses(int code) { return code; }

const char *explain(int code) {
    static char text[64];
    snprintf(text, sizeof text, "code %d, they say", code);
    return text;
}

static int freed;
char *shout(const char *text) {
    if (*text == 0) return NULL;
    char *copy = strdup(text);
    for (char *at = copy; *at != 0; at++) *at = (char)toupper((unsigned char)*at);
    return copy;
}
void release(void *memory) {
    free(memory);
    freed++;
}
int releases(void) { return freed; }

const char *endless(void) {
    static char *text;
    if (text == NULL) {
        text = malloc(4 << 20);
        memset(text, 'x', 4 << 20);
    }
    return text;
}

void vandalise(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    setenv("LD_PRELOAD", "/tmp/evil.so", 1);
    fesetround(FE_UPWARD);
    __asm__ volatile("" ::: "memory");
}

int vandalised(void) {
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    return (fegetround() != FE_TONEAREST) | (getenv("LD_PRELOAD") != NULL) << 1 | sigismember(&now, SIGUSR1) << 2;
}

/* The ways to die. */
int dereference(void) { return *(volatile int *)8; }
void give_up(void) { abort(); }
void leave(int code) { exit(code); }
#pragma GCC diagnostic ignored "-Winfinite-recursion"
int overflow(int depth) {
    volatile char room[4096];
    room[0] = (char)depth;
    return overflow(depth + 1) + room[0];
}
void spin(void) {
    for (volatile int i = 0;; i++) {}
}
void exec(void) { execl("/bin/true", "true", (char *)NULL); }

/* How much of `bytes` malloc gives, in steps of 1 MiB. */
uint64_t eat(uint64_t bytes) {
    uint64_t eaten = 0;
    for (; eaten < bytes; eaten += 1 << 20) {
        char *piece = malloc(1 << 20);
        if (piece == NULL) break;
        memset(piece, 1, 1 << 20);
    }
    return eaten;
}

int open_file(const char *path) {
    int file = open(path, O_RDONLY);
    return file < 0 ? -errno : file;
}
