//! Memory of the zone's at an address that stays, for what a library goes on using after a call.
//!
//! One of the modules of this crate that contain `unsafe`.

use crate::native::fences::{FENCE_BYTES, PATTERN, is_whole};
use crate::native::ffi::copy;
use cloison_transport::Arena;
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;

/// Memory that stays where it is. The library may read and write it at any time, so nobody here has a reference to it:
/// bytes are copied in and out.
#[derive(Debug)]
pub struct Block {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: the memory is this value's own, and nothing but copies of bytes is done with it.
unsafe impl Send for Block {}
// SAFETY: as above; whoever copies while the library writes gets some bytes, which is what the manifest promises.
unsafe impl Sync for Block {}

/// As strict as any C type.
const ALIGN: usize = 64;

impl Block {
    fn layout(bytes: usize) -> Option<Layout> {
        Layout::from_size_align(bytes.checked_add(FENCE_BYTES)?, ALIGN).ok()
    }

    /// That many zeroes, and a fence behind them, if there is memory for them.
    pub fn new(bytes: usize) -> Option<Self> {
        let layout = Self::layout(bytes)?;
        // SAFETY: the layout has at least one byte.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) })?;
        // SAFETY: the layout has room for the fence behind the bytes.
        unsafe { std::ptr::copy_nonoverlapping(PATTERN.as_ptr(), start.as_ptr().add(bytes), FENCE_BYTES) };
        Some(Self { start, bytes })
    }

    /// Whether the library has written nothing behind it.
    pub fn is_whole(&self) -> bool {
        let mut fence = [0; FENCE_BYTES];
        // SAFETY: the fence stands behind the bytes; the library may write there meanwhile, which this is to find out.
        unsafe { crate::native::ffi::copy(self.pointer().add(self.bytes), fence.as_mut_ptr(), FENCE_BYTES) };
        is_whole(&fence)
    }

    /// How long it is.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Its address, for the library.
    pub fn pointer(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    /// To be filled, before the library knows of it.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the memory has that many bytes, which are this value's own, and it is borrowed exclusively; the library
        // gets its address later.
        unsafe { std::slice::from_raw_parts_mut(self.pointer(), self.bytes) }
    }

    /// A copy of its first bytes.
    pub fn first(&self, bytes: usize) -> Vec<u8> {
        let mut first = vec![0; self.bytes.min(bytes)];
        // SAFETY: the block has that many bytes, and so has the copy.
        unsafe { copy(self.pointer(), first.as_mut_ptr(), first.len()) };
        first
    }

    /// Copies it to a channel; `false` if it does not fit there.
    pub fn write_to(&self, arena: &Arena, offset: u64) -> bool {
        let Some(target) = arena.pointer(offset, self.bytes as u64) else { return false };
        // SAFETY: the range is mapped (just checked), and so is the block.
        unsafe { copy(self.pointer(), target, self.bytes) };
        true
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Some(layout) = Self::layout(self.bytes) {
            // SAFETY: allocated with this layout, and the library has been told that it ends.
            unsafe { dealloc(self.start.as_ptr(), layout) };
        }
    }
}
