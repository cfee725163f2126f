//! Values to bytes.

use crate::term::{CalendarDate, ClockTime, FixedOffset, Span};
use crate::{FORMAT, tag};

/// Writes one message.
///
/// Each method appends a value, or the beginning of one whose parts are written next: as many as it was told. That they are
/// written is the caller's business, and so is that a value fits the format (a date that exists, keys that may be keys): a
/// [`Reader`](crate::Reader) refuses what does not.
#[derive(Clone, Debug)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// A message without a value yet.
    #[inline]
    #[must_use]
    pub fn new() -> Self {
        let mut bytes = Vec::with_capacity(64);
        bytes.push(FORMAT);
        Self { bytes }
    }

    /// How many bytes there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether no value has been written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.len() == 1
    }

    /// Forget what was written after there were `length` bytes.
    pub fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length.max(1));
    }

    /// The message.
    #[inline]
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// `None`.
    #[inline]
    pub fn none(&mut self) {
        self.bytes.push(tag::NONE);
    }

    /// `False` or `True`.
    #[inline]
    pub fn bool(&mut self, truth: bool) {
        self.bytes.push(if truth { tag::TRUE } else { tag::FALSE });
    }

    /// An int of 64 bits.
    #[inline]
    pub fn int(&mut self, number: i64) {
        self.bytes.push(tag::INT);
        self.signed(number);
    }

    /// An int of any size: two's complement, low byte first.
    pub fn big_int(&mut self, digits: &[u8]) {
        let digits = shortest(digits);
        if digits.len() > 8 {
            self.blob(tag::BIG_INT, digits);
        } else {
            let sign = if digits.last().is_some_and(|&high| high >= 0x80) { 0xff } else { 0 };
            let mut word = [sign; 8];
            word[..digits.len()].copy_from_slice(digits);
            self.int(i64::from_le_bytes(word));
        }
    }

    /// A float.
    #[inline]
    pub fn float(&mut self, number: f64) {
        self.bytes.push(tag::FLOAT);
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    /// A complex number.
    pub fn complex(&mut self, real: f64, imaginary: f64) {
        self.bytes.push(tag::COMPLEX);
        self.bytes.extend_from_slice(&real.to_le_bytes());
        self.bytes.extend_from_slice(&imaginary.to_le_bytes());
    }

    /// A str.
    #[inline]
    pub fn str(&mut self, text: &str) {
        self.blob(tag::STR, text.as_bytes());
    }

    /// A str in which there are lone surrogates, in UTF-8 that is extended to them.
    pub fn surrogates(&mut self, text: &[u8]) {
        self.blob(tag::SURROGATES, text);
    }

    /// Bytes.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.blob(tag::BYTES, bytes);
    }

    /// A bytearray.
    pub fn bytearray(&mut self, bytes: &[u8]) {
        self.blob(tag::BYTEARRAY, bytes);
    }

    /// A tuple of as many values.
    #[inline]
    pub fn begin_tuple(&mut self, count: usize) {
        self.begin(tag::TUPLE, count);
    }

    /// A list of as many values.
    #[inline]
    pub fn begin_list(&mut self, count: usize) {
        self.begin(tag::LIST, count);
    }

    /// A dict of as many keys and values, by turns.
    #[inline]
    pub fn begin_dict(&mut self, count: usize) {
        self.begin(tag::DICT, count);
    }

    /// A set of as many keys.
    pub fn begin_set(&mut self, count: usize) {
        self.begin(tag::SET, count);
    }

    /// A frozenset of as many keys.
    pub fn begin_frozenset(&mut self, count: usize) {
        self.begin(tag::FROZENSET, count);
    }

    /// A date.
    pub fn date(&mut self, date: CalendarDate) {
        self.bytes.push(tag::DATE);
        self.calendar(date);
    }

    /// A time.
    pub fn time(&mut self, time: &ClockTime<'_>) {
        self.bytes.push(tag::TIME);
        self.clock(time);
    }

    /// A datetime.
    pub fn datetime(&mut self, date: CalendarDate, time: &ClockTime<'_>) {
        self.bytes.push(tag::DATETIME);
        self.calendar(date);
        self.clock(time);
    }

    /// A timedelta.
    pub fn timedelta(&mut self, span: Span) {
        self.bytes.push(tag::TIMEDELTA);
        self.signed(span.days.into());
        self.bytes.extend_from_slice(&span.seconds.to_le_bytes());
        self.bytes.extend_from_slice(&span.microseconds.to_le_bytes());
    }

    /// A timezone of a fixed offset.
    pub fn timezone(&mut self, offset: &FixedOffset<'_>) {
        self.bytes.push(tag::TIMEZONE);
        self.offset(offset);
    }

    /// An object of a declared class, `module:qualname`; as many times [`Writer::field`] and a value follow.
    pub fn begin_object(&mut self, class: &str, fields: usize) {
        self.blob(tag::OBJECT, class.as_bytes());
        self.number(fields as u64);
    }

    /// The name of a field.
    #[inline]
    pub fn field(&mut self, name: &str) {
        self.str(name);
    }

    /// An exception; `args` values follow, and then as many times [`Writer::field`] and a value.
    pub fn begin_exception(&mut self, class: &str, text: &str, args: usize, fields: usize) {
        self.blob(tag::EXCEPTION, class.as_bytes());
        self.text(text);
        self.number(args as u64);
        self.number(fields as u64);
    }

    /// A process.
    pub fn process(&mut self, number: u64, token: &[u8; 16]) {
        self.bytes.push(tag::PROCESS);
        self.bytes.extend_from_slice(&number.to_le_bytes());
        self.bytes.extend_from_slice(token);
    }

    /// A capability.
    pub fn capability(&mut self, number: u64, token: &[u8; 16]) {
        self.bytes.push(tag::CAPABILITY);
        self.bytes.extend_from_slice(&number.to_le_bytes());
        self.bytes.extend_from_slice(token);
    }

    /// A unique reference.
    pub fn reference(&mut self, high: u64, low: u64) {
        self.bytes.push(tag::REFERENCE);
        self.bytes.extend_from_slice(&high.to_le_bytes());
        self.bytes.extend_from_slice(&low.to_le_bytes());
    }

    #[inline]
    fn begin(&mut self, tag: u8, count: usize) {
        self.bytes.push(tag);
        self.number(count as u64);
    }

    #[inline]
    fn blob(&mut self, tag: u8, bytes: &[u8]) {
        self.bytes.push(tag);
        self.number(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    #[inline]
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    #[inline]
    fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)) as u64);
    }

    fn calendar(&mut self, date: CalendarDate) {
        self.bytes.extend_from_slice(&date.year.to_le_bytes());
        self.bytes.extend_from_slice(&[date.month, date.day]);
    }

    fn clock(&mut self, time: &ClockTime<'_>) {
        self.bytes.extend_from_slice(&[time.hour, time.minute, time.second]);
        self.bytes.extend_from_slice(&time.microsecond.to_le_bytes());
        let fold = if time.fold { tag::FOLD } else { 0 };
        match &time.offset {
            None => self.bytes.push(fold),
            Some(offset) => {
                self.bytes.push(fold | tag::OFFSET);
                self.offset(offset);
            }
        }
    }

    fn offset(&mut self, offset: &FixedOffset<'_>) {
        self.signed(offset.microseconds);
        self.bytes.push(offset.name.is_some().into());
        if let Some(name) = offset.name {
            self.text(name);
        }
    }
}

/// Without high bytes that say nothing but the sign, which the byte below says too.
pub(crate) fn shortest(mut digits: &[u8]) -> &[u8] {
    while let [rest @ .., below, high] = digits {
        if *high != if *below >= 0x80 { 0xff } else { 0 } {
            break;
        }
        digits = &digits[..rest.len() + 1];
    }
    digits
}
