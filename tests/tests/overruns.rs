//! A manifest that promises the library more room than there is: the first call that writes beyond names the parameter.

use cloison_tests::Project;

const SOURCE: &str = r#"
#include <string.h>

/* Writes 64 bytes, and says so afterwards. */
int digest(const unsigned char *data, size_t n, unsigned char *md, unsigned *size)
{
    (void)data, (void)n;
    memset(md, 7, *size = 64);
    return 1;
}

int decode(const unsigned char *p, size_t n)
{
    int sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == 0xbd)
            *(volatile int *)0 = 0;
        sum += p[i];
    }
    return sum;
}
"#;

const ZONE: &str = r#"
[zone]
name = "case"
version = "1.0.0"
library = { path = "case.so" }

[sandbox]
instances = "INSTANCES"

[functions.digest]
c = "int digest(const unsigned char *data, size_t n, unsigned char *md, unsigned *size)"
data = { in = true, length = "n" }
md = { out = true, capacity = "16", length = "*size" }
returns = { error_unless = "== 1" }

[functions.decode]
c = "int decode(const unsigned char *p, size_t n)"
p = { in = true, length = "n" }
"#;

fn prints(source: &str, instances: &str, expected: &str) {
    let project = Project::script(source).library("case.so", SOURCE);
    let project = project.file("case.zone.toml", &ZONE.replace("INSTANCES", instances));
    let manifest = "[capabilities.lib]\nzone = \"case.zone.toml\"\nallow = \"*\"\n";
    let output = project.file("cloison.toml", manifest).main(&[]).output().ends_with(0);
    assert_eq!(output.stdout, expected, "{instances}\n{output}");
}

#[test]
fn the_client_is_told_which_capacity_is_wrong() {
    for instances in ["shared", "per-client", "per-call"] {
        prints(
            "
import cloison
lib = cloison.capability('lib')
for call in (lambda: lib.digest(b'abc')), (lambda: lib.digest.map([b'abc'])):
    try:
        call()
    except cloison.ZoneCrashed as error:
        print(str(error).partition(': ')[2].partition('): ')[2])
print(lib.decode(b'abc'))
",
            instances,
            "it wrote beyond the 16 bytes of its `md`: the manifest's `capacity` or `length` for that is wrong, or its type in `c`
it wrote beyond the 16 bytes of its `md`: the manifest's `capacity` or `length` for that is wrong, or its type in `c`
294
",
        );
    }
}

#[test]
fn a_map_names_the_item_that_ends_its_zone() {
    for instances in ["shared", "per-client", "per-call"] {
        prints(
            "
import cloison
lib = cloison.capability('lib')
for at in 0, 3, 25, 250, 777, 999:
    jobs = [bytes([i % 100, 1]) for i in range(1000)]
    jobs[at] = b'\\xbd'
    try:
        lib.decode.map(jobs)
    except cloison.ZoneCrashed as error:
        print(error.index, len(error.results) <= error.index, error.results == [i % 100 + 1 for i in range(len(error.results))])
",
            instances,
            "0 True True\n3 True True\n25 True True\n250 True True\n777 True True\n999 True True\n",
        );
    }
}
