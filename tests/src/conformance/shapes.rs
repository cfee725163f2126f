//! Which records are tried.
//!
//! A struct without a member that has a name is not among them: C has none (to gcc its size is 0, to C++ 1), and the reader of manifests
//! refuses it. Nor is one with such a member, which would have to be declared as well.

use super::random::Random;
use super::types::{Enumeration, Member, Record, Type, Types, Wide, scalar};

/// What fills one of the two registers that a small struct may travel in: in all classes, whole and in part.
const EIGHTBYTES: [&[&str]; 10] = [
    &["char"],
    &["short", "char"],
    &["int"],
    &["long"],
    &["float"],
    &["float", "float"],
    &["double"],
    &["int", "float"],
    &["float", "int"],
    &["char", "short", "float"],
];

/// `struct { char m0[N]; }` for each size up to 64.
pub fn sizes(types: &mut Types) -> Vec<Type> {
    let character = scalar("char");
    (1..=64)
        .map(|size| types.record(&format!("size{size}"), vec![Type::Array(Box::new(character.clone()), size)]))
        .collect()
}

/// Structs of one or two eightbytes, each in every class.
pub fn classes(types: &mut Types) -> Vec<Type> {
    let members = |parts: &[&[&str]]| parts.concat().into_iter().map(scalar).collect::<Vec<_>>();
    let mut made = Vec::new();
    for (one, first) in EIGHTBYTES.iter().enumerate() {
        made.push(types.record(&format!("one{one}"), members(&[first])));
        for (two, second) in EIGHTBYTES.iter().enumerate() {
            made.push(types.record(&format!("two{one}_{two}"), members(&[first, second])));
        }
    }
    made
}

/// Structs with wide numbers in them.
pub fn wide(types: &mut Types) -> Vec<Type> {
    let mut made = Vec::new();
    for (index, wide) in Wide::ALL.into_iter().enumerate() {
        made.push(types.record(&format!("wide{index}"), vec![Type::Wide(wide)]));
        made.push(types.record(&format!("wide{index}_int"), vec![Type::Wide(wide), scalar("int")]));
        made.push(types.record(&format!("int_wide{index}"), vec![scalar("char"), Type::Wide(wide)]));
    }
    made
}

/// One signed, one unsigned, one that needs a `long`.
pub fn enumerations(types: &mut Types) -> Vec<Type> {
    let tables: [(&str, &[i64]); 3] =
        [("signs", &[-1, 0, 1]), ("colours", &[0, 4, 5, 0x7fff_ffff]), ("far", &[0, 1 << 40])];
    let first = types.enumerations.len();
    for (name, values) in tables {
        let values =
            values.iter().enumerate().map(|(index, value)| (format!("{}_{index}", name.to_uppercase()), *value));
        types.enumerations.push(Enumeration { name: name.to_owned(), values: values.collect() });
    }
    (first..types.enumerations.len()).map(Type::Enumeration).collect()
}

/// Unions, each with another member that counts.
pub fn unions(types: &mut Types) -> Vec<Type> {
    let tables: [(&[&str], usize); 8] = [
        (&["int", "float"], 0),
        (&["int", "float"], 1),
        (&["double", "float"], 0),
        (&["double", "float"], 1),
        (&["long", "double"], 1),
        (&["char", "double"], 0),
        (&["float", "short"], 0),
        (&["unsigned char", "unsigned long long"], 1),
    ];
    let mut made = Vec::new();
    for (index, (members, live)) in tables.into_iter().enumerate() {
        let members = members.iter().enumerate().map(|(index, c)| Member::new(index, scalar(c))).collect();
        made.push(types.add(union(&format!("either{index}"), members, live)));
    }
    let pair = types.record("pair_in_union", vec![scalar("float"), scalar("float")]);
    let row = Type::Array(Box::new(scalar("int")), 5);
    for (index, other) in [pair, row, Type::Wide(Wide::ComplexDouble)].into_iter().enumerate() {
        let members = vec![Member::new(0, scalar("long")), Member::new(1, other)];
        made.push(types.add(union(&format!("large{index}"), members.clone(), 0)));
        made.push(types.add(union(&format!("large{index}_live"), members, 1)));
    }
    let inside: Vec<_> = made.clone();
    for (index, of) in inside.into_iter().enumerate() {
        made.push(types.record(&format!("holds{index}"), vec![scalar("int"), of]));
    }
    made
}

fn union(name: &str, members: Vec<Member>, live: usize) -> Record {
    Record { union: true, c: format!("union {name}"), live, ..Record::new(name, members) }
}

/// Bit-fields: within a unit, over its end, signed, of `_Bool`, and between other members.
pub fn bit_fields(types: &mut Types) -> Vec<Type> {
    let tables: [&[(&str, u32)]; 16] = [
        &[("int", 1)],
        &[("unsigned int", 7), ("unsigned int", 25)],
        &[("unsigned int", 7), ("unsigned int", 26)],
        &[("int", 5), ("int", 9), ("int", 18)],
        &[("unsigned char", 3), ("unsigned char", 5), ("unsigned char", 1)],
        &[("unsigned char", 3), ("unsigned int", 20), ("unsigned short", 9)],
        &[("long", 33), ("long", 31)],
        &[("unsigned long", 63), ("unsigned long", 2)],
        &[("_Bool", 1), ("_Bool", 1), ("int", 30)],
        &[("double", 0), ("int", 3), ("int", 29)],
        &[("char", 0), ("int", 24), ("char", 0)],
        &[("float", 0), ("unsigned int", 32), ("float", 0)],
        &[("short", 0), ("int", 12), ("int", 12), ("short", 0), ("long long", 40)],
        &[("signed char", 4), ("signed char", 4), ("double", 0), ("unsigned long long", 64), ("int", 11)],
        // Packed, one reaches over nine bytes, and the other's struct is smaller than a number of its type.
        &[("unsigned char", 4), ("long", 62), ("unsigned int", 31)],
        &[("char", 3), ("int", 13)],
    ];
    let mut made = Vec::new();
    for (index, members) in tables.iter().enumerate() {
        let members = members.iter().enumerate().map(|(index, (c, bits))| match bits {
            0 => Member::new(index, scalar(c)),
            bits => Member::bits(index, scalar(c), *bits),
        });
        let members: Vec<_> = members.collect();
        made.push(types.add(Record::new(&format!("bits{index}"), members.clone())));
        made.push(types.add(Record { packed: true, ..Record::new(&format!("packed_bits{index}"), members) }));
    }
    made
}

/// Structs and unions that are aligned more strictly than their members need, or have bit-fields without a name: parts
/// of them, sometimes whole registers, are padding.
pub fn padded(types: &mut Types) -> Vec<Type> {
    let mut made = Vec::new();
    for (index, c) in ["char", "int", "long", "float", "double", "_Bool"].into_iter().enumerate() {
        let one = || Member::new(0, scalar(c));
        let mut add = |what: &str, record: Record| {
            let name = format!("{what}{index}");
            let c = format!("{} {name}", if record.union { "union" } else { "struct" });
            made.push(types.add(Record { name, c, ..record }));
        };
        let record = |members| Record::new("", members);
        add("member_aligned", record(vec![one().aligned(16)]));
        add("aligned", Record { align: Some(16), ..record(vec![one()]) });
        add("aligned_a_little", Record { align: Some(8), ..record(vec![one()]) });
        add("second_aligned", record(vec![one(), Member::new(1, scalar("float")).aligned(8)]));
        add("bits_behind", record(vec![one(), Member::unnamed(scalar("long"), 64)]));
        add("bits_before", record(vec![Member::unnamed(scalar("long"), 64), one()]));
        add("few_bits_behind", record(vec![one(), Member::unnamed(scalar("int"), 3)]));
        add("bits_between", record(vec![one(), Member::unnamed(scalar("short"), 16), Member::new(1, scalar("float"))]));
        add("no_bits_behind", record(vec![one(), Member::unnamed(scalar("int"), 0)]));
        add("no_bits_between", record(vec![one(), Member::unnamed(scalar("long"), 0), Member::new(1, scalar("char"))]));
        add("or_bits", union("", vec![one(), Member::unnamed(scalar("short"), 9)], 0));
        add("union_aligned", Record { align: Some(16), ..union("", vec![one(), Member::new(1, scalar("float"))], 1) });
    }
    for (index, of) in made.clone().into_iter().enumerate() {
        made.push(types.record(&format!("pads{index}"), vec![of.clone()]));
        if index % 2 == 0 {
            made.push(types.record(&format!("pads_two{index}"), vec![scalar("float"), of]));
        }
    }
    made
}

/// Packed structs, for pointers only.
pub fn packed(types: &mut Types) -> Vec<Type> {
    let tables: [&[&str]; 6] = [
        &["char", "int"],
        &["char", "double", "short"],
        &["short", "long"],
        &["char", "char", "char"],
        &["float", "_Bool", "unsigned long long", "unsigned short"],
        &["char", "long double"],
    ];
    let mut made = Vec::new();
    for (index, members) in tables.iter().enumerate() {
        let of = |c: &str| if c == "long double" { Type::Wide(Wide::LongDouble) } else { scalar(c) };
        let members = members.iter().enumerate().map(|(index, c)| Member::new(index, of(c))).collect();
        let record = Record { packed: true, ..Record::new(&format!("tight{index}"), members) };
        made.push(types.add(record));
    }
    let inner = made[1].clone();
    made.push(types.record("tight_inside", vec![scalar("char"), inner]));
    made
}

/// Structs made at random of scalars, arrays, and structs, unions and enumerations that there are.
pub fn random(types: &mut Types, random: &mut Random, parts: &[Type], count: usize) -> Vec<Type> {
    let mut parts = parts.to_vec();
    let mut made = Vec::new();
    for index in 0..count {
        let members = 1 + random.below(5);
        let members = (0..members).map(|_| part(random, &parts)).collect();
        let record = types.record(&format!("any{index}"), members);
        // A third of them are found again inside of later ones.
        if index % 3 == 0 {
            parts.push(record.clone());
        }
        made.push(record);
    }
    made
}

/// Scalars whose arrays are lists of numbers in Python.
const ELEMENTS: [&str; 6] = ["short", "int", "unsigned int", "float", "double", "long"];

fn part(random: &mut Random, parts: &[Type]) -> Type {
    match random.below(8) {
        0 => Type::Array(Box::new(scalar(random.pick::<&str>(&ELEMENTS))), 1 + random.below(4)),
        1 => Type::Array(Box::new(scalar("char")), 1 + random.below(9)),
        2 | 3 => random.pick(parts).clone(),
        _ => any_scalar(random),
    }
}

/// A scalar.
pub fn any_scalar(random: &mut Random) -> Type {
    Type::Scalar(*random.pick(&super::types::SCALARS))
}
