/* What bounds are about: texts, bytes, floating-point numbers, structs. Each says what it has been given. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct options {
    int32_t level;
    double ratio;
    unsigned flag : 3;
    struct {
        int32_t x, y;
    } at;
};

size_t opens(const char *path, const char *mode) { return strlen(path) + (mode == NULL ? 1000 : strlen(mode)); }

double scale(double ratio, float gain) { return ratio * gain; }

uint64_t place(const uint8_t *data, size_t count) {
    (void)count;
    return (uint64_t)(uintptr_t)data;
}

/* What stands there when the callable has returned. */
int after(const uint8_t *data, size_t count, int (*meanwhile)(void)) {
    meanwhile();
    return count == 0 ? -1 : data[0];
}

size_t ended(const char *name, const int32_t *values, size_t count, uint8_t *both, size_t size) {
    (void)values;
    if (size > 0) both[0]++;
    return strlen(name) + count;
}

int level(const struct options *options, struct options given) {
    return (options == NULL ? 1000 : options->level) + given.level;
}

int paint(int color) { return color; }
