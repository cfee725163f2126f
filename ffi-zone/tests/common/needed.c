/* A store of one file. `get` has been taken over: it tries whatever only `put` should be able to do. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int called;

/* 0, or why a byte could not be written. */
static int write_to(const char *path, int flags) {
    int file = open(path, flags, 0600);
    if (file < 0) return errno;
    int why = write(file, "!", 1) == 1 ? 0 : errno;
    close(file);
    return why;
}

static int done(int result) { return result < 0 ? errno : 0; }

/* 0, or why it was not possible. */
static int attempt(const char *folder, int how) {
    char data[512], other[512];
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(other, sizeof other, "%s/other", folder);
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
    }
    return EINVAL;
}

int get(const char *folder, int how) { called++; return attempt(folder, how); }
int put(const char *folder, int how) { called++; return attempt(folder, how); }
/* How many calls this instance has had. */
int count(void) { return ++called; }
