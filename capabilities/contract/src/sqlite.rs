//! Values of SQLite as bytes: how rows, parameters and arguments cross the wall many at a time.
//!
//! The zone's companion of SQLite (`ffi-zone/src/companion/sqlite3/`) and a microprocess's module `_sqlite3` speak it. A value is a tag and what
//! belongs to it; values stand one behind the other, and who reads them knows how many a row has.
//!
//! | tag | behind it |
//! |---|---|
//! | 0 | nothing: NULL |
//! | 1 | 8 bytes: an integer, little-endian |
//! | 2 | 8 bytes: a floating-point number |
//! | 3 | 4 bytes: a length; as many bytes of text, which need not be UTF-8 |
//! | 4 | the same of a blob |

/// How the companion's functions begin in C: no library has such names.
pub const COMPANION: &str = "cloison_sqlite3_";

/// One value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SqlValue<'bytes> {
    /// NULL
    Null,
    /// INTEGER
    Integer(i64),
    /// REAL
    Real(f64),
    /// TEXT
    Text(&'bytes [u8]),
    /// BLOB
    Blob(&'bytes [u8]),
}

impl<'bytes> SqlValue<'bytes> {
    /// How many bytes it takes.
    pub fn size(&self) -> usize {
        match self {
            Self::Null => 1,
            Self::Integer(_) | Self::Real(_) => 9,
            Self::Text(bytes) | Self::Blob(bytes) => bytes.len().saturating_add(5),
        }
    }

    /// Appends it. What is longer than 4 GiB, which SQLite has not, is cut.
    pub fn put(&self, into: &mut Vec<u8>) {
        match self {
            Self::Null => into.push(0),
            Self::Integer(number) => {
                into.push(1);
                into.extend_from_slice(&number.to_le_bytes());
            }
            Self::Real(number) => {
                into.push(2);
                into.extend_from_slice(&number.to_le_bytes());
            }
            Self::Text(bytes) => put_bytes(3, bytes, into),
            Self::Blob(bytes) => put_bytes(4, bytes, into),
        }
    }

    /// Takes the next one; `None` if these bytes are none.
    pub fn take(from: &mut &'bytes [u8]) -> Option<Self> {
        let (tag, rest) = from.split_first()?;
        *from = rest;
        Some(match tag {
            0 => Self::Null,
            1 => Self::Integer(i64::from_le_bytes(take_array(from)?)),
            2 => Self::Real(f64::from_le_bytes(take_array(from)?)),
            3 => Self::Text(take_bytes(from)?),
            4 => Self::Blob(take_bytes(from)?),
            _ => return None,
        })
    }
}

fn put_bytes(tag: u8, bytes: &[u8], into: &mut Vec<u8>) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    into.push(tag);
    into.extend_from_slice(&length.to_le_bytes());
    into.extend_from_slice(&bytes[..length as usize]);
}

fn take_array<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (array, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*array)
}

fn take_bytes<'bytes>(from: &mut &'bytes [u8]) -> Option<&'bytes [u8]> {
    let length = u32::from_le_bytes(take_array(from)?) as usize;
    let (bytes, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [SqlValue<'_>; 6] = [
        SqlValue::Null,
        SqlValue::Integer(i64::MIN),
        SqlValue::Real(-0.5),
        SqlValue::Text(b"\xc3\xa4\0\xff"),
        SqlValue::Blob(b""),
        SqlValue::Integer(7),
    ];

    #[test]
    fn what_is_put_is_taken() {
        let mut bytes = Vec::new();
        ALL.iter().for_each(|value| value.put(&mut bytes));
        assert_eq!(bytes.len(), ALL.iter().map(SqlValue::size).sum::<usize>());
        let mut rest = &bytes[..];
        for value in ALL {
            assert_eq!(SqlValue::take(&mut rest), Some(value));
        }
        assert!(rest.is_empty() && SqlValue::take(&mut rest).is_none());
    }

    #[test]
    fn what_is_cut_off_is_no_value() {
        for value in ALL {
            let mut bytes = Vec::new();
            value.put(&mut bytes);
            for length in 0..bytes.len() {
                assert_eq!(SqlValue::take(&mut &bytes[..length]), None, "{value:?}");
            }
        }
        assert_eq!(SqlValue::take(&mut &[3, 0xff, 0xff, 0xff, 0xff, 1][..]), None, "longer than there is");
        assert_eq!(SqlValue::take(&mut &[9][..]), None, "no tag");
    }
}
