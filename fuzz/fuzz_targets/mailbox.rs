//! A process writes what it likes into the memory of its mailbox, at any time: the router reads a record, or finds that the protocol is
//! broken. It never panics, and believes no length beyond the ring.
#![no_main]

use arbitrary::Arbitrary;
use cloison_contract::process::{CONTROL, FromRouter, NEWS, ToRouter};
use cloison_transport::mailbox::{Mailbox, RECORD_BYTES, create};
use libfuzzer_sys::fuzz_target;

/// An inbox that gives memory back, which small ones do not.
const INBOX_BYTES: u64 = 2 << 20;

#[derive(Arbitrary, Debug)]
enum Step {
    /// Bytes anywhere. The first pages have the positions.
    Write {
        at: u16,
        far: bool,
        bytes: Vec<u8>,
    },
    /// A position, or another word, near what it might be.
    Word {
        word: u8,
        value: u32,
    },
    /// An honest record.
    Put {
        kind: u32,
        bytes: u16,
    },
    /// The router's turn.
    Take,
    /// Several records of one length.
    Give {
        bytes: u16,
        records: u8,
    },
    Settle,
    /// The process's turn: its memory may be what it has written itself.
    Receive,
}

fuzz_target!(|steps: Vec<Step>| {
    let (mut router, [memory, bell]) = create(INBOX_BYTES).unwrap();
    let mut process = Mailbox::attach(&memory, bell).unwrap();
    let length = rustix::fs::fstat(&memory).unwrap().st_size as u64;
    let write = |at: u64, bytes: &[u8]| {
        let room = (length - at) as usize;
        let _ = rustix::io::pwrite(&memory, &bytes[..bytes.len().min(room)], at);
    };
    let (mut body, filling) = (Vec::new(), vec![7; RECORD_BYTES]);
    for step in steps.into_iter().take(64) {
        match step {
            Step::Write { at, far, bytes } => {
                write(if far { u64::from(at) * 64 % length } else { u64::from(at) % 8192 }, &bytes)
            }
            Step::Word { word, value } => write(u64::from(word) * 4 % 160, &u64::from(value).to_le_bytes()),
            Step::Put { kind, bytes } => drop(process.put(kind, &[&filling[..usize::from(bytes)]])),
            Step::Take => {
                for _ in 0..100 {
                    let Ok(Some(kind)) = router.take(&mut body) else { break };
                    assert!(body.len() <= RECORD_BYTES);
                    if kind == CONTROL {
                        let _ = postcard::from_bytes::<ToRouter>(&body);
                    }
                }
                router.lie_down();
            }
            Step::Give { bytes, records } => {
                for _ in 0..records {
                    let Ok(Ok(())) = router.put(NEWS, &[&filling[..usize::from(bytes)]]) else { break };
                }
            }
            Step::Settle => drop(router.settle()),
            Step::Receive => {
                for _ in 0..100 {
                    let Ok(Some(_)) = process.take(&mut body) else { break };
                    let _ = postcard::from_bytes::<FromRouter>(&body);
                }
            }
        }
    }
});
