/* One function for each way in which data crosses the wall. `made` counts the calls that have crossed it. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int calls;
int made(void) { return calls; }

int8_t take_i8(int8_t value) { return calls++, value; }
uint8_t take_u8(uint8_t value) { return calls++, value; }
int16_t take_i16(int16_t value) { return calls++, value; }
uint16_t take_u16(uint16_t value) { return calls++, value; }
int32_t take_i32(int32_t value) { return calls++, value; }
uint32_t take_u32(uint32_t value) { return calls++, value; }
int64_t take_i64(int64_t value) { return calls++, value; }
uint64_t take_u64(uint64_t value) { return calls++, value; }
_Bool take_bool(_Bool value) { return calls++, !value; }
float take_float(float value) { return calls++, value; }
double take_double(double value) { return calls++, value; }
int take_range(int level) { return calls++, level; }
double mix(signed char a, unsigned short b, float c, double d, long long e) { return calls++, a + b + c + d + (double)e; }

size_t text_length(const char *text) { return calls++, strlen(text); }
long text_or_none(const char *text) { return calls++, text == 0 ? -1 : (long)strlen(text); }
const char *greeting(int which) { return calls++, which == 0 ? "grüße" : which == 1 ? 0 : "\xff\xfe"; }
const char *greeting_bytes(int which) { return calls++, which == 0 ? "\xff\xfe" : 0; }
char *copied(const char *text) { return calls++, strdup(text); }
static int freed;
void release(char *text) { freed++, free(text); }
int releases(void) { return freed; }

unsigned long long sum(const uint8_t *data, size_t size) {
    unsigned long long total = data == 0 ? 777 : 0;
    for (size_t i = 0; i < size; i++) total += data[i];
    return calls++, total;
}
unsigned short small_length(const uint8_t *data, unsigned char size) { return calls++, (unsigned short)(data == 0 ? 0 : size); }
int64_t dot(const int32_t *a, const int32_t *b, size_t count) {
    int64_t total = 0;
    for (size_t i = 0; i < count; i++) total += (int64_t)a[i] * b[i];
    return calls++, total;
}
double area(const double *matrix, int width, int height) { return calls++, matrix[0] * width * height; }
void invert(uint8_t *data, size_t size) {
    for (size_t i = 0; i < size; i++) data[i] = (uint8_t)~data[i];
    calls++;
}
void sort(int32_t *values, size_t count) {
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && values[j - 1] > values[j]; j--) {
            int32_t kept = values[j];
            values[j] = values[j - 1], values[j - 1] = kept;
        }
    calls++;
}
int divide(int a, int b, int *quotient, int *rest) {
    calls++;
    if (b == 0) return -1;
    *quotient = a / b, *rest = a % b;
    return 0;
}
int64_t parse(const char *text, int *ok) {
    char *end;
    long long value = strtoll(text, &end, 10);
    *ok = *end == 0 && end != text;
    return calls++, value;
}
void step(int64_t *state, int by) { *state += by, calls++; }
int repeat(uint8_t *target, size_t *size, uint8_t value, size_t count) {
    calls++;
    if (count > *size) return 5;
    memset(target, value, count);
    *size = count;
    return 0;
}
size_t bound(size_t count) { return count + 16; }
long fill(char *target, unsigned int room, int count) {
    calls++;
    memset(target, 'f', room < (unsigned)count ? room : (unsigned)count);
    return count;
}
int claims_too_much(uint8_t *target, size_t *size) { return calls++, target[0] = 1, *size = (size_t)1 << 40, 0; }
int open_thing(const char *name) { return calls++, errno = *name == 0 ? ENOENT : EACCES, *name == 'x' ? 3 : -1; }
int check(int code) { return calls++, code; }
const char *explain(int code) { return code == 2 ? "the second kind of failure" : 0; }
