/* Functions that write as much as they are told, whatever room there is. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int fill(unsigned char *target, size_t room, size_t bytes)
{
    (void)room;
    memset(target, 7, bytes);
    return 0;
}

/* Writes one byte, far away. */
int reach(unsigned char *target, size_t room, size_t at)
{
    (void)room;
    target[at] = 7;
    return 0;
}

int both(unsigned char *one, size_t first, unsigned char *other, size_t second, size_t bytes)
{
    (void)other, (void)second;
    return fill(one, first, bytes);
}

int second(unsigned char *one, size_t first, unsigned char *other, size_t second, size_t bytes)
{
    (void)one, (void)first;
    return fill(other, second, bytes);
}

int change(int *values, size_t count, size_t bytes)
{
    (void)count;
    memset(values, 7, bytes);
    return 0;
}

void number(int *value, size_t bytes)
{
    memset(value, 7, bytes);
}

void byte_at(int *value, size_t at)
{
    ((unsigned char *)value)[at] = 7;
}

struct pair {
    int a, b;
};

void change_pair(struct pair *pair, size_t bytes)
{
    memset(pair, 7, bytes);
}

struct device {
    unsigned char *room;
};

struct device *device_open(void)
{
    return calloc(1, sizeof(struct device));
}

void device_record(struct device *device, unsigned char *room, size_t bytes)
{
    (void)bytes;
    device->room = room;
}

void device_write(struct device *device, size_t bytes)
{
    memset(device->room, 7, bytes);
}

void device_close(struct device *device)
{
    free(device);
}
