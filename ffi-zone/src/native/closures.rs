//! Functions of ours that C can call: which are handed out, and whom they lead to.
//!
//! A pool of [`SLOTS`] entries ([`crate::native::trampolines`]) is shared by all clients of the process. One that is handed out
//! ([`allot`]) leads to its [`Target`]; one that has been taken back ([`release`]) leads nowhere: C that has kept its address
//! gets a value of zeroes, as long as the slot has not been handed out again. The one that has been back for
//! longest is handed out next, so that such a mistake of a library stays harmless for as long as possible.
//!
//! One of the modules of this crate that contain `unsafe`.

use crate::callback::callables::ClosureId;
use crate::native::ffi::CallInterface;
use crate::native::trampolines::{self, SLOTS};
use libffi::low::ffi_cif;
use std::collections::VecDeque;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The address that C calls.
pub fn address(closure: ClosureId) -> u64 {
    trampolines::address(slot_of(closure)).expose_provenance() as u64
}

/// The slot, and above it how often that had been handed out before.
const SLOT_BITS: u32 = SLOTS.ilog2();

fn slot_of(closure: ClosureId) -> usize {
    closure.0 as usize & (SLOTS - 1)
}

/// What a closure leads to.
pub trait Target: Send + Sync {
    /// The call interface: that of the function type which C believes in. It is the target's own, and lives as long as that.
    fn interface(&self) -> &CallInterface;

    /// C calls, on whatever thread.
    fn run(&self, call: RawCall<'_>);

    /// One of those who had bound it needs it no more.
    fn give_back(&self, closure: ClosureId) {
        release(closure);
    }
}

/// C's call of a closure, for as long as it lasts. There is none but those that libffi brings, so that its two addresses are
/// what its call interface says.
pub struct RawCall<'a> {
    interface: *mut ffi_cif,
    value: *mut c_void,
    arguments: *mut *mut c_void,
    lasts: PhantomData<&'a c_void>,
}

impl RawCall<'_> {
    /// What C believes it calls. It is not the [target's](Target::interface) if C has kept an address too long, and the slot
    /// has been handed out anew meanwhile.
    pub fn interface(&self) -> *mut ffi_cif {
        self.interface
    }

    /// Where the value goes: room for the type that the interface has as its value, a whole register for a number.
    pub fn value(&self) -> *mut c_void {
        self.value
    }

    /// Where the arguments stand: one address for each that the interface has.
    pub fn arguments(&self) -> *mut *mut c_void {
        self.arguments
    }
}

#[derive(Default)]
struct Slot {
    generation: u32,
    live: bool,
    /// Kept after the release: a late call needs the call interface to find its way back.
    target: Option<Arc<dyn Target>>,
}

/// How many of the slots are handed out: the tests of `trampolines` have the last ones to themselves.
const POOLED: usize = if cfg!(test) { SLOTS - 6 } else { SLOTS };

static TARGETS: [Mutex<Slot>; SLOTS] = [const { Mutex::new(Slot { generation: 0, live: false, target: None }) }; SLOTS];

/// Which slots are free, those that have been for longest first; `None` before the first use.
static FREE: Mutex<Option<VecDeque<u16>>> = Mutex::new(None);

/// Hands out a closure that leads to `target`; `None` if there are none left.
pub fn allot(target: Arc<dyn Target>) -> Option<ClosureId> {
    let index = lock(&FREE).get_or_insert_with(|| (0..POOLED as u16).collect()).pop_front()?;
    let mut slot = target_of(index.into());
    // SAFETY: the slot is free: nobody has been told its address since it was taken back, and a library that calls it
    // nevertheless does what C calls undefined. The call interface is the target's, of which nothing can be changed while this
    // shares it, and that stays in the slot until the next `prepare`.
    if !unsafe { trampolines::prepare(index.into(), target.interface().cif(), entered) } {
        lock(&FREE).get_or_insert_default().push_back(index);
        return None;
    }
    slot.generation = slot.generation.wrapping_add(1) & (u32::MAX >> SLOT_BITS);
    slot.live = true;
    slot.target = Some(target);
    Some(ClosureId(slot.generation << SLOT_BITS | u32::from(index)))
}

/// Takes a closure back. Nothing happens if it has been already.
pub fn release(closure: ClosureId) {
    let index = slot_of(closure);
    let mut slot = target_of(index);
    if slot.live && slot.generation == closure.0 >> SLOT_BITS {
        slot.live = false;
        drop(slot);
        lock(&FREE).get_or_insert_default().push_back(index as u16);
    }
}

/// One of those who had bound a closure needs it no more: its target knows whether it was the last. Nothing happens if it has
/// been taken back already.
pub fn give_back(closure: ClosureId) {
    let target = {
        let slot = target_of(slot_of(closure));
        slot.target.clone().filter(|_| slot.live && slot.generation == closure.0 >> SLOT_BITS)
    };
    if let Some(target) = target {
        target.give_back(closure);
    }
}

fn target_of(index: usize) -> MutexGuard<'static, Slot> {
    lock(&TARGETS[index])
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What libffi calls for every slot. A panic in here ends the process: it must not unwind through C.
unsafe extern "C" fn entered(
    interface: *mut ffi_cif,
    value: *mut c_void,
    arguments: *mut *mut c_void,
    slot: *mut c_void,
) {
    // SAFETY: libffi passes the call interface that the slot was prepared with.
    let bytes = unsafe { trampolines::value_bytes(interface) };
    // SAFETY: libffi gives room for the value, whole registers for numbers. Whoever does not say otherwise returns zero.
    unsafe { value.write_bytes(0, bytes) };
    // What is done here makes system calls, of whose failures C should not hear.
    // SAFETY: `errno` is this thread's own.
    let errno = unsafe { *libc::__errno_location() };
    let target = {
        let slot = target_of(trampolines::index_of(slot));
        slot.target.clone().filter(|_| slot.live)
    };
    if let Some(target) = target {
        target.run(RawCall { interface, value, arguments, lasts: PhantomData });
    }
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloison_contract::types::{CType, Scalar};

    struct Doubles {
        signature: CallInterface,
        factor: f64,
    }

    impl Doubles {
        fn new(factor: f64) -> Arc<Self> {
            let double = CType::Scalar { scalar: Scalar::F64, character: false };
            Arc::new(Self {
                signature: CallInterface::for_closure(&[], [&double], &double).expect("signature"),
                factor,
            })
        }
    }

    impl Target for Doubles {
        fn interface(&self) -> &CallInterface {
            &self.signature
        }
        fn run(&self, call: RawCall<'_>) {
            // SAFETY: one double comes in and one goes out.
            unsafe { *call.value().cast::<f64>() = *(*call.arguments()).cast::<f64>() * self.factor }
        }
    }

    type Times = extern "C" fn(f64) -> f64;

    fn function(closure: ClosureId) -> Times {
        let address = std::ptr::with_exposed_provenance::<c_void>(address(closure) as usize);
        // SAFETY: the tests' closures have this type.
        unsafe { std::mem::transmute::<*const c_void, Times>(address) }
    }

    /// Both tests take many slots.
    static ALONE: Mutex<()> = Mutex::new(());

    #[test]
    fn closures_lead_to_their_targets_until_they_are_released() {
        let _alone = lock(&ALONE);
        let (two, three) = (allot(Doubles::new(2.0)).expect("a slot"), allot(Doubles::new(3.0)).expect("a slot"));
        assert_eq!((function(two)(1.5), function(three)(1.5)), (3.0, 4.5));
        release(two);
        release(two);
        assert_eq!((function(two)(1.5), function(three)(1.5)), (0.0, 4.5));
        let next = allot(Doubles::new(5.0)).expect("a slot");
        assert_eq!((function(two)(1.5), function(next)(1.0)), (0.0, 5.0));
        release(three);
        release(next);
    }

    #[test]
    fn the_pool_ends_and_slots_come_back() {
        let _alone = lock(&ALONE);
        let taken: Vec<_> = std::iter::from_fn(|| allot(Doubles::new(1.0))).collect();
        assert_eq!(taken.len(), POOLED);
        let old = taken[0];
        release(old);
        let new = allot(Doubles::new(4.0)).expect("a slot");
        assert_eq!(address(new), address(old));
        release(old); // a generation too late
        assert_eq!(function(new)(2.0), 8.0);
        taken[1..].iter().chain(&[new]).for_each(|closure| release(*closure));
    }
}
