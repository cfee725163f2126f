/* What the library and the native program of the conformance tests share: values as text, the same as in
   conformance.py. Floating numbers are shown by the bits of a double, so that nothing is lost. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <wchar.h>

struct page {
    size_t used;
    char text[1 << 16];
};

static struct page heard_by_c, heard_by_callback, result;
/* Where what is shown goes. */
static struct page *page = &heard_by_c;

static int put(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t from = page->used;
    page->used += vsnprintf(page->text + from, sizeof page->text - from, format, arguments);
    va_end(arguments);
    /* One line of ASCII, whatever others print. */
    for (char *at = page->text + from; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    return page->used - from;
}

static void show_integer(long long value) { put("%lld", value); }
static void show_natural(unsigned long long value) { put("%llu", value); }
static void show_bool(_Bool value) { put(value ? "true" : "false"); }

static void show_double(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (value != value)
        put("nan");
    else
        put("%016llx", (unsigned long long)bits);
}

static void show_complex(long double _Complex value) {
    put("(");
    show_double((double)__real__ value);
    put(",");
    show_double((double)__imag__ value);
    put(")");
}

static void show_bytes(const void *from, size_t length) {
    const unsigned char *bytes = from;
    put("b");
    for (size_t i = 0; i < length; i++)
        put("%02x", bytes[i]);
}

static void show_text(const char *text) {
    if (!text) {
        put("none");
        return;
    }
    put("s");
    for (; *text; text++)
        put("%02x", (unsigned char)*text);
}

/* What C was given since the last question. */
const char *heard(void) {
    static char copy[sizeof heard_by_c.text];
    memcpy(copy, heard_by_c.text, heard_by_c.used);
    copy[heard_by_c.used] = 0;
    heard_by_c.used = 0;
    return copy;
}
