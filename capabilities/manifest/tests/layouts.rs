//! Sizes, alignments, offsets and bits are those of the C compiler: random records, and enumerations.

#[path = "../../contract/tests/compiler/mod.rs"]
mod compiler;

use cloison_contract::types::{CType, Scalar};
use cloison_manifest::declaration::{Meaning, MemberShape, Names, TypeText};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::fmt::Write;

/// How many records one compilation compares.
const RECORDS: usize = 600;

/// The types of members. `enum small` and `enum signed` are declared first.
const TYPES: [&str; 20] = [
    "char",
    "signed char",
    "unsigned char",
    "short",
    "unsigned short",
    "int",
    "unsigned",
    "long",
    "unsigned long",
    "_Bool",
    "float",
    "double",
    "long double",
    "float _Complex",
    "double _Complex",
    "long double _Complex",
    "enum small",
    "enum negative",
    "void *",
    "wchar_t",
];

/// The types of bit-fields and how many bits they have.
const FIELDS: [(&str, u32); 12] = [
    ("signed char", 8),
    ("unsigned char", 8),
    ("short", 16),
    ("unsigned short", 16),
    ("int", 32),
    ("unsigned", 32),
    ("long", 64),
    ("unsigned long", 64),
    ("_Bool", 1),
    ("enum small", 32),
    ("enum negative", 32),
    ("size_t", 64),
];

const ENUMS: [(&str, &str); 2] = [("small", "enum small { A, B };"), ("negative", "enum negative { C = -1, D };")];

#[derive(Clone, Debug)]
enum Member {
    Array { of: usize, lengths: Vec<usize> },
    Field { of: usize, width: u32, named: bool },
    Function,
    Nested { which: prop::sample::Index, length: Option<usize> },
    Plain { of: usize },
}

#[derive(Clone, Debug)]
struct Record {
    union: bool,
    packed: bool,
    aligned: Option<u32>,
    members: Vec<(Member, bool, Option<u32>)>,
}

fn member() -> impl Strategy<Value = Member> {
    let lengths = prop::collection::vec(1usize..4, 1..3);
    prop_oneof![
        3 => (0..TYPES.len()).prop_map(|of| Member::Plain { of }),
        6 => (0..FIELDS.len(), 0u32..=64, prop::bool::weighted(0.8)).prop_map(|(of, width, named)| Member::Field { of, width, named }),
        1 => (0..TYPES.len(), lengths).prop_map(|(of, lengths)| Member::Array { of, lengths }),
        1 => (any::<prop::sample::Index>(), prop::option::of(1usize..3)).prop_map(|(which, length)| Member::Nested { which, length }),
        1 => Just(Member::Function),
    ]
}

fn record() -> impl Strategy<Value = Record> {
    let aligned = || prop::option::weighted(0.1, (0u32..5).prop_map(|power| 1 << power));
    let members = prop::collection::vec((member(), prop::bool::weighted(0.1), aligned()), 1..9);
    (prop::bool::weighted(0.15), prop::bool::weighted(0.3), aligned(), members)
        .prop_map(|(union, packed, aligned, members)| Record { union, packed, aligned, members })
}

impl Record {
    /// Its declaration as `sINDEX`. It may contain those of a lower class, so that sizes do not explode.
    fn text(&self, index: usize, all: &[Record]) -> String {
        // Something has a name, at the beginning or at the end.
        let always = format!(" {} always;", ["char", "int", "short", "long double"][index / 4 % 4]);
        let mut text = format!("{} s{index} {{", self.keyword());
        if index % 8 < 4 {
            text += &always;
        }
        for (number, (member, packed, aligned)) in self.members.iter().enumerate() {
            let mut attributes = String::new();
            if *packed {
                attributes += " __attribute__((packed))";
            }
            if let Some(bytes) = aligned.filter(|_| !matches!(member, Member::Field { .. })) {
                write!(attributes, " __attribute__((aligned({bytes})))").unwrap();
            }
            let declared = match member {
                Member::Plain { of } => format!("{} m{number}", TYPES[*of]),
                Member::Array { of, lengths } => {
                    let lengths: String = lengths.iter().map(|length| format!("[{length}]")).collect();
                    format!("{} m{number}{lengths}", TYPES[*of])
                }
                Member::Field { of, width, named } => {
                    let (of, bits) = FIELDS[*of];
                    let width = width % (bits + 1);
                    match (width, named) {
                        (0, _) | (_, false) => format!("{of} : {width}"),
                        _ => format!("{of} m{number} : {width}"),
                    }
                }
                Member::Function => format!("int (*m{number})(struct s{index} *, double x[])"),
                Member::Nested { which, length } => match index % 4 {
                    0 => format!("short m{number}"),
                    class => {
                        let other = which.index(RECORDS / 4) * 4 + class - 1;
                        let length = length.map_or(String::new(), |length| format!("[{length}]"));
                        format!("{} s{other} m{number}{length}", all[other].keyword())
                    }
                },
            };
            write!(text, " {declared}{attributes};").unwrap();
        }
        if index % 8 >= 4 {
            text += &always;
        }
        text += " }";
        if self.packed {
            text += " __attribute__((packed))";
        }
        if let Some(bytes) = self.aligned {
            write!(text, " __attribute__((aligned({bytes})))").unwrap();
        }
        text.replace(&format!("struct s{index} *"), &format!("{} s{index} *", self.keyword())) + ";"
    }

    fn keyword(&self) -> &'static str {
        if self.union { "union" } else { "struct" }
    }
}

/// A program that prints what [`ours`] says.
fn program(records: &[Record], order: &[usize], texts: &[String], meanings: &[Meaning]) -> String {
    let mut text = "#include <stddef.h>\n#include <stdio.h>\n#include <string.h>\n".to_owned();
    for (_, c) in ENUMS {
        writeln!(text, "{c}").unwrap();
    }
    for record in order {
        writeln!(text, "{}", texts[*record]).unwrap();
    }
    text += "static void bytes(const void *at, size_t size) { for (size_t i = 0; i < size; i++) \
             printf(\"%02x\", ((const unsigned char *)at)[i]); puts(\"\"); }\n";
    for (index, meaning) in meanings.iter().enumerate() {
        let name = format!("{} s{index}", records[index].keyword());
        writeln!(text, "static void f{index}(void) {{ static {name} x;").unwrap();
        writeln!(text, "printf(\"s{index} %zu %zu\\n\", sizeof(x), _Alignof({name}));").unwrap();
        for MemberShape { name: member, bits, .. } in members(meaning) {
            let member = &member.text;
            let line = match bits {
                Some(_) => {
                    format!("memset(&x, 0, sizeof x); x.{member} = -1; printf(\"{member} \"); bytes(&x, sizeof x);")
                }
                None => format!("printf(\"{member} %zu %zu\\n\", offsetof({name}, {member}), sizeof(x.{member}));"),
            };
            writeln!(text, "{line}").unwrap();
        }
        text += "}\n";
    }
    let calls: String = (0..meanings.len()).map(|index| format!("f{index}();\n")).collect();
    text + "int main(void) {\n" + &calls + "}\n"
}

fn members(meaning: &Meaning) -> &[MemberShape] {
    let Meaning::Record { members, .. } = meaning else { panic!("no record: {meaning:?}") };
    members
}

fn ours(index: usize, meaning: &Meaning) -> String {
    let Meaning::Record { layout, members, .. } = meaning else { panic!("no record: {meaning:?}") };
    let mut text = format!("s{index} {} {}\n", layout.size, layout.align);
    for MemberShape { name, c_type, offset, bits } in members {
        match bits {
            None => writeln!(text, "{} {offset} {}", name.text, c_type.layout().unwrap().size).unwrap(),
            Some(bits) => {
                let mut bytes = vec![0; layout.size as usize];
                bits.store(&mut bytes, *offset, -1).unwrap();
                let signed = c_type.scalar().unwrap().bounds().unwrap().0 < 0;
                let (least, most) = bits.bounds(signed);
                let all_ones = if signed { -1 } else { most };
                assert_eq!(bits.load(&bytes, *offset, signed), Some(all_ones));
                assert!(least <= all_ones);
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                writeln!(text, "{} {hex}", name.text).unwrap();
            }
        }
    }
    text
}

/// What can read it as a number of its type at its offset gets the same, wherever the field is not packed.
fn check_unit(record: &Record, meaning: &Meaning) {
    let Meaning::Record { layout, members, .. } = meaning else { panic!("no record: {meaning:?}") };
    for shape in members {
        let Some(bits) = shape.bits else { continue };
        let size = shape.c_type.layout().unwrap().size;
        let packed = record.packed || record.members[shape.name.text[1..].parse::<usize>().unwrap()].1;
        if !packed {
            assert_eq!(shape.offset % size, 0, "{shape:?}");
            assert!(shape.offset + size <= layout.size && u64::from(bits.shift + bits.width) <= size * 8, "{shape:?}");
        }
    }
}

#[test]
fn records_are_laid_out_as_the_compiler_does() {
    let mut runner = TestRunner::deterministic();
    let strategy = prop::collection::vec(record(), RECORDS);
    let records = strategy.new_tree(&mut runner).unwrap().current();
    let texts: Vec<String> = (0..RECORDS).map(|index| records[index].text(index, &records)).collect();
    let keys: Vec<String> = (0..RECORDS).map(|index| format!("s{index}")).collect();
    // Ours come in the order of their numbers; the compiler wants those that others contain first.
    let own = keys.iter().zip(&texts).map(|(key, text)| TypeText { key, text, handle: false });
    let enums = ENUMS.iter().map(|(key, text)| TypeText { key, text, handle: false });
    let (_, meanings) = Names::read(&own.chain(enums).collect::<Vec<_>>());
    let meanings: Vec<Meaning> = meanings.into_iter().take(RECORDS).map(Result::unwrap).collect();
    let order: Vec<usize> = (0..4).flat_map(|class| (class..RECORDS).step_by(4)).collect();

    let theirs = compiler::run("records", &program(&records, &order, &texts, &meanings));
    let mut theirs = theirs.lines();
    let (mut fields, mut packed) = (0, 0);
    for (index, meaning) in meanings.iter().enumerate() {
        for line in ours(index, meaning).lines() {
            assert_eq!(Some(line), theirs.next(), "{}", texts[index]);
        }
        check_unit(&records[index], meaning);
        fields += members(meaning).iter().filter(|member| member.bits.is_some()).count();
        packed += usize::from(records[index].packed);
    }
    assert_eq!(theirs.next(), None);
    assert!(fields > RECORDS && packed > RECORDS / 5, "{fields} bit-fields, {packed} packed records: too few");
}

#[test]
fn enumerations_are_the_compilers() {
    let texts = [
        "enum e0 { E0 };",
        "enum e1 { E1 = -1 };",
        "enum e2 { E2 = 1 << 31 };",
        "enum e3 { E3 = 1u << 31 };",
        "enum e4 { E4 = 0x80000000, F4 };",
        "enum e5 { E5 = 0xffffffff, F5 = -1 };",
        "enum e6 { E6 = 1L << 40, F6 };",
        "enum e7 { E7 = ~0ul };",
        "enum e8 { E8 = ~0 };",
        "enum e9 { E9 = ~0u };",
        "enum e10 { E10 = -1 + 0x80000000, F10 = E10 | 1 << 4, G10 = F10 & ~0xf };",
        "enum e11 { E11 = -7 / 2, F11 = -7 % 4, G11 = -8 >> 1, H11 = 6 ^ 3 & 1 };",
        "enum e12 { E12 = 'a', F12 = '\\\\', G12 = '\\'', H12 = '\\12' };",
        "enum e13 { E13 = 2147483648, F13 = E13 - 1 };",
        "enum e14 { E14 = !3 + !0, F14 = -(1 << 3), G14 = 07 * (2 + 3) };",
        "enum e15 { E15 = E3 - 1, F15 = E1 + 0u, G15 = E7 >> 60 };",
    ];
    let keys: Vec<String> = (0..texts.len()).map(|index| format!("e{index}")).collect();
    let given: Vec<_> = keys.iter().zip(texts).map(|(key, text)| TypeText { key, text, handle: false }).collect();
    let (_, meanings) = Names::read(&given);
    let mut program = "#include <stdio.h>\n".to_owned();
    let mut ours = String::new();
    let mut body = String::new();
    for (index, (text, meaning)) in texts.iter().zip(meanings).enumerate() {
        let Ok(Meaning::Enum { scalar, values }) = meaning else { panic!("{text}: {meaning:?}") };
        writeln!(program, "{text}").unwrap();
        let signed = matches!(scalar, Scalar::I32 | Scalar::I64);
        writeln!(
            ours,
            "e{index} {} {}",
            CType::Enum { id: cloison_contract::types::TypeId(0), scalar }.layout().unwrap().size,
            u8::from(signed)
        )
        .unwrap();
        writeln!(body, "printf(\"e{index} %zu %d\\n\", sizeof(enum e{index}), (enum e{index})-1 < 0);").unwrap();
        for (name, value) in values {
            writeln!(ours, "{name} {value}").unwrap();
            let format = if value < 0 { "%lld" } else { "%llu" };
            writeln!(body, "printf(\"{name} {format}\\n\", (long long){name});").unwrap();
        }
    }
    assert_eq!(ours, compiler::run("enumerations", &format!("{program}int main(void) {{\n{body}}}\n")));
}
