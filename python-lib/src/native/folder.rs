//! Files of the application's own folders, and where files are at all.

use crate::call::connection;
use crate::errors::os_error;
use crate::link;
use crate::mounts;
use cloison_contract::message::{FromMicroprocess, LOOK_BYTES, Look, LookFor, Looked, Mount, ServiceOffer};
use rustix::io::Errno;
use rustpython_vm::builtins::{PyBytesRef, PyListRef, PyStrRef, PyTupleRef};
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

/// Of each service its name, the capability that gives it, what it grants, and the line that says so.
pub fn services(vm: &VirtualMachine) -> Option<PyListRef> {
    let text = |text: &str| -> PyObjectRef { vm.ctx.new_str(text).into() };
    let service = |offer: &ServiceOffer| {
        let grants = vm.ctx.new_tuple(offer.grants.iter().map(|line| text(line)).collect()).into();
        vm.ctx.new_tuple(vec![text(&offer.service), text(&offer.capability), grants, text(&offer.location)]).into()
    };
    Some(vm.ctx.new_list(mounts::services()?.iter().map(service).collect()))
}

/// Say what no capability gives, if somebody wants to know. It helps people: without it the refusal is the same.
pub fn lacks(service: &PyStrRef, what: &PyStrRef, writes: bool) {
    if mounts::is_recorded() {
        let (service, what) = (service.to_string_lossy().into_owned(), what.to_string_lossy().into_owned());
        let _ = link::notify(&FromMicroprocess::Lacks { service, what, writes });
    }
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

/// How often a file is read anew that has changed meanwhile.
const ATTEMPTS: usize = 3;

/// The bytes of a file, piece by piece, all of one state of it.
pub fn contents(folder: u32, path: &PyBytesRef, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
    for _ in 0..ATTEMPTS {
        if let Some(whole) = whole(folder, path, vm)? {
            return Ok(vm.ctx.new_bytes(whole));
        }
    }
    Err(os_error(Errno::AGAIN, vm))
}

/// `None` if it has changed meanwhile.
fn whole(folder: u32, path: &PyBytesRef, vm: &VirtualMachine) -> PyResult<Option<Vec<u8>>> {
    let (mut whole, mut first) = (Vec::new(), None);
    loop {
        let look = look(folder, path, LookFor::Contents { from: whole.len() as u64 }, vm)?;
        let Looked::Contents { status, bytes } = look else { return Err(os_error(Errno::IO, vm)) };
        if *first.get_or_insert(status) != status {
            return Ok(None);
        }
        whole.extend_from_slice(&bytes);
        if bytes.len() < LOOK_BYTES {
            return Ok(Some(whole));
        }
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
