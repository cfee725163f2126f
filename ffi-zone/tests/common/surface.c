/* What the tests call of the larger part of C: records, objects, what the library keeps, and what it gives. */
#include <complex.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { double x, y; } point;
typedef struct { char name[16]; const char *mail; point at; void *secret; unsigned age : 7; bool known; } person;
typedef union { int i; double d; struct { char *text; int n; } t; } value;
typedef struct { int kind; value u; } variant;

point point_add(point a, point b) { return (point){a.x + b.x, a.y + b.y}; }

void point_turn(point *p) {
    double x = p->x;
    p->x = -p->y;
    p->y = x;
}

double point_norm(const point *p) { return p == NULL ? -1 : p->x * p->x + p->y * p->y; }

void point_make(double x, double y, point *p) { *p = (point){x, y}; }

double points_sum(const point *points, size_t count) {
    double total = 0;
    for (size_t i = 0; i < count; i++) total += points[i].x + points[i].y;
    return total;
}

/* At most `room` of them; returns how many. */
int points_make(point *points, size_t room, size_t count) {
    for (size_t i = 0; i < count && i < room; i++) points[i] = (point){(double)i, -(double)i};
    return (int)(count < room ? count : room);
}

static char mail[] = "someone@example.org";

/* Everything about a person: padding is dirty, the secret is an address. */
void person_make(person *p, unsigned age) {
    memset(p, 0xa5, sizeof *p);
    memset(p->name, 0, sizeof p->name);
    strcpy(p->name, "Ada");
    p->mail = age == 0 ? NULL : mail;
    p->at = (point){1, 2};
    p->secret = mail;
    p->age = age;
    p->known = age > 1;
}

int person_check(const person *p) {
    if (p->secret != NULL) return -1;
    return (int)strlen(p->name) * 10000 + (p->mail == NULL ? 99 : (int)strlen(p->mail)) * 100 + (int)p->age + p->known;
}

/* In and out: a year older, and the mail is the library's own. */
void person_age(person *p) {
    p->age++;
    p->mail = mail;
    p->secret = p;
}

int people_count(const person *people, size_t count) {
    int total = 0;
    for (size_t i = 0; i < count; i++) total += person_check(&people[i]);
    return total;
}

variant variant_next(variant v) {
    switch (v.kind) {
    case 0: v.u.i += 1; break;
    case 1: v.u.d += 0.5; break;
    case 2: v.u.t.n = v.u.t.text == NULL ? -1 : (int)strlen(v.u.t.text); v.u.t.text = mail;
    }
    return v;
}

value value_of(double d) { return (value){.d = d}; }

size_t texts_length(const char *const *texts, size_t count) {
    size_t total = 0;
    for (size_t i = 0; i < count; i++) total += texts[i] == NULL ? 1000 : strlen(texts[i]);
    return texts[count] == NULL ? total : 0;
}

bool negate(bool flag) { return !flag; }
long double longer(long double value) { return value * 2; }
float complex turn_single(float complex z) { return z * I; }
double complex turn(double complex z) { return z * I; }
long double complex turn_long(long double complex z) { return z * I; }

/* Each letter is a type: i int, l long, d double, s string, p point. */
int total(const char *types, ...) {
    va_list list;
    va_start(list, types);
    double sum = 0;
    for (; *types; types++) {
        switch (*types) {
        case 'i': sum += va_arg(list, int); break;
        case 'l': sum += (double)va_arg(list, long); break;
        case 'd': sum += va_arg(list, double); break;
        case 's': sum += (double)strlen(va_arg(list, const char *)); break;
        case 'p': sum += va_arg(list, point).y; break;
        }
    }
    va_end(list);
    return (int)(sum * 10);
}

typedef struct thing thing;
struct thing {
    int value;
    const char *name;
    const uint8_t *data;
    size_t size;
    thing *parent;
    uint8_t *late;
    size_t room;
};

static int live, order;

/* How many things there are, and the values of those that were freed last, two digits each. */
int things(void) { return live; }

int freed(void) {
    int latest = order;
    order = 0;
    return latest;
}

thing *thing_new(int value) {
    if (value < 0) return NULL;
    thing *one = calloc(1, sizeof *one);
    one->value = value;
    live++;
    return one;
}

void thing_free(thing *one) {
    order = (order * 100 + one->value) % 100000000;
    live--;
    one->value = -777;
    free(one);
}

/* On failure there is a thing all the same, to be asked and freed. */
int thing_open(int value, thing **out) {
    *out = thing_new(value < 0 ? -value : value);
    return value < 0 ? 7 : 0;
}

thing *thing_child(thing *parent, int value) {
    thing *one = thing_new(value);
    if (one != NULL) one->parent = parent;
    return one;
}

thing *thing_parent(thing *one) { return one->parent; }
thing *thing_self(thing *one) { return one; }
int thing_value(const thing *one) { return one == NULL ? -1 : one->value; }

/* 13 cannot be closed. */
int thing_close(thing *one) {
    if (one->value == 13) return 13;
    thing_free(one);
    return 0;
}

const char *thing_message(thing *one) {
    static char text[64];
    snprintf(text, sizeof text, "thing %d failed", one == NULL ? -1 : one->value);
    return text;
}

int thing_fail(thing *one) { return one->value; }
void thing_keep(thing *one, const char *name) { one->name = name; }
const char *thing_name(const thing *one) { return one->name; }
thing *thing_named(const char *name) {
    thing *one = thing_new(1);
    one->name = name;
    return one;
}

void thing_keep_data(thing *one, const uint8_t *data, size_t size) {
    one->data = data;
    one->size = size;
}

size_t thing_size(const thing *one) { return one->size; }
const uint8_t *thing_data(const thing *one) { return one->data; }

void thing_late(thing *one, uint8_t *late, size_t room) {
    one->late = late;
    one->room = room;
    if (room > 0) late[0] = 1;
}

void thing_write(thing *one, uint8_t value) { memset(one->late, value, one->room); }

/* A copy that is the caller's to release. */
uint8_t *thing_copy(const thing *one, size_t *size) {
    live++;
    *size = one->size;
    uint8_t *copy = malloc(one->size + 1);
    memcpy(copy, one->data, one->size);
    return copy;
}

static char *given(const char *text) {
    live++;
    return strdup(text);
}

int thing_describe(const thing *one, char **text) {
    *text = one->value == 0 ? NULL : given("a thing");
    return one->value == 5 ? 5 : 0;
}

int thing_points(const thing *one, point **points, size_t *count) {
    *count = (size_t)one->value;
    *points = calloc(*count, sizeof **points);
    live++;
    return points_make(*points, *count, *count) < 0;
}

const point *thing_origin(const thing *one) {
    static point origin = {3, 4};
    return one->value == 0 ? NULL : &origin;
}

void let_go(void *memory) {
    live--;
    free(memory);
}

typedef struct { char tag; thing *one; const char *text; thing *none; void *secret; } holder;

void hold(thing *one, holder *h) {
    memset(h, 0xa5, sizeof *h);
    *h = (holder){'h', one, one->name, NULL, h};
}

int held(const holder *h) { return h->one->value + (h->none == NULL ? 100 : 0) + (h->secret == NULL ? 1000 : 0); }

int things_sum(thing *const *list, size_t count) {
    int sum = 0;
    for (size_t i = 0; i < count; i++) sum += list[i] == NULL ? 0 : list[i]->value;
    return sum;
}

int always(int first, const void *pointer, long last) { return first == 4 && pointer == (void *)-1 && last == -2; }

int thing_visit(const thing *one, int (*visit)(int), int value) { return visit(value) + one->value; }

static int (*watch)(int);
void thing_watch(thing *one, int (*watcher)(int)) { watch = one == NULL ? NULL : watcher; }
int thing_notify(int value) { return watch(value); }
