//! The bytes that a request brings along, and where in the arena they go.

use rustpython_vm::protocol::PyBuffer;

/// Bytes that will be copied into the arena once all arguments have been looked at. Until then nothing can change how
/// many they are: a buffer that is exported cannot be resized.
#[derive(Debug)]
pub enum Source<'a> {
    /// Of an immutable object that the call holds.
    Borrowed(&'a [u8]),
    /// Of an object that lends its bytes.
    Exported(PyBuffer),
    /// Made from a sequence.
    Owned(Vec<u8>),
}

impl Source<'_> {
    /// A copy of them.
    pub fn copied(&self) -> Vec<u8> {
        match self {
            Self::Borrowed(bytes) => bytes.to_vec(),
            Self::Exported(buffer) => buffer.contiguous_or_collect(<[u8]>::to_vec),
            Self::Owned(bytes) => bytes.clone(),
        }
    }

    /// How many bytes.
    #[inline]
    pub fn len(&self) -> u64 {
        match self {
            Self::Borrowed(bytes) => bytes.len() as u64,
            Self::Exported(buffer) => buffer.desc.len as u64,
            Self::Owned(bytes) => bytes.len() as u64,
        }
    }
}

/// Bytes and where they go. The first few take no allocation: hardly any call has more.
#[derive(Default)]
pub struct Pieces<'a> {
    first: [Option<(u64, Source<'a>)>; 4],
    count: usize,
    rest: Vec<(u64, Source<'a>)>,
}

impl<'a> Pieces<'a> {
    /// One more.
    #[inline]
    pub fn push(&mut self, piece: (u64, Source<'a>)) {
        match self.first.get_mut(self.count) {
            Some(place) => *place = Some(piece),
            None => self.rest.push(piece),
        }
        self.count += 1;
    }

    /// None any more.
    #[inline]
    pub fn clear(&mut self) {
        for place in self.first.iter_mut().take(self.count) {
            *place = None;
        }
        self.rest.clear();
        self.count = 0;
    }

    /// All of them.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &(u64, Source<'a>)> {
        self.first[..self.count.min(4)].iter().flatten().chain(&self.rest)
    }
}
