mod properties;
mod signatures;
mod surface;

use super::parse;
use crate::bundled;
use cloison_contract::Interface;
use cloison_contract::expression::Expression;
use cloison_contract::interface::{Function, Instances, LibraryLocation, Message};
use cloison_contract::shape::{
    CapacityOf, Direction, LengthOf, Literal, NumberArgument, Pointed, PointerFill, ScalarPointer, Shape,
};
use cloison_contract::types::Scalar;
use std::time::Duration;

const HEAD: &str = "[zone]\nname = \"demo\"\nversion = \"1.0.0\"\nlibrary = { soname = \"libdemo.so.1\" }\n";

/// A manifest with this below its `[zone]`.
fn interface(text: &str) -> Interface {
    parse("demo.zone.toml", &format!("{HEAD}\n{text}")).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// The functions of a manifest with this below its `[zone]`.
fn functions(text: &str) -> Vec<Function> {
    interface(text).functions
}

/// The shapes of the function `f` with these keys, in C order.
fn shapes(table: &str) -> Vec<Shape> {
    functions(&format!("[functions.f]\n{table}")).remove(0).parameters.into_iter().map(|one| one.shape).collect()
}

fn bundled(name: &str) -> Interface {
    let (file_name, text) = bundled::find(name).unwrap();
    parse(file_name, text).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn filled(fill: PointerFill, direction: Direction, consumed: bool) -> Shape {
    let scalar = Scalar::U64;
    Shape::ScalarPointer(ScalarPointer {
        direction,
        scalar,
        enumeration: None,
        null: false,
        range: None,
        default: None,
        fill: Some(fill),
        consumed,
    })
}

#[test]
fn the_example_of_the_design() {
    let zlib = bundled("zlib");
    let (_, crc32) = zlib.function("crc32").unwrap();
    assert_eq!(crc32.signature(&zlib), "crc32(crc: int, buf: Buffer) -> int");
    assert_eq!(crc32.parameters[2].shape, Shape::LengthOf(LengthOf { scalar: Scalar::U32, of: vec![1] }));

    let (_, compress2) = zlib.function("compress2").unwrap();
    assert_eq!(compress2.signature(&zlib), "compress2(source: Buffer, level: int = -1) -> bytes");
    assert_eq!(compress2.parameters[1].shape, filled(PointerFill::CapacityOf(0), Direction::InOut, true));
    let (bound, _) = zlib.function("compressBound").unwrap();
    let Shape::Buffer(dest) = &compress2.parameters[0].shape else { panic!("dest is no buffer") };
    assert_eq!(dest.capacity, Some(Expression::Call(bound, vec![Expression::Parameter(3)])));
    assert_eq!(dest.length, Some(Expression::Dereference(1)));
    assert!(!compress2.returns.kept);
    assert_eq!(compress2.returns.message, zlib.function("zError").map(|(id, _)| Message::Code(id)));

    let (_, uncompress) = zlib.function("uncompress").unwrap();
    assert_eq!(uncompress.signature(&zlib), "uncompress(source: Buffer, destLen: int = 16777216) -> bytes");
    assert_eq!(uncompress.arguments(), [2, 1]);
    let (_, version) = zlib.function("version").unwrap();
    assert_eq!((version.symbol.as_str(), version.signature(&zlib).as_str()), ("zlibVersion", "version() -> str"));
}

#[test]
fn libm() {
    let libm = bundled("libm");
    assert!(libm.functions.len() >= 12);
    let signature = |name| libm.function(name).unwrap().1.signature(&libm);
    assert_eq!(signature("frexp"), "frexp(x: float) -> tuple[float, int]");
    assert_eq!(signature("fma"), "fma(x: float, y: float, z: float) -> float");
}

#[test]
fn the_whole_of_zone_and_sandbox() {
    let text = r#"
[zone]
name = "demo"
version = "2.0.1"
doc = "A demonstration."
library = { path = "build/libdemo.so", sha256 = "AB00000000000000000000000000000000000000000000000000000000000000" }
[sandbox]
memory = "64 MiB"
deadline = "1 min"
callables = "90 s"
instances = "per-client"
files = [{ read = "/usr/share/zoneinfo" }, { write = "/var/lib/demo" }]
network = []
processes = 2
descriptors = 32
file_size = "1 KiB"
call_size = 65536
may_be_missing = ["landlock"]
"#;
    let interface = parse("demo.zone.toml", text).unwrap();
    assert_eq!(interface.library.location, LibraryLocation::Path("build/libdemo.so".into()));
    assert_eq!(interface.library.sha256, [format!("ab{}", "0".repeat(62))]);
    assert_eq!((interface.library.declared.line, interface.library.declared.column), (6, 1));
    let sandbox = interface.sandbox;
    assert_eq!((sandbox.memory_bytes, sandbox.file_size_bytes, sandbox.call_bytes), (64 << 20, 1024, 65536));
    assert_eq!((sandbox.deadline, sandbox.instances), (Duration::from_secs(60), Instances::PerClient));
    assert_eq!(sandbox.callables, Duration::from_secs(90));
    assert_eq!((sandbox.processes, sandbox.descriptors), (2, 32));
    assert_eq!(sandbox.files.iter().map(|file| file.write).collect::<Vec<_>>(), [false, true]);
    assert_eq!(sandbox.may_be_missing, ["landlock"]);
}

#[test]
fn a_capacity_without_a_table_is_filled_in_from_max() {
    let shapes = shapes(
        "c = \"int f(double *x, size_t n)\"\nx = { out = true, capacity = \"n\", max = \"1 KiB\", length = \"return\" }",
    );
    let Shape::Buffer(x) = &shapes[0] else { panic!("no buffer") };
    assert_eq!(x.capacity, Some(Expression::Integer(128)));
    assert_eq!(shapes[1], Shape::CapacityOf(CapacityOf { scalar: Scalar::U64, of: 0 }));
}

#[test]
fn a_filled_in_capacity_fits_its_type() {
    let shapes =
        shapes("c = \"int f(char *x, unsigned char n)\"\nx = { out = true, capacity = \"n\", max = \"1 KiB\" }");
    let Shape::Buffer(x) = &shapes[0] else { panic!("no buffer") };
    assert_eq!(x.capacity, Some(Expression::Integer(255)));
}

#[test]
fn a_capacity_with_a_table_is_an_argument() {
    let shapes = shapes(
        "c = \"int f(char *x, size_t n)\"\nx = { out = true, capacity = \"n\" }\nn = { default = 4096, range = [1, 9000] }",
    );
    let Shape::Buffer(x) = &shapes[0] else { panic!("no buffer") };
    assert_eq!(x.capacity, Some(Expression::Parameter(1)));
    assert!(x.terminated && x.text);
    let range = Some((Literal::Integer(1), Literal::Integer(9000)));
    assert_eq!(
        shapes[1],
        Shape::Number(NumberArgument {
            scalar: Scalar::U64,
            enumeration: None,
            range,
            default: Some(Literal::Integer(4096))
        })
    );
}

#[test]
fn a_scalar_pointer_that_is_an_argument_is_consumed_as_length() {
    let shapes = shapes(
        "c = \"void f(unsigned char *x, size_t *n)\"\nx = { out = true, capacity = \"*n\", length = \"*n\" }\nn = { in = true }",
    );
    let Shape::ScalarPointer(n) = &shapes[1] else { panic!("no scalar pointer") };
    assert_eq!((n.direction, n.consumed, n.fill), (Direction::InOut, true, None));
    assert!(shapes[1].is_argument() && !shapes[1].is_result());
}

#[test]
fn one_length_can_count_several_inputs_and_an_output() {
    let shapes = shapes(
        "c = \"void f(const float *a, const float *b, float *sum, int n)\"\na = { in = true, length = \"n\" }\nb = { in = true, length = \"n\" }\nsum = { out = true, capacity = \"n\" }",
    );
    assert_eq!(shapes[3], Shape::LengthOf(LengthOf { scalar: Scalar::I32, of: vec![0, 1] }));
    let Shape::Buffer(sum) = &shapes[2] else { panic!("no buffer") };
    assert_eq!((&sum.capacity, &sum.length), (&Some(Expression::Parameter(3)), &None));
}

#[test]
fn in_out_buffers() {
    let own = shapes("c = \"void f(double *x, size_t n)\"\nx = { in = true, out = true, length = \"n\" }");
    let Shape::Buffer(x) = &own[0] else { panic!("no buffer") };
    assert_eq!((x.direction, &x.length, &x.capacity), (Direction::InOut, &None, &None));
    assert_eq!(own[1], Shape::LengthOf(LengthOf { scalar: Scalar::U64, of: vec![0] }));

    let shorter = shapes(
        "c = \"size_t f(char *x, size_t n)\"\nx = { in = true, out = true, capacity = \"n\", length = \"return\" }",
    );
    let Shape::Buffer(x) = &shorter[0] else { panic!("no buffer") };
    assert_eq!((&x.length, &x.capacity), (&Some(Expression::Return), &None));

    let counted = shapes("c = \"int f(char *x, size_t *n)\"\nx = { in = true, out = true, length = \"*n\" }");
    assert_eq!(counted[1], filled(PointerFill::LengthOf(0), Direction::InOut, true));
}

#[test]
fn arrays_know_their_length() {
    let shapes = shapes(
        "c = \"void f(const unsigned char key[16], unsigned char digest[32])\"\nkey = { in = true }\ndigest = { out = true }",
    );
    let Shape::Buffer(key) = &shapes[0] else { panic!("no buffer") };
    let Shape::Buffer(digest) = &shapes[1] else { panic!("no buffer") };
    assert_eq!((&key.length, &digest.capacity), (&Some(Expression::Integer(16)), &Some(Expression::Integer(32))));
}

#[test]
fn what_is_counted_is_data_and_what_is_not_is_a_string() {
    let read = |keys: &str| {
        let table = format!("c = \"int f(char *x, int n)\"\nx = {{ out = true, capacity = \"n\", max = 80{keys} }}");
        match shapes(&table).remove(0) {
            Shape::Buffer(buffer) => (buffer.text, buffer.terminated),
            _ => panic!("no buffer"),
        }
    };
    assert_eq!(read(""), (true, true));
    assert_eq!(read(", bytes = true"), (false, true));
    assert_eq!(read(", length = \"return\""), (false, false));
    assert_eq!(read(", length = \"return\", text = true"), (true, false));
}

#[test]
fn which_values_are_kept() {
    let kept = |table: &str| functions(&format!("[functions.f]\n{table}")).remove(0).returns.kept;
    assert!(kept("c = \"int f(void)\""));
    assert!(!kept("c = \"void f(void)\""));
    assert!(!kept("c = \"int f(void)\"\nreturns = { error_unless = \"== 0\" }"));
    assert!(kept("c = \"int f(void)\"\nreturns = { error_unless = \">= 0\" }"));
    assert!(kept("c = \"int f(void)\"\nreturns = { error_if = \"== -1\", errno = true }"));
    assert!(kept("c = \"int f(void)\"\nreturns = { error_unless = \"== 0\", value = true }"));
    assert!(!kept("c = \"int f(char *x, int n)\"\nx = { out = true, capacity = \"n\", max = 8, length = \"return\" }"));
    assert!(!kept("c = \"void *f(void)\"\nreturns = { value = false }"));
}

#[test]
fn a_function_that_frees_takes_a_bare_pointer() {
    let functions = functions(
        "[functions.f]\nc = \"char *f(int a)\"\nreturns = { text = true, free = \"release\", null = true }\n[functions.release]\nc = \"void release(void *pointer)\"\ninternal = true",
    );
    let Some(Pointed::String(string)) = &functions[0].returns.pointer else { panic!() };
    assert_eq!((string.null, string.text, string.free), (true, true, Some(cloison_contract::FunctionId(1))));
    assert!(functions[1].internal);
}

#[test]
fn a_parameter_may_be_called_like_a_key() {
    let interface = interface(
        "[functions.f]\nc = \"int f(const char *doc, int c)\"\ndoc = \"About f.\"\nparameters = { doc = { bytes = true }, c = { default = 3 } }",
    );
    let function = &interface.functions[0];
    assert_eq!(function.doc.as_deref(), Some("About f."));
    assert_eq!(function.signature(&interface), "f(doc: bytes, c: int = 3) -> int");
}

#[test]
fn functions_keep_the_order_of_the_file() {
    let names: Vec<_> = functions(
        "[functions.z]\nc = \"int z(void)\"\n[functions.a]\nc = \"int a(void)\"\n[functions.m]\nc = \"int m(void)\"",
    )
    .into_iter()
    .map(|function| (function.name, function.declared.line))
    .collect();
    assert_eq!(names, [("z".into(), 7), ("a".into(), 9), ("m".into(), 11)]);
}

#[test]
fn interfaces_survive_the_wire() {
    for name in bundled::names() {
        let interface = bundled(name);
        let bytes = postcard::to_stdvec(&interface).unwrap();
        assert_eq!(postcard::from_bytes::<cloison_contract::Interface>(&bytes).unwrap(), interface);
    }
}

#[test]
fn huge_files_are_refused() {
    let wrong = parse("huge.zone.toml", &"#".repeat((1 << 20) + 1)).unwrap_err();
    assert!(wrong.to_string().contains("1048577 bytes"), "{wrong}");
}

#[test]
fn deep_files_are_refused() {
    assert!(parse("deep.zone.toml", &format!("a = {}", "[".repeat(100_000))).is_err());
    assert!(parse("deep.zone.toml", &"[a".repeat(100_000)).is_err());
}
