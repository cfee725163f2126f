/* Callbacks, objects, and everything else that has more than one thing to go wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct point { double x, y; };
struct person { char name[16]; const char *mail; struct point at; void *private; unsigned age : 7; unsigned known : 1; };
union value { int i; double d; };
struct variant { int kind; union value u; };
enum color { RED, GREEN = 4, BLUE };

/* What C has seen, one word after the other. */
static char journal[4096];
static void note(const char *format, long value) {
    size_t used = strlen(journal);
    if (used)
        journal[used++] = ' ';
    snprintf(journal + used, sizeof journal - used, format, value);
}
const char *seen(void) {
    static char copy[sizeof journal];
    strcpy(copy, journal);
    journal[0] = 0;
    return copy;
}

/* ---- Callbacks ---- */

int with_text(int (*f)(const char *text, const char *none)) { return f("gr\xc3\xbc\xc3\x9f" "e", 0); }
int with_cells(int (*f)(const int *in, double *out, long *both)) {
    int in = 7;
    double out = -1;
    long both = 40;
    int value = f(&in, &out, &both);
    note("%ld", (long)(out * 100));
    note("%ld", both);
    return value;
}
void with_record(struct point *result, void (*f)(const struct point *in, struct point *out)) {
    struct point in = {1, 2};
    f(&in, result);
}
long with_bytes(size_t (*f)(const unsigned char *data, size_t length, unsigned char *room, size_t size)) {
    unsigned char data[] = {1, 2, 3}, room[8] = {0};
    size_t length = f(data, 3, room, sizeof room);
    note("%ld", (long)length);
    return room[0] + room[1];
}
int with_user(void *user, int (*f)(void *user, int value)) {
    note(user ? "user" : "null", 0);
    return f(user, 5);
}
int with_strings(int (*f)(int count, char **words)) {
    char *words[] = {"one", 0, "two"};
    return f(3, words);
}
long repeat(int times, long (*f)(long sum, int index)) {
    long sum = 0;
    for (int i = 0; i < times; i++)
        sum = f(sum, i);
    return sum;
}
/* Calls twice, and notes what it got: after an exception C sees the declared error value, and the second call asks nobody. */
int twice(int (*f)(int number)) {
    int one = f(1);
    note("%ld", one);
    int two = f(2);
    note("%ld", two);
    return one + two;
}
int maybe(int (*f)(int number)) { return f ? f(1) : -1; }
enum color with_color(enum color (*f)(enum color color)) { return f(BLUE); }

/* ---- Objects ---- */

struct shelf { int number; struct book *first; void (*notify)(int number); const char *label; };
struct book { int number; struct shelf *on; };

static int shelves, books;

struct shelf *shelf_new(void (*notify)(int number), const char *label) {
    struct shelf *shelf = calloc(1, sizeof *shelf);
    shelf->number = ++shelves;
    shelf->notify = notify;
    shelf->label = label;
    return shelf;
}
const char *shelf_label(struct shelf *shelf) { return shelf->label; }
void shelf_free(struct shelf *shelf) {
    note("shelf%ld", shelf->number);
    free(shelf);
}
int book_new(struct shelf *shelf, struct book **made, int fail) {
    struct book *book = *made = calloc(1, sizeof *book);
    book->number = ++books;
    book->on = shelf;
    if (!shelf->first)
        shelf->first = book;
    if (shelf->notify)
        shelf->notify(book->number);
    return fail;
}
int book_free(struct book *book) {
    note("book%ld", book->number);
    if (book->on && book->on->first == book)
        book->on->first = 0;
    free(book);
    return 0;
}
struct book *shelf_first(struct shelf *shelf) { return shelf->first; }
struct shelf *book_shelf(struct book *book) { return book->on; }
int book_number(struct book *book) { return book ? book->number : 0; }
int book_burn(struct book *book) {
    int number = book->number;
    note("burnt%ld", number);
    if (book->on && book->on->first == book)
        book->on->first = 0;
    free(book);
    return number == 3 ? -1 : 0;
}
const char *shelf_error(struct shelf *shelf) {
    static char text[64];
    snprintf(text, sizeof text, "shelf %d is full", shelf ? shelf->number : -1);
    return text;
}

/* ---- What the library gives ---- */

int give_text(char **text) {
    *text = strdup("given");
    return 0;
}
int give_bytes(unsigned char **bytes, size_t *length, int count) {
    *bytes = malloc(count + 1);
    memset(*bytes, 'x', count);
    *length = count;
    return 0;
}
int give_point(struct point **point) {
    static struct point here = {3, 4};
    *point = &here;
    return 0;
}
struct point *point_or_none(int wanted) {
    static struct point here = {5, 6};
    return wanted ? &here : 0;
}
unsigned char *take_bytes(int count, int *length) {
    *length = count;
    return memset(malloc(count + 1), 'y', count);
}
void let_go(void *memory) {
    note("free", 0);
    free(memory);
}
void view_bytes(unsigned char *room, size_t size) { memset(room, 'v', size); }

/* ---- Records ---- */

int describes(const struct person *person, char *text, size_t room) {
    return snprintf(text, room, "%s <%s> %g,%g %s %u%s", person->name, person->mail ? person->mail : "-", person->at.x,
                    person->at.y, person->private ? "address" : "null", person->age, person->known ? " known" : "");
}
void invent(struct person *person) {
    strcpy(person->name, "Ada");
    person->mail = "ada@example.org";
    person->at.x = 0.5;
    person->private = person;
    person->age = 36;
    person->known = 1;
}
struct variant turn(struct variant v) {
    if (v.kind == 0) {
        double d = v.u.i;
        v.kind = 1;
        v.u.d = d;
    } else {
        int i = (int)v.u.d;
        v.kind = 0;
        v.u.i = i;
    }
    return v;
}

/* ---- Errors and arguments ---- */

int fail(int code) { return code; }
int spread(int start, int stop, int step) { return start * 100 + stop * 10 + step; }
int add(int a, int b) { return a + b; }
