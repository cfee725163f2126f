/* Functions whose value alone does not say whether they failed, and functions that say more about it. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

/* -1 is a balance like any other. */
int balance(int who)
{
    if (who == 0)
        errno = ENOENT;
    return who == 2 ? 40 : -1;
}

/* As readdir: NULL is the end, and a failure if errno says so. */
const char *next(int at)
{
    if (at == 3)
        errno = EIO;
    return at >= 2 ? NULL : "entry";
}

int last_errno(void)
{
    return errno;
}

const char *last_message(int code)
{
    return code == errno ? strerror(code) : "errno has been lost";
}

/* Without a value. */
void rewinds(int fails)
{
    if (fails)
        errno = EBADF;
}

int calls(int (*f)(int), int n)
{
    int sum = 0;
    while (n-- > 0)
        sum += f(n);
    return sum;
}
