/* Tables that an element ends which is all zero, and text of wchar_t. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

struct option {
    const char *name;
    int value; /* four bytes of padding follow */
};

struct item {
    const char *label; /* may be NULL */
    int value;
};

struct pair {
    long key, value, weight;
};

struct large {
    long numbers[640];
};

int sum_options(const struct option *options)
{
    int sum = 0;
    for (; options->name; options++)
        sum += options->value * (int)strlen(options->name);
    return sum;
}

int sum_items(const struct item *items)
{
    int sum = 0;
    for (; items->label || items->value; items++)
        sum += items->value;
    return sum;
}

int sum_codes(const int *codes)
{
    int sum = 0;
    if (!codes)
        return -1;
    while (*codes)
        sum += *codes++;
    return sum;
}

long sum_pairs(const struct pair *pairs)
{
    long sum = 0;
    for (; pairs->key || pairs->value || pairs->weight; pairs++)
        sum += pairs->weight;
    return sum;
}

static const int *kept;

struct keeper {
    int unused;
};

struct keeper *keep(const int *codes)
{
    static struct keeper keeper;
    kept = codes;
    return &keeper;
}

int sum_kept(void)
{
    return sum_codes(kept);
}

/* Fills in so many, and ends them if there is room; what stands behind the end is the library's affair. */
void fill_pairs(struct pair *pairs, size_t room, size_t count)
{
    for (size_t i = 0; i < room; i++)
        pairs[i] = i == count ? (struct pair){ 0, 0, 0 } : (struct pair){ 0, 0, (long)i + 1 };
}

void fill_large(struct large *larges, size_t room, size_t count)
{
    memset(larges, 1, room * sizeof *larges);
    if (count < room)
        memset(&larges[count], 0, sizeof *larges);
}

/* What ends this one has a name that is NULL, and padding and a value that are not zero. */
const struct option *options(void)
{
    static struct option table[3];
    memset(table, 0x55, sizeof table);
    table[0].name = "one";
    table[0].value = 1;
    table[1].name = "two";
    table[1].value = 2;
    table[2].name = NULL;
    return table;
}

/* Only padding is not zero in what ends this one, and the first label is NULL. */
const struct item *items(void)
{
    static struct item table[3];
    memset(table, 0x55, sizeof table);
    table[0].label = NULL;
    table[0].value = 7;
    table[1].label = "b";
    table[1].value = 0;
    table[2].label = NULL;
    table[2].value = 0;
    return table;
}

/* Nothing ends it within 40 bytes: ten numbers. The eleventh does. */
const int *codes(int count)
{
    static int table[12];
    memset(table, 0, sizeof table);
    for (int i = 0; i < count; i++)
        table[i] = i + 1;
    return table;
}

static int given;

int releases(void)
{
    return given;
}

void release(void *memory)
{
    given++;
    free(memory);
}

char **words(void)
{
    char **words = malloc(3 * sizeof *words);
    words[0] = "first";
    words[1] = "second";
    words[2] = NULL;
    return words;
}

int find(struct pair **pairs, char ***names)
{
    static char *none[] = { NULL };
    *pairs = calloc(3, sizeof **pairs);
    (*pairs)[0].weight = 5;
    (*pairs)[1].key = 6;
    *names = none;
    return 2;
}

int visit(int (*each)(const struct pair *pairs, const wchar_t *text))
{
    static const struct pair pairs[] = { { 1, 2, 3 }, { 4, 5, 6 }, { 0, 0, 0 } };
    return each(pairs, L"a\u20ac\U0001F600");
}

int ask(void (*fill)(wchar_t *room, size_t size))
{
    wchar_t room[4] = { 9, 9, 9, 9 };
    fill(room, 4);
    return (int)(room[0] + room[1] + room[2] + room[3]);
}

size_t wide_length(const wchar_t *text)
{
    return wcslen(text);
}

/* 0, or -1 if there is no room for the end. */
int turn(const wchar_t *text, wchar_t *out, size_t room)
{
    size_t length = wcslen(text);
    if (length + 1 > room)
        return -1;
    for (size_t i = 0; i < length; i++)
        out[i] = text[length - 1 - i];
    out[length] = 0;
    return 0;
}

const wchar_t *wide_name(int which)
{
    static const wchar_t *const names[] = { L"Gr\u00fc\u00dfe", L"\U0001F600", L"" };
    return which < 0 ? NULL : names[which % 3];
}
