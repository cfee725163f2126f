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

/* How an address is written: of IPv4, of IPv6, of IPv4 in one of IPv6; and the first two in a packet that brings data along, without `connect`. */
enum way { V4 = 1, V6, MAPPED, V4_FAST, V6_FAST };

/* 0, or why nothing came from that port of this machine. A library that waits for its sockets does so with `poll`. */
static int fetch_from(enum way way, int port) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    if (way == MAPPED) v6.sin6_addr = (struct in6_addr){{{[10] = 0xff, 0xff, 127, 0, 0, 1}}};
    int is_v4 = way == V4 || way == V4_FAST;
    struct sockaddr *address = is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
    socklen_t length = is_v4 ? sizeof v4 : sizeof v6;
    int one = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (one < 0) return errno;
    int fast = way == V4_FAST || way == V6_FAST;
    int why = fast ? sendto(one, "?", 1, MSG_FASTOPEN, address, length) == 1 ? 0 : errno : done(connect(one, address, length));
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
static int listens(int family) {
    int one = socket(family, SOCK_STREAM, 0);
    if (one < 0) return errno;
    struct sockaddr_in6 any = {.sin6_family = family};
    int why = done(bind(one, (struct sockaddr *)&any, family == AF_INET ? sizeof(struct sockaddr_in) : sizeof any));
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

/* 0, or why it was not possible. A number from 65536 on is a port, and above that the way to it. */
static int attempt(const char *folder, int how) {
    char data[512], other[512];
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    if (how >= 0x10000) return fetch_from(how >> 16, how & 0xffff);
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
    case 14: return listens(AF_INET);
    case 15: return listens(AF_INET6);
    case 16: return socket_of(AF_INET6, SOCK_DGRAM);
    case 17: return socket_of(AF_INET6, SOCK_RAW);
    }
    return EINVAL;
}

int get(const char *folder, int how) { called++; return attempt(folder, how); }
int put(const char *folder, int how) { called++; return attempt(folder, how); }
int fetch(const char *folder, int how) { called++; return attempt(folder, how); }
int sort(const char *folder, int how) { called++; return attempt(folder, how); }
/* How many calls this instance has had. */
int count(void) { return ++called; }
