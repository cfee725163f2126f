//! What a value is.

/// The beginning of a value: all of it, if it is a simple one; of one that contains others, how many follow.
///
/// Bytes and text are the message's own. Everything has been checked against the table in the crate's documentation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Term<'a> {
    /// `None`.
    None,
    /// `False` or `True`.
    Bool(bool),
    /// An int of 64 bits.
    Int(i64),
    /// A wider int: two's complement, low byte first.
    BigInt(&'a [u8]),
    /// A float.
    Float(f64),
    /// A complex number: real part, imaginary part.
    Complex(f64, f64),
    /// A str.
    Str(&'a str),
    /// A str in which there are lone surrogates, in UTF-8 that is extended to them.
    Surrogates(&'a [u8]),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A bytearray.
    Bytearray(&'a [u8]),
    /// A tuple: as many values follow.
    Tuple(usize),
    /// A list: as many values follow.
    List(usize),
    /// A dict: as many times a key and a value follow.
    Dict(usize),
    /// A set: as many keys follow.
    Set(usize),
    /// A frozenset: as many keys follow.
    Frozenset(usize),
    /// A date.
    Date(CalendarDate),
    /// A time.
    Time(ClockTime<'a>),
    /// A datetime.
    Datetime(CalendarDate, ClockTime<'a>),
    /// A timedelta.
    Timedelta(Span),
    /// A timezone of a fixed offset.
    Timezone(FixedOffset<'a>),
    /// An object of a class that is declared as a message. As many times a name ([`Reader::field`](crate::Reader::field)) and a
    /// value follow.
    Object {
        /// `module:qualname`.
        class: &'a str,
        /// How many fields.
        fields: usize,
    },
    /// An exception. Its `args` follow, and then as many times a name and a value.
    Exception {
        /// `module:qualname`, or a builtin's name alone.
        class: &'a str,
        /// What `str()` gave.
        text: &'a str,
        /// How many values are in `args`.
        args: usize,
        /// How many fields.
        fields: usize,
    },
    /// A process.
    Process {
        /// Its number.
        number: u64,
        /// What proves that its holder was introduced to it.
        token: [u8; 16],
    },
    /// A unique reference.
    Reference(u64, u64),
    /// A capability, which the receiver holds or does not: these are its names.
    Capability {
        /// The grant's number.
        number: u64,
        /// What proves that whoever names it was given it.
        token: [u8; 16],
    },
}

impl Term<'_> {
    /// Whether this may be a key of a dict or an element of a set; what is in a tuple or frozenset has to be as well.
    pub(crate) const fn may_be_key(&self) -> bool {
        !matches!(
            self,
            Self::Bytearray(_)
                | Self::List(_)
                | Self::Dict(_)
                | Self::Set(_)
                | Self::Object { .. }
                | Self::Exception { .. }
                | Self::Capability { .. }
        )
    }
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalendarDate {
    /// 1 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to the month's last.
    pub day: u8,
}

impl CalendarDate {
    pub(crate) fn is_valid(self) -> bool {
        let leap = self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let days = match self.month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 31,
        };
        (1..=9999).contains(&self.year) && (1..=12).contains(&self.month) && (1..=days).contains(&self.day)
    }
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockTime<'a> {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 0 to 999,999.
    pub microsecond: u32,
    /// The second of two equal times on a day when clocks are put back.
    pub fold: bool,
    /// The time zone, if there is one.
    pub offset: Option<FixedOffset<'a>>,
}

impl ClockTime<'_> {
    pub(crate) fn is_valid(&self) -> bool {
        self.hour < 24 && self.minute < 60 && self.second < 60 && self.microsecond < 1_000_000
    }
}

/// A time zone of a fixed offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedOffset<'a> {
    /// East of UTC; less than a day.
    pub microseconds: i64,
    /// Its name, if it has one.
    pub name: Option<&'a str>,
}

impl FixedOffset<'_> {
    pub(crate) fn is_valid(&self) -> bool {
        self.microseconds.unsigned_abs() < 86_400_000_000
    }
}

/// A length of time, as `timedelta` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// -999,999,999 to 999,999,999.
    pub days: i32,
    /// 0 to 86,399.
    pub seconds: u32,
    /// 0 to 999,999.
    pub microseconds: u32,
}

impl Span {
    pub(crate) fn is_valid(self) -> bool {
        self.days.unsigned_abs() <= 999_999_999 && self.seconds < 86_400 && self.microseconds < 1_000_000
    }
}
