//! Control sockets: messages of all sizes arrive, everything else is an error and leaks no descriptor.
#![cfg(not(loom))]

use cloison_contract::message::{FromMicroprocess, unsettled_stack};
use cloison_transport::control::{Control, ControlError};
use rustix::io::IoSlice;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn send_raw(control: &Control, bytes: &[u8], descriptors: &[OwnedFd]) {
    let descriptors: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(64))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)));
    }
    sendmsg(control, &[IoSlice::new(bytes)], &mut ancillary, SendFlags::empty()).unwrap();
}

// One test, because it counts the descriptors of the whole process.
#[test]
fn messages_arrive_and_crimes_leave_nothing_behind() {
    let (ours, theirs) = Control::pair().unwrap();
    for length in [0usize, 1, 1000, 32 << 10, 32767, 40_000, 5 << 20] {
        let message: Vec<u8> = (0..length).map(|index| index as u8).collect();
        let file = OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
        theirs.send(&message, &[file.as_fd()]).unwrap();
        let (received, descriptors) = ours.receive::<Vec<u8>>().unwrap();
        assert_eq!((received, descriptors.len()), (message, 1), "{length}");
    }
    // What a signal handler sends is a message like any other.
    for length in [0, 1, 127, 128, 300, 16_383, 16_384, 30_000] {
        let sent = "s".repeat(length);
        let (header, bytes) = unsettled_stack(length as u16);
        Control::try_send_encoded(theirs.as_fd(), [&header[..bytes], sent.as_bytes()]).unwrap();
        match ours.receive().unwrap() {
            (FromMicroprocess::Stack { settled: false, text }, none) => assert!(text == sent && none.is_empty()),
            other => panic!("{other:?}"),
        }
    }
    assert!(ours.try_receive::<u32>().unwrap().is_none());
    // What is read is not counted any more, however it travelled.
    for length in [1, 40_000] {
        assert!(!theirs.has_unread(), "{length}");
        theirs.send(&vec![0u8; length], &[]).unwrap();
        assert!(theirs.has_unread() && !ours.has_unread(), "{length}");
        ours.receive::<Vec<u8>>().unwrap();
    }
    assert!(!theirs.has_unread());

    let before = open_descriptors();
    let null = || OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
    let crimes: Vec<(&str, Vec<u8>, usize)> = vec![
        ("unknown tag", vec![9, 1, 2, 3], 2),
        ("does not decode", vec![0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 2),
        ("a length that asks for a huge allocation", vec![0, 0xff, 0xff, 0xff, 0xff, 0x0f], 2),
        ("trailing bytes", vec![0, 1, 7, 7], 1),
        ("a body in a descriptor that is no memfd", vec![1], 1),
        ("a body without a descriptor", vec![1], 0),
        ("too long for a packet", vec![0; 40_000], 1),
        ("too many descriptors", vec![0, 0], 60),
    ];
    for (crime, bytes, count) in crimes {
        let descriptors: Vec<OwnedFd> = (0..count).map(|_| null()).collect();
        send_raw(&theirs, &bytes, &descriptors);
        drop(descriptors);
        let answer = ours.receive::<Vec<u8>>();
        assert!(matches!(answer, Err(ControlError::Malformed(_))), "{crime}: {answer:?}");
        assert_eq!(open_descriptors(), before, "{crime} left a descriptor open");
    }
    drop(theirs);
    assert!(matches!(ours.receive::<u32>(), Err(ControlError::Closed)));
    assert!(matches!(ours.send(&1u32, &[]), Err(ControlError::Closed)));
}
