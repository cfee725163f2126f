//! Bodies: how long one is, and what of the bytes that arrive belongs to it.
//!
//! A body is taken out of its frame here and put into a new one by whoever sends it on. Chunk extensions and trailers are read and
//! dropped.

use std::fmt;

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Framing {
    /// There is none.
    Empty,
    /// It is that long.
    Length(u64),
    /// It comes in chunks.
    Chunked,
    /// It ends when the connection does. Of answers alone.
    UntilEnd,
}

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BodyFault {
    /// A chunk's size is no number, or too long a one.
    ChunkSize,
    /// A chunk does not end where it should.
    ChunkEnd,
    /// What stands behind the last chunk is no trailer, or too long.
    Trailer,
    /// The connection has ended too early.
    Short,
}

impl fmt::Display for BodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChunkSize => "the size of a chunk is no number",
            Self::ChunkEnd => "a chunk does not end where it says",
            Self::Trailer => "what stands behind the last chunk is no trailer",
            Self::Short => "it has ended too early",
        })
    }
}

/// The longest line with the size of a chunk, and the longest trailer section.
const LINE_BYTES: usize = 1024;
const TRAILER_BYTES: usize = 8192;

/// Takes a body out of its frame.
#[derive(Debug)]
pub(super) struct BodyReader {
    state: State,
    /// What has arrived of a line that has not ended.
    line: Vec<u8>,
    /// How much of the trailer section has been read.
    trailers: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// So many bytes of data, and nothing behind.
    Data(u64),
    /// Data until the connection ends.
    Rest,
    /// The size of the next chunk.
    Size,
    /// So many bytes of a chunk.
    Chunk(u64),
    /// CR LF behind a chunk.
    AfterChunk,
    /// A trailer, or the empty line that ends everything.
    Trailers,
    Done,
}

impl BodyReader {
    pub(super) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::Empty | Framing::Length(0) => State::Done,
            Framing::Length(length) => State::Data(length),
            Framing::Chunked => State::Size,
            Framing::UntilEnd => State::Rest,
        };
        Self { state, line: Vec::new(), trailers: 0 }
    }

    /// Whether it has arrived.
    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Takes bytes that have arrived, and puts what is data into `data`. How many were taken: all of them, but for those behind the
    /// body's end.
    pub(super) fn take(&mut self, bytes: &[u8], data: &mut Vec<u8>) -> Result<usize, BodyFault> {
        let mut taken = 0;
        while taken < bytes.len() {
            let rest = &bytes[taken..];
            match self.state {
                State::Done => break,
                State::Rest => {
                    data.extend_from_slice(rest);
                    taken += rest.len();
                }
                State::Data(left) | State::Chunk(left) => {
                    let count = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    data.extend_from_slice(&rest[..count]);
                    taken += count;
                    let left = left - count as u64;
                    self.state = match (self.state, left) {
                        (State::Data(_), 0) => State::Done,
                        (State::Data(_), left) => State::Data(left),
                        (_, 0) => State::AfterChunk,
                        (_, left) => State::Chunk(left),
                    };
                }
                State::Size => {
                    if self.line(rest, &mut taken, LINE_BYTES, BodyFault::ChunkSize)? {
                        let size = chunk_size(&self.line)?;
                        self.line.clear();
                        self.state = if size == 0 { State::Trailers } else { State::Chunk(size) };
                    }
                }
                State::AfterChunk => {
                    if self.line(rest, &mut taken, 2, BodyFault::ChunkEnd)? {
                        if !self.line.is_empty() {
                            return Err(BodyFault::ChunkEnd);
                        }
                        self.state = State::Size;
                    }
                }
                State::Trailers => {
                    if self.line(rest, &mut taken, TRAILER_BYTES, BodyFault::Trailer)? {
                        self.trailers += self.line.len() + 2;
                        if self.line.is_empty() {
                            self.state = State::Done;
                        } else if self.trailers > TRAILER_BYTES || !is_trailer(&self.line) {
                            return Err(BodyFault::Trailer);
                        }
                        self.line.clear();
                    }
                }
            }
        }
        Ok(taken)
    }

    /// The connection has ended.
    pub(super) fn end(&mut self) -> Result<(), BodyFault> {
        match self.state {
            State::Done => Ok(()),
            State::Rest => {
                self.state = State::Done;
                Ok(())
            }
            _ => Err(BodyFault::Short),
        }
    }

    /// Reads on in a line that ends with CR LF; whether it has ended. It is then in `self.line`, without its end.
    fn line(&mut self, rest: &[u8], taken: &mut usize, most: usize, fault: BodyFault) -> Result<bool, BodyFault> {
        let end = rest.iter().position(|byte| *byte == b'\n');
        let part = &rest[..end.map_or(rest.len(), |end| end + 1)];
        if self.line.len() + part.len() > most {
            return Err(fault);
        }
        self.line.extend_from_slice(part);
        *taken += part.len();
        if end.is_none() {
            return Ok(false);
        }
        self.line.pop();
        // A line feed alone ends nothing, and a carriage return alone is in no line.
        if self.line.pop() != Some(b'\r') || self.line.contains(&b'\r') {
            return Err(fault);
        }
        Ok(true)
    }
}

/// `1a3f`, perhaps `;name=value` behind it.
fn chunk_size(line: &[u8]) -> Result<u64, BodyFault> {
    let end = line.iter().position(|byte| *byte == b';').unwrap_or(line.len());
    let (digits, extension) = line.split_at(end);
    // Old servers fill the size up with spaces.
    let digits = digits.trim_ascii_end();
    let plain = !digits.is_empty() && digits.len() <= 16 && digits.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(digits).ok().filter(|_| plain && extension.iter().all(|byte| is_text(*byte)));
    text.and_then(|text| u64::from_str_radix(text, 16).ok()).ok_or(BodyFault::ChunkSize)
}

fn is_trailer(line: &[u8]) -> bool {
    let colon = line.iter().position(|byte| *byte == b':');
    colon.is_some_and(|colon| {
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        !name.is_empty()
            && name.iter().all(|byte| cloison_contract::host::http::is_token_byte(*byte))
            && value.iter().all(|byte| is_text(*byte))
    })
}

fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// Writes one piece of a body that goes out in chunks.
pub(super) fn write_chunk(data: &[u8], into: &mut Vec<u8>) {
    // An empty one would be the end.
    if !data.is_empty() {
        into.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
        into.extend_from_slice(data);
        into.extend_from_slice(b"\r\n");
    }
}

/// The end of a body that goes out in chunks.
pub(super) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is in a body, and how many bytes it took.
    fn read(framing: Framing, bytes: &[u8], piece: usize) -> Result<(Vec<u8>, usize), BodyFault> {
        let mut reader = BodyReader::new(framing);
        let (mut data, mut taken) = (Vec::new(), 0);
        for part in bytes.chunks(piece.max(1)) {
            let count = reader.take(part, &mut data)?;
            taken += count;
            if count < part.len() {
                assert!(reader.is_done());
                break;
            }
        }
        reader.end()?;
        Ok((data, taken))
    }

    #[test]
    fn a_body_ends_where_its_frame_says() {
        for piece in [1, 2, 3, 100] {
            let both = |data: &[u8], taken| Ok((data.to_vec(), taken));
            assert_eq!(read(Framing::Length(3), b"abcd", piece), both(b"abc", 3));
            assert_eq!(read(Framing::Empty, b"GET", piece), both(b"", 0));
            assert_eq!(read(Framing::UntilEnd, b"abcd", piece), both(b"abcd", 4));
            assert_eq!(
                read(Framing::Chunked, b"3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\nGET", piece),
                both(b"abc0123456789", 34)
            );
            assert_eq!(read(Framing::Chunked, b"0\r\nA: b\r\nC:\r\n\r\n", piece), both(b"", 15));
            assert_eq!(read(Framing::Chunked, b"2  \r\nab\r\n0\r\n\r\n", piece), both(b"ab", 14));
        }
    }

    #[test]
    fn a_frame_that_is_not_right_is_a_fault() {
        let cases: &[(&[u8], BodyFault)] = &[
            (b"3\nabc\r\n0\r\n\r\n", BodyFault::ChunkSize),
            (b"\r\n", BodyFault::ChunkSize),
            (b"-3\r\nabc", BodyFault::ChunkSize),
            (b"+3\r\nabc", BodyFault::ChunkSize),
            (b"0x3\r\nabc", BodyFault::ChunkSize),
            (b" 3\r\nabc", BodyFault::ChunkSize),
            (b"3 3\r\nabc", BodyFault::ChunkSize),
            (b"3;\x00\r\nabc", BodyFault::ChunkSize),
            (b"3;a\rb\r\nabc", BodyFault::ChunkSize),
            (b"11111111111111111\r\nabc", BodyFault::ChunkSize),
            (b"3\r\nabcd\r\n", BodyFault::ChunkEnd),
            (b"3\r\nabc\n0\r\n\r\n", BodyFault::ChunkEnd),
            (b"3\r\nab", BodyFault::Short),
            (b"3\r\nabc\r\n", BodyFault::Short),
            (b"3\r\nabc\r\n0\r\n", BodyFault::Short),
            (b"0\r\n\n", BodyFault::Trailer),
            (b"0\r\nGET / HTTP/1.1\r\n\r\n", BodyFault::Trailer),
            (b"0\r\nA b: c\r\n\r\n", BodyFault::Trailer),
            (b"0\r\n: c\r\n\r\n", BodyFault::Trailer),
            (b"0\r\nA: b\x00\r\n\r\n", BodyFault::Trailer),
        ];
        for (bytes, fault) in cases {
            for piece in [1, 100] {
                assert_eq!(read(Framing::Chunked, bytes, piece), Err(*fault), "{}", bytes.escape_ascii());
            }
        }
        let long = [b"3;".as_slice(), &[b'x'; 2000]].concat();
        assert_eq!(read(Framing::Chunked, &long, 100), Err(BodyFault::ChunkSize));
        let trailers = [b"0\r\n".as_slice(), &b"A: b\r\n".repeat(2000)].concat();
        assert_eq!(read(Framing::Chunked, &trailers, 100), Err(BodyFault::Trailer));
        assert_eq!(read(Framing::Length(3), b"ab", 1), Err(BodyFault::Short));
    }

    proptest! {
        #[test]
        fn what_is_written_in_chunks_is_read(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6), piece in 1..50_usize) {
            let mut bytes = Vec::new();
            pieces.iter().for_each(|data| write_chunk(data, &mut bytes));
            bytes.extend_from_slice(LAST_CHUNK);
            let length = bytes.len();
            bytes.extend_from_slice(b"next");
            prop_assert_eq!(read(Framing::Chunked, &bytes, piece), Ok((pieces.concat(), length)));
        }

        #[test]
        fn how_bytes_arrive_changes_nothing(bytes in "[0-9a-f;\r\nA: x]{0,60}", piece in 1..10_usize) {
            let all = read(Framing::Chunked, bytes.as_bytes(), bytes.len());
            prop_assert_eq!(read(Framing::Chunked, bytes.as_bytes(), piece), all);
        }
    }
}
