/* What a library finds in its environment, in its private folder, and of other libraries. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern char **environ;

static char mode[32] = "unset";
static int early_code;

/* Whether bytes of a file that one has written can be mapped as code: 0, or why not. */
static int written_code(const char *path) {
    int file = open(path, O_RDWR | O_CREAT, 0700);
    if (file < 0) return 1000 + errno;
    if (write(file, "\xc3", 1) != 1) return 2000 + errno;
    void *code = mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
    int why = code == MAP_FAILED ? errno : 0;
    close(file);
    unlink(path);
    return why;
}

__attribute__((constructor)) static void first(void) {
    const char *found = getenv("COMPANY_MODE");
    if (found) snprintf(mode, sizeof mode, "%s", found);
    early_code = written_code("/tmp/early");
}

int mode_is(const char *text) { return strcmp(mode, text) == 0; }
int variables(void) { int count = 0; while (environ && environ[count]) count++; return count; }
int variable_is(const char *name, const char *text) { const char *found = getenv(name); return found && strcmp(found, text) == 0; }
int set_variable(const char *name, const char *text) { return setenv(name, text, 1); }
/* What was there is written over where it stands. */
int spoil_variable(const char *name) { char *found = getenv(name); if (!found) return -1; found[0] = '!'; return 0; }

int early(void) { return early_code; }
int late(void) { return written_code("/tmp/late"); }

int make(const char *path) { int file = open(path, O_RDWR | O_CREAT | O_EXCL, 0600); if (file < 0) return -errno; close(file); return 0; }
int there(const char *path) { return access(path, F_OK) == 0; }

/* How many KiB a file of the C library's own takes, or why it does not. */
int temporary(int kib) {
    FILE *file = tmpfile();
    if (!file) return -errno;
    char bytes[1024];
    memset(bytes, 'x', sizeof bytes);
    for (int i = 0; i < kib; i++)
        if (fwrite(bytes, 1, sizeof bytes, file) != sizeof bytes) { int why = errno; fclose(file); return -why; }
    if (fflush(file)) { int why = errno; fclose(file); return -why; }
    fclose(file);
    return kib;
}

int plugin(const char *path, int number) {
    void *library = dlopen(path, RTLD_NOW);
    if (!library) return -1;
    int (*f)(int) = (int (*)(int))dlsym(library, "twice");
    return f ? f(number) : -2;
}

/* The first byte of a byte of that character set in UTF-16, both of it. */
int convert(const char *from, int byte) {
    iconv_t conversion = iconv_open("UTF-16LE", from);
    if (conversion == (iconv_t)-1) return -1;
    char in[1] = { (char)byte }, out[2] = { 0 }, *i = in, *o = out;
    size_t left = 1, room = 2;
    size_t done = iconv(conversion, &i, &left, &o, &room);
    iconv_close(conversion);
    return done == (size_t)-1 ? -2 : (unsigned char)out[0] | (unsigned char)out[1] << 8;
}

#ifdef NEEDS
int other(int number);
int asks_other(int number) { return other(number); }
#else
int asks_other(int number) { return number; }
#endif
