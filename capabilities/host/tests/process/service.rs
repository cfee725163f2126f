//! The service, with a broker that starts nothing: which arguments get through to it, and what the streams do.

use crate::process::program::python;
use crate::support::{Answer, Argument, Client, Service};
use cloison_contract::call::Status;
use cloison_contract::host::HostService;
use cloison_contract::host::process::{
    ARGUMENT_BYTES, ArgumentPattern, ArgumentRule, FOLDER_BYTES, MOST_ARGUMENTS, ProcessService, RunOrder, RunOutcome,
};
use cloison_contract::message::FromZone;
use cloison_transport::control::Control;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;

fn rule(text: &str) -> ArgumentRule {
    ArgumentRule::One(ArgumentPattern(text.into()))
}

fn start() -> (Service, Client) {
    let mut command = python();
    command.name = "git".into();
    let any = ["--oneline", "-n*"].map(|text| ArgumentPattern(text.into())).to_vec();
    command.arguments = vec![rule("log"), ArgumentRule::Any(any), rule("*")];
    command.output_bytes = 10_000;
    let mut other = command.clone();
    other.arguments = vec![rule("status")];
    let service = ProcessService {
        commands: vec![command, other],
        roots: Vec::new(),
        at_once: 4,
        location: "cloison.toml:3".into(),
    };
    let mut service = Service::launch(HostService::Process(service), &[]);
    let client = service.attach();
    (service, client)
}

fn words<'a>(name: &'a str, arguments: &'a [u8], streams: u64) -> [Argument<'a>; 4] {
    [Argument::Bytes(name.as_bytes()), Argument::Bytes(arguments), Argument::Bytes(b""), Argument::Word(streams)]
}

/// What the broker has of a run: how it was asked for, its input, output, error, and the leash.
struct Asked {
    command: u32,
    arguments: Vec<Vec<u8>>,
    stdin: File,
    stdout: Option<File>,
    stderr: Option<File>,
    leash: Control,
}

/// Starts one, as far as the service is concerned.
fn started(service: &Service, client: &mut Client, arguments: &[u8], streams: u64) -> (u64, Asked) {
    client.post("start", &words("git", arguments, streams));
    let (message, descriptors) = service.heard_with();
    let FromZone::Run { command, arguments, folder: None } = message else { panic!("{message:?}") };
    let [stdin, stdout, stderr, leash] = <[OwnedFd; 4]>::try_from(descriptors).expect("four");
    let leash = Control::from_descriptor(leash);
    leash.send(&RunOutcome::Started, &[]).expect("sent");
    let handle = client.finish().expect("started")[0];
    let (stdout, stderr) = (Some(stdout.into()), Some(stderr.into()));
    (handle, Asked { command, arguments, stdin: stdin.into(), stdout, stderr, leash })
}

fn read(client: &mut Client, handle: u64, stream: u64) -> Result<Vec<u8>, i32> {
    let arguments = [Argument::Word(handle), Argument::Word(stream), Argument::Word(4096), Argument::Word(u64::MAX)];
    client.call("read", &arguments).map(|words| client.bytes(&words))
}

fn wait(client: &mut Client, handle: u64, timeout: i64) -> Answer {
    client.call("wait", &[Argument::Word(handle), Argument::Word(timeout as u64)])
}

#[test]
fn only_granted_arguments_reach_the_broker() {
    let (service, mut client) = start();
    for arguments in [
        &b"push\0origin\0"[..],
        b"log\0",
        b"log\0--output=/work/x\0main\0",
        b"log\0main\0--oneline\0",
        b"-c\0core.pager=x\0log\0main\0",
        b"--exec-path=/work\0log\0main\0",
        b"log\0-\0",
        b"status\0-v\0",
        b"",
        b"\0",
    ] {
        let (status, answer) = client.ask("start", &words("git", arguments, 7));
        assert_eq!((status, answer[1] as i32), (Status::NativeError, libc::EACCES), "{arguments:?}");
    }
    for name in ["", "sh", "git ", "/usr/bin/git", "../git", "gi"] {
        let refused = client.ask("start", &words(name, b"status\0", 7));
        assert_eq!((refused.0, refused.1[1] as i32), (Status::NativeError, libc::EACCES), "{name}");
    }
    // What has no end is no argument: a NUL cannot be inside of one.
    assert_eq!(client.call("start", &words("git", b"log\0main", 7)), Err(libc::EINVAL));
    let (_, asked) = started(&service, &mut client, b"log\0-n5\0--oneline\0main..x\0", 7);
    assert_eq!((asked.command, asked.arguments.len()), (0, 4), "the only one that was heard of");
    let (_, asked) = started(&service, &mut client, b"status\0", 7);
    assert_eq!((asked.command, asked.arguments), (1, vec![b"status".to_vec()]));
}

#[test]
fn streams_carry_what_they_are_given() {
    let (service, mut client) = start();
    let (handle, mut asked) = started(&service, &mut client, b"status\0", 7);
    let written =
        client.call("write", &[Argument::Word(handle), Argument::Bytes(&[7; 100_000]), Argument::Word(u64::MAX)]);
    let written = written.expect("as much as a pipe takes")[0] as usize;
    assert_eq!(written, 65536, "what a pipe holds");
    assert_eq!(
        client.call("write", &[Argument::Word(handle), Argument::Bytes(b"x"), Argument::Word(0)]),
        Err(libc::EAGAIN)
    );
    let mut got = vec![0; written];
    asked.stdin.read_exact(&mut got).expect("read");
    client.call("close", &[Argument::Word(handle), Argument::Word(1)]).expect("closed");
    assert_eq!(asked.stdin.read(&mut [0; 8]).expect("read"), 0, "its end");
    asked.stdout.as_mut().expect("open").write_all(b"out").expect("written");
    asked.stderr.as_mut().expect("open").write_all(b"error").expect("written");
    assert_eq!(
        (read(&mut client, handle, 2), read(&mut client, handle, 4)),
        (Ok(b"out".to_vec()), Ok(b"error".to_vec()))
    );
    let poll = |client: &mut Client, wanted| {
        client.call("poll", &[Argument::Word(handle), Argument::Word(wanted), Argument::Word(0)])
    };
    assert_eq!(poll(&mut client, 15), Ok(vec![0]));
    drop(asked.stdout.take());
    assert_eq!((poll(&mut client, 15), read(&mut client, handle, 2)), (Ok(vec![2]), Ok(Vec::new())));
    assert_eq!(wait(&mut client, handle, 0), Err(libc::EAGAIN));
    client.call("signal", &[Argument::Word(handle), Argument::Word(15)]).expect("sent");
    assert_eq!(asked.leash.receive::<RunOrder>().expect("an order").0, RunOrder::Signal(15));
    asked.leash.send(&RunOutcome::Signaled(15), &[]).expect("sent");
    assert_eq!(poll(&mut client, 8), Ok(vec![8]));
    for timeout in [-1, 0] {
        let how = wait(&mut client, handle, timeout).expect("it has ended");
        assert_eq!(how[0] as u32 as i32, -15);
    }
    // A pipe that nobody reads is an error, and not the end of the service.
    let (handle, asked) = started(&service, &mut client, b"status\0", 7);
    drop(asked.stdin);
    assert_eq!(
        client.call("write", &[Argument::Word(handle), Argument::Bytes(b"x"), Argument::Word(u64::MAX)]),
        Err(libc::EPIPE)
    );
    assert!(service.is_running());
}

#[test]
fn output_has_an_end() {
    let (service, mut client) = start();
    let (handle, asked) = started(&service, &mut client, b"status\0", 6);
    asked.stdout.expect("open").write_all(&[b'x'; 12_000]).expect("written");
    let mut count = 0;
    let refused = loop {
        match read(&mut client, handle, 2) {
            Ok(bytes) => count += bytes.len(),
            Err(refused) => break refused,
        }
    };
    assert_eq!((count, refused, read(&mut client, handle, 4)), (10_000, libc::EFBIG, Err(libc::EFBIG)));
    assert_eq!(asked.leash.receive::<RunOrder>().expect("an order").0, RunOrder::Signal(9), "it is ended");
}

/// Exactly the limit is within it, whichever stream it came by.
#[test]
fn as_much_as_may_be_put_out_is_not_too_much() {
    let (service, mut client) = start();
    let (handle, mut asked) = started(&service, &mut client, b"status\0", 6);
    asked.stdout.as_mut().expect("open").write_all(&[b'x'; 9_000]).expect("written");
    asked.stderr.as_mut().expect("open").write_all(&[b'x'; 1_000]).expect("written");
    drop((asked.stdout.take(), asked.stderr.take()));
    let mut counts = [0, 0];
    for (count, stream) in counts.iter_mut().zip([2, 4]) {
        loop {
            match read(&mut client, handle, stream).expect("within the limit").len() {
                0 => break,
                read => *count += read,
            }
        }
    }
    assert_eq!(counts, [9_000, 1_000]);
    assert!(asked.leash.try_receive::<RunOrder>().expect("it is held").is_none(), "nobody ends it");
}

/// What is too long says so, and nobody is asked; what is just short enough arrives.
#[test]
fn arguments_and_folders_have_a_size() {
    let (service, mut client) = start();
    let long = |bytes: usize| [&b"log\0"[..], &vec![b'x'; bytes - 5], b"\0"].concat();
    for arguments in [long(ARGUMENT_BYTES + 1), b"x\0".repeat(MOST_ARGUMENTS + 1)] {
        assert_eq!(client.call("start", &words("git", &arguments, 7)), Err(libc::E2BIG));
    }
    let folder = [b'/'; FOLDER_BYTES];
    let mut arguments = words("git", b"status\0", 7);
    arguments[2] = Argument::Bytes(&folder);
    client.post("start", &arguments);
    let (FromZone::Run { folder: Some(asked), .. }, descriptors) = service.heard_with() else { panic!("a run") };
    assert_eq!(asked.len(), FOLDER_BYTES);
    drop(descriptors);
    assert_eq!(client.finish(), Err(libc::EIO));
    let most = long(ARGUMENT_BYTES);
    let (_, asked) = started(&service, &mut client, &most, 7);
    assert_eq!(asked.arguments.iter().map(|one| one.len() + 1).sum::<usize>(), ARGUMENT_BYTES);
}

#[test]
fn what_is_not_asked_for_is_empty() {
    let (service, mut client) = start();
    let (handle, mut asked) = started(&service, &mut client, b"status\0", 0);
    assert_eq!(asked.stdin.read(&mut [0; 8]).expect("read"), 0);
    asked.stdout.expect("open").write_all(b"nowhere").expect("written");
    assert_eq!((read(&mut client, handle, 2), read(&mut client, handle, 4)), (Err(libc::EBADF), Err(libc::EBADF)));
    let (handle, asked) = started(&service, &mut client, b"status\0", 10);
    asked.stderr.expect("open").write_all(b"together").expect("written");
    assert_eq!(read(&mut client, handle, 2).as_deref(), Ok(&b"together"[..]));
}

/// A handle that is closed, a client that leaves, a service that ends: each lets go of the leash.
#[test]
fn a_leash_ends_with_its_handle_its_client_and_the_service() {
    let (mut service, mut client) = start();
    let gone = |asked: &Asked| asked.leash.receive::<RunOrder>().is_err();
    let (handle, asked) = started(&service, &mut client, b"status\0", 7);
    client.forget(handle);
    assert!(gone(&asked));
    let (_, asked) = started(&service, &mut client, b"status\0", 7);
    service.detach(client);
    assert!(gone(&asked));
    let mut client = service.attach();
    let (_, asked) = started(&service, &mut client, b"status\0", 7);
    drop(service);
    assert!(gone(&asked));
}

#[test]
fn what_the_broker_refuses_is_an_error() {
    let (service, mut client) = start();
    client.post("start", &words("git", b"status\0", 7));
    let (_, descriptors) = service.heard_with();
    let leash = Control::from_descriptor(descriptors.into_iter().nth(3).expect("a leash"));
    leash.send(&RunOutcome::Refused(libc::EAGAIN, "as many as may".into()), &[]).expect("sent");
    assert_eq!(client.finish(), Err(libc::EAGAIN));
    client.post("start", &words("git", b"status\0", 7));
    drop(service.heard_with());
    assert_eq!(client.finish(), Err(libc::EIO), "a broker that says nothing");
}
