//! The tags: the first byte of each value.

pub(crate) const NONE: u8 = 0x00;
pub(crate) const FALSE: u8 = 0x01;
pub(crate) const TRUE: u8 = 0x02;
pub(crate) const INT: u8 = 0x03;
pub(crate) const BIG_INT: u8 = 0x04;
pub(crate) const FLOAT: u8 = 0x05;
pub(crate) const COMPLEX: u8 = 0x06;
pub(crate) const STR: u8 = 0x07;
pub(crate) const BYTES: u8 = 0x08;
pub(crate) const BYTEARRAY: u8 = 0x09;
pub(crate) const TUPLE: u8 = 0x0a;
pub(crate) const LIST: u8 = 0x0b;
pub(crate) const DICT: u8 = 0x0c;
pub(crate) const SET: u8 = 0x0d;
pub(crate) const FROZENSET: u8 = 0x0e;
pub(crate) const DATE: u8 = 0x0f;
pub(crate) const TIME: u8 = 0x10;
pub(crate) const DATETIME: u8 = 0x11;
pub(crate) const TIMEDELTA: u8 = 0x12;
pub(crate) const TIMEZONE: u8 = 0x13;
pub(crate) const OBJECT: u8 = 0x14;
pub(crate) const EXCEPTION: u8 = 0x15;
pub(crate) const PROCESS: u8 = 0x16;
pub(crate) const REFERENCE: u8 = 0x17;
pub(crate) const SURROGATES: u8 = 0x18;
pub(crate) const CAPABILITY: u8 = 0x19;

/// Flags behind a time.
pub(crate) const FOLD: u8 = 1;
pub(crate) const OFFSET: u8 = 2;
