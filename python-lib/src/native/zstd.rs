//! Zstandard for module `_zstd`, by the crate `ruzstd`, which is Rust. `Lib/_zstd.py` has what programs see.

use rustpython_vm::builtins::PyBytesRef;
use rustpython_vm::function::ArgBytesLike;
use rustpython_vm::{Py, PyPayload, PyResult, VirtualMachine};
use ruzstd::decoding::{BlockDecodingStrategy, Dictionary, FrameDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::cell::RefCell;
use std::fmt;
use std::panic::AssertUnwindSafe;

/// What stands before the first block of the frames that `ruzstd` makes: the magic number, the descriptor and the window's.
const HEADER_BYTES: usize = 6;
/// What stands before each block.
const BLOCK_HEADER_BYTES: usize = 3;
const CHECKSUM_BYTES: usize = 4;

/// A block's header.
struct Block {
    last: bool,
    /// How many bytes follow it.
    bytes: usize,
}

impl Block {
    /// Of what begins with one.
    fn of(data: &[u8]) -> Option<Self> {
        let &[low, middle, high] = data.first_chunk::<BLOCK_HEADER_BYTES>()?;
        let all = u32::from_le_bytes([low, middle, high, 0]);
        let size = (all >> 3) as usize;
        // A block of one byte, repeated, has that.
        Some(Self { last: all & 1 == 1, bytes: if all >> 1 & 3 == 1 { 1 } else { size } })
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
    sum: XxHash64,
}

impl fmt::Debug for ZstdFrame {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ZstdFrame").finish_non_exhaustive()
    }
}

impl ZstdFrame {
    /// A frame of which nothing is known. Its window has at most so many bytes.
    pub fn new(dictionary: Option<&[u8]>, window: u64) -> Result<Self, String> {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(window);
        if let Some(dictionary) = dictionary {
            let dictionary = Dictionary::decode_dict(dictionary).map_err(|error| error.to_string())?;
            decoder.add_dict(dictionary).map_err(|error| error.to_string())?;
        }
        Ok(Self { unpacking: RefCell::new(Unpacking { decoder, begun: None, sum: XxHash64::new() }) })
    }
}

impl Unpacking {
    /// Unpack whole blocks until there are so many bytes: how many bytes were taken, what came out, and whether that was all.
    fn feed(&mut self, data: &[u8], most: usize) -> Result<(usize, Vec<u8>, bool), String> {
        let (mut taken, mut out) = (0, Vec::new());
        let has_checksum = match self.begun {
            Some(has_checksum) => has_checksum,
            None => {
                let Some(length) = header_bytes(data) else { return Ok((0, out, false)) };
                self.decoder.init(&data[..length]).map_err(|error| error.to_string())?;
                taken = length;
                *self.begun.insert(data[4] >> 2 & 1 == 1)
            }
        };
        while out.len() < most && !self.decoder.is_finished() {
            let rest = &data[taken..];
            let Some(block) = Block::of(rest) else { break };
            let length = BLOCK_HEADER_BYTES + block.bytes + if block.last && has_checksum { CHECKSUM_BYTES } else { 0 };
            let Some(whole) = rest.get(..length) else { break };
            let decoded = self.decoder.decode_blocks(whole, BlockDecodingStrategy::UptoBlocks(1));
            decoded.map_err(|error| error.to_string())?;
            taken += length;
            let piece = self.decoder.collect().unwrap_or_default();
            self.sum.update(&piece);
            out.extend(piece);
        }
        let is_over = self.decoder.is_finished();
        if is_over && self.decoder.get_checksum_from_data().is_some_and(|sum| sum != self.sum.low()) {
            return Err("the restored data doesn't match checksum".into());
        }
        Ok((taken, out, is_over))
    }
}

#[rustpython_vm::pyclass(flags(IMMUTABLETYPE, DISALLOW_INSTANTIATION))]
impl ZstdFrame {
    /// Unpack what there is of it until there are `most` bytes: how many bytes were taken, what came out, and whether that was all.
    #[pymethod]
    fn feed(
        zelf: &Py<Self>,
        data: ArgBytesLike,
        most: usize,
        vm: &VirtualMachine,
    ) -> PyResult<(usize, PyBytesRef, bool)> {
        let mut unpacking = zelf.unpacking.borrow_mut();
        let fed = data.with_ref(|data| std::panic::catch_unwind(AssertUnwindSafe(|| unpacking.feed(data, most))));
        let fed = fed.unwrap_or_else(|_| Err("the data is malformed".into()));
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
            let mut unpacking = Unpacking { decoder: FrameDecoder::new(), begun: None, sum: XxHash64::new() };
            let (mut out, mut held) = (Vec::new(), Vec::new());
            for piece in packed.chunks(1000) {
                held.extend_from_slice(piece);
                let (taken, some, _) = unpacking.feed(&held, usize::MAX).expect("a frame");
                held.drain(..taken);
                out.extend(some);
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
