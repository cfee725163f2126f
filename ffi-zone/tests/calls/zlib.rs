//! The bundled binding and the system's library, without a sandbox: the manifest's roles mean here what they say.

use crate::common;
use crate::common::Argument::{Bytes, Word};
use crate::common::{Argument, BOTH};
use cloison_contract::Interface;
use cloison_contract::call::Status;
use cloison_contract::interface::{Function, Instances, LibraryLocation};
use cloison_manifest::{bundled, manifest};
use cloison_transport::channel::Channel;
use cloison_transport::client::Caller;
use cloison_zone::callback::callables::NoCallables;
use cloison_zone::marshal::functions::{FunctionError, Functions};
use cloison_zone::marshal::refusal::empty_reply;
use cloison_zone::marshal::workspace::Workspace;
use cloison_zone::marshal::{Marshal, Origin};
use cloison_zone::native::ffi::Code;
use std::ffi::c_void;

struct Zlib {
    marshal: Marshal,
    workspace: Workspace,
    caller: Caller,
    _channel: Channel,
}

fn interface(instances: Instances) -> Interface {
    let (name, text) = bundled::find("zlib").expect("bundled");
    let mut interface = manifest::parse(name, text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    interface.sandbox.instances = instances;
    interface
}

impl Zlib {
    fn new(instances: Instances) -> Self {
        let interface = interface(instances);
        let LibraryLocation::Soname(soname) = interface.library.location.clone() else {
            panic!("zlib is found by name")
        };
        // SAFETY: zlib has no constructors worth mentioning.
        let library = Box::leak(Box::new(unsafe { libloading::Library::new(soname) }.expect("zlib is installed")));
        let call_bytes = interface.sandbox.call_bytes;
        let code = |_, function: &Function| {
            // SAFETY: only the address is taken.
            let symbol = unsafe { library.get::<*const c_void>(function.symbol.as_str()) }.expect("symbol");
            // SAFETY: a function's address; the library stays loaded.
            Ok::<_, (_, FunctionError)>(unsafe { Code::new(*symbol) }.expect("not NULL"))
        };
        // SAFETY: each is looked up by the symbol that its declaration names.
        let functions = unsafe { Functions::new(interface, code) };
        let functions = functions.unwrap_or_else(|(id, error)| panic!("{id:?}: {error}"));
        let (channel, descriptors) = Channel::create(call_bytes).expect("channel");
        let caller = Caller::open(descriptors.channel, descriptors.terms).expect("caller");
        let marshal = Marshal::new(functions);
        let workspace = marshal.workspace().expect("scratch");
        Self { marshal, workspace, caller, _channel: channel }
    }

    fn call(&mut self, name: &str, arguments: &[Argument<'_>]) -> Result<Vec<u64>, (u64, String)> {
        let (id, _) = self.marshal.functions().interface.function(name).expect("such a function");
        let request = common::request(id, arguments, self.caller.arena());
        let mut reply = empty_reply();
        let origin = Origin::new(common::CLIENT, self.caller.arena(), &NoCallables);
        self.marshal.call(&self.workspace, &origin, &request, &mut reply);
        match reply.status {
            Status::Ok => Ok(reply.words[..reply.count as usize].to_vec()),
            _ => Err((reply.words[0], common::explanation(&reply, self.caller.arena()))),
        }
    }

    fn bytes(&mut self, name: &str, arguments: &[Argument<'_>]) -> Vec<u8> {
        let words = self.call(name, arguments).expect("succeeds");
        self.caller.arena().read(words[0], words[1]).expect("in the arena")
    }
}

#[test]
fn checksums() {
    for instances in BOTH {
        let mut zlib = Zlib::new(instances);
        assert_eq!(zlib.call("crc32", &[Word(0), Bytes(b"123456789")]), Ok(vec![0xcbf4_3926]));
        assert_eq!(zlib.call("adler32", &[Word(1), Bytes(b"Wikipedia")]), Ok(vec![0x11e6_0398]));
        assert!(zlib.bytes("version", &[]).starts_with(b"1."));
    }
}

#[test]
fn there_and_back() {
    for instances in BOTH {
        let mut zlib = Zlib::new(instances);
        let data: Vec<u8> = (0..3_000_000_u32).map(|index| (index / 7 % 251) as u8).collect();
        let packed = zlib.bytes("compress2", &[Bytes(&data), Word(6)]);
        assert!(packed.len() < data.len() / 10);
        assert_eq!(zlib.bytes("uncompress", &[Word(16 << 20), Bytes(&packed)]), data);
        let empty = zlib.bytes("compress2", &[Bytes(b""), Word(-1_i64 as u64)]);
        assert_eq!(zlib.bytes("uncompress", &[Word(0), Bytes(&empty)]), b"");
    }
}

#[test]
fn the_largest_call_that_the_manifest_allows() {
    for instances in BOTH {
        let mut zlib = Zlib::new(instances);
        let data = vec![0x5a_u8; 64 << 20];
        let packed = zlib.bytes("compress2", &[Bytes(&data), Word(1)]);
        assert!(zlib.bytes("uncompress", &[Word(64 << 20), Bytes(&packed)]) == data);
    }
}

#[test]
fn errors_in_its_own_words() {
    let mut zlib = Zlib::new(Instances::Shared);
    let error = zlib.call("uncompress", &[Word(100), Bytes(b"no such format")]).expect_err("not compressed");
    assert_eq!(error, (-3_i64 as u64, "data error".to_owned()));
    let packed = zlib.bytes("compress2", &[Bytes(&[7; 1000]), Word(1)]);
    let error = zlib.call("uncompress", &[Word(999), Bytes(&packed)]).expect_err("too little room");
    assert_eq!(error, (-5_i64 as u64, "buffer error".to_owned()));
    let error = zlib.call("compress2", &[Bytes(b""), Word(10)]).expect_err("no such level");
    assert_eq!(error.1, "must be from -1 to 9");
}
