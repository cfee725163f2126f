//! `long double` in bytes is what the machine itself makes of it.

mod compiler;

use cloison_contract::wide::{from_long_double, long_double};

/// Prints `double` bits and the bytes of the same value as a `long double`; then the bytes of any `long double` and the bits
/// of the nearest `double`.
const PROGRAM: &str = r#"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint64_t state = 88172645463325252u;
static uint64_t next(void) {
    state ^= state << 13; state ^= state >> 7; state ^= state << 17;
    return state;
}
static void line(const char *kind, double narrow, long double wide) {
    uint64_t bits;
    unsigned char bytes[16];
    memset(bytes, 0, 16);
    memcpy(&bits, &narrow, 8);
    memcpy(bytes, &wide, 10); /* the rest is padding */
    printf("%s %016llx ", kind, (unsigned long long)bits);
    for (int i = 0; i < 16; i++) printf("%02x", bytes[i]);
    puts("");
}
int main(void) {
    for (int i = 0; i < 4000; i++) {
        uint64_t bits = next();
        if (i % 4 == 1) bits &= 0x800fffffffffffff;                       /* subnormal */
        if (i % 4 == 2) bits = (bits & 0x8000000000000001) | (uint64_t)(i / 4 % 2047) << 52;
        double narrow;
        memcpy(&narrow, &bits, 8);
        if (narrow != narrow) continue;
        line("to", narrow, narrow);
    }
    for (int i = 0; i < 8000; i++) {
        uint64_t bits = next();
        bits = (bits & 0x800fffffffffffff) | (uint64_t)(i % 2047) << 52;
        double narrow;
        memcpy(&narrow, &bits, 8);
        long double wide = narrow;
        /* Around the ties, and far below what a double has. */
        long double step = (long double)next() / 18446744073709551616.0L;
        if (i % 3 == 0) step = 0.5L;
        if (i % 5 == 0) wide = (long double)narrow / 18446744073709551616.0L;
        uint64_t after = bits + 1;
        double neighbour;
        memcpy(&neighbour, &after, 8);
        if (neighbour - neighbour == 0) wide += ((long double)neighbour - narrow) * step;
        line("from", (double)wide, wide);
    }
    line("from", (double)(1.7976931348623157e308L * 2), 1.7976931348623157e308L * 2);
    return 0;
}
"#;

#[test]
fn long_doubles_are_the_machines() {
    let output = compiler::run("wide", PROGRAM);
    let mut count = 0;
    for line in output.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let bits = u64::from_str_radix(words[1], 16).unwrap();
        let byte = |index: usize| u8::from_str_radix(&words[2][2 * index..2 * index + 2], 16).unwrap();
        let bytes: [u8; 16] = std::array::from_fn(byte);
        match words[0] {
            "to" => assert_eq!(long_double(f64::from_bits(bits)), bytes, "{line}"),
            _ => assert_eq!(from_long_double(bytes).to_bits(), bits, "{line}"),
        }
        count += 1;
    }
    assert!(count > 10_000, "{count} lines");
}
