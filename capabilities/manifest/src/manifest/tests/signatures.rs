use crate::manifest;
use cloison_contract::Interface;

fn interface(table: &str) -> Interface {
    let text = format!(
        "[zone]\nname = \"t\"\nversion = \"1.0.0\"\nlibrary = {{ soname = \"libt.so\" }}\n[functions.f]\n{table}\n"
    );
    manifest::parse("t.zone.toml", &text).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn signature(table: &str) -> String {
    let interface = interface(table);
    interface.functions[0].signature(&interface)
}

fn docstring(table: &str) -> String {
    let interface = interface(table);
    interface.functions[0].docstring(&interface)
}

#[test]
fn signatures() {
    for (table, expected) in [
        ("c = \"void f(void)\"", "f() -> None"),
        ("c = \"double f(double x, float y)\"", "f(x: float, y: float) -> float"),
        (
            "c = \"bool f(const char *name)\"\nname = { null = true, default = \"NULL\" }",
            "f(name: str | bytes | None = None) -> bool",
        ),
        ("c = \"int f(int level, int lambda)\"\nlevel = { default = -1 }", "f(lambda_: int, level: int = -1) -> int"),
        ("c = \"double f(double x, int *e)\"\ne = { out = true }", "f(x: float) -> tuple[float, int]"),
        (
            "c = \"void f(const double *x, size_t n, float *y)\"\nx = { in = true, length = \"n\" }\ny = { out = true, capacity = \"n\" }",
            "f(x: Buffer | Sequence[float]) -> array[float]",
        ),
        ("c = \"const char *f(int a)\"\nreturns = { text = true, null = true }", "f(a: int) -> str | None"),
        (
            "c = \"char *f(const char *s)\"\ns = { bytes = true, default = \"é\\\"\" }\nreturns = { bytes = true }",
            "f(s: bytes = b\"\\xc3\\xa9\\\"\") -> bytes",
        ),
        ("c = \"void f(double x)\"\nx = { default = inf }", "f(x: float = float(\"inf\")) -> None"),
    ] {
        assert_eq!(signature(table), expected);
    }
}

#[test]
fn docstrings_say_what_can_go_wrong() {
    let shown = docstring(
        "c = \"int  f(int level)\"\ndoc = \"Sets the level.\"\nlevel = { range = [0, 9] }\nreturns = { error_unless = \"== 0\" }",
    );
    assert_eq!(
        shown,
        "f(level: int) -> None\n\nSets the level.\n\nlevel: 0 to 9\n\n\
         Raises NativeError if the library reports a failure.\n\nC: int f(int level)"
    );
}
