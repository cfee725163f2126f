//! Whatever a peer sends decodes to a message or to an error, for every kind of message there is.

use cloison_contract::message::{FromMicroprocess, FromTemplate, FromZone, ToMicroprocess, ToTemplate, ToZone};
use cloison_transport::control::{Control, ControlError};
use proptest::prelude::*;
use rustix::io::write;
use serde::de::DeserializeOwned;

/// What arrives when a peer sends these bytes.
fn receive<M: DeserializeOwned>(bytes: &[u8], longest: u64) -> Result<M, ControlError> {
    let (ours, theirs) = Control::pair().expect("sockets");
    let ours = ours.receiving_at_most(longest);
    write(&theirs, bytes).expect("written");
    ours.receive::<M>().map(|(message, _)| message)
}

fn all(bytes: &[u8]) {
    let _ = receive::<FromMicroprocess>(bytes, 4096);
    let _ = receive::<FromTemplate>(bytes, 4096);
    let _ = receive::<FromZone>(bytes, 4096);
    let _ = receive::<ToMicroprocess>(bytes, 4096);
    let _ = receive::<ToTemplate>(bytes, 4096);
    let _ = receive::<ToZone>(bytes, 4096);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_packets_never_panic(bytes in proptest::collection::vec(any::<u8>(), 1..300)) {
        all(&bytes);
    }

    /// Nearly right: the tag of an inline message, the number of a variant, then anything.
    #[test]
    fn nearly_right_packets_never_panic(variant in 0u8..10, rest in proptest::collection::vec(any::<u8>(), 0..300)) {
        all(&[&[0, variant], &*rest].concat());
    }

    /// A message that is longer than its receiver takes is refused, however right it is.
    #[test]
    fn no_message_is_longer_than_allowed(length in 0usize..3000) {
        let name = "n".repeat(length);
        let (ours, theirs) = Control::pair().expect("sockets");
        theirs.send(&FromMicroprocess::Find { name: name.clone() }, &[]).expect("sent");
        let received = ours.receiving_at_most(1000).receive::<FromMicroprocess>();
        match received {
            Ok((FromMicroprocess::Find { name: received }, _)) => prop_assert!(length < 1000 && received == name),
            Ok(other) => prop_assert!(false, "{other:?}"),
            Err(error) => prop_assert!(length > 990 && matches!(error, ControlError::Malformed(_)), "{error}"),
        }
    }
}
