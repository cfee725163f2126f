//! Whatever the bytes are, reading a message ends with a value or an error; and a value is written as it was read, byte for byte: the
//! format has one way to say each.
#![no_main]

use cloison_message::{Malformed, Reader, Term, Writer};
use libfuzzer_sys::fuzz_target;

fn copy(reader: &mut Reader<'_>, writer: &mut Writer) -> Result<(), Malformed> {
    let remaining = reader.remaining();
    let term = reader.next()?;
    let count = match &term {
        Term::Tuple(count) | Term::List(count) | Term::Set(count) | Term::Frozenset(count) => *count,
        Term::Dict(count) => *count * 2,
        Term::Object { fields, .. } => *fields * 2,
        Term::Exception { args, fields, .. } => *args + *fields * 2,
        _ => 0,
    };
    assert!(count <= remaining, "a count is believed as far as there are bytes");
    match term {
        Term::None => writer.none(),
        Term::Bool(truth) => writer.bool(truth),
        Term::Int(number) => writer.int(number),
        Term::BigInt(digits) => writer.big_int(digits),
        Term::Float(number) => writer.float(number),
        Term::Complex(real, imaginary) => writer.complex(real, imaginary),
        Term::Str(text) => writer.str(text),
        Term::Surrogates(text) => writer.surrogates(text),
        Term::Bytes(bytes) => writer.bytes(bytes),
        Term::Bytearray(bytes) => writer.bytearray(bytes),
        Term::Date(date) => writer.date(date),
        Term::Time(time) => writer.time(&time),
        Term::Datetime(date, time) => writer.datetime(date, &time),
        Term::Timedelta(span) => writer.timedelta(span),
        Term::Timezone(zone) => writer.timezone(&zone),
        Term::Capability { number, token } => writer.capability(number, &token),
        Term::Process { number, token } => writer.process(number, &token),
        Term::Reference(high, low) => writer.reference(high, low),
        Term::Tuple(count) => {
            writer.begin_tuple(count);
            values(count, reader, writer)?;
        }
        Term::List(count) => {
            writer.begin_list(count);
            values(count, reader, writer)?;
        }
        Term::Dict(count) => {
            writer.begin_dict(count);
            values(2 * count, reader, writer)?;
        }
        Term::Set(count) => {
            writer.begin_set(count);
            values(count, reader, writer)?;
        }
        Term::Frozenset(count) => {
            writer.begin_frozenset(count);
            values(count, reader, writer)?;
        }
        Term::Object { class, fields } => {
            writer.begin_object(class, fields);
            named(fields, reader, writer)?;
        }
        Term::Exception { class, text, args, fields } => {
            writer.begin_exception(class, text, args, fields);
            values(args, reader, writer)?;
            named(fields, reader, writer)?;
        }
    }
    Ok(())
}

fn values(count: usize, reader: &mut Reader<'_>, writer: &mut Writer) -> Result<(), Malformed> {
    (0..count).try_for_each(|_| copy(reader, writer))
}

fn named(count: usize, reader: &mut Reader<'_>, writer: &mut Writer) -> Result<(), Malformed> {
    (0..count).try_for_each(|_| {
        writer.field(reader.field()?);
        copy(reader, writer)
    })
}

fn read(bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut reader = Reader::new(bytes)?;
    let mut writer = Writer::new();
    copy(&mut reader, &mut writer)?;
    reader.finish()?;
    Ok(writer.finish())
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(written) = read(bytes) {
        assert_eq!(written, bytes);
    }
});
