/* For tests/tests/overruns.rs. */
#include <string.h>

/* Writes 64 bytes, and says so afterwards. */
int digest(const unsigned char *data, size_t n, unsigned char *md, unsigned *size)
{
    (void)data, (void)n;
    memset(md, 7, *size = 64);
    return 1;
}

int decode(const unsigned char *p, size_t n)
{
    int sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == 0xbd)
            *(volatile int *)0 = 0;
        sum += p[i];
    }
    return sum;
}
