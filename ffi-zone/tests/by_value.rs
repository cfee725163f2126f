//! Structs of all sizes and mixtures, by value, against what the C compiler does with them.
//!
//! The types are made up here, with a fixed seed, written out as C for the compiler and as definitions for the zone. The
//! compiler checks that sizes and offsets agree; a function for each takes three of them among other arguments and
//! returns one.

mod common;

use cloison_contract::call::Status;
use cloison_contract::interface::{Instances, Interface};
use cloison_contract::types::{
    Bits, CType, Definition, Layout, Location, Member, MemberRole, Record, Scalar, TypeId, TypeKind, Wide,
};
use cloison_zone::marshal::shapes::{Special, Translation, shapes};
use common::Argument::{Bytes, Word};
use common::{Bench, function, functions_of, int, interface, number};
use std::fmt::Write as _;

const RECORDS: usize = 150;

/// Knuth's linear congruential generator: the same types in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

const SCALARS: [(Scalar, &str); 11] = [
    (Scalar::Bool, "_Bool"),
    (Scalar::I8, "signed char"),
    (Scalar::U8, "unsigned char"),
    (Scalar::I16, "short"),
    (Scalar::U16, "unsigned short"),
    (Scalar::I32, "int"),
    (Scalar::U32, "unsigned"),
    (Scalar::I64, "long"),
    (Scalar::U64, "unsigned long"),
    (Scalar::F32, "float"),
    (Scalar::F64, "double"),
];

const WIDES: [(Wide, &str); 3] =
    [(Wide::LongDouble, "long double"), (Wide::ComplexF32, "float _Complex"), (Wide::ComplexF64, "double _Complex")];

/// The types so far, and their C.
struct World {
    dice: Dice,
    types: Vec<Definition>,
    c: String,
}

/// Where the next member goes.
#[derive(Default)]
struct Plot {
    bits: u64,
    align: u64,
    members: Vec<Member>,
}

impl World {
    fn record(&mut self) {
        let (id, union, count) = (self.types.len(), self.dice.roll(5) == 0, 1 + self.dice.roll(6));
        let mut plot = Plot { align: 1, ..Plot::default() };
        let (mut text, mut checks, mut size) = (String::new(), String::new(), 0);
        for index in 0..count {
            let name = format!("m{index}");
            let before = plot.bits;
            if union {
                plot.bits = 0;
            }
            let declarator = self.member(&mut plot, &name);
            writeln!(text, "    {declarator};").expect("text");
            size = size.max(plot.bits.div_ceil(8));
            let member = plot.members.last().expect("just added");
            if member.bits.is_none() {
                writeln!(checks, "_Static_assert(offsetof(r{id}, {name}) == {}, \"\");", member.offset).expect("text");
            }
            if union {
                plot.bits = before;
            }
        }
        let layout = Layout { size: size.next_multiple_of(plot.align), align: plot.align };
        let kind = if union { "union" } else { "struct" };
        writeln!(self.c, "typedef {kind} {{\n{text}}} r{id};\n{checks}").expect("text");
        writeln!(
            self.c,
            "_Static_assert(sizeof(r{id}) == {} && _Alignof(r{id}) == {}, \"r{id}\");\n\
             r{id} pick{id}(int a, double d, r{id} x, r{id} y, float f, r{id} z, long b) {{\n\
             \x20   if (a != 7 || d != 0.5 || f != 0.25f || b < 0) return x;\n\
             \x20   return b == 0 ? x : b == 1 ? y : z;\n}}",
            layout.size, layout.align
        )
        .expect("text");
        let live = union.then(|| self.dice.roll(plot.members.len() as u64) as usize);
        let record = Record { union, layout, members: plot.members, live };
        self.types.push(Definition {
            name: format!("r{id}"),
            declaration: String::new(),
            doc: None,
            declared: Location::default(),
            kind: TypeKind::Record(record),
        });
    }

    /// Adds a member; its C.
    fn member(&mut self, plot: &mut Plot, name: &str) -> String {
        match self.dice.roll(12) {
            0 | 1 => return self.bit_field(plot, name),
            2 if !self.types.is_empty() => {
                let id = self.dice.roll(self.types.len() as u64);
                let TypeKind::Record(record) = &self.types[id as usize].kind else { unreachable!("records only") };
                let nested = CType::Record { id: TypeId(id as u32), layout: record.layout };
                plot.add(name, nested);
                return format!("r{id} {name}");
            }
            3 => {
                let (wide, text) = WIDES[self.dice.roll(3) as usize];
                plot.add(name, CType::Wide(wide));
                return format!("{text} {name}");
            }
            4 => {
                let (scalar, text) = SCALARS[self.dice.roll(11) as usize];
                let length = 1 + self.dice.roll(5);
                plot.add(name, CType::Array { of: Box::new(int(scalar)), length });
                return format!("{text} {name}[{length}]");
            }
            _ => {}
        }
        // Floating-point numbers a little more often: they make the difference.
        let sides = 11 + 3;
        let (scalar, text) = SCALARS[(self.dice.roll(sides) as usize).min(10)];
        plot.add(name, int(scalar));
        format!("{text} {name}")
    }

    fn bit_field(&mut self, plot: &mut Plot, name: &str) -> String {
        let (scalar, text) = SCALARS[1 + self.dice.roll(8) as usize];
        let unit = scalar.size() as u64 * 8;
        let width = 1 + self.dice.roll(unit);
        if plot.bits / unit != (plot.bits + width - 1) / unit {
            plot.bits = plot.bits.next_multiple_of(unit);
        }
        let bits = Bits { shift: (plot.bits % unit) as u32, width: width as u32 };
        let offset = plot.bits / unit * (unit / 8);
        plot.bits += width;
        plot.align = plot.align.max(unit / 8);
        let role = MemberRole::Value;
        plot.members.push(Member { name: name.into(), c_type: int(scalar), offset, bits: Some(bits), role });
        format!("{text} {name} : {width}")
    }
}

impl Plot {
    fn add(&mut self, name: &str, c_type: CType) {
        let layout = c_type.layout().expect("a member's");
        let offset = self.bits.div_ceil(8).next_multiple_of(layout.align);
        self.bits = (offset + layout.size) * 8;
        self.align = self.align.max(layout.align);
        self.members.push(Member { name: name.into(), c_type, offset, bits: None, role: MemberRole::Value });
    }
}

/// Makes any bytes a record as it travels.
fn travelling(shape: &Translation, bytes: &mut [u8]) {
    shape.clear_gaps(bytes);
    for (offset, special) in &shape.specials {
        let here = &mut bytes[*offset..];
        match special {
            Special::Bool => here[0] &= 1,
            Special::Extended => (here[7], here[9]) = (here[7] | 0x80, here[9] & 0xbf | 0x20),
            Special::Nested { count, shape } => {
                (0..*count).for_each(|index| travelling(shape, &mut here[index * shape.size..][..shape.size]));
            }
            other => panic!("not made here: {other:?}"),
        }
    }
}

fn by_value(name: &str, definition: &Definition, id: TypeId) -> cloison_contract::interface::Parameter {
    use cloison_contract::interface::Parameter;
    use cloison_contract::shape::{Direction, RecordArgument, Shape};
    let TypeKind::Record(Record { layout, .. }) = definition.kind else { unreachable!("records only") };
    let (direction, by_value) = (Direction::In, true);
    let shape = Shape::Record(RecordArgument { id, layout, direction, by_value, null: false, default_none: false });
    Parameter { name: name.into(), c_type: CType::Record { id, layout }, shape, leading: false }
}

fn world() -> (World, Interface) {
    let mut world = World { dice: Dice(42), types: vec![], c: "#include <stddef.h>\n".into() };
    (0..RECORDS).for_each(|_| world.record());
    let pick = |(index, definition): (usize, &Definition)| {
        let id = TypeId(index as u32);
        let one = |name| by_value(name, definition, id);
        let parameters = vec![
            number("a", Scalar::I32),
            number("d", Scalar::F64),
            one("x"),
            one("y"),
            number("f", Scalar::F32),
            one("z"),
            number("b", Scalar::I64),
        ];
        let result = one("x").c_type;
        function(&format!("pick{index}"), result, parameters, |_| {})
    };
    let functions = world.types.iter().enumerate().map(pick).collect();
    let interface = Interface { types: world.types.clone(), functions, ..interface(Instances::Shared) };
    (world, interface)
}

#[test]
fn structs_and_unions_travel_as_the_compiler_has_them() {
    let (mut world, interface) = world();
    let folder = tempfile::tempdir().expect("folder");
    let source = folder.path().join("world.c");
    std::fs::write(&source, &world.c).expect("written");
    let library = common::load(source.to_str().expect("UTF-8"));
    let shapes = shapes(&interface.types).expect("they make sense");
    let mut bench = Bench::of(functions_of(interface, &library));
    let mut sizes = std::collections::BTreeSet::new();
    for (index, shape) in shapes.iter().enumerate() {
        let shape = shape.as_ref().expect("a record");
        sizes.insert(shape.size);
        let mut records: [Vec<u8>; 3] = Default::default();
        for record in &mut records {
            *record = (0..shape.size).map(|_| world.dice.roll(256) as u8).collect();
            travelling(shape, record);
        }
        let [x, y, z] = &records;
        for (which, expected) in records.iter().enumerate() {
            let (d, f) = (Word(0.5_f64.to_bits()), Word(0.25_f64.to_bits()));
            let arguments = [Word(7), d, Bytes(x), Bytes(y), f, Bytes(z), Word(which as u64)];
            let reply = bench.call(&format!("pick{index}"), &arguments);
            assert_eq!(reply.status, Status::Ok);
            let picked = bench.bytes(reply.words[0], reply.words[1]);
            assert_eq!(picked, *expected, "argument {which} of pick{index}: {:?}", world.types[index].kind);
        }
    }
    assert!(sizes.len() > 15 && sizes.contains(&4) && sizes.contains(&12) && sizes.contains(&16), "{sizes:?}");
}
