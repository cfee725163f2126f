//! Memory that another process can write at any time.
//!
//! This module is the only one that dereferences it. Words are read and written as atomics; bulk data is copied in and
//! out by [`copy`](crate::copy), with bounds checked against the size that was fixed, and sealed, when the memory was made. There is no way to
//! borrow the bytes as a slice: a Rust reference promises that nobody else writes, and here somebody may.

use crate::copy::copy;
use rustix::fs::{SealFlags, fcntl_get_seals, fstat};
use rustix::io::Errno;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap, mmap_anonymous, munmap};
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Why shared memory could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// It lacks the seals that make it safe to map.
    #[error("shared memory arrived without its seals")]
    NotSealed,
    /// The kernel refused.
    #[error("cannot map shared memory: {0}")]
    System(#[from] Errno),
    /// Too many at once.
    #[error("no room for another channel")]
    TooMany,
    /// It is too small for what it should hold.
    #[error("shared memory of {0} bytes is too small")]
    TooSmall(u64),
}

/// An offset and a length that do not lie in the arena.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("outside of the arena")]
pub struct OutOfRange;

/// Whether a mapping may be written through.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Access {
    Read,
    ReadWrite,
}

/// Every page is a multiple of it in size.
const PAGE: usize = 4096;

/// One mapping of a sealed memfd, with an inaccessible page behind it.
#[derive(Debug)]
pub(crate) struct Shared {
    base: NonNull<u8>,
    length: usize,
    access: Access,
}

// SAFETY: the mapping belongs to this value alone and all access goes through atomics or copies; no thread affinity.
unsafe impl Send for Shared {}
// SAFETY: as above; concurrent access is the normal case for this memory, from other processes as well.
unsafe impl Sync for Shared {}

impl Shared {
    /// Map a memfd that somebody else made: its size must be sealed, or a later truncation would be our SIGBUS.
    pub(crate) fn map_sealed(descriptor: &OwnedFd, minimum: usize, access: Access) -> Result<Self, ChannelError> {
        let seals = fcntl_get_seals(descriptor)?;
        if !seals.contains(SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL) {
            return Err(ChannelError::NotSealed);
        }
        Self::map(descriptor, minimum, access)
    }

    /// Map a memfd of our own making.
    pub(crate) fn map(descriptor: &OwnedFd, minimum: usize, access: Access) -> Result<Self, ChannelError> {
        let length = fstat(descriptor.as_fd())?.st_size as u64;
        if length < minimum as u64 || length > isize::MAX as u64 {
            return Err(ChannelError::TooSmall(length));
        }
        let length = length as usize;
        let protection = match access {
            Access::Read => ProtFlags::READ,
            Access::ReadWrite => ProtFlags::READ | ProtFlags::WRITE,
        };
        let reserved = length.next_multiple_of(PAGE) + PAGE;
        // SAFETY: a new mapping at an address of the kernel's choice aliases nothing of ours, and the second one replaces a part
        // of it. What remains of the first is a page that nobody can access, so that a C library which writes beyond the
        // end of an arena does not reach what happens to be mapped there.
        let base = unsafe {
            let base = mmap_anonymous(std::ptr::null_mut(), reserved, ProtFlags::empty(), MapFlags::PRIVATE)?;
            let flags = MapFlags::SHARED | MapFlags::FIXED;
            mmap(base, length, protection, flags, descriptor, 0).inspect_err(|_| {
                let _ = munmap(base, reserved);
            })?
        };
        let base = NonNull::new(base.cast()).ok_or(Errno::NOMEM)?;
        Ok(Self { base, length, access })
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// The 32-bit word at `offset`, which is a constant of a layout.
    #[inline]
    pub(crate) fn word(&self, offset: usize) -> &AtomicU32 {
        assert!(offset.is_multiple_of(4) && offset + 4 <= self.length, "layout constant");
        // SAFETY: in bounds and aligned (checked; the base is page-aligned), mapped for as long as `self` lives, and an
        // atomic may be written by others. A read-only mapping is only ever loaded from (`Access::Read` users).
        unsafe { AtomicU32::from_ptr(self.base.as_ptr().add(offset).cast()) }
    }

    /// The 64-bit word at `offset`, which is a constant of a layout.
    #[inline]
    pub(crate) fn wide(&self, offset: usize) -> &AtomicU64 {
        assert!(offset.is_multiple_of(8) && offset + 8 <= self.length, "layout constant");
        // SAFETY: as for `word`.
        unsafe { AtomicU64::from_ptr(self.base.as_ptr().add(offset).cast()) }
    }

    /// Copy `words` to `offset` on.
    #[inline]
    pub(crate) fn store_words(&self, offset: usize, words: &[u64]) {
        for (index, word) in words.iter().enumerate() {
            self.wide(offset + index * 8).store(*word, Ordering::Relaxed);
        }
    }

    /// Copy the words at `offset` on.
    #[inline]
    pub(crate) fn load_words(&self, offset: usize, words: &mut [u64]) {
        for (index, word) in words.iter_mut().enumerate() {
            *word = self.wide(offset + index * 8).load(Ordering::Relaxed);
        }
    }

    /// Copy `bytes` to `offset` on: a range that the caller has checked.
    #[inline]
    pub(crate) fn copy_in(&self, offset: usize, bytes: &[u8]) {
        assert!(self.access == Access::ReadWrite && offset <= self.length && bytes.len() <= self.length - offset);
        // SAFETY: the target is in the mapping (checked), and no slice into it exists that could be the source.
        unsafe { copy(bytes.as_ptr(), self.base.as_ptr().add(offset), bytes.len()) };
    }

    /// Copy the bytes at `offset` on out: a range that the caller has checked.
    #[inline]
    pub(crate) fn copy_out(&self, offset: usize, bytes: &mut [u8]) {
        assert!(offset <= self.length && bytes.len() <= self.length - offset);
        // SAFETY: the source is in the mapping (checked), and no slice into it exists that could be the target.
        unsafe { copy(self.base.as_ptr().add(offset), bytes.as_mut_ptr(), bytes.len()) };
    }

    /// Ask for the cache line at `offset` ahead of its use. Nothing depends on it.
    #[inline]
    pub(crate) fn prefetch(&self, offset: usize) {
        debug_assert!(offset < self.length);
        // SAFETY: a hint that reads nothing and cannot fault; the address is in the mapping.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(self.base.as_ptr().add(offset).cast());
        }
    }

    /// Give the pages of that range back to the kernel; they read as zeroes afterwards.
    pub(crate) fn release(&self, offset: usize, length: usize) {
        if self.access == Access::Read || offset.checked_add(length).is_none_or(|end| end > self.length) {
            return;
        }
        // SAFETY: the range lies in our mapping and nobody holds references into it (see the module's docs). MADV_REMOVE
        // is what punches a hole into a memfd; its failure costs memory, nothing else.
        let _ = unsafe { madvise(self.base.as_ptr().add(offset).cast(), length, Advice::LinuxRemove) };
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: exactly what `map` returned; no reference into it outlives `self`.
        let _ = unsafe { munmap(self.base.as_ptr().cast(), self.length.next_multiple_of(PAGE) + PAGE) };
    }
}

/// The bulk part of a channel.
#[derive(Debug)]
pub struct Arena {
    pub(crate) memory: Shared,
}

impl Arena {
    /// Its size in bytes.
    #[inline]
    pub fn len(&self) -> u64 {
        (self.memory.len() - crate::layout::ARENA) as u64
    }

    /// Whether it has no room at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where a range stands, for a C library that reads or writes it in place.
    ///
    /// The other side can change those bytes at any time; that is for the caller to weigh.
    #[inline]
    pub fn pointer(&self, offset: u64, length: u64) -> Option<*mut u8> {
        let end = offset.checked_add(length)?;
        if end > self.len() {
            return None;
        }
        // SAFETY: in bounds of the mapping (just checked); no reference is made.
        Some(unsafe { self.memory.base.as_ptr().add(crate::layout::ARENA + offset as usize) })
    }

    /// Copy `bytes` in.
    #[inline]
    pub fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), OutOfRange> {
        // SAFETY: the slice is ours.
        unsafe { self.write_from(offset, bytes.as_ptr(), bytes.len()) }
    }

    /// Copy so many bytes in.
    ///
    /// # Safety
    ///
    /// The source is mapped, and lies outside of the arena. Others may write it meanwhile.
    #[inline]
    pub unsafe fn write_from(&self, offset: u64, source: *const u8, bytes: usize) -> Result<(), OutOfRange> {
        let target = self.pointer(offset, bytes as u64).ok_or(OutOfRange)?;
        // SAFETY: `target` has room for the bytes (checked); the rest is the caller's promise. The other process's races can
        // only spoil their value, which the reader treats as a claim.
        unsafe { copy(source, target, bytes) };
        Ok(())
    }

    /// Copy bytes out to `target`.
    #[inline]
    pub fn read_into(&self, offset: u64, target: &mut [u8]) -> Result<(), OutOfRange> {
        let source = self.pointer(offset, target.len() as u64).ok_or(OutOfRange)?;
        // SAFETY: the source is in the mapping (checked), and no slice into the arena exists that could be the target.
        unsafe { copy(source, target.as_mut_ptr(), target.len()) };
        Ok(())
    }

    /// Copy bytes out.
    #[inline]
    pub fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>, OutOfRange> {
        let source = self.pointer(offset, length).ok_or(OutOfRange)?;
        let length = length as usize;
        let mut bytes = Vec::with_capacity(length);
        // SAFETY: the vector has room for `length` bytes, all of which are written before its length says so.
        unsafe {
            copy(source, bytes.as_mut_ptr(), length);
            bytes.set_len(length);
        }
        Ok(bytes)
    }

    /// Copy words out to `target`.
    #[inline]
    pub fn read_words(&self, offset: u64, target: &mut [u64]) -> Result<(), OutOfRange> {
        let source = self.pointer(offset, size_of_val(target) as u64).ok_or(OutOfRange)?;
        // SAFETY: as for `read_into`; any bytes are words, wherever they stand.
        unsafe { copy(source, target.as_mut_ptr().cast(), size_of_val(target)) };
        Ok(())
    }

    /// Copy words in.
    #[inline]
    pub fn write_words(&self, offset: u64, words: &[u64]) -> Result<(), OutOfRange> {
        // SAFETY: as for `write`.
        unsafe { self.write_from(offset, words.as_ptr().cast(), size_of_val(words)) }
    }

    /// Give the pages from `offset` on back to the kernel.
    pub fn release_from(&self, offset: u64) {
        let start = (crate::layout::ARENA as u64 + offset).next_multiple_of(4096);
        if start < self.memory.len() as u64 {
            self.memory.release(start as usize, self.memory.len() - start as usize);
        }
    }
}
