/* The control of raw system calls: `control_raw NUMBER ARGUMENT…` makes one, without any wall, and prints what it
 * returned. An argument is a decimal number, `x` and bytes in hexadecimal, or `page`: the address of a page. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static long word(const char *text) {
    if (strcmp(text, "page") == 0) return (long)mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (text[0] != 'x') return atol(text);
    unsigned char *bytes = calloc(1, strlen(text) / 2 + 1);
    for (size_t i = 0; text[1 + 2 * i] != 0; i++) sscanf(text + 1 + 2 * i, "%2hhx", bytes + i);
    return (long)bytes;
}

int main(int count, char **arguments) {
    long words[7] = {0};
    for (int i = 1; i < count && i < 8; i++) words[i - 1] = word(arguments[i]);
    pid_t self = getpid();
    long result = syscall(words[0], words[1], words[2], words[3], words[4], words[5], words[6]);
    long told = result < 0 ? -(long)errno : result;
    if (getpid() == self) printf("%ld\n", told), fflush(stdout);
    _exit(0);
}
