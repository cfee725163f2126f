/* A store of one file, which is fetched and sorted as well. Each function has been taken over: it tries whatever only another one should
 * be able to do. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int called;

static int done(int result) { return result < 0 ? errno : 0; }

/* 0, or why a byte could not be written. */
static int write_to(const char *path, int flags) {
    int file = open(path, flags, 0600);
    if (file < 0) return errno;
    int why = write(file, "!", 1) == 1 ? 0 : errno;
    close(file);
    return why;
}

/* 0, or why nothing came from that port of this machine. A library that waits for its sockets does so with `poll`. */
static int fetch_from(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (one < 0) return errno;
    int why = done(connect(one, (struct sockaddr *)&address, sizeof address));
    if (why == 0) why = done(fcntl(one, F_SETFL, O_NONBLOCK));
    if (why == 0) {
        struct pollfd ready = {.fd = one, .events = POLLIN};
        char byte;
        why = poll(&ready, 1, 10000) != 1 ? ETIMEDOUT : read(one, &byte, 1) == 1 ? 0 : errno ? errno : EIO;
    }
    close(one);
    return why;
}

/* 0, or why such a socket could not be had. */
static int socket_of(int family, int kind) {
    int one = socket(family, kind, 0);
    if (one < 0) return errno;
    close(one);
    return 0;
}

/* 0, or why nobody could connect to this. */
static int listens(void) {
    int one = socket(AF_INET, SOCK_STREAM, 0);
    if (one < 0) return errno;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int why = done(bind(one, (struct sockaddr *)&address, sizeof address));
    if (why == 0) why = done(listen(one, 1));
    close(one);
    return why;
}

static void *nothing(void *argument) { return argument; }

/* 0, or why there is no thread. */
static int thread(void) {
    pthread_t one;
    int why = pthread_create(&one, 0, nothing, 0);
    return why != 0 ? why : pthread_join(one, 0);
}

/* 0, or why it was not possible. A number from 65536 on is a port and that. */
static int attempt(const char *folder, int how) {
    char data[512], other[512];
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    if (how >= 0x10000) return fetch_from(how - 0x10000);
    switch (how) {
    case 0: {
        char byte;
        int file = open(data, O_RDONLY);
        if (file < 0) return errno;
        int why = read(file, &byte, 1) == 1 ? 0 : errno ? errno : EIO;
        close(file);
        return why;
    }
    case 1: return write_to(data, O_WRONLY | O_APPEND);
    case 2: return write_to(data, O_RDWR);
    case 3: {
        int file = open(data, O_RDONLY | O_TRUNC);
        if (file < 0) return errno;
        close(file);
        return 0;
    }
    case 4: return write_to(other, O_WRONLY | O_CREAT | O_EXCL);
    case 5: return done(unlinkat(AT_FDCWD, other, 0));
    case 6: return done(mkdirat(AT_FDCWD, other, 0700));
    case 7: return done(unlinkat(AT_FDCWD, other, AT_REMOVEDIR));
    case 8: return done(renameat(AT_FDCWD, data, AT_FDCWD, other));
    case 9: return done(unlinkat(AT_FDCWD, other, 0));
    case 10: return thread();
    case 11: return socket_of(AF_INET, SOCK_DGRAM);
    case 12: return socket_of(AF_UNIX, SOCK_STREAM);
    case 13: return socket_of(AF_NETLINK, SOCK_RAW);
    case 14: return listens();
    }
    return EINVAL;
}

int get(const char *folder, int how) { called++; return attempt(folder, how); }
int put(const char *folder, int how) { called++; return attempt(folder, how); }
int fetch(const char *folder, int how) { called++; return attempt(folder, how); }
int sort(const char *folder, int how) { called++; return attempt(folder, how); }
/* How many calls this instance has had. */
int count(void) { return ++called; }
