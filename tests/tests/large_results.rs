//! A result within `max` costs an exception, never the client's life: what it takes in Python is budgeted before it is built.

use cloison_tests::Project;

const SOURCE: &str = r#"
#include <stdlib.h>
#include <string.h>

struct one { unsigned char v; };

size_t ones(struct one *out, size_t n)
{
    memset(out, 7, n);
    return n;
}

size_t bytes(unsigned char *out, size_t n)
{
    memset(out, 7, n);
    return n;
}

struct person { const char *mail; const char *nick; int age; };

size_t people(struct person *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (struct person){ "somebody@example.org", i % 2 ? "" : "x", (int)i };
    return n;
}

struct grid { short cells[10][10]; };

size_t grids(struct grid *out, size_t n)
{
    memset(out, 1, n * sizeof *out);
    return n;
}

size_t doubles(double *out, size_t n)
{
    memset(out, 0, n * sizeof *out);
    return n;
}

long names(long (*f)(size_t n, char **words), size_t n)
{
    char **words = malloc((n + 1) * sizeof *words);
    for (size_t i = 0; i < n; i++)
        words[i] = "a name";
    long answer = f(n, words);
    free(words);
    return answer;
}

long one_more(long n)
{
    return n + 1000000;
}
"#;

const ZONE: &str = r#"
[zone]
name = "case"
version = "1.0.0"
library = { path = "case.so" }

[types]
one = { c = "struct one { unsigned char v; };" }
person = { c = "struct person { const char *mail; const char *nick; int age; };" }
grid = { c = "struct grid { short cells[10][10]; };" }

[functions.ones]
c = "size_t ones(struct one *out, size_t n)"
out = { out = true, capacity = "n", length = "return", max = "64 MiB" }
n = { range = [0, 67108864] }

[functions.bytes]
c = "size_t bytes(unsigned char *out, size_t n)"
out = { out = true, capacity = "n", length = "return", max = "64 MiB" }
n = { range = [0, 67108864] }

[functions.people]
c = "size_t people(struct person *out, size_t n)"
out = { out = true, capacity = "n", length = "return", max = "64 MiB" }
n = { range = [0, 1000000] }

[functions.grids]
c = "size_t grids(struct grid *out, size_t n)"
out = { out = true, capacity = "n", length = "return", max = "64 MiB" }
n = { range = [0, 1000000] }

[functions.doubles]
c = "size_t doubles(double *out, size_t n)"
out = { out = true, capacity = "n", length = "return", max = "64 MiB" }
n = { range = [0, 1000000] }

[functions.names]
c = "long names(long (*f)(size_t n, char **words), size_t n)"
f = { error = -1, parameters = { words = { in = true, length = "n", text = true } } }

[functions.one_more]
c = "long one_more(long n)"

[functions.view]
c = "size_t bytes(unsigned char *out, size_t n)"
out = { out = true, capacity = "n", length = "return", max = "64 MiB", view = true }
n = { range = [0, 1000000] }
"#;

#[test]
fn almost_no_memory_costs_exceptions_and_loses_nothing_that_is_there() {
    let project = Project::script(include_str!("large_results/corners.py")).library("case.so", SOURCE);
    let project = project.file("case.zone.toml", ZONE);
    let manifest = "[capabilities.lib]\nzone = \"case.zone.toml\"\nallow = \"*\"\n[limits]\nmemory = \"128 MiB\"\n";
    let kinds = ["people", "wide", "nested", "names", "mapped", "counted", "batched", "viewed"];
    let mut expected: String = kinds.iter().map(|kind| format!("{kind} True True True\n")).collect();
    expected += "map: True 1048576\nbatch: True 524288 True False\n";
    project.file("cloison.toml", manifest).main(&[]).output().prints(&expected);
}

#[test]
fn a_result_that_takes_more_memory_than_there_is_is_a_memory_error() {
    let project = Project::script(include_str!("large_results/program.py")).library("case.so", SOURCE);
    let project = project.file("case.zone.toml", ZONE);
    let manifest = "[capabilities.lib]\nzone = \"case.zone.toml\"\nallow = \"*\"\n[limits]\nmemory = \"128 MiB\"\n";
    let output = project.file("cloison.toml", manifest).main(&[]).output().ends_with(0);
    assert_eq!(
        output.stdout,
        "64 MiB of structs: lib.ones(): out has 67108864 bytes (its `max` is 67108864)\n\
         1 MiB of structs: MemoryError\n\
         1000 7 still here\n\
         results of 64 MiB are kept until one is refused\n",
        "{output}"
    );
}
