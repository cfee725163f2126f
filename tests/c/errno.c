/* For tests/tests/errno.rs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
/* -1 may be what somebody has. */
int balance(const char *who)
{
    if (!strcmp(who, "ann"))
        return -1;
    if (!strcmp(who, "bob"))
        return 40;
    errno = ENOENT;
    return -1;
}
int last_errno(void) { return errno; }
struct rows { int at; };
struct rows *rows_open(void) { return calloc(1, sizeof(struct rows)); }
void rows_close(struct rows *rows) { free(rows); }
/* As readdir: NULL is the end, or a failure. */
const char *rows_next(struct rows *rows)
{
    if (rows->at == 3)
        errno = EIO;
    return rows->at++ < 2 ? "row" : NULL;
}
