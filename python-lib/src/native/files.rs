//! The short way of the commonest things that programs do with files. `cloison._descriptors` and `cloison._fileio` say in Python how
//! everything is done; a function or a method of theirs that is given to [`shorten`] does the plain case here, and is called for all
//! others: an open file of a capability is a plain case, and a socket, a standard stream, or whatever raises is not.
//!
//! Nothing is decided here: what a path leads to is the service's to say.

use crate::contact;
use crate::documentation;
use crate::objects::handle::Handle;
use crate::objects::object::Capability;
use rustpython_vm::builtins::{
    PyBaseExceptionRef, PyBytes, PyBytesRef, PyDict, PyDictRef, PyInt, PyStr, PyStrInterned, PyTuple, PyType, PyTypeRef,
};
use rustpython_vm::function::{ArgBytesLike, ArgMemoryBuffer, FuncArgs, PyMethodFlags};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, TryFromObject, VirtualMachine};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The most bytes that one call carries. `_descriptors` and `_fileio` have this and the next two of `_cloison`.
pub const CHUNK_BYTES: usize = 4 << 20;
/// How much is read at first of what is read to its end, and when a file is opened: most files are short.
pub const FIRST_BYTES: usize = 16 << 10;
/// What a buffered file reads at once: filling more with zeros takes longer than most files do.
pub const BUFFER_BYTES: usize = 32 << 10;
/// The same of one that is shorter than [`FIRST_BYTES`].
const SMALL_BUFFER_BYTES: usize = 8 << 10;
const NANOSECONDS: i64 = 1_000_000_000;
/// For how long what was read along with opening may be taken for what is there.
const FRESH: Duration = Duration::from_millis(1);
/// What `_descriptors.open` has without asking whoever has files.
const NULL: &str = "/dev/null";

/// An open file: what has opened it, its handle there, and the name that it was opened by.
#[rustpython_vm::pyclass(module = "cloison", name = "OpenFile")]
#[derive(Debug, PyPayload)]
pub struct OpenFile {
    files: PyObjectRef,
    handle: PyObjectRef,
    mount: PyObjectRef,
    name: PyObjectRef,
    /// Nothing was written, so that closing it has nothing to say.
    read_only: bool,
    ahead: RefCell<Option<Ahead>>,
}

/// What was read along with opening, from the beginning of the file. The service's file stands behind it.
///
/// Nobody can tell it from what would be read now, unless this process has heard of something since then, or some time has passed:
/// then it is not used.
#[derive(Debug)]
struct Ahead {
    data: PyBytesRef,
    /// So much of it has been read.
    taken: usize,
    contacts: u64,
    since: Instant,
}

impl Ahead {
    fn is_fresh(&self) -> bool {
        self.contacts == contact::count() && self.since.elapsed() < FRESH
    }

    /// There was no more.
    fn is_whole(&self) -> bool {
        self.data.len() < FIRST_BYTES
    }
}

#[rustpython_vm::pyclass]
impl OpenFile {
    #[pygetset]
    fn files(zelf: &Py<Self>) -> PyObjectRef {
        zelf.files.clone()
    }

    /// Whoever has it finds the file standing where this process has read to.
    #[pygetset]
    fn handle(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        zelf.go_back(vm)?;
        Ok(zelf.handle.clone())
    }

    #[pygetset]
    fn mount(zelf: &Py<Self>) -> PyObjectRef {
        zelf.mount.clone()
    }

    #[pygetset]
    fn name(zelf: &Py<Self>) -> PyObjectRef {
        zelf.name.clone()
    }
}

impl OpenFile {
    /// Of `mount`, which gives it.
    pub fn new(mount: PyObjectRef, handle: PyObjectRef, name: PyObjectRef, vm: &VirtualMachine) -> PyResult<Self> {
        let files = mount.get_attr("files", vm)?;
        Ok(Self { files, handle, mount, name, read_only: false, ahead: RefCell::default() })
    }

    /// Have the service's file stand where this process has read to.
    fn go_back(&self, vm: &VirtualMachine) -> PyResult<()> {
        let Some(ahead) = self.ahead.take() else { return Ok(()) };
        if ahead.taken < ahead.data.len() {
            vm.call_method(&self.files, "lseek", (self.handle.clone(), ahead.taken, libc::SEEK_SET))?;
        }
        Ok(())
    }

    /// What was read along with opening, if it is of any use: the bytes that are left, and whether there were more.
    fn take_ahead(&self, size: usize, vm: &VirtualMachine) -> PyResult<Option<(PyBytesRef, bool)>> {
        if size == 0 {
            return Ok(Some((vm.ctx.new_bytes(Vec::new()), false)));
        }
        let taken = match &mut *self.ahead.borrow_mut() {
            Some(ahead) if ahead.is_fresh() => {
                let left = ahead.data.len() - ahead.taken;
                let count = left.min(size);
                let whole = ahead.taken == 0 && count == left;
                let part = || vm.ctx.new_bytes(ahead.data.as_bytes()[ahead.taken..][..count].to_vec());
                let bytes = if whole { ahead.data.clone() } else { part() };
                ahead.taken += count;
                Some((bytes, !ahead.is_whole()))
            }
            _ => None,
        };
        match &taken {
            // It has been read: what comes next is what the service says.
            Some((bytes, _)) if bytes.len() < size || bytes.is_empty() => drop(self.ahead.take()),
            Some(_) => {}
            None => self.go_back(vm)?,
        }
        Ok(taken)
    }

    /// At most so many bytes, fewer only at the end.
    fn read(&self, size: usize, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
        match self.take_ahead(size, vm)? {
            Some((first, more)) if more && first.len() < size => {
                let rest = self.ask(size - first.len(), vm).or_else(|error| {
                    // Told at once, and no bytes are passed over: the file stands where it stood before.
                    let back = -(first.len() as i64);
                    vm.call_method(&self.files, "lseek", (self.handle.clone(), back, libc::SEEK_CUR))?;
                    Err(error)
                })?;
                Ok(vm.ctx.new_bytes([first.as_bytes(), rest.as_bytes()].concat()))
            }
            Some((first, _)) => Ok(first),
            None => self.ask(size, vm),
        }
    }

    fn ask(&self, size: usize, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
        let data = vm.call_method(&self.files, "read", (self.handle.clone(), size.min(CHUNK_BYTES)))?;
        data.downcast::<PyBytes>().map_err(|_| not_bytes(vm))
    }
}

/// A place with files, and the mount that it is.
struct MountPlace {
    at: Vec<u8>,
    mount: PyObjectRef,
}

/// What the short way looks into.
struct Known {
    /// Number → open file, socket and so on.
    open: PyDictRef,
    fd: &'static PyStrInterned,
    closed: &'static PyStrInterned,
    mode: &'static PyStrInterned,
    name: &'static PyStrInterned,
    closefd: &'static PyStrInterned,
    /// The class of what `stat` gives, and how a tuple of it is made.
    stat_result: PyObjectRef,
    new_tuple: PyObjectRef,
}

thread_local! {
    static KNOWN: Cell<Option<&'static Known>> = const { Cell::new(None) };
    /// The longest first.
    static PLACES: RefCell<Vec<MountPlace>> = const { RefCell::new(Vec::new()) };
}

/// Note the table of open files. There is one.
pub fn set_table(open: PyDictRef, stat_result: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    let name = |text| vm.ctx.intern_str(text);
    let known = Known {
        open,
        fd: name("_fd"),
        closed: name("__closed"),
        mode: name("_mode"),
        name: name("name"),
        closefd: name("_closefd"),
        stat_result,
        new_tuple: vm.ctx.types.tuple_type.as_object().get_attr("__new__", vm)?,
    };
    KNOWN.set(Some(Box::leak(Box::new(known))));
    Ok(())
}

/// Note where this process sees files; the longest place first.
pub fn set_places(places: impl Iterator<Item = (PyBytesRef, PyObjectRef)>) {
    let place = |(at, mount): (PyBytesRef, PyObjectRef)| MountPlace { at: at.as_bytes().to_vec(), mount };
    PLACES.set(places.map(place).collect());
}

/// The mount that a path leads to which needs no other look: absolute and plain.
fn mount_of(path: &[u8]) -> Option<PyObjectRef> {
    let has = |pair: &[u8; 2]| path.windows(2).any(|two| two == pair);
    if path.first() != Some(&b'/') || path.last() == Some(&b'/') || path.contains(&0) || has(b"/.") || has(b"//") {
        return None;
    }
    PLACES.with_borrow(|places| {
        let leads = |place: &&MountPlace| path.strip_prefix(&*place.at).is_some_and(|rest| rest.first() == Some(&b'/'));
        places.iter().find(leads).map(|place| place.mount.clone())
    })
}

/// Raises what the service has said of a path if that is that nothing is there, with the name that the program has for it: whoever is
/// called instead would only ask the service again. Any other error of the system is theirs to explain.
fn not_there(error: PyBaseExceptionRef, path: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
    if error.fast_isinstance(vm.ctx.exceptions.file_not_found_error) {
        error.as_object().set_attr("filename", path.to_owned(), vm)?;
        return Err(error);
    }
    if error.fast_isinstance(vm.ctx.exceptions.os_error) { Ok(()) } else { Err(error) }
}

/// Open what is there, to be read, and read its first bytes along with that if it is `ahead`. `None` if that is not plain, or fails
/// otherwise than for want of a file: then whoever is called instead says why.
fn open_to_read(path: &PyObject, flags: i32, ahead: bool, vm: &VirtualMachine) -> PyResult<Option<PyRef<OpenFile>>> {
    let Some(text) = path.downcast_ref_if_exact::<PyStr>(vm).and_then(|text| text.to_str()) else { return Ok(None) };
    if text == NULL {
        return Ok(None);
    }
    let Some(mount) = mount_of(text.as_bytes()) else { return Ok(None) };
    let files = mount.get_attr("files", vm)?;
    let bytes = vm.ctx.new_bytes(text.as_bytes().to_vec());
    // The application's own folder has nothing to read ahead.
    let ahead = ahead && files.downcast_ref::<Capability>().is_some();
    let opened = match ahead {
        true => vm.call_method(&files, "open_read", (bytes, flags, FIRST_BYTES)),
        false => vm.call_method(&files, "open", (bytes, flags, 0)),
    };
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => return not_there(error, path, vm).map(|()| None),
    };
    let (handle, ahead) = match opened.downcast_ref::<PyTuple>().map(|both| both.as_slice()) {
        Some([data, handle]) => {
            let data = data.clone().downcast::<PyBytes>().map_err(|_| not_bytes(vm))?;
            let ahead = Ahead { data, taken: 0, contacts: contact::count(), since: Instant::now() };
            (handle.clone(), Some(ahead))
        }
        _ => (opened, None),
    };
    let (name, ahead) = (path.to_owned(), RefCell::new(ahead));
    Ok(Some(OpenFile { files, handle, mount, name, read_only: true, ahead }.into_ref(&vm.ctx)))
}

fn not_bytes(vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_type_error("a service has read what is no bytes")
}

impl Known {
    /// The lowest number that is free is from now on this file's.
    fn enter(&self, file: PyRef<OpenFile>, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        let mut number = 3;
        loop {
            let key: PyObjectRef = vm.ctx.new_int(number).into();
            if !self.open.contains_key(&*key, vm) {
                self.open.set_item(&*key, file.into(), vm)?;
                return Ok(key);
            }
            number += 1;
        }
    }

    /// The open file of that number, if it is one.
    fn find(&self, number: &PyObject, vm: &VirtualMachine) -> PyResult<Option<PyRef<OpenFile>>> {
        if number.downcast_ref_if_exact::<PyInt>(vm).is_none() {
            return Ok(None);
        }
        let found = self.open.get_item_opt(number, vm)?;
        Ok(found.and_then(|found| found.downcast::<OpenFile>().ok()))
    }

    /// The file that a `FileIO` has open, with the number and the attributes of the `FileIO`.
    fn of(&self, own: &PyObject, vm: &VirtualMachine) -> PyResult<Option<(PyRef<OpenFile>, PyObjectRef, PyDictRef)>> {
        let Some(attributes) = own.dict() else { return Ok(None) };
        let Some(number) = attributes.get_item_opt(self.fd, vm)? else { return Ok(None) };
        Ok(self.find(&number, vm)?.map(|file| (file, number, attributes)))
    }

    fn is_meant_to(&self, attributes: &Py<PyDict>, what: &'static str, vm: &VirtualMachine) -> PyResult<bool> {
        match attributes.get_item_opt(self.mode, vm)? {
            Some(mode) => mode.get_attr(what, vm)?.try_to_bool(vm),
            None => Ok(false),
        }
    }

    fn readable(&self, own: &PyObject, vm: &VirtualMachine) -> PyResult<Option<PyRef<OpenFile>>> {
        match self.of(own, vm)? {
            Some((file, _, attributes)) if self.is_meant_to(&attributes, "readable", vm)? => Ok(Some(file)),
            _ => Ok(None),
        }
    }

    /// A number for a file that is opened to be read, if that is plain.
    fn open(&self, path: &PyObject, flags: i32, ahead: bool, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
        open_to_read(path, flags, ahead, vm)?.map(|file| self.enter(file, vm)).transpose()
    }

    fn close(&self, file: &OpenFile, number: &PyObject, vm: &VirtualMachine) -> PyResult {
        self.open.del_item(number, vm)?;
        if let (true, Some(handle)) = (file.read_only, file.handle.downcast_ref::<Handle>()) {
            return handle.leave(vm).map(|()| vm.ctx.none());
        }
        vm.call_method(&file.files, "close", (file.handle.clone(),))
    }
}

/// What `stat` gives of what a service says.
pub fn stat_result(found: &PyObject, vm: &VirtualMachine) -> PyResult {
    let Some(known) = KNOWN.get() else { return Err(vm.new_runtime_error("there is no stat_result yet")) };
    let number = |name: &'static str| found.get_attr(name, vm);
    let nanoseconds = |name: &'static str| i64::try_from_object(vm, number(name)?);
    let times = ["access_ns", "modify_ns", "change_ns"];
    let times = [nanoseconds(times[0])?, nanoseconds(times[1])?, nanoseconds(times[2])?];
    let mut numbers = Vec::with_capacity(10);
    for name in ["mode", "inode", "device", "links", "uid", "gid", "size"] {
        numbers.push(number(name)?);
    }
    numbers.extend(times.map(|time| vm.ctx.new_int(time.div_euclid(NANOSECONDS)).into()));
    let hidden = vm.ctx.new_dict();
    for (name, time) in ["st_atime", "st_mtime", "st_ctime"].into_iter().zip(times) {
        // As CPython does it, to the last bit.
        let seconds = time.div_euclid(NANOSECONDS) as f64 + 1e-9 * time.rem_euclid(NANOSECONDS) as f64;
        hidden.set_item(name, vm.ctx.new_float(seconds).into(), vm)?;
    }
    for (name, time) in ["st_atime_ns", "st_mtime_ns", "st_ctime_ns"].into_iter().zip(times) {
        hidden.set_item(name, vm.ctx.new_int(time).into(), vm)?;
    }
    hidden.set_item("st_blksize", number("block_size")?, vm)?;
    hidden.set_item("st_blocks", number("blocks")?, vm)?;
    hidden.set_item("st_rdev", vm.ctx.new_int(0).into(), vm)?;
    let result = known.new_tuple.call((known.stat_result.clone(), vm.ctx.new_tuple(numbers)), vm)?;
    result.set_attr("_hidden", hidden, vm)?;
    Ok(result)
}

/// The names in a part of a listing, which has a letter before and a zero behind each.
pub fn names(part: &PyBytesRef, as_bytes: bool, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
    let entries = part.as_bytes().split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
    let name = |entry: &[u8]| match std::str::from_utf8(&entry[1..]) {
        Ok(text) if !as_bytes => Ok(vm.ctx.new_str(text).into()),
        _ => {
            let name: PyObjectRef = vm.ctx.new_bytes(entry[1..].to_vec()).into();
            if as_bytes { Ok(name) } else { vm.call_method(&name, "decode", ("utf-8", "surrogateescape")) }
        }
    };
    entries.map(name).collect()
}

/// What is left of a file.
fn read_all(file: &OpenFile, vm: &VirtualMachine) -> PyResult {
    let (first, more) = match file.take_ahead(usize::MAX, vm)? {
        Some(taken) => taken,
        None => {
            let first = file.ask(FIRST_BYTES, vm)?;
            let more = first.len() == FIRST_BYTES;
            (first, more)
        }
    };
    if !more {
        return Ok(first.into());
    }
    // Put together at the end: what grows as it is read would be there twice whenever it moves.
    let (mut length, mut room, mut pieces) = (first.len(), 16 * FIRST_BYTES, vec![first]);
    loop {
        let piece = file.ask(room, vm)?;
        let is_last = piece.len() < room;
        length += piece.len();
        pieces.push(piece);
        crate::errors::ensure_free("what is read takes", length as u64, vm)?;
        if is_last {
            let parts: Vec<_> = pieces.iter().map(|piece| piece.as_bytes()).collect();
            return Ok(vm.ctx.new_bytes(parts.concat()).into());
        }
        room = (room * 4).min(CHUNK_BYTES);
    }
}

/// What a plain call gives; `None` if it is none.
type Short = fn(&Known, &FuncArgs, &VirtualMachine) -> PyResult<Option<PyObjectRef>>;

/// The arguments of a call without names.
fn plain<const N: usize>(args: &FuncArgs) -> Option<&[PyObjectRef; N]> {
    if args.kwargs.is_empty() { args.args[..].try_into().ok() } else { None }
}

/// A number of bytes that is not negative.
fn size(object: &PyObject, vm: &VirtualMachine) -> Option<usize> {
    object.downcast_ref_if_exact::<PyInt>(vm)?.as_bigint().try_into().ok()
}

fn write(file: &OpenFile, data: &PyObjectRef, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
    match ArgBytesLike::try_from_object(vm, data.clone()) {
        // A service takes no other elements than bytes.
        Ok(bytes) if bytes.len() <= CHUNK_BYTES && bytes.itemsize() == 1 => {}
        _ => return Ok(None),
    }
    file.go_back(vm)?;
    match vm.call_method(&file.files, "write", (file.handle.clone(), data.clone())) {
        Ok(written) => Ok(Some(written)),
        // Nothing was written: whoever is called instead meets the same, and says whose limit it is.
        Err(error) if error.fast_isinstance(vm.ctx.exceptions.os_error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `open`, and functions of `os`, with their modules and parameters.
const FUNCTIONS: [(&str, &str, &str, Short); 6] = [
    (
        "_io",
        "open",
        "(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)",
        |known, args, vm| {
            let (path, mode) = match &args.args[..] {
                [path] if args.kwargs.is_empty() => (path, None),
                [path, mode] if args.kwargs.is_empty() => (path, Some(mode)),
                _ => return Ok(None),
            };
            let text = match mode.map(|mode| mode.downcast_ref_if_exact::<PyStr>(vm).map(|mode| mode.as_bytes())) {
                None | Some(Some(b"r")) => true,
                Some(Some(b"rb")) => false,
                _ => return Ok(None),
            };
            let Some(streams) = STREAMS.with_borrow(|streams| streams.clone()) else { return Ok(None) };
            if path.downcast_ref_if_exact::<PyStr>(vm).is_none() {
                return Ok(None);
            }
            let none = || vm.ctx.none();
            let raw = streams.raw.as_object().call((path.clone(), vm.ctx.new_str("r"), true, none()), vm)?;
            // It is open, whatever it leads to: `/dev/null` is no file of a service, and is not opened once more for that.
            let is_small = |file: &OpenFile| file.ahead.borrow().as_ref().is_some_and(Ahead::is_whole);
            let small = known.of(&raw, vm)?.is_some_and(|(file, ..)| is_small(&file));
            let size = if small { SMALL_BUFFER_BYTES } else { BUFFER_BYTES };
            let buffered = streams.buffered.call((raw, size), vm)?;
            if !text {
                return Ok(Some(buffered));
            }
            let text = streams.text.call((buffered, vm.ctx.new_str("utf-8"), none(), none(), false), vm)?;
            text.set_attr("mode", vm.ctx.new_str("r"), vm)?;
            Ok(Some(text))
        },
    ),
    ("posix", "open", "(path, flags, mode=511, *, dir_fd=None)", |known, args, vm| {
        let Some([path, flags]) = plain(args) else { return Ok(None) };
        match flags.downcast_ref_if_exact::<PyInt>(vm).and_then(|flags| i32::try_from(flags.as_bigint()).ok()) {
            // To be read, what is there.
            Some(flags) if flags & !libc::O_CLOEXEC == 0 => known.open(path, flags, false, vm),
            _ => Ok(None),
        }
    }),
    ("posix", "stat", "(path, *, dir_fd=None, follow_symlinks=True)", |_, args, vm| {
        let Some([path]) = plain(args) else { return Ok(None) };
        let Some(text) = path.downcast_ref_if_exact::<PyStr>(vm).and_then(|text| text.to_str()) else {
            return Ok(None);
        };
        let Some(mount) = mount_of(text.as_bytes()) else { return Ok(None) };
        let files = mount.get_attr("files", vm)?;
        match vm.call_method(&files, "stat", (vm.ctx.new_bytes(text.as_bytes().to_vec()), 1)) {
            Ok(found) => stat_result(&found, vm).map(Some),
            Err(error) => not_there(error, path, vm).map(|()| None),
        }
    }),
    ("posix", "close", "(fd)", |known, args, vm| {
        let Some([number]) = plain(args) else { return Ok(None) };
        let Some(file) = known.find(number, vm)? else { return Ok(None) };
        known.close(&file, number, vm).map(Some)
    }),
    ("posix", "read", "(fd, length, /)", |known, args, vm| {
        let Some([number, length]) = plain(args) else { return Ok(None) };
        let (Some(file), Some(length)) = (known.find(number, vm)?, size(length, vm)) else { return Ok(None) };
        file.read(length, vm).map(|data| Some(data.into()))
    }),
    ("posix", "write", "(fd, data, /)", |known, args, vm| {
        let Some([number, data]) = plain(args) else { return Ok(None) };
        let Some(file) = known.find(number, vm)? else { return Ok(None) };
        write(&file, data, vm)
    }),
];

/// Methods of `FileIO`.
const METHODS: [(&str, &str, Short); 9] = [
    ("__init__", "($self, file, mode='r', closefd=True, opener=None)", |known, args, vm| {
        let (own, path, mode) = match &args.args[..] {
            [own, path, mode] if args.kwargs.is_empty() => (own, path, mode),
            // As `open` does.
            [own, path, mode, closefd, opener]
                if args.kwargs.is_empty() && closefd.is(&vm.ctx.true_value) && vm.is_none(opener) =>
            {
                (own, path, mode)
            }
            _ => return Ok(None),
        };
        let Some(streams) = STREAMS.with_borrow(|streams| streams.clone()) else { return Ok(None) };
        let is_read = mode.downcast_ref_if_exact::<PyStr>(vm).is_some_and(|mode| mode.as_bytes() == b"r");
        let Some(attributes) = own.dict().filter(|_| is_read) else { return Ok(None) };
        if attributes.contains_key(known.fd, vm) {
            return Ok(None);
        }
        let Some(number) = known.open(path, libc::O_CLOEXEC, true, vm)? else { return Ok(None) };
        attributes.set_item(known.mode, streams.read.clone(), vm)?;
        attributes.set_item(known.fd, number, vm)?;
        attributes.set_item(known.name, path.clone(), vm)?;
        Ok(Some(vm.ctx.none()))
    }),
    ("__del__", "($self, /)", |known, args, vm| {
        // One that has never been opened, or is closed.
        let Some([own]) = plain(args) else { return Ok(None) };
        let number = own.dict().map(|attributes| attributes.get_item_opt(known.fd, vm)).transpose()?.flatten();
        Ok(number.is_none_or(|number| size(&number, vm).is_none()).then(|| vm.ctx.none()))
    }),
    ("readable", "($self, /)", |known, args, vm| {
        let Some([own]) = plain(args) else { return Ok(None) };
        let Some((_, _, attributes)) = known.of(own, vm)? else { return Ok(None) };
        Ok(Some(vm.ctx.new_bool(known.is_meant_to(&attributes, "readable", vm)?).into()))
    }),
    ("writable", "($self, /)", |known, args, vm| {
        let Some([own]) = plain(args) else { return Ok(None) };
        let Some((_, _, attributes)) = known.of(own, vm)? else { return Ok(None) };
        Ok(Some(vm.ctx.new_bool(known.is_meant_to(&attributes, "writable", vm)?).into()))
    }),
    ("read", "($self, size=-1, /)", |known, args, vm| {
        let Some([own, length]) = plain(args) else { return Ok(None) };
        let (Some(file), Some(length)) = (known.readable(own, vm)?, size(length, vm)) else { return Ok(None) };
        file.read(length, vm).map(|data| Some(data.into()))
    }),
    ("readall", "($self, /)", |known, args, vm| {
        let Some([own]) = plain(args) else { return Ok(None) };
        let Some(file) = known.readable(own, vm)? else { return Ok(None) };
        read_all(&file, vm).map(Some)
    }),
    ("readinto", "($self, buffer, /)", |known, args, vm| {
        let Some([own, buffer]) = plain(args) else { return Ok(None) };
        let (Some(file), Ok(buffer)) = (known.readable(own, vm)?, ArgMemoryBuffer::try_from_object(vm, buffer.clone()))
        else {
            return Ok(None);
        };
        let data = file.read(buffer.len(), vm)?;
        buffer.borrow_buf_mut()[..data.len()].copy_from_slice(data.as_bytes());
        Ok(Some(vm.ctx.new_int(data.len()).into()))
    }),
    ("write", "($self, data, /)", |known, args, vm| {
        let Some([own, data]) = plain(args) else { return Ok(None) };
        match known.of(own, vm)? {
            Some((file, _, attributes)) if known.is_meant_to(&attributes, "writable", vm)? => write(&file, data, vm),
            _ => Ok(None),
        }
    }),
    ("close", "($self, /)", |known, args, vm| {
        let Some([own]) = plain(args) else { return Ok(None) };
        // A class that is derived from this one may flush.
        let is_own =
            STREAMS.with_borrow(|streams| streams.as_ref().is_some_and(|streams| own.class().is(&streams.raw)));
        match known.of(own, vm)? {
            Some((file, number, attributes)) if is_own && !attributes.contains_key(known.closefd, vm) => {
                attributes.set_item(known.closed, vm.ctx.true_value.clone().into(), vm)?;
                attributes.set_item(known.fd, vm.ctx.new_int(-1).into(), vm)?;
                known.close(&file, &number, vm)?;
                Ok(Some(vm.ctx.none()))
            }
            _ => Ok(None),
        }
    }),
];

/// Classes that files are read by.
struct Streams {
    /// `FileIO`
    raw: PyTypeRef,
    /// What `_fileio` says that its mode `r` means.
    read: PyObjectRef,
    buffered: PyObjectRef,
    text: PyObjectRef,
}

thread_local! {
    static STREAMS: RefCell<Option<Rc<Streams>>> = const { RefCell::new(None) };
}

/// Whatever is called this way goes the short way if it is plain.
fn shortened(short: Short, long: PyObjectRef) -> impl Fn(FuncArgs, &VirtualMachine) -> PyResult + 'static {
    move |args, vm| match KNOWN.get().map(|known| short(known, &args, vm)).transpose()?.flatten() {
        Some(value) => Ok(value),
        None => long.call(args, vm),
    }
}

/// A function of that module, by its short way where that is plain.
pub fn shorten(module: &str, name: &str, long: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let known = FUNCTIONS.iter().find(|(known, one, ..)| *known == module && *one == name);
    let Some((module, name, parameters, short)) = known else {
        return Err(vm.new_value_error(format!("{module}.{name}() has no short way")));
    };
    let doc = documentation::of_function(name, parameters, &long, vm)?;
    let definition = vm.ctx.new_method_def(name, shortened(*short, long), PyMethodFlags::empty(), doc);
    let function: PyObjectRef = definition.build_function(vm, None).into();
    function.set_attr("__module__", vm.ctx.intern_str(*module).to_owned(), vm)?;
    Ok(function)
}

/// Give the class `FileIO` its short ways. `read` is what its mode `r` means.
pub fn shorten_methods(class: PyTypeRef, read: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    // A method keeps its class for as long as the interpreter runs.
    let kept: &'static Py<PyType> = Box::leak(Box::new(class.clone()));
    for (name, parameters, short) in &METHODS {
        let long = class.as_object().get_attr(*name, vm)?;
        let doc = documentation::of_function(name, parameters, &long, vm)?;
        let definition = vm.ctx.new_method_def(name, shortened(*short, long), PyMethodFlags::METHOD, doc);
        class.as_object().set_attr(*name, definition.build_method(kept, vm), vm)?;
    }
    let io = vm.import("_io", 0)?;
    let (buffered, text) = (io.get_attr("BufferedReader", vm)?, io.get_attr("TextIOWrapper", vm)?);
    STREAMS.set(Some(Rc::new(Streams { raw: class, read, buffered, text })));
    Ok(())
}
