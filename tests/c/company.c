/* Libraries that want variables, files, a folder for temporary files, plugins, conversions. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char mode[32] = "unset", head[8] = "none", why[256];

__attribute__((constructor(201))) static void first(void) {
    const char *found = getenv("CASE_MODE");
    if (found) snprintf(mode, sizeof mode, "%s", found);
}
__attribute__((constructor(202))) static void second(void) {
    FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
    if (!file) return;
    if (fread(head, 1, 4, file) == 4) head[4] = 0;
    fclose(file);
}
const char *case_mode(void) { return mode; }
const char *case_head(void) { return head; }

/* The first line of the file that a variable names. */
const char *read_here(void) {
    static char line[64];
    const char *path = getenv("CASE_DATA");
    FILE *file = path ? fopen(path, "r") : 0;
    if (!file || !fgets(line, sizeof line, file)) snprintf(line, sizeof line, "nothing");
    if (file) fclose(file);
    line[strcspn(line, "\n")] = 0;
    return line;
}

const char *last_error(void) { return why; }
long convert(const char *from, const char *to, const char *src, size_t n, char *dst, size_t room) {
    iconv_t c = iconv_open(to, from);
    if (c == (iconv_t)-1) { snprintf(why, sizeof why, "iconv_open: %s", strerror(errno)); return -1; }
    char *i = (char *)src, *o = dst;
    size_t in = n, left = room;
    size_t done = iconv(c, &i, &in, &o, &left);
    if (done == (size_t)-1) snprintf(why, sizeof why, "iconv: %s", strerror(errno));
    iconv_close(c);
    return done == (size_t)-1 ? -2 : o - dst;
}
int plugin(const char *path, int x) {
    void *library = dlopen(path, RTLD_NOW);
    if (!library) { snprintf(why, sizeof why, "%s", dlerror()); return -1; }
    int (*f)(int) = (int (*)(int))dlsym(library, "twice");
    return f ? f(x) : -2;
}

int via_tmpfile(int kb) {
    FILE *f = tmpfile();
    if (!f) return -errno;
    char b[1024];
    memset(b, 'x', sizeof b);
    int full = 0;
    for (int i = 0; i < kb && !full; i++) full = fwrite(b, 1, 1024, f) != 1024;
    full |= fflush(f) != 0;
    long n = ftell(f);
    fclose(f);
    return full ? -ENOSPC : (int)(n / 1024);
}
int via_env(int kb) {
    const char *d = getenv("TMPDIR");
    char p[200], b[1024] = { 1 };
    snprintf(p, sizeof p, "%s/caseXXXXXX", d ? d : "/tmp");
    int fd = mkstemp(p), full = 0;
    if (fd < 0) return -errno;
    unlink(p);
    for (int i = 0; i < kb && !full; i++) full = write(fd, b, 1024) != 1024;
    close(fd);
    return full ? -ENOSPC : kb;
}
int leave(void) { int fd = open("/tmp/left", O_CREAT | O_WRONLY, 0600); if (fd < 0) return -errno; close(fd); return 0; }
int left_over(void) { return access("/tmp/left", F_OK) == 0; }

#ifdef NEEDS
int other(int number);
int asks_other(int number) { return other(number); }
#endif
