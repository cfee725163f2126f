//! Messages between microprocesses as bytes: a bounded format that carries data and never code.
//!
//! A [`Writer`] appends values; a [`Reader`] gives them back one at a time, each a [`Term`]. Both are used by whoever knows
//! what the values are in Python (`cloison-python`); this crate has no interpreter and makes no system call.
//!
//! ```
//! use cloison_message::{Reader, Term, Writer};
//!
//! let mut writer = Writer::new();
//! writer.begin_tuple(2);
//! writer.str("ping");
//! writer.int(1);
//! let bytes = writer.finish();
//! assert_eq!(bytes, b"\x01\x0a\x02\x07\x04ping\x03\x02");
//!
//! let mut reader = Reader::new(&bytes)?;
//! assert_eq!(reader.next()?, Term::Tuple(2));
//! assert_eq!(reader.next()?, Term::Str("ping"));
//! assert_eq!(reader.next()?, Term::Int(1));
//! reader.finish()?;
//! # Ok::<(), cloison_message::Malformed>(())
//! ```
//!
//! # The format
//!
//! A message is the byte `01` ([`FORMAT`]) and one value; nothing follows it. A value is a tag and what the table says. *n* is a
//! number without sign as a varint: seven bits in a byte, low ones first, the high bit says that more follow. A signed
//! number *z* is such a varint of `2z` if it is not negative, of `-2z-1` if it is. Neither may be longer than it has to be.
//! *text* is *n* and as many bytes of UTF-8. Fixed numbers are little-endian.
//!
//! | tag | value | behind the tag |
//! |---|---|---|
//! | `00` | `None` | |
//! | `01` `02` | `False`, `True` | |
//! | `03` | int of 64 bits | *z* |
//! | `04` | wider int | *n*, then *n* bytes: two's complement, low byte first, not longer than it has to be |
//! | `05` | float | 8 bytes: IEEE 754 |
//! | `06` | complex | real and imaginary part, 8 bytes each |
//! | `07` | str | *text* |
//! | `08` | bytes | *n*, then *n* bytes |
//! | `09` | bytearray | *n*, then *n* bytes |
//! | `0a` | tuple | *n*, then *n* values |
//! | `0b` | list | *n*, then *n* values |
//! | `0c` | dict | *n*, then *n* times a key and a value |
//! | `0d` | set | *n*, then *n* keys |
//! | `0e` | frozenset | *n*, then *n* keys |
//! | `0f` | date | year (2 bytes), month, day |
//! | `10` | time | *clock* |
//! | `11` | datetime | year (2 bytes), month, day, *clock* |
//! | `12` | timedelta | days as *z*, seconds (4 bytes, below 86,400), microseconds (4 bytes, below 1,000,000) |
//! | `13` | timezone | *offset* |
//! | `14` | object of a class that is declared as a message | the class as *text* (`module:qualname`), *n*, then *n* fields |
//! | `15` | exception | the class as *text* (`module:qualname`, or a builtin's name), its text as *text*, *n* and *m*, then *n* values (`args`), then *m* fields |
//! | `16` | process | number (8 bytes), token (16 bytes) |
//! | `17` | unique reference | two numbers, 8 bytes each |
//! | `18` | str with lone surrogates | *n*, then *n* bytes: UTF-8 in which surrogates are written as other code points are; at least one is there |
//! | `19` | capability | number (8 bytes), token (16 bytes); no *key* |
//!
//! *clock* is hour, minute, second (a byte each), microsecond (4 bytes), and a byte of flags: 1 for `fold`, 2 if an *offset* follows.
//! *offset* is microseconds east of UTC as *z*, less than a day, then a byte that says whether a name follows, then the name as *text*.
//! A field is a str (tag `07`) with its name, and a value.
//!
//! A *key* is a value whose hash no program has a say in: `00` to `08`, `0f` to `13`, `16` to `18`, and tuples and frozensets of
//! keys. So no code of a program runs when a dict or a set is made.
//!
//! # Bounds
//!
//! Whatever the bytes are, a reader ends with a value or with [`Malformed`]; it never panics and allocates nothing but a
//! stack of [`MAX_DEPTH`] small entries. A count is believed only as far as there are bytes left, of which each value takes
//! at least one: whoever makes room for as many values as a `Term` says makes room for no more than the message has bytes.
//! Shared objects are written as often as they occur; there are no references back, so that a value can't contain itself
//! and no small message is a large value.

#![forbid(unsafe_code)]

mod reader;
mod tag;
mod term;
mod writer;

pub use reader::{Malformed, Reader};
pub use term::{CalendarDate, ClockTime, FixedOffset, Span, Term};
pub use writer::Writer;

/// The first byte of every message: which format this is.
pub const FORMAT: u8 = 1;

/// How deeply values may be nested: `[]` is 1 deep, `[[]]` 2.
pub const MAX_DEPTH: usize = 200;

/// How long a message may be, in bytes.
pub const MAX_BYTES: usize = 64 << 20;
