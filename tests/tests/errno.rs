//! Functions whose failure only `errno` tells, of the C library and of one's own, as Python sees them.

use cloison_tests::Project;

const PROGRAM: &str = r#"
import cloison
libc, own = cloison.capability("libc"), cloison.capability("own")

def tried(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return type(error).__name__, getattr(error, "errno", None)

for text in ("42", "9223372036854775807", "9223372036854775808", "-9223372036854775808"):
    print(tried(libc.strtol, text))
print(tried(libc.strtod, "1e400"), libc.strtod("0.25 and more"))
for who in ("ann", "bob", "eve"):
    print(tried(own.balance, who), tried(own.balance_asked, who))
rows = own.open()
print([tried(own.next, rows) for _ in range(4)])
"#;

const C: &str = r#"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
/* -1 may be what somebody has. */
int balance(const char *who)
{
    if (!strcmp(who, "ann"))
        return -1;
    if (!strcmp(who, "bob"))
        return 40;
    errno = ENOENT;
    return -1;
}
int last_errno(void) { return errno; }
struct rows { int at; };
struct rows *rows_open(void) { return calloc(1, sizeof(struct rows)); }
void rows_close(struct rows *rows) { free(rows); }
/* As readdir: NULL is the end, or a failure. */
const char *rows_next(struct rows *rows)
{
    if (rows->at == 3)
        errno = EIO;
    return rows->at++ < 2 ? "row" : NULL;
}
"#;

const OWN: &str = r#"
[zone]
name = "own"
version = "1.0.0"
library = { path = "own.so" }

[functions.balance]
c = "int balance(const char *who)"
returns = { error_if = "return == -1 && errno != 0", errno = true, raises = "OSError" }

[functions.balance_asked]
c = "int balance(const char *who)"
returns = { error_if = "return == -1 && last_errno() != 0", errno = true, raises = "OSError" }

[functions.last_errno]
c = "int last_errno(void)"
internal = true

[types.rows]
c = "struct rows;"
handle = true
free = "rows_close"

[functions.open]
c = "struct rows *rows_open(void)"

[functions.rows_close]
c = "void rows_close(struct rows *rows)"
internal = true

[functions.next]
c = "const char *rows_next(struct rows *rows)"
returns = { text = true, null = true, error_if = "return == NULL && errno != 0", errno = true }
"#;

const LIBC: &str = r#"
[zone]
name = "libc"
version = "1.0.0"
library = { soname = "libc.so.6" }

[constants]
ERANGE = 34

[functions.strtol]
c = "long strtol(const char *text, char **end, int base)"
end = { value = "NULL" }
base = { default = 10 }
returns = { error_if = "errno == ERANGE", errno = true, raises = "OSError" }

[functions.strtod]
c = "double strtod(const char *text, char **end)"
end = { out = true, text = true }
returns = { error_if = "errno != 0", errno = true, raises = "OSError" }
"#;

const PRINTED: &str = "42
9223372036854775807
('OSError', 34)
-9223372036854775808
('OSError', 34) (0.25, ' and more')
-1 -1
40 40
('FileNotFoundError', 2) ('FileNotFoundError', 2)
['row', 'row', None, ('NativeError', 5)]
";

#[test]
fn errno_tells_a_failure_from_a_result() {
    let grants = "[capabilities.own]\nzone = \"own.zone.toml\"\nallow = \"*\"\n\
                  [capabilities.libc]\nzone = \"libc.zone.toml\"\nallow = \"*\"\n";
    let project = Project::script(PROGRAM).file("cloison.toml", grants).library("own.so", C);
    let project = project.file("own.zone.toml", OWN).file("libc.zone.toml", LIBC);
    project.cloison(&["check", "own.zone.toml", "libc.zone.toml"]).output().ends_with(0);
    let output = project.main(&[]).output().ends_with(0);
    assert_eq!(output.stdout, PRINTED, "{output}");
}
