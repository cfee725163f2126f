//! Files of the application's own folders, and where files are at all.

use crate::call::connection;
use crate::mounts;
use crate::native::os_error;
use cloison_contract::message::{Look, LookFor, Looked, Mount};
use rustix::io::Errno;
use rustpython_vm::builtins::{PyBytesRef, PyListRef, PyTupleRef};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// Of each place the capability that gives it, its rights, and the line that says so.
pub fn mounts(vm: &VirtualMachine) -> Option<PyListRef> {
    let text = |text: &str| -> PyObjectRef { vm.ctx.new_str(text).into() };
    let mount = |mount: &Mount| {
        let rights = mount.rights.words().into_iter().map(text).collect();
        let rights = vm.ctx.new_tuple(rights).into();
        vm.ctx.new_tuple(vec![text(&mount.at), text(&mount.capability), rights, text(&mount.location)]).into()
    };
    Some(vm.ctx.new_list(mounts::all()?.iter().map(mount).collect()))
}

/// Mode, inode, device, links, size, and when it was changed.
pub fn status(folder: u32, path: &PyBytesRef, follow: bool, vm: &VirtualMachine) -> PyResult<PyTupleRef> {
    match look(folder, path, LookFor::Status { follow }, vm)? {
        Looked::Status(found) => {
            let number = |number: u64| -> PyObjectRef { vm.ctx.new_int(number).into() };
            let numbers = [u64::from(found.mode), found.inode, found.device, found.links, found.size].map(number);
            let all = numbers.into_iter().chain([vm.ctx.new_int(found.modify_ns).into()]).collect();
            Ok(vm.ctx.new_tuple(all))
        }
        _ => Err(os_error(Errno::IO, vm)),
    }
}

/// Kinds and names.
pub fn names(folder: u32, path: &PyBytesRef, vm: &VirtualMachine) -> PyResult<PyListRef> {
    match look(folder, path, LookFor::Names, vm)? {
        Looked::Names(names) => {
            let pair = |(kind, name): (u8, Vec<u8>)| {
                let pair = vec![vm.ctx.new_int(kind).into(), vm.ctx.new_bytes(name).into()];
                vm.ctx.new_tuple(pair).into()
            };
            Ok(vm.ctx.new_list(names.into_iter().map(pair).collect()))
        }
        _ => Err(os_error(Errno::IO, vm)),
    }
}

/// The bytes of a file.
pub fn contents(folder: u32, path: &PyBytesRef, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
    match look(folder, path, LookFor::Contents, vm)? {
        Looked::Contents(bytes) => Ok(vm.ctx.new_bytes(bytes)),
        _ => Err(os_error(Errno::IO, vm)),
    }
}

/// What a symbolic link says.
pub fn link(folder: u32, path: &PyBytesRef, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
    match look(folder, path, LookFor::Link, vm)? {
        Looked::Link(target) => Ok(vm.ctx.new_bytes(target)),
        _ => Err(os_error(Errno::IO, vm)),
    }
}

fn look(folder: u32, path: &PyBytesRef, what: LookFor, vm: &VirtualMachine) -> PyResult<Looked> {
    let look = Look { folder, path: path.as_bytes().to_vec(), what };
    connection::look(&look, vm)?.map_err(|errno| os_error(Errno::from_raw_os_error(errno), vm))
}
