//! A result within `max` costs an exception, never the client's life: what it takes in Python is budgeted before it is built.

use cloison_tests::Project;

const SOURCE: &str = r#"
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
"#;

const ZONE: &str = r#"
[zone]
name = "case"
version = "1.0.0"
library = { path = "case.so" }

[types]
one = { c = "struct one { unsigned char v; };" }

[functions.ones]
c = "size_t ones(struct one *out, size_t n)"
out = { out = true, capacity = "n", length = "return", max = "64 MiB" }
n = { range = [0, 67108864] }

[functions.bytes]
c = "size_t bytes(unsigned char *out, size_t n)"
out = { out = true, capacity = "n", length = "return", max = "64 MiB" }
n = { range = [0, 67108864] }
"#;

#[test]
fn a_result_that_takes_more_memory_than_there_is_is_a_memory_error() {
    let project = Project::script(include_str!("large_results/program.py")).library("case.so", SOURCE);
    let project = project.file("case.zone.toml", ZONE);
    let manifest = "[capabilities.lib]\nzone = \"case.zone.toml\"\nallow = \"*\"\n[limits]\nmemory = \"192 MiB\"\n";
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
