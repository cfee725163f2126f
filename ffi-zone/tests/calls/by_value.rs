//! Structs and unions of all sizes and mixtures, by value, against what the C compiler does with them.
//!
//! The types are made up here, with a fixed seed, and written as C: for the compiler, and in a manifest for the zone. A
//! function for each takes three of them among other arguments, which leave more or fewer registers for them, and returns one.
//! A second one hands them to a function pointer, which leads back here and returns one.

use crate::common;
use crate::common::Argument::{Bytes, Word};
use crate::common::{Argument, Bench, CLIENT, functions_of};
use cloison_contract::FunctionId;
use cloison_contract::call::{Reply, Status};
use cloison_contract::interface::Interface;
use cloison_contract::passing;
use cloison_contract::shape::Shape;
use cloison_contract::types::{CType, Definition, TypeId};
use cloison_manifest::manifest;
use cloison_zone::callback::callables::{BoundCallback, CallbackSource, ClosureId, Unbound};
use cloison_zone::marshal::Origin;
use cloison_zone::marshal::refusal::{Refusal, empty_reply};
use cloison_zone::marshal::translation::{Special, Translation, translations};
use cloison_zone::native::closures::{self, RawCall, Target};
use cloison_zone::native::ffi::CallInterface;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Command;
use std::sync::Arc;

const RECORDS: usize = 300;

/// Knuth's linear congruential generator: the same types in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len() as u64) as usize]
    }
}

/// Floating-point numbers a little more often: they make the difference.
const SCALARS: [&str; 14] = [
    "_Bool",
    "signed char",
    "unsigned char",
    "short",
    "unsigned short",
    "int",
    "unsigned",
    "long",
    "unsigned long",
    "float",
    "float",
    "double",
    "double",
    "double",
];

const WIDES: [&str; 3] = ["long double", "float _Complex", "double _Complex"];

/// What a bit-field can be, and how many bits that has.
const FIELDS: [(&str, u64); 9] = [
    ("_Bool", 1),
    ("signed char", 8),
    ("unsigned char", 8),
    ("short", 16),
    ("unsigned short", 16),
    ("int", 32),
    ("unsigned", 32),
    ("long", 64),
    ("unsigned long", 64),
];

/// What the compilers do with padding, in the shapes that people have tripped over.
const KNOWN: [&str; 16] = [
    "struct r0 { int v; long : 64; };",
    "struct r1 { long : 64; int v; };",
    "struct r2 { _Alignas(16) int v; };",
    "struct r3 { _Alignas(16) float v; };",
    "struct r4 { double v; long : 64; };",
    "struct r5 { float v; int : 32; double w; };",
    "struct r6 { float v; int : 3; };",
    "struct r7 { float v; int : 0; };",
    "struct r8 { double v; } __attribute__((aligned(16)));",
    "union r9 { float m0; int : 16; };",
    "struct r10 { struct r2 v; };",
    "struct r11 { struct r3 v[1]; };",
    "union r12 { struct r2 m0; float w; };",
    "struct r13 { char v __attribute__((aligned(16))); };",
    "struct r14 { char v; } __attribute__((aligned(8)));",
    "struct __attribute__((packed)) r15 { char v; struct r14 w; };",
];

/// The types so far, as C.
struct World {
    dice: Dice,
    /// `struct r1`, and its definition; which member of a union counts.
    types: Vec<(String, String, Option<String>)>,
}

impl World {
    fn new() -> Self {
        let known = |c: &&str| {
            let words: Vec<_> = c.split(' ').filter(|word| !word.starts_with("__")).collect();
            let live = (words[0] == "union").then(|| "m0".to_owned());
            (format!("{} {}", words[0], words[1]), (*c).to_owned(), live)
        };
        let mut world = Self { dice: Dice(42), types: KNOWN.iter().map(known).collect() };
        (KNOWN.len()..RECORDS).for_each(|id| world.record(id));
        world
    }

    fn record(&mut self, id: usize) {
        let (union, packed) = (self.dice.roll(5) == 0, self.dice.roll(6) == 0);
        let count = 1 + self.dice.roll(5);
        let name = format!("{} r{id}", if union { "union" } else { "struct" });
        let mut members: Vec<_> = (0..count).map(|index| self.member(&format!("m{index}"), packed)).collect();
        let live = self.dice.roll(count);
        // Something has a name.
        let always = if union { live as usize } else { members.len() - 1 };
        if !members[always].contains(&format!(" m{always}")) {
            members[always] = format!("{} m{always}", self.dice.pick(&SCALARS));
        }
        let (keyword, tag) = name.split_once(' ').expect("two words");
        let packed = if packed { "__attribute__((packed)) " } else { "" };
        let aligned = match self.dice.roll(8) {
            0 => format!(" __attribute__((aligned({})))", self.dice.pick(&[2, 4, 8, 16])),
            _ => String::new(),
        };
        let c = format!("{keyword} {packed}{tag} {{ {}; }}{aligned};", members.join("; "));
        self.types.push((name, c, union.then(|| format!("m{live}"))));
    }

    /// The C of a member.
    fn member(&mut self, name: &str, packed: bool) -> String {
        let declared = match self.dice.roll(14) {
            0..3 => return self.bit_field(name),
            3 => {
                let other = self.dice.roll(self.types.len() as u64) as usize;
                format!("{} {name}", self.types[other].0)
            }
            4 => format!("{} {name}", self.dice.pick(&WIDES)),
            5 => format!("{} {name}[{}]", self.dice.pick(&SCALARS), 1 + self.dice.roll(5)),
            _ => format!("{} {name}", self.dice.pick(&SCALARS)),
        };
        match self.dice.roll(10) {
            0 => format!("{declared} __attribute__((aligned({})))", self.dice.pick(&[1, 2, 4, 8, 16])),
            1 if !packed => format!("{declared} __attribute__((packed))"),
            _ => declared,
        }
    }

    fn bit_field(&mut self, name: &str) -> String {
        let (c, bits) = self.dice.pick(&FIELDS);
        match self.dice.roll(4) {
            0 => format!("{c} : {}", self.dice.roll(bits + 1)),
            _ => format!("{c} {name} : {}", 1 + self.dice.roll(bits)),
        }
    }

    /// What each function takes before the records: some numbers.
    fn before(&mut self) -> (Vec<&'static str>, u64) {
        let (integers, doubles) = (self.dice.roll(8), self.dice.roll(9));
        let integers = if self.dice.roll(2) == 0 { 0 } else { integers };
        let doubles = if self.dice.roll(2) == 0 { 0 } else { doubles };
        let names =
            ["long"; 8].into_iter().take(integers as usize).chain(["double"; 9].into_iter().take(doubles as usize));
        (names.collect(), integers)
    }
}

/// What the functions of a type take before the three records.
struct Before {
    types: Vec<&'static str>,
    integers: u64,
}

impl Before {
    fn parameters(&self) -> String {
        self.types.iter().enumerate().map(|(index, c)| format!("{c} b{index}, ")).collect()
    }

    fn names(&self) -> String {
        (0..self.types.len()).map(|index| format!("b{index}, ")).collect()
    }

    /// That they are what they should be.
    fn checks(&self) -> String {
        (0..self.types.len()).map(|index| format!("b{index} == {} && ", index + 3)).collect()
    }

    /// The same as words.
    fn words(&self) -> Vec<Argument<'static>> {
        let word = |index: u64| if index < self.integers { index + 3 } else { ((index + 3) as f64).to_bits() };
        (0..self.types.len() as u64).map(|index| Word(word(index))).collect()
    }
}

/// The library, and the interface that its manifest declares.
fn written(world: &World, before: &[Before]) -> (String, Interface) {
    let mut c = String::new();
    let mut toml = "[zone]\nname = \"world\"\nversion = \"1.0.0\"\nlibrary = { path = \"world.so\" }\n".to_owned();
    for (index, ((name, text, live), before)) in world.types.iter().zip(before).enumerate() {
        let live = live.as_ref().map(|live| format!("live = \"{live}\"\n")).unwrap_or_default();
        let (first, names) = (before.parameters(), before.names());
        let taken = format!("{first}{name} x, {name} y, float f, {name} z, long b");
        let pick = format!("{name} pick{index}({taken})");
        let relay = format!("{name} relay{index}({name} (*to)({taken}), {taken})");
        writeln!(c, "{text}").expect("text");
        writeln!(c, "{pick} {{ if (!({}f == 0.25f)) b = -b; return b == 0 ? x : b == 1 ? y : z; }}", before.checks())
            .expect("text");
        writeln!(c, "{relay} {{ return to({names}x, y, f, z, b); }}").expect("text");
        writeln!(
            toml,
            "\n[types.r{index}]\nc = \"{text}\"\n{live}\n[functions.pick{index}]\nc = \"{pick}\"\n\n\
             [functions.relay{index}]\nc = \"{relay}\""
        )
        .expect("text");
    }
    let interface = manifest::parse("world.zone.toml", &toml).unwrap_or_else(|wrong| panic!("{wrong}"));
    (c, interface)
}

/// Makes any bytes a record as it travels.
fn travelling(translation: &Translation, bytes: &mut [u8]) {
    translation.clear_gaps(bytes);
    for (offset, special) in &translation.specials {
        let here = &mut bytes[*offset..];
        match special {
            Special::Bool => here[0] &= 1,
            Special::Extended => (here[7], here[9]) = (here[7] | 0x80, here[9] & 0xbf | 0x20),
            Special::Nested { count, translation } => {
                (0..*count).for_each(|index| {
                    travelling(translation, &mut here[index * translation.size..][..translation.size])
                });
            }
            other => panic!("not made here: {other:?}"),
        }
    }
}

/// The function that C is given: it returns one of its three records.
struct Chooses {
    signature: CallInterface,
    /// The first record's position, and how many bytes each has.
    first: usize,
    bytes: usize,
}

impl Target for Chooses {
    fn interface(&self) -> &CallInterface {
        &self.signature
    }

    fn run(&self, call: RawCall<'_>) {
        let arguments = call.arguments();
        // SAFETY: the signature has three records, the third one behind a `float`, and a `long` at the end.
        unsafe {
            let which = *(*arguments.add(self.first + 4)).cast::<i64>();
            let chosen = *arguments.add(self.first + [0, 1, 3][which as usize]);
            std::ptr::copy_nonoverlapping(chosen.cast::<u8>(), call.value().cast::<u8>(), self.bytes);
        }
    }
}

/// Lends that function.
struct Lends<'a>(&'a Interface);

impl CallbackSource for Lends<'_> {
    fn bind(&self, function: FunctionId, parameter: usize, _: u64) -> Result<BoundCallback, Unbound> {
        let Shape::Callback(callback) = &self.0.functions[function.0 as usize].parameters[parameter].shape else {
            return Err(Unbound::Malformed);
        };
        let CType::Record { layout, .. } = &callback.result else { return Err(Unbound::Malformed) };
        let types = callback.parameters.iter().map(|one| &one.c_type);
        let signature = CallInterface::for_closure(&self.0.types, types, &callback.result).expect("a signature");
        let (first, bytes) = (callback.parameters.len() - 5, layout.size as usize);
        let closure = closures::allot(Arc::new(Chooses { signature, first, bytes })).ok_or(Unbound::TooMany)?;
        Ok(BoundCallback { address: closures::address(closure), closure })
    }

    fn release(&self, closure: ClosureId) {
        closures::release(closure);
    }

    fn starts(&self, _: u32, _: u64) {}

    fn ended(&self) -> Option<Box<Refusal>> {
        None
    }
}

fn call(bench: &Bench, interface: &Interface, name: &str, arguments: &[Argument<'_>]) -> Reply {
    let (request, mut reply) = (bench.request(name, arguments), empty_reply());
    let lends = Lends(interface);
    let origin = Origin::new(CLIENT, bench.caller.arena(), &lends);
    bench.marshal.call(&bench.workspace, &origin, &request, &mut reply);
    reply
}

#[test]
fn structs_and_unions_travel_as_the_compiler_has_them() {
    travel("cc", |_, _| true);
}

/// Of all records but those of which the contract says that clang thinks otherwise.
#[test]
fn they_travel_as_clang_has_them_where_that_agrees_with_gcc() {
    if !Command::new("clang").arg("--version").output().is_ok_and(|output| output.status.success()) {
        // Past the harness, which shows only what failing tests print.
        let _ = writeln!(std::io::stderr(), "not tested: there is no clang to compare with");
        return;
    }
    let mut differing = BTreeSet::new();
    travel("clang", |types, id| {
        let differs = passing::clang_differs(types, id);
        differing.extend(differs.then_some(id.0));
        !differs
    });
    // The known ones: a bit-field without a name alone in its eight bytes or beside floating-point numbers, and a packed struct
    // with one that is aligned more strictly.
    let known: Vec<_> = differing.iter().filter(|id| **id < KNOWN.len() as u32).copied().collect();
    assert_eq!(known, [0, 1, 4, 5, 6, 9, 15], "{differing:?}");
    assert!(differing.len() < RECORDS / 5, "{} of {RECORDS}", differing.len());
}

/// Calls the functions of all types that `agrees` takes, in a library of that compiler.
fn travel(compiler: &str, mut agrees: impl FnMut(&[Definition], TypeId) -> bool) {
    let mut world = World::new();
    let before: Vec<_> =
        (0..RECORDS).map(|_| world.before()).map(|(types, integers)| Before { types, integers }).collect();
    let (c, interface) = written(&world, &before);
    let folder = tempfile::tempdir().expect("folder");
    let source = folder.path().join("world.c");
    std::fs::write(&source, c).expect("written");
    let library = common::load_by(compiler, source.to_str().expect("UTF-8"));
    let all = translations(&interface.types).expect("they make sense");
    let bench = Bench::of(functions_of(interface.clone(), library));
    let mut sizes = BTreeSet::new();
    for (index, (definition, before)) in interface.types.iter().zip(&before).enumerate() {
        if !agrees(&interface.types, TypeId(index as u32)) {
            continue;
        }
        let Definition { declaration, .. } = definition;
        let shape = all[index].as_ref().expect("a record");
        sizes.insert(shape.size);
        let mut records: [Vec<u8>; 3] = Default::default();
        for record in &mut records {
            *record = (0..shape.size).map(|_| world.dice.roll(256) as u8).collect();
            travelling(shape, record);
        }
        let [x, y, z] = &records;
        for (which, expected) in records.iter().enumerate() {
            for (name, callable) in [("pick", None), ("relay", Some(Word(1)))] {
                let mut arguments: Vec<_> = callable.into_iter().chain(before.words()).collect();
                let f = Word(0.25_f64.to_bits());
                arguments.extend([Bytes(x), Bytes(y), f, Bytes(z), Word(which as u64)]);
                let reply = call(&bench, &interface, &format!("{name}{index}"), &arguments);
                assert_eq!(reply.status, Status::Ok, "{}", bench.explanation(&reply));
                let picked = bench.bytes(reply.words[0], reply.words[1]);
                assert_eq!(
                    picked, *expected,
                    "argument {which} of {name}{index} after {:?}: {declaration}",
                    before.types
                );
            }
        }
    }
    assert!(sizes.len() > 15 && sizes.contains(&4) && sizes.contains(&12) && sizes.contains(&16), "{sizes:?}");
}
