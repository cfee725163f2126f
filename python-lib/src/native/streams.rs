//! The three standard descriptors. No other can be named from Python.

use crate::errors::os_error;
use crate::{held_back, interrupt};
use cloison_transport::wait;
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustpython_vm::function::{ArgBytesLike, ArgMemoryBuffer};
use rustpython_vm::{PyResult, VirtualMachine};

/// Look at the stream of that number, if it is one of the three.
pub fn look_at<T>(fd: i32, vm: &VirtualMachine, look: impl Fn(BorrowedFd<'_>) -> T) -> PyResult<T> {
    match held_back::at_output(fd, &look) {
        Some(seen) => Ok(seen),
        None => descriptor(fd, vm).map(look),
    }
}

/// The descriptor of that number, if it is one of the three.
fn descriptor(fd: i32, vm: &VirtualMachine) -> PyResult<BorrowedFd<'static>> {
    match fd {
        0 => Ok(rustix::stdio::stdin()),
        1 => Ok(rustix::stdio::stdout()),
        2 => Ok(rustix::stdio::stderr()),
        _ => Err(os_error(Errno::BADF, vm)),
    }
}

/// Read once. A signal lets the interpreter look, and raise; else reading goes on.
pub fn read(fd: i32, buffer: &ArgMemoryBuffer, vm: &VirtualMachine) -> PyResult<usize> {
    crate::contact::note();
    let descriptor = descriptor(fd, vm)?;
    loop {
        match wait::read(descriptor, &mut buffer.borrow_buf_mut()) {
            Ok(count) => return Ok(count),
            Err(Errno::INTR) => interrupt::look(vm)?,
            Err(error) => return Err(os_error(error, vm)),
        }
    }
}

/// Write once.
pub fn write(fd: i32, data: &ArgBytesLike, vm: &VirtualMachine) -> PyResult<usize> {
    crate::contact::note();
    let descriptor = descriptor(fd, vm)?;
    if held_back::take(fd, &data.borrow_buf()) {
        return Ok(data.len());
    }
    loop {
        match wait::write(descriptor, &data.borrow_buf()) {
            Ok(count) => return Ok(count),
            Err(Errno::INTR) => interrupt::look(vm)?,
            Err(error) => return Err(os_error(error, vm)),
        }
    }
}
