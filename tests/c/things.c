/* Records, objects, callbacks and what a library keeps: each function does one thing that a test can see. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct point { double x, y; };
struct person {
    char name[8];
    const char *mail;
    struct point at;
    void *private;
    unsigned age : 7;
    int side : 3;
    _Bool here : 1;
    enum color { RED = 1, GREEN = 4, BLUE } color;
    unsigned char raw[3];
    short counts[2];
    struct point corners[2];
    float half;
    unsigned long big;
};
union value { int i; double d; };
struct variant { int kind; union value u; };

static int calls;
int made(void) { return calls; }

struct point moved(struct point p, double by) { calls++; p.x += by; p.y -= by; return p; }
void mirror(struct point *p) { double x = p->x; p->x = p->y; p->y = x; }
int older(const struct person *in, struct person *out)
{
    if (!in)
        return -1;
    *out = *in;
    out->age++;
    out->private = out;
    return out->age;
}
double weight(const struct point *points, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += points[i].x * points[i].y;
    return sum;
}
void scale(struct point *points, size_t count, double by)
{
    for (size_t i = 0; i < count; i++)
        points[i].x *= by, points[i].y *= by;
}
struct variant twice(struct variant v)
{
    if (v.kind == 1)
        v.u.d *= 2;
    else
        v.u.i *= 2;
    return v;
}
long double third(long double x) { return x / 3; }
double _Complex turned(double _Complex z) { return z * 1.0i; }
enum color next_color(enum color c) { return c == RED ? GREEN : BLUE; }
enum color color_or_red(const enum color *maybe) { return maybe ? *maybe : RED; }
int any_color(int c) { return c; }
int letters(const char *const *texts, size_t count)
{
    int sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += texts[i] ? (int)strlen(texts[i]) : 100;
    return sum;
}

/* Objects: a shelf and the books on it. */
typedef struct shelf { int books; int alive; char error[32]; int (*watch)(int, void *); void *user; } shelf;
typedef struct book { shelf *on; int pages; const char *note; unsigned char *fill; } book;

static char order[256];
const char *ended(void) { return order; }
static void note_end(const char *what) { if (strlen(order) + 8 < sizeof order) strcat(order, what); }

shelf *shelf_new(int fail)
{
    if (fail)
        return NULL;
    shelf *s = calloc(1, sizeof *s);
    s->alive = 1;
    return s;
}
void shelf_free(shelf *s) { note_end(s->books ? "S!" : "S "); s->alive = 0; free(s); }
int book_new(shelf *s, int pages, book **out)
{
    calls++;
    if (pages < 0) {
        strcpy(s->error, "no such book");
        return pages;
    }
    *out = calloc(1, sizeof **out);
    (*out)->on = s;
    (*out)->pages = pages;
    s->books++;
    return 0;
}
void book_free(book *b) { note_end("B "); b->on->books--; free(b); }
const char *shelf_error(shelf *s) { return s->error; }
int book_pages(const book *b) { calls++; return b->pages; }
shelf *book_shelf(book *b) { return b->on; }
int shelf_books(shelf *s) { return s->books; }
void book_burn(book *b) { book_free(b); }
int book_end(book **b, int fails)
{
    if (!*b || fails)
        return -1;
    book_free(*b);
    *b = NULL;
    return 0;
}
/* A leaf ends by the address of a variable. */
typedef struct leaf { int number; } leaf;
static int leaves;
leaf *leaf_new(void) { leaves++; return calloc(1, sizeof(leaf)); }
void leaf_free(leaf **l) { leaves--; free(*l); *l = NULL; }
int leaf_count(void) { return leaves; }
void book_note(book *b, const char *note) { b->note = note; }
const char *book_noted(book *b) { return b->note; }
void book_fill(book *b, unsigned char *room, size_t count) { b->fill = room; memset(room, '.', count); }
void book_write(book *b, int at, int byte) { b->fill[at] = (unsigned char)byte; }

/* Callbacks. */
int each(int count, int (*f)(int index, void *user), void *user)
{
    int sum = 0;
    for (int i = 0; i < count; i++) {
        int value = f(i, user);
        if (value == -1)
            return -1;
        sum += value;
    }
    return sum;
}
struct point map_point(struct point p, struct point (*f)(struct point p, void *user), void *user) { return f(p, user); }
void sort(int *values, size_t count, int (*compare)(const int *a, const int *b))
{
    qsort(values, count, sizeof *values, (int (*)(const void *, const void *))compare);
}
int words(const char *text, int (*f)(const char *word, size_t length))
{
    int count = 0;
    while (*text) {
        size_t length = strcspn(text, " ");
        char word[64] = {0};
        memcpy(word, text, length < 63 ? length : 63);
        count += f(word, length);
        text += length;
        text += strspn(text, " ");
    }
    return count;
}
void watch(shelf *s, int (*f)(int books, void *user), void *user) { s->watch = f; s->user = user; }
int tell(shelf *s) { return s->watch ? s->watch(s->books, s->user) : -7; }
struct errand { int (*f)(int, void *); void *user; int value; };
static void *errand(void *of) { struct errand *e = of; e->value = e->f(11, e->user); return NULL; }
int elsewhere(int (*f)(int index, void *user), void *user)
{
    struct errand e = {f, user, 0};
    pthread_t thread;
    if (pthread_create(&thread, NULL, errand, &e))
        return -1;
    pthread_join(thread, NULL);
    return e.value;
}

/* Errors and numbers. */
int find(const char *path) { (void)path; calls++; errno = ENOENT; return -1; }
unsigned long add(unsigned long sum, const unsigned char *data, unsigned count)
{
    calls++;
    while (count--)
        sum += *data++;
    return sum;
}
int checked(int x) { calls++; return x < 0 ? x : 2 * x; }
void pattern(unsigned char *out, size_t count) { for (size_t i = 0; i < count; i++) out[i] = (unsigned char)i; }
unsigned joined(const unsigned char *key, size_t length, const unsigned char *data, unsigned count)
{
    (void)key, (void)length, (void)data;
    return count;
}
int nap(int ms) { usleep(ms * 1000); return ms; }
void crash(int really) { if (really) *(volatile int *)0 = 1; }
