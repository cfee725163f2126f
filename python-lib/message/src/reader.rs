//! Bytes to values, all checked.

use crate::term::{CalendarDate, ClockTime, FixedOffset, Span, Term};
use crate::{FORMAT, MAX_BYTES, MAX_DEPTH, tag, writer};
use thiserror::Error;

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Malformed {
    /// A number that is longer than it has to be, a flag that does not exist, a surrogate where there is none.
    #[error("a value is not written as the format wants it")]
    Form,
    /// The first byte.
    #[error("the message is of another format ({0})")]
    Format(u8),
    /// A value that may not be a key is one.
    #[error("a key of a dict or set is of a type that may not be one")]
    Key,
    /// More values are announced than there are bytes.
    #[error("{0} values are announced, more than there are bytes")]
    Count(u64),
    /// See [`MAX_DEPTH`].
    #[error("values are nested more than {MAX_DEPTH} deep")]
    Depth,
    /// A field has to have a name.
    #[error("the name of a field is no str")]
    Field,
    /// All values have been read, or some have not.
    #[error("the values of the message were not read as it has them")]
    Order,
    /// A date, time, offset or length of time that does not exist.
    #[error("a date, time or timezone is out of range")]
    Range,
    /// See [`MAX_BYTES`].
    #[error("the message is longer than {MAX_BYTES} bytes")]
    Size,
    /// No value begins like this.
    #[error("there is no value with tag {0:#04x}")]
    Tag(u8),
    /// Text that is not UTF-8.
    #[error("text is not UTF-8")]
    Text,
    /// Bytes behind the value.
    #[error("{0} bytes stand behind the value")]
    Trailing(usize),
    /// The message ends in the middle of a value.
    #[error("the message ends in the middle of a value")]
    Truncated,
}

type Checked<T> = Result<T, Malformed>;

/// A value whose parts are being read.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// How many parts are to come.
    left: u32,
    /// Which of them are keys.
    keys: Keys,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Keys {
    None,
    /// Every other one, the first included: an even number of parts is left.
    Even,
    All,
}

/// Reads one message.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    /// What has not been read.
    rest: &'a [u8],
    open: Vec<Open>,
    /// How many values are to come, in all that are open; the message's own included.
    pending: usize,
}

impl<'a> Reader<'a> {
    /// The message in these bytes.
    pub fn new(bytes: &'a [u8]) -> Checked<Self> {
        if bytes.len() > MAX_BYTES {
            return Err(Malformed::Size);
        }
        match bytes {
            [FORMAT, rest @ ..] => Ok(Self { rest, open: Vec::new(), pending: 1 }),
            [other, ..] => Err(Malformed::Format(*other)),
            [] => Err(Malformed::Truncated),
        }
    }

    /// How many bytes have not been read.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next value, or the beginning of one whose parts come next.
    #[expect(clippy::should_implement_trait, reason = "an error ends it, and so does the end of the value")]
    #[inline]
    pub fn next(&mut self) -> Checked<Term<'a>> {
        let is_key = self.step()?;
        let term = self.term()?;
        if is_key && !term.may_be_key() {
            return Err(Malformed::Key);
        }
        let inner = if is_key { Keys::All } else { Keys::None };
        match term {
            Term::Tuple(count) | Term::List(count) => self.enter(count, inner)?,
            Term::Dict(count) => self.enter(2 * count, Keys::Even)?,
            Term::Set(count) | Term::Frozenset(count) => self.enter(count, Keys::All)?,
            Term::Object { fields, .. } => self.enter(2 * fields, Keys::None)?,
            Term::Exception { args, fields, .. } => self.enter(args + 2 * fields, Keys::None)?,
            _ => {}
        }
        Ok(term)
    }

    /// The name of a field, of which the value comes next.
    pub fn field(&mut self) -> Checked<&'a str> {
        match self.next()? {
            Term::Str(name) => Ok(name),
            _ => Err(Malformed::Field),
        }
    }

    /// Make sure that all has been read.
    pub fn finish(self) -> Checked<()> {
        match (self.pending, self.rest.len()) {
            (0, 0) => Ok(()),
            (0, behind) => Err(Malformed::Trailing(behind)),
            _ => Err(Malformed::Order),
        }
    }

    /// Count one value off, and say whether it has to be a key.
    #[inline]
    fn step(&mut self) -> Checked<bool> {
        self.pending = self.pending.checked_sub(1).ok_or(Malformed::Order)?;
        while let Some(top) = self.open.last_mut() {
            if top.left > 0 {
                let is_key = match top.keys {
                    Keys::None => false,
                    Keys::Even => top.left.is_multiple_of(2),
                    Keys::All => true,
                };
                top.left -= 1;
                return Ok(is_key);
            }
            self.open.pop();
        }
        Ok(false)
    }

    /// Begin with the parts of a value, which have been counted.
    #[inline]
    fn enter(&mut self, parts: usize, keys: Keys) -> Checked<()> {
        // What is complete is no level any more, unless it is what this value stands in.
        if self.open.len() >= MAX_DEPTH {
            return Err(Malformed::Depth);
        }
        self.pending += parts;
        // Each of them takes a byte at least.
        if self.pending > self.rest.len() {
            return Err(Malformed::Count(parts as u64));
        }
        let left = u32::try_from(parts).map_err(|_| Malformed::Count(parts as u64))?;
        self.open.push(Open { left, keys });
        Ok(())
    }

    #[inline]
    fn term(&mut self) -> Checked<Term<'a>> {
        Ok(match self.byte()? {
            tag::NONE => Term::None,
            tag::FALSE => Term::Bool(false),
            tag::TRUE => Term::Bool(true),
            tag::INT => Term::Int(self.signed()?),
            tag::FLOAT => Term::Float(f64::from_le_bytes(self.array()?)),
            tag::STR => Term::Str(self.text()?),
            tag::BYTES => Term::Bytes(self.blob()?),
            tag::TUPLE => Term::Tuple(self.count()?),
            tag::LIST => Term::List(self.count()?),
            tag::DICT => Term::Dict(self.count()?),
            other => return self.rarer(other),
        })
    }

    fn rarer(&mut self, tag: u8) -> Checked<Term<'a>> {
        Ok(match tag {
            tag::BIG_INT => Term::BigInt(self.big_int()?),
            tag::COMPLEX => Term::Complex(f64::from_le_bytes(self.array()?), f64::from_le_bytes(self.array()?)),
            tag::BYTEARRAY => Term::Bytearray(self.blob()?),
            tag::SET => Term::Set(self.count()?),
            tag::FROZENSET => Term::Frozenset(self.count()?),
            tag::DATE => Term::Date(self.calendar()?),
            tag::TIME => Term::Time(self.clock()?),
            tag::DATETIME => Term::Datetime(self.calendar()?, self.clock()?),
            tag::TIMEDELTA => Term::Timedelta(self.span()?),
            tag::TIMEZONE => Term::Timezone(self.offset()?),
            tag::OBJECT => Term::Object { class: self.text()?, fields: self.count()? },
            tag::EXCEPTION => {
                Term::Exception { class: self.text()?, text: self.text()?, args: self.count()?, fields: self.count()? }
            }
            tag::CAPABILITY => Term::Capability { number: u64::from_le_bytes(self.array()?), token: self.array()? },
            tag::PROCESS => Term::Process { number: u64::from_le_bytes(self.array()?), token: self.array()? },
            tag::REFERENCE => Term::Reference(u64::from_le_bytes(self.array()?), u64::from_le_bytes(self.array()?)),
            tag::SURROGATES => Term::Surrogates(self.surrogates()?),
            other => return Err(Malformed::Tag(other)),
        })
    }

    #[inline]
    fn byte(&mut self) -> Checked<u8> {
        let (&byte, rest) = self.rest.split_first().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(byte)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Checked<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*array)
    }

    #[inline]
    fn number(&mut self) -> Checked<u64> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(first.into());
        }
        let mut number = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits || byte == 0 {
                return Err(Malformed::Form);
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed::Form)
    }

    #[inline]
    fn signed(&mut self) -> Checked<i64> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A count of values. More than there are bytes cannot be; this keeps sums of counts small as well.
    #[inline]
    fn count(&mut self) -> Checked<usize> {
        let number = self.number()?;
        match usize::try_from(number) {
            Ok(count) if count <= self.rest.len() => Ok(count),
            _ => Err(Malformed::Count(number)),
        }
    }

    #[inline]
    fn blob(&mut self) -> Checked<&'a [u8]> {
        let length = usize::try_from(self.number()?).map_err(|_| Malformed::Truncated)?;
        let (blob, rest) = self.rest.split_at_checked(length).ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(blob)
    }

    #[inline]
    fn text(&mut self) -> Checked<&'a str> {
        std::str::from_utf8(self.blob()?).map_err(|_| Malformed::Text)
    }

    fn big_int(&mut self) -> Checked<&'a [u8]> {
        let digits = self.blob()?;
        if digits.len() > 8 && writer::shortest(digits).len() == digits.len() {
            Ok(digits)
        } else {
            Err(Malformed::Form)
        }
    }

    fn surrogates(&mut self) -> Checked<&'a [u8]> {
        let bytes = self.blob()?;
        let (mut rest, mut found) = (bytes, false);
        while let Err(error) = std::str::from_utf8(rest) {
            // The first byte that is no UTF-8 begins a surrogate: ED, A0 to BF, 80 to BF.
            match &rest[error.valid_up_to()..] {
                [0xed, 0xa0..=0xbf, 0x80..=0xbf, behind @ ..] => rest = behind,
                _ => return Err(Malformed::Text),
            }
            found = true;
        }
        if found { Ok(bytes) } else { Err(Malformed::Form) }
    }

    fn calendar(&mut self) -> Checked<CalendarDate> {
        let date = CalendarDate { year: u16::from_le_bytes(self.array()?), month: self.byte()?, day: self.byte()? };
        if date.is_valid() { Ok(date) } else { Err(Malformed::Range) }
    }

    fn clock(&mut self) -> Checked<ClockTime<'a>> {
        let [hour, minute, second] = self.array()?;
        let microsecond = u32::from_le_bytes(self.array()?);
        let flags = self.byte()?;
        if flags & !(tag::FOLD | tag::OFFSET) != 0 {
            return Err(Malformed::Form);
        }
        let offset = if flags & tag::OFFSET != 0 { Some(self.offset()?) } else { None };
        let time = ClockTime { hour, minute, second, microsecond, fold: flags & tag::FOLD != 0, offset };
        if time.is_valid() { Ok(time) } else { Err(Malformed::Range) }
    }

    fn offset(&mut self) -> Checked<FixedOffset<'a>> {
        let microseconds = self.signed()?;
        let name = match self.byte()? {
            0 => None,
            1 => Some(self.text()?),
            _ => return Err(Malformed::Form),
        };
        let offset = FixedOffset { microseconds, name };
        if offset.is_valid() { Ok(offset) } else { Err(Malformed::Range) }
    }

    fn span(&mut self) -> Checked<Span> {
        let days = i32::try_from(self.signed()?).map_err(|_| Malformed::Range)?;
        let span =
            Span { days, seconds: u32::from_le_bytes(self.array()?), microseconds: u32::from_le_bytes(self.array()?) };
        if span.is_valid() { Ok(span) } else { Err(Malformed::Range) }
    }
}
