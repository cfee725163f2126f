//! Addresses that C can call: a table of entries in this program's own text, made by the assembler.
//!
//! C wants one plain address for each function that it is to call back. What is usual, writing a few instructions
//! into memory and making that executable, is just what the seal forbids. So the entries exist beforehand, [`SLOTS`] of them:
//!
//! ```text
//!   entry 0 ─┐  lea  chain, own address              ┌─ slot 0 ─────────────┐
//!   entry 1 ─┼─▶ chain = SLOTS + index · 32  ───────▶│ libffi's entry point │──▶ saves the registers, calls
//!   …        │   jmp  [chain]                        │ call interface       │    handler(interface, value,
//!   entry n ─┘                                       │ handler              │            arguments, slot)
//! ```
//!
//! Slots are data, entries are text, and nothing is ever both. The static chain register (`r10`) is how libffi's "Go
//! closures" are told which closure runs.
//!
//! One of the modules of this crate that contain `unsafe`.

use libffi::low::ffi_cif;
use libffi::raw::{self, ffi_go_closure};
use std::cell::UnsafeCell;
use std::ffi::c_void;

/// How many functions C can be given at once.
pub const SLOTS: usize = 256;

/// What libffi calls: the call interface, where the value goes, where each argument is, and the slot
/// ([`index_of`]).
pub type Handler = unsafe extern "C" fn(*mut ffi_cif, *mut c_void, *mut *mut c_void, *mut c_void);

/// How far apart entries stand in the text: the code below counts on it.
const ENTRY_BYTES: usize = 16;

#[repr(C, align(32))]
struct Slot {
    closure: UnsafeCell<ffi_go_closure>,
}

// The code below finds a slot at twice the distance of its entry.
const _: () = assert!(size_of::<Slot>() == 2 * ENTRY_BYTES);

// SAFETY: a slot is written by `prepare` alone, whose caller promises that nobody uses the slot meanwhile.
unsafe impl Sync for Slot {}

const EMPTY: ffi_go_closure = ffi_go_closure { tramp: std::ptr::null_mut(), cif: std::ptr::null_mut(), fun: None };

static TABLE: [Slot; SLOTS] = [const { Slot { closure: UnsafeCell::new(EMPTY) } }; SLOTS];

std::arch::global_asm!(
    ".pushsection .text.cloison_trampolines, \"ax\", @progbits",
    ".balign 16",
    ".globl cloison_trampolines",
    ".hidden cloison_trampolines",
    ".type cloison_trampolines, @function",
    "cloison_trampolines:",
    ".rept {slots}",
    "endbr64",
    "lea r10, [rip]", // the address of the next instruction: 11 behind the entry
    "jmp 2f",
    ".balign 16",
    ".endr",
    "2:",
    // `r11` belongs to nobody between a call and its first instruction.
    "lea r11, [rip + cloison_trampolines + 11]",
    "sub r10, r11",
    "add r10, r10",
    "lea r11, [rip + {table}]",
    "add r10, r11",
    "jmp qword ptr [r10]",
    ".size cloison_trampolines, . - cloison_trampolines",
    ".popsection",
    slots = const SLOTS,
    table = sym TABLE,
);

unsafe extern "C" {
    fn cloison_trampolines();
}

/// The address that C calls for that slot.
pub fn address(slot: usize) -> *const c_void {
    assert!(slot < SLOTS, "there are {SLOTS} slots");
    (cloison_trampolines as *const c_void).wrapping_byte_add(slot * ENTRY_BYTES)
}

/// From now on, whoever calls that slot's address calls `handler`. Whether libffi can do that.
///
/// # Safety
///
/// Nobody calls that address meanwhile, and the call interface lives and stays as it is for as long as anybody may call
/// it. The handler does with the value and the arguments what the interface says.
pub unsafe fn prepare(slot: usize, interface: *mut ffi_cif, handler: Handler) -> bool {
    let closure = TABLE[slot].closure.get();
    // SAFETY: the slot is in the table, nobody reads it meanwhile, and libffi writes its three words.
    unsafe { raw::ffi_prep_go_closure(closure, interface, Some(handler)) == raw::ffi_status_FFI_OK }
}

/// Which slot a handler was given.
pub fn index_of(slot: *mut c_void) -> usize {
    slot.addr().wrapping_sub(TABLE.as_ptr().addr()) / size_of::<Slot>()
}

/// How many bytes of the value a handler may write: whole registers for numbers.
///
/// # Safety
///
/// The call interface is complete.
pub unsafe fn value_bytes(interface: *mut ffi_cif) -> usize {
    // SAFETY: a complete call interface has a type for its value.
    let (kind, size) = unsafe { ((*(*interface).rtype).type_, (*(*interface).rtype).size) };
    match kind {
        raw::FFI_TYPE_VOID => 0,
        raw::FFI_TYPE_STRUCT | raw::FFI_TYPE_COMPLEX => size,
        _ => size.max(size_of::<raw::ffi_arg>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use libffi::low::{self, types};
    use std::ptr::addr_of_mut;

    /// A call interface that is never given back, as a slot wants it.
    fn interface(result: *mut low::ffi_type, arguments: Vec<*mut low::ffi_type>) -> *mut ffi_cif {
        let cif = Box::leak(Box::new(ffi_cif::default()));
        let arguments = arguments.leak();
        // SAFETY: both live forever; the types are libffi's own or leaked.
        unsafe { low::prep_cif(cif, low::ffi_abi_FFI_DEFAULT_ABI, arguments.len(), result, arguments.as_mut_ptr()) }
            .expect("a call interface");
        cif
    }

    unsafe extern "C" fn sum(_: *mut ffi_cif, value: *mut c_void, arguments: *mut *mut c_void, slot: *mut c_void) {
        // SAFETY: the slots of these tests have eight integers and a value of that type.
        unsafe {
            let total: i64 = (0..8).map(|index| *(*arguments.add(index)).cast::<i64>()).sum();
            *value.cast::<i64>() = total + 1000 * index_of(slot) as i64;
        }
    }

    type Sum = extern "C" fn(i64, i64, i64, i64, i64, i64, i64, i64) -> i64;

    fn sum_at(slot: usize) -> Sum {
        let cif = interface(addr_of_mut!(types::sint64), vec![addr_of_mut!(types::sint64); 8]);
        // SAFETY: the tests use different slots at the end of the table, which the pool hands out last.
        assert!(unsafe { prepare(slot, cif, sum) });
        // SAFETY: the slot's call interface is that of this type.
        unsafe { std::mem::transmute::<*const c_void, Sum>(address(slot)) }
    }

    #[test]
    fn each_slot_knows_itself_and_arguments_beyond_the_registers_arrive() {
        for slot in [SLOTS - 3, SLOTS - 2, SLOTS - 1] {
            assert_eq!(sum_at(slot)(1, 2, 3, 4, 5, 6, 7, -8), 20 + 1000 * slot as i64);
        }
    }

    #[test]
    fn any_thread_may_call() {
        let sum = sum_at(SLOTS - 4);
        let threads: Vec<_> = (0..4_i64).map(|add| std::thread::spawn(move || sum(add, 0, 0, 0, 0, 0, 0, 0))).collect();
        let sums: Vec<i64> = threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
        assert_eq!(sums, [0, 1, 2, 3].map(|add| add + 1000 * (SLOTS as i64 - 4)));
    }

    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    struct Mixed {
        number: i64,
        fraction: f64,
    }

    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    struct Large([f64; 5]);

    fn record(members: Vec<*mut low::ffi_type>) -> *mut low::ffi_type {
        let mut elements = members;
        elements.push(std::ptr::null_mut());
        let mut record = low::ffi_type { type_: raw::FFI_TYPE_STRUCT, ..Default::default() };
        record.elements = elements.leak().as_mut_ptr();
        Box::leak(Box::new(record))
    }

    unsafe extern "C" fn swap(_: *mut ffi_cif, value: *mut c_void, arguments: *mut *mut c_void, _: *mut c_void) {
        // SAFETY: one `Mixed`, one `Large` and a `float` come in, a `Large` goes out.
        unsafe {
            let (mixed, large) = (*(*arguments).cast::<Mixed>(), *(*arguments.add(1)).cast::<Large>());
            let scale = f64::from(*(*arguments.add(2)).cast::<f32>());
            *value.cast::<Large>() = Large([mixed.fraction, mixed.number as f64, large.0[4], large.0[0] * scale, 0.5]);
        }
    }

    #[test]
    fn structs_and_floats_by_value_arrive_and_come_back() {
        let mixed = record(vec![addr_of_mut!(types::sint64), addr_of_mut!(types::double)]);
        let large = record(vec![addr_of_mut!(types::double); 5]);
        let cif = interface(large, vec![mixed, large, addr_of_mut!(types::float)]);
        // SAFETY: a slot of this test alone.
        assert!(unsafe { prepare(SLOTS - 5, cif, swap) });
        type Swap = extern "C" fn(Mixed, Large, f32) -> Large;
        // SAFETY: the slot's call interface is that of this type.
        let swap = unsafe { std::mem::transmute::<*const c_void, Swap>(address(SLOTS - 5)) };
        let result = swap(Mixed { number: -7, fraction: 0.25 }, Large([1.0, 2.0, 3.0, 4.0, 5.0]), 2.5);
        assert_eq!(result, Large([0.25, -7.0, 5.0, 2.5, 0.5]));
    }

    #[test]
    fn nothing_is_writable_and_executable() {
        sum_at(SLOTS - 6)(0, 0, 0, 0, 0, 0, 0, 0);
        let maps = std::fs::read_to_string("/proc/self/maps").expect("maps");
        let both: Vec<_> =
            maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|p| p.contains("wx"))).collect();
        assert!(both.is_empty(), "{both:?}");
    }
}
