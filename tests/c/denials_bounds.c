/* What bounds are about: each says what it has been given. */
#include <string.h>

struct options {
    int level;
    double ratio;
};

int opens(const char *path, const char *mode) { return (int)strlen(path) + (mode == NULL ? 1000 : (int)strlen(mode)); }
double scale(double ratio) { return ratio * 2; }
int store(const unsigned char *data, unsigned long size) { return size == 0 ? -1 : data[0]; }
int pack(const struct options *options, int color) { return (options == NULL ? 1000 : options->level) + color; }
