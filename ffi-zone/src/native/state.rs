//! Process state that a C function may change for whoever calls next, and how it is put back.
//!
//! Two rhythms, because a system call costs more than a whole call does otherwise:
//!
//! - **after each call** ([`after_call`]): what lives in registers and would change our own arithmetic too. The direction
//!   flag, the rounding mode, flush-to-zero, the exception flags and the x87 control word. A few nanoseconds.
//! - **when another client's turn comes** ([`State::restore_thread`], [`restore_process`]): what one client's call could leave
//!   for another. The signal mask, values left on the x87 stack, a locale of the thread's own; the process's locale, the
//!   environment.
//!
//! The locale and the environment are the process's, and libc lets nobody change them while another thread looks at them. So
//! they are put back where no thread but this one can run the library's code ([`OnlyThread`]). Where a library has threads
//! of its own, which takes `processes` in its manifest, they stay as it has left them, for its next client, too.
//!
//! The working directory, the umask, timers and the resource limits need nothing here: after the seal, the system calls
//! that change them are refused, to the library as to us. What a library keeps in its own variables is its own affair;
//! whoever minds that others use the same copy takes `instances = "per-client"`.

use std::ffi::{CStr, CString, c_char};
use std::sync::OnceLock;

/// Rounding to nearest, all exceptions masked, none raised: what a process starts with.
const MXCSR: u32 = 0x1f80;
/// The same for the x87 unit, with 64 bits of precision: what `fninit` loads.
const X87_CONTROL: u16 = 0x037f;

/// Puts the registers back.
#[inline]
pub fn after_call() {
    let mut mxcsr = 0_u32;
    let mut control = 0_u16;
    // SAFETY: reads two control registers into two variables of their size; a clear direction flag is what every
    // function may rely on, and what a C function could have left otherwise. No safe way exists to reach them.
    unsafe {
        std::arch::asm!(
            "cld",
            "stmxcsr [{mxcsr}]",
            "fnstcw [{control}]",
            mxcsr = in(reg) &mut mxcsr,
            control = in(reg) &mut control,
            options(nostack)
        );
    }
    if mxcsr != MXCSR {
        // SAFETY: loads the value with which every process starts.
        unsafe { std::arch::asm!("ldmxcsr [{0}]", in(reg) &MXCSR, options(nostack, readonly)) };
    }
    if control != X87_CONTROL {
        // SAFETY: loads the value with which every process starts, and empties the register stack.
        unsafe { std::arch::asm!("fninit", options(nomem, nostack)) };
    }
}

/// The process's locale instead of one of the thread's own; `libc` has no name for it.
const LC_GLOBAL_LOCALE: libc::locale_t = std::ptr::without_provenance_mut(usize::MAX);

/// What the process looked like before the first call.
pub struct State {
    signals: libc::sigset_t,
}

unsafe extern "C" {
    static environ: *const *const c_char;
    /// Libc's own knowledge: no thread has been made since the start, or none is left.
    static __libc_single_threaded: c_char;
    fn tzset();
}

/// No thread but the one that has this runs code of the library's, nor can one begin to while it exists.
pub struct OnlyThread(());

impl OnlyThread {
    /// Where this process has no other thread at all: whoever could make one is the holder.
    pub fn process() -> Option<Self> {
        // SAFETY: a variable of libc's that is there for others to read; it is a byte that other threads may write.
        let alone = unsafe { (&raw const __libc_single_threaded).read_volatile() };
        (alone != 0).then_some(Self(()))
    }

    /// Between calls, in a zone whose library may have so many threads of its own: with none, all threads that there may be
    /// are the zone's (the kernel counts them, see [`crate::start::limits`]); with some, there has to be only this one now.
    ///
    /// # Safety
    ///
    /// No thread of the zone's own runs a call, nor begins one for as long as this exists.
    pub unsafe fn between_calls(library_threads: u32) -> Option<Self> {
        if library_threads == 0 { Some(Self(())) } else { Self::process() }
    }
}

/// What the environment is to be, at first and again before another client's turn.
static ENVIRONMENT: OnceLock<Vec<(CString, CString)>> = OnceLock::new();

/// Sets the variables that the manifest gives. There are no others: the zone is started without any.
pub fn set_environment(variables: &[(String, String)], alone: &OnlyThread) {
    // What has a NUL in it cannot be said in C; the manifest's reader refuses it.
    let text = |text: &String| CString::new(text.as_str()).ok();
    let variables = variables.iter().filter_map(|(name, value)| text(name).zip(text(value)));
    ENVIRONMENT.get_or_init(|| variables.collect());
    restore_environment(alone);
}

/// Puts the environment back, if it is another one.
fn restore_environment(_alone: &OnlyThread) {
    let wanted = ENVIRONMENT.get().map_or(&[][..], Vec::as_slice);
    // SAFETY: no other thread uses the environment. It is NULL, or a list of texts that a NULL ends; the library may have
    // written anything into it, which harms this process alone. What is set is copied by libc.
    unsafe {
        let mut left = environ;
        let as_it_was = |name: &CStr, value: &CStr, found: *const c_char| {
            let found = CStr::from_ptr(found).to_bytes();
            let rest = found.strip_prefix(name.to_bytes()).and_then(|rest| rest.strip_prefix(b"="));
            rest == Some(value.to_bytes())
        };
        let mut same = true;
        for (name, value) in wanted {
            same = same && !left.is_null() && !(*left).is_null() && as_it_was(name, value, *left);
            if !same {
                break;
            }
            left = left.add(1);
        }
        if same && (left.is_null() || (*left).is_null()) {
            return;
        }
        libc::clearenv();
        for (name, value) in wanted {
            libc::setenv(name.as_ptr(), value.as_ptr(), 1);
        }
    }
}

/// Settles what libc would otherwise look up at its first use, when nothing can be opened any more: a time zone, inside of the
/// first `localtime`, and which conversions of characters there are, inside of the first `iconv_open`. (Without that list it has
/// not even those that are built in.)
pub fn settle(_alone: &OnlyThread) {
    // SAFETY: they read the environment, which nobody changes meanwhile: that takes another thread. The names of character sets
    // are texts that end, and what is closed is a conversion.
    unsafe {
        tzset();
        let conversion = libc::iconv_open(c"UTF-16LE".as_ptr(), c"UTF-8".as_ptr());
        if conversion.addr() != usize::MAX {
            libc::iconv_close(conversion);
        }
    }
}

/// Puts back what is the process's.
pub fn restore_process(alone: &OnlyThread) {
    // SAFETY: no other thread uses the locale, as there is none that runs code of the library's, and ours does not ask for it.
    // `setlocale` with NULL only asks, and its answer is a string until the next `setlocale`; "C" is built into libc.
    unsafe {
        let locale = libc::setlocale(libc::LC_ALL, std::ptr::null());
        if locale.is_null() || CStr::from_ptr(locale) != c"C" {
            libc::setlocale(libc::LC_ALL, c"C".as_ptr());
        }
    }
    restore_environment(alone);
}

impl State {
    /// Remembers.
    pub fn of_this_thread() -> Self {
        // SAFETY: a sigset of zeroes is a valid one, and asking for the mask changes nothing.
        let signals = unsafe {
            let mut signals = std::mem::zeroed();
            libc::pthread_sigmask(libc::SIG_SETMASK, std::ptr::null(), &mut signals);
            signals
        };
        Self { signals }
    }

    /// Puts back what is the thread's own.
    pub fn restore_thread(&self) {
        // SAFETY: empties the register stack (MMX code may have left it full) and loads the control word with which
        // every process starts.
        unsafe { std::arch::asm!("fninit", options(nomem, nostack)) };
        // SAFETY: the set was filled when it was made; both calls are about this thread alone.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &self.signals, std::ptr::null_mut());
            libc::uselocale(LC_GLOBAL_LOCALE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A library that may have threads is alone when there is none, and one that may not have any between all calls.
    #[test]
    fn threads_of_the_library_s_own_are_seen() {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let other = std::thread::spawn(move || receiver.recv().is_ok());
        assert!(OnlyThread::process().is_none());
        for (library_threads, alone) in [(0, true), (8, false)] {
            // SAFETY: no call runs here, and what is found is not used.
            let found = unsafe { OnlyThread::between_calls(library_threads) };
            assert_eq!(found.is_some(), alone, "{library_threads}");
        }
        drop(sender);
        other.join().expect("a thread");
    }

    #[test]
    fn rounding_and_direction_come_back() {
        let (hostile_mxcsr, hostile_control) = (0xffc0_u32, 0x0c7f_u16);
        // SAFETY: rounds towards zero and flushes to zero until the next line; no arithmetic in between.
        unsafe {
            std::arch::asm!("ldmxcsr [{0}]", "fldcw [{1}]", in(reg) &hostile_mxcsr, in(reg) &hostile_control);
        }
        after_call();
        let (mut mxcsr, mut control) = (0_u32, 0_u16);
        // SAFETY: reads two control registers.
        unsafe { std::arch::asm!("stmxcsr [{0}]", "fnstcw [{1}]", in(reg) &mut mxcsr, in(reg) &mut control) };
        assert_eq!((mxcsr, control), (MXCSR, X87_CONTROL));
    }
}
