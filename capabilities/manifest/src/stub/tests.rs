use crate::{bundled, manifest};

#[test]
fn the_stub_of_a_bundled_binding() {
    let (name, text) = bundled::find("zlib").unwrap();
    let stub = super::render(&manifest::parse(name, text).unwrap());
    for line in [
        "zlib: \"Zlib\" = cloison.capability(\"zlib\")",
        "class _crc32_function(Protocol):",
        "    def __call__(self, /, crc: int, buf: Buffer) -> int: ...",
        "    def map(self, items: Iterable[Any], /, *, crc: int = ..., buf: Buffer = ...) -> list[int]: ...",
        "    def __call__(self, /, source: Buffer, level: int = ...) -> bytes: ...",
        "    def map(self, items: Iterable[int], /, *, sourceLen: int = ...) -> list[int]: ...",
        "class Zlib:",
        "    crc32: _crc32_function",
    ] {
        assert!(stub.contains(line), "{line}\n{stub}");
    }
    assert!(!stub.contains("zError_function"), "internal functions are nobody's");
}

#[test]
fn names_of_classes() {
    for (zone, class) in
        [("zlib", "Zlib"), ("my-lib_2", "MyLib2"), ("7zip", "_7zip"), ("any", "Any_"), ("view", "View_")]
    {
        assert_eq!(super::class_name(zone), class);
    }
}

#[test]
fn docstrings_end_where_they_should() {
    assert_eq!(super::docstring("One \\ and \"\"\"", 1), "    \"\"\"One \\\\ and \\\"\\\"\\\" \"\"\"\n");
    assert_eq!(super::docstring("a\n\n b\n", 0), "\"\"\"a\n\n b\n\"\"\"\n");
}
