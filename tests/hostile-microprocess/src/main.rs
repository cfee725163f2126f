//! The microprocess with the language wall torn down, for tests of the other wall: it has two more native modules. Through
//! `_raw` Python makes any system call; through `_bytes` it sees messages as bytes, and makes values of bytes that nobody has
//! sent. Everything else is the real thing.

use rustpython_vm::Context;
use rustpython_vm::builtins::PyModuleDef;

fn main() {
    cloison_python::main_with(extra)
}

fn extra(context: &Context) -> Vec<&'static PyModuleDef> {
    vec![_raw::module_def(context), _bytes::module_def(context)]
}

#[rustpython_vm::pymodule]
mod _raw {
    use rustpython_vm::builtins::{PyBytes, PyBytesRef};
    use rustpython_vm::function::PosArgs;
    use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

    /// The system call of that number; minus the error number if it fails. For bytes, C sees the address of a copy.
    #[pyfunction]
    fn syscall(number: i64, arguments: PosArgs<PyObjectRef>, vm: &VirtualMachine) -> PyResult<i64> {
        let mut words = [0_i64; 6];
        for (word, argument) in words.iter_mut().zip(arguments.into_vec()) {
            *word = match argument.downcast_ref::<PyBytes>() {
                Some(bytes) => bytes.as_bytes().to_vec().leak().as_mut_ptr().expose_provenance() as i64,
                None => argument.try_to_value(vm)?,
            };
        }
        let [a, b, c, d, e, f] = words;
        // SAFETY: there is none: this is an attacker's call, and the test is whether the sandbox contains it.
        let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
        let error = || i64::from(std::io::Error::last_os_error().raw_os_error().unwrap_or(0));
        Ok(if result < 0 { -error() } else { result })
    }

    /// Where C sees a copy of these bytes.
    #[pyfunction]
    fn address(bytes: PyBytesRef) -> usize {
        bytes.as_bytes().to_vec().leak().as_mut_ptr().expose_provenance()
    }

    /// The system call of that number by the 32-bit entry.
    #[pyfunction]
    fn int80(number: i64) -> i64 {
        let result: i64;
        // SAFETY: as above; the kernel clears r8 to r11 on this path. rbx is given back as it was, which is zero
        // for the callee.
        unsafe {
            std::arch::asm!(
                "xchg {zero}, rbx",
                "int 0x80",
                "xchg {zero}, rbx",
                zero = inout(reg) 0_i64 => _,
                inlateout("rax") number => result,
                in("rcx") 0_i64,
                in("rdx") 0_i64,
                out("r8") _, out("r9") _, out("r10") _, out("r11") _,
            );
        }
        result
    }
}

#[rustpython_vm::pymodule]
mod _bytes {
    use cloison_python::message;
    use rustpython_vm::builtins::PyBytesRef;
    use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

    /// A value as a message.
    #[pyfunction]
    fn encode(value: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
        message::encode(&value, vm).map(|bytes| vm.ctx.new_bytes(bytes))
    }

    /// The same for one receiver, who is not given the capabilities in it.
    #[pyfunction]
    fn encode_for_one(value: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
        message::encode_for_one(&value, vm).map(|message| vm.ctx.new_bytes(message.bytes))
    }

    /// The value of a message.
    #[pyfunction]
    fn decode(bytes: PyBytesRef, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        message::decode(bytes.as_bytes(), vm)
    }
}
