/* Packs or unpacks standard input by the one-shot functions of libzstd.so.1, which examples/pack does not call. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

typedef unsigned long compress(void *to, unsigned long room, const void *from, unsigned long size, int level);
typedef unsigned long decompress(void *to, unsigned long room, const void *from, unsigned long size);

static char from[8 << 20], to[8 << 20];

int main(int count, char **arguments) {
    unsigned long size = fread(from, 1, sizeof from, stdin), made;
    void *library = dlopen("libzstd.so.1", RTLD_NOW);
    if (!library || count < 2) return 2;
    if (!strcmp(arguments[1], "compress"))
        made = ((compress *)dlsym(library, "ZSTD_compress"))(to, sizeof to, from, size, 3);
    else
        made = ((decompress *)dlsym(library, "ZSTD_decompress"))(to, sizeof to, from, size);
    /* Errors are sizes that nothing has. */
    return made > sizeof to || fwrite(to, 1, made, stdout) != made;
}
