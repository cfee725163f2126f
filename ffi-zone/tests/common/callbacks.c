/* Functions that call what they are given. */
#include <complex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int times(int (*f)(int), int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += f(i);
    return sum;
}

double every(double (*f)(signed char, unsigned short, int, long, float, double, _Bool))
{
    return f(-1, 65535, -2, 1L << 40, 0.5f, 0.25, 1);
}

long many(long (*f)(long, long, long, long, long, long, long, double, long))
{
    return f(1, 2, 3, 4, 5, 6, 7, 8.5, -9);
}

/* A value that is narrower than a register has to be extended. */
int narrows(signed char (*f)(void), unsigned char (*g)(void), float (*h)(void))
{
    return f() * 1000 + g() + (int)(h() * 4);
}

int cells(void (*f)(const int *, int *, int *, const int *))
{
    int in = 5, out = 1, both = 7;
    f(&in, &out, &both, NULL);
    return out * 100 + both;
}

size_t spell(size_t (*f)(const char *, const char *))
{
    return f("hello", NULL);
}

long fold(long (*f)(const int *, unsigned), unsigned n)
{
    int values[64];
    for (unsigned i = 0; i < 64; i++)
        values[i] = (int)i - 2;
    return f(n > 0 ? values : NULL, n < 64 ? n : 64);
}

/* Reads into eight bytes at a time, until there is nothing more. */
unsigned drain(size_t (*read)(unsigned char *, size_t, void *))
{
    unsigned char room[9];
    unsigned sum = 0;
    for (size_t got; room[8] = 77, (got = read(room, 8, NULL)) > 0;) {
        if (room[8] != 77)
            abort();
        for (size_t i = 0; i < got; i++)
            sum += room[i];
    }
    return sum;
}

int spoken(int (*f)(char *, int, int *))
{
    char room[8];
    int length = -1;
    memset(room, 'x', sizeof room);
    f(room, 8, &length);
    return length * 1000 + room[0] + (room[length] == 'x');
}

int mirrored(void (*f)(short *, int))
{
    short values[3] = {1, 2, 3};
    f(values, 3);
    return values[0] * 100 + values[1] * 10 + values[2];
}

struct pair {
    int a;
    double b;
};

double pairs(struct pair (*f)(struct pair, const struct pair *, struct pair *))
{
    struct pair one = {1, 0.5}, other = {2, 0.25}, out = {0, 0};
    struct pair given = f(one, &other, &out);
    return given.a * 1000 + given.b * 100 + out.a * 10 + out.b;
}

double wide(long double (*f)(long double, double _Complex))
{
    return (double)f(0.5L, 1.0 + 2.0 * I);
}

struct box {
    int (*on)(int);
    int value;
    pthread_t maker;
};

static _Atomic int boxes, last, strays;

struct box *box_new(int value)
{
    struct box *box = malloc(sizeof *box);
    *box = (struct box){NULL, value, pthread_self()};
    boxes++;
    return box;
}

/* Whether this is the thread that made it. */
int box_here(struct box *box)
{
    return pthread_equal(box->maker, pthread_self()) != 0;
}

/* How many were freed by another thread than the one that made them. */
int box_strays(void)
{
    return strays;
}

void box_free(struct box *box)
{
    strays += !box_here(box);
    if (box->on)
        last = box->on(-box->value);
    else
        last = box->value;
    boxes--;
    free(box);
}

int box_count(void)
{
    return boxes;
}

/* What the callback of the box that was freed last has said; without one, its value. */
int box_last(void)
{
    return last;
}

int box_value(struct box *box)
{
    return box->value;
}

void box_on(struct box *box, int (*on)(int))
{
    box->on = on;
}

/* As box_on, and then says that it failed or not. */
int box_try(struct box *box, int (*on)(int), int status)
{
    box->on = on;
    return status;
}

int box_fire(struct box *box, int value)
{
    return box->on ? box->on(value) : -1;
}

int box_same(struct box *one, struct box *other)
{
    return one->on == other->on;
}

/* Makes a box, then asks; keeps the box whatever the answer is. */
int box_make(struct box **box, int (*f)(int))
{
    *box = box_new(1);
    f(0);
    return 0;
}

int box_show(struct box *own, int (*f)(struct box *, struct box *, struct box *, int, struct box **, char **))
{
    struct box *other = box_new(2);
    char *texts[] = {"one", NULL, "three"};
    struct box *both[] = {own, other, NULL};
    int said = f(own, other, NULL, 3, both, texts);
    boxes--;
    free(other);
    return said;
}

static int (*kept)(int);

void keep(int (*f)(int))
{
    kept = f;
}

int stray(int value)
{
    return kept(value);
}

static int (*shared)(int);
static _Atomic int sum;

static void *one(void *argument)
{
    int from = *(int *)argument;
    for (int i = 0; i < 5; i++)
        sum += shared(from + i);
    return NULL;
}

/* Asks on threads of its own. */
int elsewhere(int (*f)(int), int count)
{
    pthread_t threads[8];
    int from[8];
    shared = f;
    sum = 0;
    for (int i = 0; i < count; i++) {
        from[i] = i * 10;
        if (pthread_create(&threads[i], NULL, one, &from[i]))
            abort();
    }
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    return sum;
}

static struct box later;
static _Atomic int said = -1;

static void *call(void *argument)
{
    said = later.on(later.value);
    return argument;
}

/* Has the box's callback called on another thread, and does not wait for that. */
void box_later(struct box *box)
{
    pthread_t caller;
    said = -1;
    later = *box;
    if (pthread_create(&caller, NULL, call, NULL))
        abort();
    pthread_detach(caller);
}

/* What that callback has said; -1 if nothing yet. */
int box_said(void)
{
    return said;
}

/* Says how much room there is where the callable can write. How many bytes behind it have been written. */
int measured(void (*f)(int *, unsigned char *))
{
    unsigned char target[64];
    int room = 16, beyond = 0;
    memset(target, 77, sizeof target);
    f(&room, target);
    for (int i = 16; i < 64; i++)
        beyond += target[i] != 77;
    return beyond;
}

/* Asks for a box, asks again, and uses the first. */
int lend(void (*f)(struct box **, int))
{
    struct box *first = NULL, *other = NULL;
    f(&first, 0);
    f(&other, 1);
    return first ? first->value : -1;
}

/* Shows bytes, and the box or nothing, which is to say how many there are. */
int box_bytes(struct box *box, int null, int (*f)(struct box *, const unsigned char *))
{
    return f(null ? NULL : box, (const unsigned char *)"abc");
}

static struct box *offered;

/* Offers a box to whoever asks. */
void box_offer(struct box *box)
{
    offered = box;
}

struct box *box_offered(void)
{
    return offered;
}

/* Asks, and uses the box afterwards. */
int box_hold(struct box *box, int (*f)(int))
{
    f(0);
    return box->value;
}
