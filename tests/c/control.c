/* The control: the same library, without any wall. `control LIBRARY FUNCTION NUMBER` prints what the function returned. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
    void *library = count == 4 ? dlopen(arguments[1], RTLD_NOW) : 0;
    long (*function)(int) = library != 0 ? (long (*)(int))dlsym(library, arguments[2]) : 0;
    if (function == 0) return 2;
    printf("%ld\n", function(atoi(arguments[3])));
    return 0;
}
