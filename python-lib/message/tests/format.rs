//! What is written is read again, and nothing else is read: all of the format, by generated values; and bytes that nobody wrote.

use cloison_message::{
    CalendarDate, ClockTime, FixedOffset, MAX_BYTES, MAX_DEPTH, Malformed, Reader, Span, Term, Writer,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// A value with all that is in it.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    None,
    Bool(bool),
    Int(i64),
    /// Two's complement, of any length, in its shortest form or not.
    BigInt(Vec<u8>),
    /// By its bits, so that NaN equals itself.
    Float(u64),
    Complex(u64, u64),
    Str(String),
    Surrogates(Vec<u8>),
    Bytes(Vec<u8>),
    Bytearray(Vec<u8>),
    Tuple(Vec<Tree>),
    List(Vec<Tree>),
    Dict(Vec<(Tree, Tree)>),
    Set(Vec<Tree>),
    Frozenset(Vec<Tree>),
    Date(CalendarDate),
    Time(Clock),
    Datetime(CalendarDate, Clock),
    Timedelta(Span),
    Timezone(Offset),
    Object(String, Vec<(String, Tree)>),
    Exception(String, String, Vec<Tree>, Vec<(String, Tree)>),
    Capability(u64, [u8; 16]),
    Process(u64, [u8; 16]),
    Reference(u64, u64),
}

type Offset = (i64, Option<String>);
type Clock = ((u8, u8, u8, u32), bool, Option<Offset>);

fn offset((microseconds, name): &Offset) -> FixedOffset<'_> {
    FixedOffset { microseconds: *microseconds, name: name.as_deref() }
}

fn clock(((hour, minute, second, microsecond), fold, zone): &Clock) -> ClockTime<'_> {
    ClockTime {
        hour: *hour,
        minute: *minute,
        second: *second,
        microsecond: *microsecond,
        fold: *fold,
        offset: zone.as_ref().map(offset),
    }
}

fn owned_offset(offset: FixedOffset<'_>) -> Offset {
    (offset.microseconds, offset.name.map(str::to_owned))
}

fn owned_clock(time: ClockTime<'_>) -> Clock {
    ((time.hour, time.minute, time.second, time.microsecond), time.fold, time.offset.map(owned_offset))
}

impl Tree {
    fn write(&self, writer: &mut Writer) {
        let all = |values: &[Self], writer: &mut Writer| values.iter().for_each(|value| value.write(writer));
        let fields = |fields: &[(String, Self)], writer: &mut Writer| {
            for (name, value) in fields {
                writer.field(name);
                value.write(writer);
            }
        };
        match self {
            Self::None => writer.none(),
            Self::Bool(truth) => writer.bool(*truth),
            Self::Int(number) => writer.int(*number),
            Self::BigInt(digits) => writer.big_int(digits),
            Self::Float(bits) => writer.float(f64::from_bits(*bits)),
            Self::Complex(real, imaginary) => writer.complex(f64::from_bits(*real), f64::from_bits(*imaginary)),
            Self::Str(text) => writer.str(text),
            Self::Surrogates(text) => writer.surrogates(text),
            Self::Bytes(bytes) => writer.bytes(bytes),
            Self::Bytearray(bytes) => writer.bytearray(bytes),
            Self::Tuple(values) => {
                writer.begin_tuple(values.len());
                all(values, writer);
            }
            Self::List(values) => {
                writer.begin_list(values.len());
                all(values, writer);
            }
            Self::Dict(items) => {
                writer.begin_dict(items.len());
                for (key, value) in items {
                    key.write(writer);
                    value.write(writer);
                }
            }
            Self::Set(keys) => {
                writer.begin_set(keys.len());
                all(keys, writer);
            }
            Self::Frozenset(keys) => {
                writer.begin_frozenset(keys.len());
                all(keys, writer);
            }
            Self::Date(date) => writer.date(*date),
            Self::Time(time) => writer.time(&clock(time)),
            Self::Datetime(date, time) => writer.datetime(*date, &clock(time)),
            Self::Timedelta(span) => writer.timedelta(*span),
            Self::Timezone(zone) => writer.timezone(&offset(zone)),
            Self::Object(class, members) => {
                writer.begin_object(class, members.len());
                fields(members, writer);
            }
            Self::Exception(class, text, args, members) => {
                writer.begin_exception(class, text, args.len(), members.len());
                all(args, writer);
                fields(members, writer);
            }
            Self::Capability(number, token) => writer.capability(*number, token),
            Self::Process(number, token) => writer.process(*number, token),
            Self::Reference(high, low) => writer.reference(*high, *low),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let all = |count: usize, reader: &mut Reader<'_>| {
            let mut values = Vec::with_capacity(count);
            for _ in 0..count {
                values.push(Self::read(reader)?);
            }
            Ok(values)
        };
        let named = |count: usize, reader: &mut Reader<'_>| {
            let mut fields = Vec::with_capacity(count);
            for _ in 0..count {
                fields.push((reader.field()?.to_owned(), Self::read(reader)?));
            }
            Ok(fields)
        };
        Ok(match reader.next()? {
            Term::None => Self::None,
            Term::Bool(truth) => Self::Bool(truth),
            Term::Int(number) => Self::Int(number),
            Term::BigInt(digits) => Self::BigInt(digits.to_owned()),
            Term::Float(number) => Self::Float(number.to_bits()),
            Term::Complex(real, imaginary) => Self::Complex(real.to_bits(), imaginary.to_bits()),
            Term::Str(text) => Self::Str(text.to_owned()),
            Term::Surrogates(text) => Self::Surrogates(text.to_owned()),
            Term::Bytes(bytes) => Self::Bytes(bytes.to_owned()),
            Term::Bytearray(bytes) => Self::Bytearray(bytes.to_owned()),
            Term::Tuple(count) => Self::Tuple(all(count, reader)?),
            Term::List(count) => Self::List(all(count, reader)?),
            Term::Dict(count) => {
                let mut items = Vec::with_capacity(count);
                for _ in 0..count {
                    items.push((Self::read(reader)?, Self::read(reader)?));
                }
                Self::Dict(items)
            }
            Term::Set(count) => Self::Set(all(count, reader)?),
            Term::Frozenset(count) => Self::Frozenset(all(count, reader)?),
            Term::Date(date) => Self::Date(date),
            Term::Time(time) => Self::Time(owned_clock(time)),
            Term::Datetime(date, time) => Self::Datetime(date, owned_clock(time)),
            Term::Timedelta(span) => Self::Timedelta(span),
            Term::Timezone(zone) => Self::Timezone(owned_offset(zone)),
            Term::Object { class, fields } => Self::Object(class.to_owned(), named(fields, reader)?),
            Term::Exception { class, text, args, fields } => {
                Self::Exception(class.to_owned(), text.to_owned(), all(args, reader)?, named(fields, reader)?)
            }
            Term::Capability { number, token } => Self::Capability(number, token),
            Term::Process { number, token } => Self::Process(number, token),
            Term::Reference(high, low) => Self::Reference(high, low),
        })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.write(&mut writer);
        writer.finish()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes)?;
        let tree = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(tree)
    }

    /// As it is read: wide ints in their shortest form, and as `Int` if they fit.
    fn normal(self) -> Self {
        match self {
            Self::BigInt(digits) => {
                let mut wide: Vec<u8> = digits;
                let sign = if wide.last().is_some_and(|&high| high >= 0x80) { 0xff } else { 0 };
                while wide.len() > 8 && wide[wide.len() - 1] == sign && (wide[wide.len() - 2] >= 0x80) == (sign == 0xff)
                {
                    wide.pop();
                }
                if wide.len() > 8 {
                    return Self::BigInt(wide);
                }
                wide.resize(8, sign);
                Self::Int(i64::from_le_bytes(wide.try_into().expect("eight bytes")))
            }
            Self::Tuple(values) => Self::Tuple(values.into_iter().map(Self::normal).collect()),
            Self::List(values) => Self::List(values.into_iter().map(Self::normal).collect()),
            Self::Set(values) => Self::Set(values.into_iter().map(Self::normal).collect()),
            Self::Frozenset(values) => Self::Frozenset(values.into_iter().map(Self::normal).collect()),
            Self::Dict(items) => {
                Self::Dict(items.into_iter().map(|(key, value)| (key.normal(), value.normal())).collect())
            }
            Self::Object(class, fields) => Self::Object(class, normal_fields(fields)),
            Self::Exception(class, text, args, fields) => {
                Self::Exception(class, text, args.into_iter().map(Self::normal).collect(), normal_fields(fields))
            }
            other => other,
        }
    }
}

fn normal_fields(fields: Vec<(String, Tree)>) -> Vec<(String, Tree)> {
    fields.into_iter().map(|(name, value)| (name, value.normal())).collect()
}

fn dates() -> impl Strategy<Value = CalendarDate> {
    (1u16..=9999, 1u8..=12, 1u8..=28).prop_map(|(year, month, day)| CalendarDate { year, month, day })
}

fn offsets() -> impl Strategy<Value = Offset> {
    (-86_399_999_999i64..=86_399_999_999, option::of("[a-zé]{0,5}"))
}

fn clocks() -> impl Strategy<Value = Clock> {
    ((0u8..24, 0u8..60, 0u8..60, 0u32..1_000_000), any::<bool>(), option::of(offsets()))
}

fn spans() -> impl Strategy<Value = Span> {
    (-999_999_999i32..=999_999_999, 0u32..86_400, 0u32..1_000_000).prop_map(|(days, seconds, microseconds)| Span {
        days,
        seconds,
        microseconds,
    })
}

/// Text with a surrogate in it.
fn surrogates() -> impl Strategy<Value = Vec<u8>> {
    (".{0,4}", 0xa0u8..=0xbf, 0x80u8..=0xbf, ".{0,4}").prop_map(|(before, second, third, behind)| {
        [before.as_bytes(), &[0xed, second, third], behind.as_bytes()].concat()
    })
}

fn simple_keys() -> impl Strategy<Value = Tree> {
    prop_oneof![
        Just(Tree::None),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(Tree::Int),
        vec(any::<u8>(), 0..20).prop_map(Tree::BigInt),
        any::<u64>().prop_map(Tree::Float),
        any::<(u64, u64)>().prop_map(|(real, imaginary)| Tree::Complex(real, imaginary)),
        ".{0,10}".prop_map(Tree::Str),
        surrogates().prop_map(Tree::Surrogates),
        vec(any::<u8>(), 0..200).prop_map(Tree::Bytes),
        dates().prop_map(Tree::Date),
        clocks().prop_map(Tree::Time),
        (dates(), clocks()).prop_map(|(date, time)| Tree::Datetime(date, time)),
        spans().prop_map(Tree::Timedelta),
        offsets().prop_map(Tree::Timezone),
        any::<(u64, [u8; 16])>().prop_map(|(number, token)| Tree::Process(number, token)),
        any::<(u64, u64)>().prop_map(|(high, low)| Tree::Reference(high, low)),
    ]
}

fn keys() -> impl Strategy<Value = Tree> {
    simple_keys().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![vec(inner.clone(), 0..4).prop_map(Tree::Tuple), vec(inner, 0..4).prop_map(Tree::Frozenset)]
    })
}

fn trees() -> impl Strategy<Value = Tree> {
    let capabilities = any::<(u64, [u8; 16])>().prop_map(|(number, token)| Tree::Capability(number, token));
    let simple = prop_oneof![keys(), vec(any::<u8>(), 0..20).prop_map(Tree::Bytearray), capabilities];
    simple.prop_recursive(4, 40, 5, |inner| {
        let fields = vec(("[a-z_é]{1,8}", inner.clone()), 0..4);
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Tree::Tuple),
            vec(inner.clone(), 0..5).prop_map(Tree::List),
            vec((keys(), inner.clone()), 0..5).prop_map(Tree::Dict),
            vec(keys(), 0..5).prop_map(Tree::Set),
            vec(keys(), 0..5).prop_map(Tree::Frozenset),
            ("[a-z.]{1,8}:[A-Z]{1,4}", fields.clone()).prop_map(|(class, fields)| Tree::Object(class, fields)),
            ("[A-Z]{1,8}", ".{0,8}", vec(inner, 0..3), fields)
                .prop_map(|(class, text, args, fields)| Tree::Exception(class, text, args, fields)),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(tree in trees()) {
        prop_assert_eq!(Tree::from_bytes(&tree.to_bytes())?, tree.normal());
    }

    /// There is one way to write a value.
    #[test]
    fn what_is_read_is_written_again(bytes in vec(any::<u8>(), 0..64)) {
        let bytes = [&[1][..], &bytes].concat();
        if let Ok(tree) = Tree::from_bytes(&bytes) {
            prop_assert_eq!(tree.to_bytes(), bytes);
        }
    }

    #[test]
    fn no_part_of_a_message_is_one(tree in trees()) {
        let bytes = tree.to_bytes();
        for length in 0..bytes.len() {
            prop_assert!(Tree::from_bytes(&bytes[..length]).is_err(), "{} of {} bytes", length, bytes.len());
        }
        for behind in [0, 1, 0xff] {
            let longer = [&bytes[..], &[behind]].concat();
            prop_assert_eq!(Tree::from_bytes(&longer), Err(Malformed::Trailing(1)));
        }
    }

    /// A flipped bit gives another value, or none; what it gives is written the same.
    #[test]
    fn a_flipped_bit_is_another_message_or_none(tree in trees()) {
        let mut bytes = tree.to_bytes();
        let value = tree.normal();
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(other) = Tree::from_bytes(&bytes) {
                prop_assert_ne!(&other, &value);
                prop_assert_eq!(&other.to_bytes(), &bytes);
            }
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

/// A stream of numbers that is the same in each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// Tags are likelier than other bytes, so that values begin and nest; small counts and lengths are too.
fn hostile(numbers: &mut Numbers) -> Vec<u8> {
    let length = numbers.below(120);
    let mut bytes = vec![1];
    for _ in 0..length {
        bytes.push(match numbers.below(20) {
            0 => numbers.next() as u8,
            1..=9 => numbers.below(3) as u8,
            _ => numbers.below(0x1a) as u8,
        });
    }
    bytes
}

#[test]
fn whatever_the_bytes_are_reading_ends() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut read, mut nested) = (0, 0);
    for _ in 0..300_000 {
        let bytes = hostile(&mut numbers);
        // Not only whole messages: the values of those that end badly are read too.
        if let Ok(tree) = Tree::from_bytes(&bytes) {
            read += 1;
            assert_eq!(tree.to_bytes(), bytes);
        }
        let mut reader = Reader::new(&bytes).expect("the format is right");
        let mut values = 0;
        while reader.next().is_ok() {
            values += 1;
        }
        nested += usize::from(values > 5);
        assert!(values < bytes.len(), "{values} values in {} bytes", bytes.len());
    }
    // Otherwise this tests nothing but the first byte.
    assert!(read > 100 && nested > 2_000, "{read} messages and {nested} long ones among them");
}

fn nest(tag: u8, count: u8, depth: usize, innermost: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1];
    for _ in 0..depth {
        bytes.extend([tag, count]);
    }
    bytes.extend_from_slice(innermost);
    bytes
}

#[test]
fn depth_has_an_end() {
    assert!(Tree::from_bytes(&nest(0x0b, 1, MAX_DEPTH, &[0])).is_ok());
    assert_eq!(Tree::from_bytes(&nest(0x0b, 1, MAX_DEPTH + 1, &[0])), Err(Malformed::Depth));
    // Many values beside each other are no depth, wherever they end.
    let mut wide = vec![1, 0x0b, 0xe8, 0x07];
    wide.extend([0x0b, 1, 0x0b, 0].repeat(1000));
    assert!(Tree::from_bytes(&wide).is_ok());
}

#[test]
fn a_count_is_no_more_than_the_bytes_that_are_left() {
    let four_billion = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    for tag in [0x0a, 0x0b, 0x0c, 0x0d, 0x0e] {
        for count in [&four_billion[..], &most] {
            let bytes = [&[1, tag], count, &[0; 100]].concat();
            let error = Tree::from_bytes(&bytes).expect_err("no such value");
            assert!(matches!(error, Malformed::Count(_)), "{tag:#x}: {error}");
        }
        // 100 values in 100 bytes would do; a dict's are 200.
        let bytes = [&[1, tag, 100][..], &[0; 100]].concat();
        assert_eq!(Tree::from_bytes(&bytes).is_ok(), tag != 0x0c, "{tag:#x}");
    }
    // Each list claims all bytes that are left, which all of them together have not got.
    let bytes = [1, 0x0b, 3, 0x0b, 2, 0x0b, 2, 0];
    assert_eq!(Tree::from_bytes(&bytes), Err(Malformed::Count(2)));
    let long = [&[1, 0x08], &most[..], b"abc"].concat();
    assert_eq!(Tree::from_bytes(&long), Err(Malformed::Truncated));
}

#[test]
fn the_whole_has_a_limit() {
    assert_eq!(Reader::new(&vec![1; MAX_BYTES + 1]).err(), Some(Malformed::Size));
    assert!(Reader::new(&vec![1; MAX_BYTES]).is_ok());
}

#[test]
fn what_is_wrong_is_said() {
    let cases: &[(&[u8], Malformed)] = &[
        (b"", Malformed::Truncated),
        (b"\x01", Malformed::Truncated),
        (b"\x02\x00", Malformed::Format(2)),
        (b"\x01\x1a", Malformed::Tag(0x1a)),
        (b"\x01\xff", Malformed::Tag(0xff)),
        (b"\x01\x00\x00", Malformed::Trailing(1)),
        // 0 in two bytes, and more than 64 bits.
        (b"\x01\x03\x80\x00", Malformed::Form),
        (b"\x01\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", Malformed::Form),
        (b"\x01\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Malformed::Form),
        // Wide ints that are not wide.
        (b"\x01\x04\x01\x05", Malformed::Form),
        (b"\x01\x04\x09\x01\x01\x01\x01\x01\x01\x01\x01\x00", Malformed::Form),
        (b"\x01\x04\x09\xff\xff\xff\xff\xff\xff\xff\xff\xff", Malformed::Form),
        // Text.
        (b"\x01\x07\x01\xff", Malformed::Text),
        (b"\x01\x07\x03\xed\xa0\x80", Malformed::Text),
        (b"\x01\x18\x01a", Malformed::Form),
        (b"\x01\x18\x04\xed\xa0\x80\xff", Malformed::Text),
        // The 29th of February 1900, hour 24, fold twice, an offset of a day, seconds of more than one.
        (b"\x01\x0f\x6c\x07\x02\x1d", Malformed::Range),
        (b"\x01\x0f\x00\x00\x01\x01", Malformed::Range),
        (b"\x01\x10\x18\x00\x00\x00\x00\x00\x00\x00", Malformed::Range),
        (b"\x01\x10\x00\x00\x00\x00\x00\x00\x00\x04", Malformed::Form),
        (b"\x01\x13\x80\x80\xbb\xdd\x83\x05\x00", Malformed::Range),
        (b"\x01\x13\x00\x02", Malformed::Form),
        (b"\x01\x12\x00\x80\x51\x01\x00\x00\x00\x00\x00", Malformed::Range),
        // Keys: a list, a list in a tuple, an object, an exception; and a field without a name.
        (b"\x01\x0d\x01\x0b\x00", Malformed::Key),
        (b"\x01\x0d\x01\x0a\x01\x0b\x00", Malformed::Key),
        (b"\x01\x0c\x01\x14\x01a\x00\x00", Malformed::Key),
        (b"\x01\x0e\x01\x15\x01a\x00\x00\x00", Malformed::Key),
        (b"\x01\x14\x01a\x01\x00\x00", Malformed::Field),
    ];
    for (bytes, error) in cases {
        assert_eq!(Tree::from_bytes(bytes), Err(*error), "{bytes:02x?}");
    }
    // The controls: a list as the value behind a key, a tuple of keys, the 29th of February 2000.
    for bytes in [&b"\x01\x0c\x01\x0a\x01\x00\x0b\x00"[..], b"\x01\x0d\x01\x0a\x01\x00", b"\x01\x0f\xd0\x07\x02\x1d"] {
        assert!(Tree::from_bytes(bytes).is_ok(), "{bytes:02x?}");
    }
}

#[test]
fn reading_out_of_order_is_an_error() {
    let mut reader = Reader::new(b"\x01\x0a\x02\x00\x00").expect("a message");
    assert_eq!(reader.next(), Ok(Term::Tuple(2)));
    assert_eq!(reader.clone().finish(), Err(Malformed::Order));
    assert_eq!(reader.next(), Ok(Term::None));
    assert_eq!(reader.next(), Ok(Term::None));
    assert_eq!(reader.next(), Err(Malformed::Order));
}
