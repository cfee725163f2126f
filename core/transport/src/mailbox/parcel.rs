//! Memory for one message that is too long for a ring.
//!
//! The router makes it, its sender fills it, the router seals it, its receiver maps it. Its size is sealed from the beginning, so
//! that a sender cannot use more than was counted; its content before anybody reads it, so that what was checked stays.

use super::ring::RECORD_BYTES;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create};
use rustix::io::{Errno, retry_on_intr};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use std::os::fd::OwnedFd;
use std::ptr::NonNull;

/// Memory for a message of that length.
pub fn create_parcel(bytes: u64) -> Result<OwnedFd, Errno> {
    let memfd = memfd_create("cloison-parcel", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    ftruncate(&memfd, bytes)?;
    fcntl_add_seals(&memfd, SealFlags::SHRINK | SealFlags::GROW)?;
    Ok(memfd)
}

/// Write a message into its memory.
pub fn fill_parcel(memfd: &OwnedFd, message: &[u8]) -> Result<(), Errno> {
    let mut left = message;
    while !left.is_empty() {
        match retry_on_intr(|| rustix::io::write(memfd, left))? {
            0 => return Err(Errno::IO),
            written => left = left.get(written..).unwrap_or_default(),
        }
    }
    Ok(())
}

/// Nobody changes it any more. `EBUSY` if somebody could, through a mapping.
pub fn seal_parcel(memfd: &OwnedFd) -> Result<(), Errno> {
    fcntl_add_seals(memfd, SealFlags::WRITE | SealFlags::SEAL)
}

/// A parcel, mapped to be read.
#[derive(Debug)]
pub struct ParcelView {
    base: NonNull<u8>,
    length: usize,
}

impl ParcelView {
    /// Map it.
    ///
    /// # Errors
    ///
    /// `EPERM` if it is not sealed, `EINVAL` if it is empty; what `mmap` says.
    pub fn open(memfd: &OwnedFd) -> Result<Self, Errno> {
        let sealed = SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
        if !fcntl_get_seals(memfd)?.contains(sealed) {
            return Err(Errno::PERM);
        }
        let length = usize::try_from(fstat(memfd)?.st_size).map_err(|_| Errno::OVERFLOW)?;
        if length == 0 || length > isize::MAX as usize {
            return Err(Errno::INVAL);
        }
        let flags = MapFlags::SHARED | MapFlags::POPULATE;
        // SAFETY: a new mapping at an address of the kernel's choice.
        let base = unsafe { mmap(std::ptr::null_mut(), length, ProtFlags::READ, flags, memfd, 0) }?;
        Ok(Self { base: NonNull::new(base.cast()).ok_or(Errno::NOMEM)?, length })
    }

    /// The message.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: mapped for as long as `self` lives, and nobody can write to it or shrink it: it was sealed when it was mapped.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), self.length) }
    }
}

impl Drop for ParcelView {
    fn drop(&mut self) {
        // SAFETY: our own mapping, and no slice of it outlives `self`.
        let _ = unsafe { munmap(self.base.as_ptr().cast(), self.length) };
    }
}

/// Whether a message travels in a parcel: it does not fit into a record, behind its receiver.
pub fn needs_parcel(message_bytes: usize, receiver_bytes: usize) -> bool {
    message_bytes > RECORD_BYTES - receiver_bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_and_sealed_is_read() {
        let memfd = create_parcel(100_000).unwrap();
        assert_eq!(ParcelView::open(&memfd).unwrap_err(), Errno::PERM, "not sealed");
        let message = (0..100_000_u32).map(|byte| byte as u8).collect::<Vec<_>>();
        fill_parcel(&memfd, &message).unwrap();
        seal_parcel(&memfd).unwrap();
        assert_eq!(ParcelView::open(&memfd).unwrap().bytes(), message);
    }

    #[test]
    fn nobody_writes_beyond_its_size_or_after_the_seal() {
        let memfd = create_parcel(4096).unwrap();
        assert!(fill_parcel(&memfd, &[0; 4097]).is_err());
        assert!(ftruncate(&memfd, 1).is_err() && ftruncate(&memfd, 8192).is_err());
        seal_parcel(&memfd).unwrap();
        assert!(rustix::io::pwrite(&memfd, &[0], 0).is_err());
    }

    #[test]
    fn it_is_not_sealed_while_somebody_could_write() {
        let memfd = create_parcel(4096).unwrap();
        // SAFETY: a new mapping, which is only taken down again.
        unsafe {
            let flags = ProtFlags::READ | ProtFlags::WRITE;
            let base = mmap(std::ptr::null_mut(), 4096, flags, MapFlags::SHARED, &memfd, 0).unwrap();
            assert_eq!(seal_parcel(&memfd), Err(Errno::BUSY));
            munmap(base, 4096).unwrap();
        }
        seal_parcel(&memfd).unwrap();
    }
}
