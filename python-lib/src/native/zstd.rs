//! Zstandard for module `_zstd`, by the crate `ruzstd`, which is Rust. `Lib/_zstd.py` has what programs see.

use crate::errors;
use rustpython_vm::builtins::PyBytesRef;
use rustpython_vm::function::ArgBytesLike;
use rustpython_vm::{Py, PyPayload, PyResult, VirtualMachine};
use ruzstd::decoding::{BlockDecodingStrategy, Dictionary, FrameDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::cell::RefCell;
use std::fmt;
use std::io::Read;
use std::panic::AssertUnwindSafe;

/// What stands before the first block of the frames that `ruzstd` makes: the magic number, the descriptor and the window's.
const HEADER_BYTES: usize = 6;
/// What stands before each block.
const BLOCK_HEADER_BYTES: usize = 3;
const CHECKSUM_BYTES: usize = 4;
/// The most that a block unpacks to.
const BLOCK_BYTES: usize = 128 << 10;
/// The most that is unpacked at once: whoever wants more asks again, and can be interrupted meanwhile.
const MOST_BYTES: usize = 1 << 20;
/// How many blocks are unpacked at once.
const MOST_BLOCKS: usize = 8;
/// More than a decoder takes besides its window: tables, literals and sequences of a block.
const TABLE_BYTES: usize = 2 << 20;

/// A block's header.
struct Block {
    last: bool,
    /// How many bytes follow it.
    bytes: usize,
    /// How many bytes it unpacks to at most.
    unpacked: usize,
}

impl Block {
    /// Of what begins with one.
    fn of(data: &[u8]) -> Option<Self> {
        let &[low, middle, high] = data.first_chunk::<BLOCK_HEADER_BYTES>()?;
        let all = u32::from_le_bytes([low, middle, high, 0]);
        let size = (all >> 3) as usize;
        // A block of one byte, repeated, has that.
        let (bytes, unpacked) = match all >> 1 & 3 {
            0 => (size, size),
            1 => (1, size),
            _ => (size, BLOCK_BYTES),
        };
        Some(Self { last: all & 1 == 1, bytes, unpacked: unpacked.min(BLOCK_BYTES) })
    }
}

/// The blocks of a frame that has this data, as long as there is any; none says that it is the last. They refer to nothing before them.
pub fn blocks(data: &[u8]) -> Vec<u8> {
    let mut frame = compress_to_vec(data, CompressionLevel::Fastest);
    frame.drain(..HEADER_BYTES.min(frame.len()));
    let mut at = 0;
    while let Some(block) = Block::of(&frame[at..]) {
        let end = at + BLOCK_HEADER_BYTES + block.bytes;
        if block.bytes == 0 {
            frame.drain(at..end);
            continue;
        }
        frame[at] &= !1;
        at = end.min(frame.len());
    }
    frame
}

/// How long the header of a frame is that begins so, if that is known.
fn header_bytes(data: &[u8]) -> Option<usize> {
    let descriptor = *data.get(4)?;
    let single_segment = descriptor >> 5 & 1 == 1;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let size = [usize::from(single_segment), 2, 4, 8][usize::from(descriptor >> 6)];
    let length = 5 + usize::from(!single_segment) + dictionary + size;
    (data.len() >= length).then_some(length)
}

/// How long the window is of a frame with that header, which is whole.
fn window_bytes(header: &[u8]) -> u64 {
    let (descriptor, rest) = (header[4], &header[5..]);
    if descriptor >> 5 & 1 == 0 {
        let (exponent, mantissa) = (rest[0] >> 3, rest[0] & 7);
        let base = 1_u64 << (10 + exponent);
        return base + base / 8 * u64::from(mantissa);
    }
    // It is the frame's size, which stands last.
    let bytes = [1, 2, 4, 8][usize::from(descriptor >> 6)];
    word(&header[header.len() - bytes..]) + if bytes == 2 { 256 } else { 0 }
}

/// A frame that is unpacked piece by piece.
#[rustpython_vm::pyclass(module = "_cloison", name = "ZstdFrame")]
#[derive(PyPayload)]
pub struct ZstdFrame {
    unpacking: RefCell<Unpacking>,
}

struct Unpacking {
    decoder: FrameDecoder,
    /// The header has been read, and says whether there is a checksum.
    begun: Option<bool>,
    /// The most that its window may be, or what it is once that is known.
    window: u64,
    /// How much has been unpacked so far, at most, and the memory that was asked for to hold it.
    unpacked: u64,
    asked: u64,
    sum: XxHash64,
}

impl fmt::Debug for ZstdFrame {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ZstdFrame").finish_non_exhaustive()
    }
}

impl ZstdFrame {
    /// A frame of which nothing is known. Its window has at most so many bytes. `ValueError` if the dictionary is none.
    pub fn new(dictionary: Option<&[u8]>, window: u64, vm: &VirtualMachine) -> PyResult<Self> {
        let bytes = TABLE_BYTES + 2 * dictionary.map_or(0, <[u8]>::len);
        errors::ensure_free("a dictionary takes", bytes as u64, vm)?;
        let unpacking = guarded(|| Unpacking::new(dictionary, window)).map_err(|error| vm.new_value_error(error))?;
        Ok(Self { unpacking: RefCell::new(unpacking) })
    }
}

/// Do what the crate may panic at: then the data is malformed.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("the data is malformed".into()))
}

impl Unpacking {
    fn new(dictionary: Option<&[u8]>, window: u64) -> Result<Self, String> {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(window);
        if let Some(dictionary) = dictionary {
            let dictionary = Dictionary::decode_dict(dictionary).map_err(|error| error.to_string())?;
            decoder.add_dict(dictionary).map_err(|error| error.to_string())?;
        }
        Ok(Self { decoder, begun: None, window, unpacked: 0, asked: 0, sum: XxHash64::new() })
    }

    /// How much memory the decoder may take for the next blocks, if that is more than was asked for before: its window is a buffer that holds no
    /// more than there is, and grows by doubling.
    fn more(&self) -> Option<u64> {
        let filled = self.window.min(self.unpacked.saturating_add((MOST_BLOCKS * BLOCK_BYTES) as u64));
        let filled = filled.saturating_add(2 * BLOCK_BYTES as u64);
        let needed = filled.checked_next_power_of_two().unwrap_or(u64::MAX).saturating_add(TABLE_BYTES as u64);
        (needed > self.asked).then_some(needed)
    }

    /// Unpack some blocks, and at most so many bytes: how many bytes were taken, what came out, and whether that was all.
    fn feed(&mut self, data: &[u8], most: usize) -> Result<(usize, Vec<u8>, bool), String> {
        let mut taken = 0;
        let has_checksum = match self.begun {
            Some(has_checksum) => has_checksum,
            None => {
                let Some(length) = header_bytes(data) else { return Ok((0, Vec::new(), false)) };
                self.decoder.init(&data[..length]).map_err(|error| error.to_string())?;
                taken = length;
                self.window = window_bytes(&data[..length]);
                *self.begun.insert(data[4] >> 2 & 1 == 1)
            }
        };
        let mut out = Vec::new();
        for blocks in 0.. {
            let filled = out.len();
            out.resize(most.min(filled + self.decoder.can_collect()), 0);
            self.decoder.read_exact(&mut out[filled..]).map_err(|error| error.to_string())?;
            if blocks == MOST_BLOCKS || out.len() == most || self.decoder.is_finished() {
                break;
            }
            let rest = &data[taken..];
            let Some(block) = Block::of(rest) else { break };
            let length = BLOCK_HEADER_BYTES + block.bytes + if block.last && has_checksum { CHECKSUM_BYTES } else { 0 };
            let Some(whole) = rest.get(..length) else { break };
            let decoded = self.decoder.decode_blocks(whole, BlockDecodingStrategy::UptoBlocks(1));
            decoded.map_err(|error| error.to_string())?;
            taken += length;
            self.unpacked = self.unpacked.saturating_add(block.unpacked as u64);
        }
        self.sum.update(&out);
        let is_over = self.decoder.is_finished() && self.decoder.can_collect() == 0;
        if is_over && self.decoder.get_checksum_from_data().is_some_and(|sum| sum != self.sum.low()) {
            return Err("the restored data doesn't match checksum".into());
        }
        Ok((taken, out, is_over))
    }
}

#[rustpython_vm::pyclass(flags(IMMUTABLETYPE, DISALLOW_INSTANTIATION))]
impl ZstdFrame {
    /// Unpack some of it, `most` bytes and 1 MiB at most: how many bytes were taken, what came out, and whether that was all. `MemoryError`
    /// unless there is room for that, and for it in one piece with the `held` bytes that were unpacked before.
    #[pymethod]
    fn feed(
        zelf: &Py<Self>,
        data: ArgBytesLike,
        most: usize,
        held: usize,
        vm: &VirtualMachine,
    ) -> PyResult<(usize, PyBytesRef, bool)> {
        let most = most.min(MOST_BYTES);
        let mut unpacking = zelf.unpacking.borrow_mut();
        // What comes out is there twice until it is in one piece, and what was held once more.
        let out = (held as u64).saturating_add(3 * most as u64);
        let more = unpacking.more();
        errors::ensure_free("what is unpacked takes", out.saturating_add(more.unwrap_or(0)), vm)?;
        unpacking.asked = more.unwrap_or(unpacking.asked);
        let fed = data.with_ref(|data| guarded(|| unpacking.feed(data, most)));
        let (taken, out, is_over) = fed.map_err(|error| vm.new_value_error(error))?;
        Ok((taken, vm.ctx.new_bytes(out), is_over))
    }
}

/// The checksum of a frame's contents.
#[rustpython_vm::pyclass(module = "_cloison", name = "ZstdChecksum")]
#[derive(PyPayload, Debug)]
pub struct ZstdChecksum(RefCell<XxHash64>);

impl ZstdChecksum {
    /// Before any data.
    pub fn of_nothing() -> Self {
        Self(RefCell::new(XxHash64::new()))
    }
}

#[rustpython_vm::pyclass(flags(IMMUTABLETYPE, DISALLOW_INSTANTIATION))]
impl ZstdChecksum {
    /// Add data.
    #[pymethod]
    fn update(zelf: &Py<Self>, data: ArgBytesLike) {
        data.with_ref(|data| zelf.0.borrow_mut().update(data));
    }

    /// What a frame ends with.
    #[pymethod]
    fn low(zelf: &Py<Self>) -> u32 {
        zelf.0.borrow().low()
    }
}

/// XXH64 without a seed.
#[derive(Debug)]
struct XxHash64 {
    lanes: [u64; 4],
    /// What is not a whole stripe yet.
    held: Vec<u8>,
    length: u64,
}

const PRIMES: [u64; 5] =
    [0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63, 0x27D4_EB2F_1656_67C5];
const STRIPE: usize = 32;

fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(PRIMES[1])).rotate_left(31).wrapping_mul(PRIMES[0])
}

fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

impl XxHash64 {
    fn new() -> Self {
        let lanes = [PRIMES[0].wrapping_add(PRIMES[1]), PRIMES[1], 0, PRIMES[0].wrapping_neg()];
        Self { lanes, held: Vec::new(), length: 0 }
    }

    fn update(&mut self, mut data: &[u8]) {
        self.length = self.length.wrapping_add(data.len() as u64);
        if !self.held.is_empty() {
            let (head, rest) = data.split_at(data.len().min(STRIPE - self.held.len()));
            self.held.extend(head);
            data = rest;
            if self.held.len() < STRIPE {
                return;
            }
            let held = std::mem::take(&mut self.held);
            self.stripe(&held);
        }
        let stripes = data.chunks_exact(STRIPE);
        self.held.extend(stripes.remainder());
        stripes.for_each(|stripe| self.stripe(stripe));
    }

    fn stripe(&mut self, stripe: &[u8]) {
        for (lane, bytes) in self.lanes.iter_mut().zip(stripe.chunks_exact(8)) {
            *lane = round(*lane, word(bytes));
        }
    }

    /// The lower half of it.
    fn low(&self) -> u32 {
        let mut sum = if self.length < STRIPE as u64 {
            PRIMES[4]
        } else {
            let [a, b, c, d] = self.lanes;
            let turned = a.rotate_left(1).wrapping_add(b.rotate_left(7));
            let turned = turned.wrapping_add(c.rotate_left(12)).wrapping_add(d.rotate_left(18));
            let merge = |sum: u64, lane| (sum ^ round(0, lane)).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]);
            self.lanes.into_iter().fold(turned, merge)
        };
        sum = sum.wrapping_add(self.length);
        let words = self.held.chunks_exact(8);
        let mut rest = words.remainder();
        for bytes in words {
            sum = (sum ^ round(0, word(bytes))).rotate_left(27).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]);
        }
        if let Some((four, others)) = rest.split_at_checked(4) {
            sum = (sum ^ word(four).wrapping_mul(PRIMES[0]))
                .rotate_left(23)
                .wrapping_mul(PRIMES[1])
                .wrapping_add(PRIMES[2]);
            rest = others;
        }
        for &byte in rest {
            sum = (sum ^ u64::from(byte).wrapping_mul(PRIMES[4])).rotate_left(11).wrapping_mul(PRIMES[0]);
        }
        sum = (sum ^ sum >> 33).wrapping_mul(PRIMES[1]);
        sum = (sum ^ sum >> 29).wrapping_mul(PRIMES[2]);
        sum ^= sum >> 32;
        u32::try_from(sum & u64::from(u32::MAX)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(data: &[u8]) -> Vec<u8> {
        // A window of 1 MiB, no size and no checksum.
        let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0, 0x50];
        frame.extend(blocks(data));
        frame.extend([1, 0, 0]);
        frame
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        let mixed: Vec<u8> = (0..700_000_u32).map(|index| (index * index / 977 % 251) as u8).collect();
        for data in [&b""[..], b"x", &[7; 300_000], &mixed] {
            let packed = frame(data);
            let mut unpacking = Unpacking::new(None, 1 << 20).expect("without a dictionary");
            let (mut out, mut held) = (Vec::new(), Vec::new());
            for piece in packed.chunks(1000) {
                held.extend_from_slice(piece);
                loop {
                    let (taken, some, _) = unpacking.feed(&held, 5000).expect("a frame");
                    held.drain(..taken);
                    assert!(some.len() <= 5000, "{}", some.len());
                    if taken == 0 && some.is_empty() {
                        break;
                    }
                    out.extend(some);
                }
            }
            assert!(unpacking.decoder.is_finished() && out == data, "{} of {} bytes", out.len(), data.len());
        }
    }

    #[test]
    fn sums_are_those_of_xxh64() {
        for (data, low) in [(&b""[..], 0x51D8_E999), (b"a", 0xA98C_6E5B), (b"abc", 0xAD77_0999)] {
            let mut sum = XxHash64::new();
            sum.update(data);
            assert_eq!(sum.low(), low);
        }
        let data: Vec<u8> = (0..=255).collect();
        let (mut whole, mut pieces) = (XxHash64::new(), XxHash64::new());
        whole.update(&data);
        data.chunks(7).for_each(|piece| pieces.update(piece));
        assert_eq!(whole.low(), pieces.low());
    }
}
