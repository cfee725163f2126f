/* Tables that end as C's do, and wide text. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

struct option {
    const char *name;
    int value;
};

struct pair {
    long key, value, weight;
};

int sum(const struct option *options)
{
    int sum = 0;
    for (; options->name; options++)
        sum += options->value * (int)strlen(options->name);
    return sum;
}

int count(const int *codes, const struct pair *pairs)
{
    int count = 0;
    while (*codes++)
        count++;
    for (; pairs->key || pairs->value || pairs->weight; pairs++)
        count += 100;
    return count;
}

const struct option *options(int which)
{
    static const struct option none[] = { { NULL, 0 } }, some[] = { { "a", 1 }, { "b\xc3\xa9", 2 }, { NULL, 0 } };
    return which < 0 ? NULL : which ? some : none;
}

const int *codes(int count)
{
    static int codes[8];
    for (int i = 0; i < 7; i++)
        codes[i] = i < count ? i + 1 : 0;
    return codes;
}

char **words(int count)
{
    char **words = calloc((size_t)count + 1, sizeof *words);
    for (int i = 0; i < count; i++)
        words[i] = i % 2 ? "odd" : "even";
    return words;
}

void release(void *memory)
{
    free(memory);
}

/* Ends them only if there is room for that. */
void fill(struct pair *pairs, size_t room, int count)
{
    for (int i = 0; i <= count && (size_t)i < room; i++)
        pairs[i] = i == count ? (struct pair){ 0, 0, 0 } : (struct pair){ 0, 0, i + 1 };
}

int find(struct option **options, wchar_t **text)
{
    *options = calloc(2, sizeof **options);
    (*options)[0] = (struct option){ "found", 7 };
    *text = calloc(3, sizeof **text);
    wcscpy(*text, L"\u20ac!");
    return 0;
}

int visit(int (*each)(const struct option *options, const wchar_t *text, char **words))
{
    char *words[] = { "x", "y", NULL };
    return each(options(1), L"gr\u00fc\u00df", words);
}

size_t wide_length(const wchar_t *text)
{
    return text ? wcslen(text) : 999;
}

int reverse(const wchar_t *text, wchar_t *out, size_t room)
{
    size_t length = wcslen(text);
    if (length + 1 > room)
        return -1;
    for (size_t i = 0; i < length; i++)
        out[i] = text[length - 1 - i];
    out[length] = 0;
    return 0;
}

void shift(wchar_t *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        text[i]++;
}

unsigned long counted(const wchar_t *text, size_t length)
{
    unsigned long sum = 0;
    for (size_t i = 0; i < length; i++)
        sum += (unsigned long)text[i];
    return sum;
}

/* Neither a surrogate nor what lies beyond Unicode is a character. */
const wchar_t *name(int which)
{
    static const wchar_t wrong[][3] = { { 'a', 0xd800, 0 }, { 0x110000, 0 }, { -1, 0 } };
    static const wchar_t *const names[] = { L"Gr\u00fc\u00dfe", L"\U0001F600", L"" };
    return which < 0 ? NULL : which < 3 ? names[which] : wrong[which % 3];
}

size_t numbers(wchar_t *out, size_t room)
{
    for (size_t i = 0; i < room; i++)
        out[i] = 0xd800 + (wchar_t)i;
    return room;
}

void next(wchar_t *one)
{
    ++*one;
}

int ask(int (*fill)(wchar_t *room, size_t size))
{
    wchar_t room[4] = { 9, 9, 9, 9 };
    int value = fill(room, 4);
    return value * 10000 + (int)(room[0] + room[1] + room[2] + room[3]);
}
