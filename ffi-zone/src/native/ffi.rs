//! The call itself, behind three types that cannot be used in the wrong order: libffi, or where registers hold everything
//! (`registers`) what libffi would come to.
//!
//! | type | is |
//! |---|---|
//! | [`CallInterface`] | a prepared call interface, with the type array that libffi keeps pointing to |
//! | [`Code`] | the address of a function in the loaded library |
//! | [`Frame`] | room for the arguments of one call, at addresses that never change |
//!
//! A frame is used again for every call: libffi wants an array of pointers to the arguments, and since the
//! arguments stay where they are, that array is filled once. A hot call allocates nothing and clears nothing.
//!
//! One of the modules of this crate that contain `unsafe`. What no check here can establish is that the manifest's
//! prototype is the true one: a wrong prototype corrupts this process, whose sandbox is what contains that.

mod description;
mod registers;

use crate::native::fences::{SCALAR_FENCE, SCALAR_FENCE_WORDS};
use cloison_contract::types::{CType, Definition};
use description::{Descriptions, Free, promoted};
use libffi::low::{self, ffi_cif, ffi_type};
use libffi::raw;
use registers::Registers;
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::ptr::null_mut;

#[cfg(not(target_endian = "little"))]
compile_error!("arguments are stored as the low bytes of a 64-bit word");

/// The most parameters of one function: one word of a request each, and one bit of a mask.
pub const MAX_PARAMETERS: usize = cloison_contract::call::MAX_WORDS;

/// A signature that libffi refuses.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignatureError {
    /// A parameter or value of a type that has no values.
    #[error("a type that cannot be passed by value")]
    NoValue,
    /// libffi says no.
    #[error("libffi cannot prepare this signature")]
    Refused,
    /// More than [`MAX_PARAMETERS`].
    #[error("more than {MAX_PARAMETERS} parameters")]
    TooMany,
    /// `void` as a parameter.
    #[error("a parameter of type void")]
    Void,
}

/// A prepared call interface.
pub struct CallInterface {
    cif: Box<UnsafeCell<ffi_cif>>,
    /// `cif` points into these two.
    _arguments: Box<[*mut ffi_type]>,
    _descriptions: Descriptions,
    parameters: usize,
    /// How many bytes of a result's place a call writes at most.
    result_bytes: usize,
    /// If it can do without libffi.
    registers: Option<Registers>,
}

// SAFETY: nobody writes the cif or the types once they are made; `ffi_call` reads them, on any thread.
unsafe impl Send for CallInterface {}
// SAFETY: as above.
unsafe impl Sync for CallInterface {}

/// libffi writes whole registers, also where the value is smaller.
const RESULT_SLACK: usize = 32;

impl CallInterface {
    /// Prepares calls with these types. `variadic` says how many of them stand before `...`.
    pub fn new<'a>(
        types: &[Definition],
        parameters: impl IntoIterator<Item = &'a CType>,
        variadic: Option<usize>,
        result: &CType,
    ) -> Result<Self, SignatureError> {
        Self::prepare(types, parameters.into_iter().collect(), variadic, result, |descriptions, index, parameter| {
            match variadic {
                Some(fixed) if index >= fixed => descriptions.of(&promoted(parameter), types),
                _ => descriptions.of(parameter, types),
            }
        })
    }

    /// The same for functions of ours that C calls.
    pub fn for_closure<'a>(
        types: &[Definition],
        parameters: impl IntoIterator<Item = &'a CType>,
        result: &CType,
    ) -> Result<Self, SignatureError> {
        let mut free = Free::before_arguments(result, types);
        Self::prepare(types, parameters.into_iter().collect(), None, result, |descriptions, _, parameter| {
            descriptions.received(parameter, types, &mut free)
        })
    }

    fn prepare(
        types: &[Definition],
        parameters: Vec<&CType>,
        variadic: Option<usize>,
        result: &CType,
        mut describe: impl FnMut(&mut Descriptions, usize, &CType) -> Result<*mut ffi_type, SignatureError>,
    ) -> Result<Self, SignatureError> {
        let mut descriptions = Descriptions::default();
        let mut arguments = Vec::new();
        for (index, parameter) in parameters.iter().copied().enumerate() {
            if *parameter == CType::Void {
                return Err(SignatureError::Void);
            }
            arguments.push(describe(&mut descriptions, index, parameter)?);
        }
        if arguments.len() > MAX_PARAMETERS {
            return Err(SignatureError::TooMany);
        }
        let (mut arguments, value) = (arguments.into_boxed_slice(), descriptions.of(result, types)?);
        let cif = Box::new(UnsafeCell::new(ffi_cif::default()));
        let (abi, count, list) = (low::ffi_abi_FFI_DEFAULT_ABI, arguments.len(), arguments.as_mut_ptr());
        // SAFETY: `cif`, `arguments` and the descriptions are on the heap and live as long as this `CallInterface`, which
        // never changes them; every other type is one of libffi's own statics; the count is the array's length.
        unsafe {
            match variadic {
                None => low::prep_cif(cif.get(), abi, count, value, list),
                Some(fixed) => low::prep_cif_var(cif.get(), abi, fixed.min(count), count, value, list),
            }
        }
        .map_err(|_| SignatureError::Refused)?;
        let result_bytes = result.layout().map_or(0, |layout| layout.size as usize) + RESULT_SLACK;
        let registers = if variadic.is_none() { Registers::of(&parameters, result) } else { None };
        let parameters = arguments.len();
        Ok(Self { cif, _arguments: arguments, _descriptions: descriptions, parameters, result_bytes, registers })
    }

    /// How much room a call's result needs.
    pub fn result_bytes(&self) -> usize {
        self.result_bytes
    }

    /// For a closure that is called with this signature, made by [`Self::for_closure`]. It lives as long as the signature
    /// does. A record's bytes behind its last register are whatever stands there.
    pub fn cif(&self) -> *mut ffi_cif {
        self.cif.get()
    }
}

/// The address of a function.
#[derive(Clone, Copy, Debug)]
pub struct Code(unsafe extern "C" fn());

impl Code {
    /// Takes what `dlsym` found.
    ///
    /// # Safety
    ///
    /// The address is a function's and stays mapped as long as the process runs.
    pub unsafe fn new(address: *const c_void) -> Option<Self> {
        // SAFETY: a nullable function pointer has the layout of an address; the caller vouches for what it points to.
        unsafe { std::mem::transmute::<*const c_void, Option<unsafe extern "C" fn()>>(address) }.map(Self)
    }
}

/// What a call leaves behind.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// The function's value: its bits are the low bytes, what is above them means nothing.
    pub value: u64,
    /// `errno`, which was 0 before the call, unless [`Frame::set_errno`] said otherwise.
    pub errno: i32,
}

/// How long the string at an address is that the library gave; `None` for NULL, or if no NUL comes within `limit` bytes.
///
/// # Safety
///
/// The library means it as a string, and does not free it meanwhile. Its threads may write it: then this is the length of
/// some string.
pub unsafe fn text_length(address: u64, limit: usize) -> Option<usize> {
    let start = std::ptr::with_exposed_provenance::<u8>(usize::try_from(address).ok()?);
    if start.is_null() {
        return None;
    }
    // SAFETY: the caller says that this is a string; `strnlen` reads up to its NUL or up to `limit`. An address that
    // is none after all ends this process with SIGSEGV, which its clients see as a crash of this function.
    let length = unsafe { libc::strnlen(start.cast(), limit) };
    (length < limit).then_some(length)
}

/// Copies to a channel, from there or from memory of the library's. Both may be written meanwhile, by a client or by the
/// library's threads: what arrives are some bytes, each read once.
///
/// # Safety
///
/// The source is mapped for reading and the target for writing.
pub unsafe fn copy(source: *const u8, target: *mut u8, bytes: usize) {
    let (from, to) = (source.addr(), target.addr());
    if from.abs_diff(to) >= bytes {
        // SAFETY: the caller vouches for the ranges, which do not overlap (just checked).
        unsafe { cloison_transport::copy::copy(source, target, bytes) }
    } else {
        // What a library returns may be a part of what it was given, and a client may say that its bytes stand where the
        // library's go. A plain copy will do: nothing is decided by the bytes, whose only reader is that client.
        // SAFETY: the caller vouches for the ranges; `copy` allows overlap.
        unsafe { std::ptr::copy(source, target, bytes) }
    }
}

/// One number that a pointer leads to.
#[repr(C)]
struct FencedScalar {
    bits: u64,
    fence: [u64; SCALAR_FENCE_WORDS],
}

/// Room for one call's arguments.
pub struct Frame {
    /// Each argument as C sees it, in the low bytes.
    values: Box<[UnsafeCell<u64>; MAX_PARAMETERS]>,
    /// What a pointer to one number points to, and the fence behind it.
    pointed: Box<[UnsafeCell<FencedScalar>; MAX_PARAMETERS]>,
    /// `pointers[i]` is the address of `values[i]`.
    pointers: Box<[*mut c_void; MAX_PARAMETERS]>,
    /// `errno` before the next call.
    errno: i32,
}

impl Default for Frame {
    fn default() -> Self {
        let values = Box::new([const { UnsafeCell::new(0_u64) }; MAX_PARAMETERS]);
        let mut pointers = Box::new([null_mut(); MAX_PARAMETERS]);
        for (pointer, value) in pointers.iter_mut().zip(values.iter()) {
            *pointer = value.get().cast();
        }
        let pointed =
            Box::new([const { UnsafeCell::new(FencedScalar { bits: 0, fence: SCALAR_FENCE }) }; MAX_PARAMETERS]);
        Self { values, pointed, pointers, errno: 0 }
    }
}

impl Frame {
    /// Sets an argument.
    pub fn set(&mut self, parameter: usize, bits: u64) {
        *self.values[parameter].get_mut() = bits;
    }

    /// The next call, and it alone, begins with this `errno`.
    pub fn set_errno(&mut self, errno: i32) {
        self.errno = errno;
    }

    /// Sets an argument that is an address.
    pub fn set_pointer(&mut self, parameter: usize, pointer: *mut u8) {
        self.set(parameter, pointer.expose_provenance() as u64);
    }

    /// Sets an argument to the address of a number of its own, which is `bits`.
    pub fn set_pointed(&mut self, parameter: usize, bits: u64) {
        *self.pointed[parameter].get_mut() = FencedScalar { bits, fence: SCALAR_FENCE };
        self.set_pointer(parameter, self.pointed[parameter].get().cast());
    }

    /// An argument's bits.
    pub fn value(&mut self, parameter: usize) -> u64 {
        *self.values[parameter].get_mut()
    }

    /// The number that it points to (now).
    pub fn pointed(&mut self, parameter: usize) -> u64 {
        self.pointed[parameter].get_mut().bits
    }

    /// Whether nobody has written behind that number.
    #[inline]
    pub fn is_whole(&mut self, parameter: usize) -> bool {
        self.pointed[parameter].get_mut().fence == SCALAR_FENCE
    }

    /// Calls `code` with the arguments set, of which none is larger than a word, nor is the value.
    ///
    /// # Safety
    ///
    /// `signature` is that of the function at `code`, and what the arguments that are pointers point to is as large
    /// as that function believes.
    #[inline]
    pub unsafe fn call(&mut self, signature: &CallInterface, code: Code) -> Outcome {
        if let Some(registers) = &signature.registers {
            // SAFETY: `errno` is this thread's own; that the function is what the signature says is the caller's promise.
            let (value, errno) = unsafe {
                let errno = libc::__errno_location();
                *errno = std::mem::take(&mut self.errno);
                (registers.call(code, &mut self.values), *errno)
            };
            crate::native::state::after_call();
            return Outcome { value, errno };
        }
        // Four words: more than any scalar's value, so that libffi's habit of writing whole registers stays inside.
        let mut value = [0_u64; 4];
        // SAFETY: the value has room for a register; the rest is the caller's promise.
        let errno = unsafe { self.call_into(signature, code, value.as_mut_ptr().cast()) };
        Outcome { value: value[0], errno }
    }

    /// Calls `code` where arguments or the value are larger: the arguments in `indirect` are set to the addresses of what
    /// is to be passed, and the value goes to `result`. Gives `errno`.
    ///
    /// # Safety
    ///
    /// As for [`Frame::call`]; `result` is aligned to 16 and has room for [`CallInterface::result_bytes`]; each argument in
    /// `indirect` is the address of a value of that parameter's type.
    pub unsafe fn call_large(
        &mut self,
        signature: &CallInterface,
        code: Code,
        indirect: &[usize],
        result: *mut u8,
    ) -> Outcome {
        for index in indirect {
            self.pointers[*index] = std::ptr::with_exposed_provenance_mut(self.value(*index) as usize);
        }
        // SAFETY: the caller's promise.
        let errno = unsafe { self.call_into(signature, code, result.cast()) };
        for index in indirect {
            self.pointers[*index] = self.values[*index].get().cast();
        }
        // SAFETY: there are more than eight bytes, and it is aligned.
        Outcome { value: unsafe { result.cast::<u64>().read() }, errno }
    }

    #[inline]
    unsafe fn call_into(&mut self, signature: &CallInterface, code: Code, result: *mut c_void) -> i32 {
        debug_assert!(signature.parameters <= MAX_PARAMETERS);
        // SAFETY: `errno` is this thread's own. The cif is complete, each of its arguments has eight aligned bytes of
        // `values` behind its pointer or else what the caller says, and so has the value. That the function is what the
        // signature says is the caller's promise. There is no safe way to call what is only known at run time.
        let errno = unsafe {
            *libc::__errno_location() = std::mem::take(&mut self.errno);
            raw::ffi_call(signature.cif.get(), Some(code.0), result, self.pointers.as_mut_ptr());
            *libc::__errno_location()
        };
        crate::native::state::after_call();
        errno
    }
}

/// Copies from memory of the library's, whose threads may write it meanwhile: each byte is read once.
///
/// # Safety
///
/// The library means `target.len()` bytes at `address`, and does not free them meanwhile. An address that is none after all
/// ends this process with SIGSEGV, which its clients see as a crash of this function.
pub unsafe fn read(address: u64, target: &mut [u8]) {
    let source = std::ptr::with_exposed_provenance::<u8>(address as usize);
    // SAFETY: the caller vouches for the source; the target is a slice of this program's own, which is borrowed exclusively.
    unsafe { copy(source, target.as_mut_ptr(), target.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloison_contract::types::Scalar;

    fn scalar(scalar: Scalar) -> CType {
        CType::Scalar { scalar, character: false }
    }

    extern "C" fn mix(a: i8, b: u16, c: f32, d: f64, e: *mut i32) -> f64 {
        // SAFETY: the test passes the address of a number.
        unsafe { *e += 1 };
        f64::from(a) + f64::from(b) + f64::from(c) + d
    }

    extern "C" fn fails() -> i8 {
        // SAFETY: `errno` is this thread's own.
        unsafe { *libc::__errno_location() = libc::EDOM };
        -3
    }

    fn code(address: *const c_void) -> Code {
        // SAFETY: the tests pass functions of this file.
        unsafe { Code::new(address) }.expect("not NULL")
    }

    #[test]
    fn arguments_of_every_size_arrive_and_what_a_scalar_pointer_leads_to_comes_back() {
        let pointer = CType::Pointer { to: Box::new(scalar(Scalar::I32)), constant: false };
        let parameters = [scalar(Scalar::I8), scalar(Scalar::U16), scalar(Scalar::F32), scalar(Scalar::F64), pointer];
        let signature = CallInterface::new(&[], &parameters, None, &scalar(Scalar::F64)).expect("signature");
        let mut frame = Frame::default();
        frame.set(0, -5_i64 as u64);
        frame.set(1, 60_000);
        frame.set(2, u64::from(0.5_f32.to_bits()));
        frame.set(3, 0.25_f64.to_bits());
        frame.set_pointed(4, 41);
        // SAFETY: the signature is that of `mix`.
        let outcome = unsafe { frame.call(&signature, code(mix as *const c_void)) };
        assert_eq!(f64::from_bits(outcome.value), 59_995.75);
        assert_eq!(frame.pointed(4), 42);
    }

    #[test]
    fn errno_is_what_the_function_set() {
        let signature = CallInterface::new(&[], [], None, &scalar(Scalar::I8)).expect("signature");
        // SAFETY: the signature is that of `fails`.
        let outcome = unsafe { Frame::default().call(&signature, code(fails as *const c_void)) };
        assert_eq!((outcome.value as i8, outcome.errno), (-3, libc::EDOM));
    }

    #[test]
    fn what_cannot_be_called_is_refused() {
        assert_eq!(CallInterface::new(&[], [&CType::Void], None, &CType::Void).err(), Some(SignatureError::Void));
        let many = vec![scalar(Scalar::I32); MAX_PARAMETERS + 1];
        assert_eq!(CallInterface::new(&[], &many, None, &CType::Void).err(), Some(SignatureError::TooMany));
    }
}
