//! Copies of bytes that others may write meanwhile.
//!
//! What another process can write changes at any moment, so each byte is read once, here, and what is checked afterwards is
//! the copy. A compiler does not know that: it may take a plain copy apart, or read its source again where it believes that
//! nothing has changed since, for instance when the copy is copied on. So these copies are made by instructions that it does
//! not look into, which is more than `volatile` promises, and as fast as a plain copy.

use std::arch::asm;

/// From so many bytes on, the processor's own copying is the fastest, despite its slow beginning.
const LONG: usize = 1024;

/// Copies `bytes` bytes, each of which is read once and written once.
///
/// # Safety
///
/// The source is mapped for reading and the target for writing; they do not overlap. Either may be written by others
/// meanwhile: then some bytes of the copy are the former ones and some are not.
#[inline]
pub unsafe fn copy(source: *const u8, target: *mut u8, bytes: usize) {
    if bytes >= LONG {
        // SAFETY: the caller vouches for the ranges. The direction flag is clear, as it is wherever assembly begins.
        unsafe {
            asm!(
                "rep movsb",
                inout("rcx") bytes => _,
                inout("rsi") source => _,
                inout("rdi") target => _,
                options(nostack, preserves_flags)
            );
        }
        return;
    }
    let mut done = 0;
    macro_rules! next {
        ($bytes:literal, $class:ident, $load:literal, $store:literal) => {
            // SAFETY: so many bytes are left in both ranges, which the caller vouches for.
            unsafe {
                let (source, target) = (source.add(done), target.add(done));
                asm!(
                    $load, $store,
                    source = in(reg) source, target = in(reg) target, value = out($class) _,
                    options(nostack, preserves_flags)
                );
            }
            done += $bytes;
        };
    }
    while bytes - done >= 16 {
        next!(16, xmm_reg, "movups {value}, [{source}]", "movups [{target}], {value}");
    }
    if bytes & 8 != 0 {
        next!(8, reg, "mov {value}, [{source}]", "mov [{target}], {value}");
    }
    if bytes & 4 != 0 {
        next!(4, reg, "mov {value:e}, [{source}]", "mov [{target}], {value:e}");
    }
    if bytes & 2 != 0 {
        next!(2, reg, "mov {value:x}, [{source}]", "mov [{target}], {value:x}");
    }
    if bytes & 1 != 0 {
        next!(1, reg_byte, "mov {value}, [{source}]", "mov [{target}], {value}");
    }
    debug_assert_eq!(done, bytes);
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_byte_of_every_length_arrives_and_no_other() {
        let source: Vec<u8> = (0..2000_u32).map(|index| (index * 7 % 251) as u8).collect();
        for bytes in (0..70).chain(super::LONG - 10..super::LONG + 10).chain([1500]) {
            for (from, to) in [(0, 0), (0, 1), (3, 0), (5, 5), (8, 16)] {
                let mut target = vec![0xee; 2000];
                // SAFETY: both ranges lie in their vectors.
                unsafe { super::copy(source.as_ptr().add(from), target.as_mut_ptr().add(to), bytes) };
                assert_eq!(target[to..to + bytes], source[from..from + bytes], "{bytes} from {from} to {to}");
                assert!(target[..to].iter().chain(&target[to + bytes..]).all(|byte| *byte == 0xee), "{bytes}");
            }
        }
    }
}
