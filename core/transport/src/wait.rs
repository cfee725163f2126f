//! System calls that wait, and signals that arrive just before.
//!
//! A handler sets a bit of [`PENDING`], and the system call that it interrupts fails with `EINTR`. That leaves a gap: a signal
//! that arrives after the program has looked at `PENDING` and before it is in the kernel interrupts nothing, and the program
//! waits on. So one piece of machine code does both, looking and entering the kernel, and the handler looks where it has
//! interrupted the program: between the look and the entry, the program goes on behind the call instead, which has then failed
//! with `EINTR` like any other. (The C library `musl` cancels threads in this way.)
//!
//! ```text
//!   begin:   is a bit set?  ──yes──▶ cancel: EINTR
//!            syscall        ◀── a handler that interrupts here, or before, goes on at `cancel`
//!   end:     return
//! ```
//!
//! A process whose handlers call [`skip_wait`] for every signal loses none, whatever it waits for. In a process without such
//! handlers `PENDING` is 0 for ever, and these are ordinary system calls.

use rustix::io::Errno;
use std::ffi::c_void;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::AtomicU8;
use std::time::Duration;

/// What has arrived and nobody has looked at yet: a bit for each kind.
pub static PENDING: AtomicU8 = AtomicU8::new(0);

/// The bit of [`PENDING`] that ends every wait.
pub const INTERRUPT: u8 = 1;

/// All bits.
const ANY: u8 = u8::MAX;

core::arch::global_asm!(
    // isize cloison_wait(long number, const long arguments[6], const uint8_t *pending, uint8_t bits)
    ".globl cloison_wait, cloison_wait_begin, cloison_wait_end, cloison_wait_cancel",
    ".hidden cloison_wait, cloison_wait_begin, cloison_wait_end, cloison_wait_cancel",
    ".type cloison_wait, @function",
    "cloison_wait:",
    "mov rax, rdi",
    "mov r11, rdx",
    "mov rdi, [rsi]",
    "mov rdx, [rsi + 16]",
    "mov r10, [rsi + 24]",
    "mov r8, [rsi + 32]",
    "mov r9, [rsi + 40]",
    "mov rsi, [rsi + 8]",
    "cloison_wait_begin:",
    "test byte ptr [r11], cl",
    "jnz cloison_wait_cancel",
    "syscall",
    "cloison_wait_end:",
    "ret",
    "cloison_wait_cancel:",
    "mov rax, -4", // EINTR
    "ret",
    ".size cloison_wait, . - cloison_wait",
);

unsafe extern "C" {
    fn cloison_wait(number: libc::c_long, arguments: *const [u64; 6], pending: *const u8, bits: u8) -> isize;
    static cloison_wait_begin: u8;
    static cloison_wait_end: u8;
    static cloison_wait_cancel: u8;
}

/// For a handler, once it has set its bit: a wait that was about to begin does not.
///
/// # Safety
///
/// `context` is the third argument of a handler that was installed with `SA_SIGINFO` and without `SA_RESTART`.
pub unsafe fn skip_wait(context: *mut c_void) {
    // SAFETY: the kernel has put a `ucontext_t` there for this handler alone, as the caller promises.
    let Some(context) = (unsafe { context.cast::<libc::ucontext_t>().as_mut() }) else { return };
    let at = &mut context.uc_mcontext.gregs[libc::REG_RIP as usize];
    let [begin, end, cancel] =
        [&raw const cloison_wait_begin, &raw const cloison_wait_end, &raw const cloison_wait_cancel]
            .map(|label| label.addr());
    if (begin..end).contains(&(*at as usize)) {
        *at = cancel as i64;
    }
}

/// Make a system call, unless one of the bits is set or is about to be.
///
/// # Safety
///
/// As of the system call.
pub(crate) unsafe fn system_call(number: libc::c_long, arguments: [u64; 6], bits: u8) -> Result<usize, Errno> {
    // SAFETY: both pointers are good for the call; what the arguments lead to is the caller's promise.
    let result = unsafe { cloison_wait(number, &raw const arguments, PENDING.as_ptr(), bits) };
    usize::try_from(result).map_err(|_| Errno::from_raw_os_error((-result) as i32))
}

/// Read once. A signal is `EINTR`.
pub fn read(descriptor: impl AsFd, bytes: &mut [u8]) -> Result<usize, Errno> {
    let arguments = [number(&descriptor), bytes.as_mut_ptr() as u64, bytes.len() as u64, 0, 0, 0];
    // SAFETY: read writes within the slice, and the descriptor is open for as long as it is borrowed.
    unsafe { system_call(libc::SYS_read, arguments, ANY) }
}

/// Write once. A signal is `EINTR`.
pub fn write(descriptor: impl AsFd, bytes: &[u8]) -> Result<usize, Errno> {
    let arguments = [number(&descriptor), bytes.as_ptr() as u64, bytes.len() as u64, 0, 0, 0];
    // SAFETY: write reads within the slice, and the descriptor is open for as long as it is borrowed.
    unsafe { system_call(libc::SYS_write, arguments, ANY) }
}

/// Wait until there is something to read, or the other side is gone. A signal is `EINTR`.
pub fn readable(descriptor: impl AsFd) -> Result<(), Errno> {
    let mut one = libc::pollfd { fd: descriptor.as_fd().as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let arguments = [&raw mut one as u64, 1, -1_i64 as u64, 0, 0, 0];
    // SAFETY: poll writes into the one entry, which outlives it; the descriptor is open for as long as it is borrowed.
    unsafe { system_call(libc::SYS_poll, arguments, ANY) }.map(drop)
}

/// Sleep until that time of [`crate::status::monotonic`]. A signal is `EINTR`.
pub fn sleep_until(time: Duration) -> Result<(), Errno> {
    let time = libc::timespec {
        tv_sec: time.as_secs().min(i64::MAX as u64) as libc::time_t,
        tv_nsec: time.subsec_nanos() as libc::c_long,
    };
    let clock = libc::CLOCK_MONOTONIC as u64;
    let arguments = [clock, libc::TIMER_ABSTIME as u64, &raw const time as u64, 0, 0, 0];
    // SAFETY: the kernel reads the timespec, which outlives the call, and writes nothing with TIMER_ABSTIME.
    unsafe { system_call(libc::SYS_clock_nanosleep, arguments, ANY) }.map(drop)
}

fn number(descriptor: &impl AsFd) -> u64 {
    descriptor.as_fd().as_raw_fd() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Instant;

    static HANDLED: AtomicU32 = AtomicU32::new(0);

    extern "C" fn on_signal(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
        PENDING.fetch_or(INTERRUPT, Ordering::Relaxed);
        HANDLED.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the third argument of a handler with SA_SIGINFO.
        unsafe { skip_wait(context) };
    }

    /// `PENDING` is the process's.
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());

    fn handle(signal: libc::c_int, handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut c_void)) {
        // SAFETY: an all-zero sigaction is valid; the handlers do only what is async-signal-safe.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as libc::sighandler_t;
            action.sa_flags = libc::SA_SIGINFO;
            assert_eq!(libc::sigaction(signal, &raw const action, std::ptr::null_mut()), 0);
        }
    }

    /// How many instructions of the wait have been reached, and before which of them the signal arrives.
    static REACHED: AtomicU32 = AtomicU32::new(0);
    static ARRIVES: AtomicU32 = AtomicU32::new(0);

    /// The processor comes here before each instruction.
    extern "C" fn on_step(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
        let [start, end] = [cloison_wait as *const () as usize, (&raw const cloison_wait_end).addr()];
        // SAFETY: the third argument of a handler with SA_SIGINFO.
        let at = unsafe { (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs[libc::REG_RIP as usize] } as usize;
        if (start..end).contains(&at) && REACHED.fetch_add(1, Ordering::Relaxed) == ARRIVES.load(Ordering::Relaxed) {
            PENDING.fetch_or(INTERRUPT, Ordering::Relaxed);
            // SAFETY: as above.
            unsafe { skip_wait(context) };
        }
    }

    #[test]
    fn a_signal_before_any_instruction_of_a_wait_ends_it() {
        let _alone = ONE_AT_A_TIME.lock();
        handle(libc::SIGTRAP, on_step);
        let mut ended = Vec::new();
        loop {
            ARRIVES.store(ended.len() as u32, Ordering::Relaxed);
            REACHED.store(0, Ordering::Relaxed);
            let soon = crate::status::monotonic() + Duration::from_millis(20);
            // SAFETY: sets and clears the flag with which the processor traps after each instruction, for which there is a handler.
            unsafe { core::arch::asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq") };
            let one = sleep_until(soon);
            // SAFETY: as above.
            unsafe { core::arch::asm!("pushfq", "and qword ptr [rsp], -0x101", "popfq") };
            if PENDING.swap(0, Ordering::Relaxed) == 0 {
                break;
            }
            ended.push(one);
        }
        assert_eq!(ended.len(), 11, "the instructions up to the system call: {ended:?}");
        assert!(ended.iter().all(|one| *one == Err(Errno::INTR)), "{ended:?}");
    }

    #[test]
    fn a_signal_ends_a_wait_whenever_it_arrives() {
        let _alone = ONE_AT_A_TIME.lock();
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        assert_eq!(write(&writer, b"abc"), Ok(3));
        assert_eq!(readable(&reader), Ok(()));
        let mut bytes = [0; 8];
        assert_eq!((read(&reader, &mut bytes), &bytes[..3]), (Ok(3), &b"abc"[..]));
        assert_eq!(sleep_until(crate::status::monotonic() + Duration::from_millis(1)), Ok(()));

        handle(libc::SIGUSR1, on_signal);
        // SAFETY: it has no preconditions.
        let waiter = unsafe { libc::pthread_self() };
        const TIMES: u32 = 20_000;
        let sender = std::thread::spawn(move || {
            for number in 0..TIMES {
                // The look is over soon after the last answer: these offsets lie around it.
                for _ in 0..number % 200 {
                    std::hint::spin_loop();
                }
                // SAFETY: the thread is there until it has joined this one.
                unsafe { libc::pthread_kill(waiter, libc::SIGUSR1) };
                let since = Instant::now();
                while HANDLED.load(Ordering::Relaxed) == number || PENDING.load(Ordering::Relaxed) != 0 {
                    assert!(since.elapsed() < Duration::from_secs(60), "the signal of turn {number} is lost");
                }
            }
        });
        let mut turns = 0;
        while !sender.is_finished() {
            let far = crate::status::monotonic() + Duration::from_millis(if turns < TIMES { 3_600_000 } else { 10 });
            let ended = match turns % 3 {
                _ if turns == TIMES => sleep_until(far),
                0 => read(&reader, &mut bytes).map(drop),
                1 => readable(&reader),
                _ => sleep_until(far),
            };
            if turns < TIMES {
                assert_eq!(ended, Err(Errno::INTR));
            }
            // Each signal is let in once: the sender waits for this.
            turns += u32::from(PENDING.swap(0, Ordering::Relaxed) != 0);
        }
        sender.join().unwrap();
        assert_eq!(turns, TIMES);
        PENDING.store(INTERRUPT, Ordering::Relaxed);
        assert_eq!(read(&reader, &mut bytes), Err(Errno::INTR), "one that is there already");
        PENDING.store(0, Ordering::Relaxed);
    }
}
