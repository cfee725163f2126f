//! What can be read of the runtime's own message around content that cannot: whose question it is, whose answer.

use crate::objects::process::{Process, Reference};
use cloison_message::{Malformed, Reader, Term};

/// The classes of `cloison._processes`, as they are named in messages.
const CALL: &str = "cloison._processes:Call";
const REPLY: &str = "cloison._processes:_Reply";
const SERVICE_CALL: &str = "cloison._processes:_ServiceCall";

/// One of them, without what is asked or answered.
pub(crate) enum Envelope {
    /// A `Call`, or one of a service.
    Question {
        /// Who says to have asked.
        sender: Process,
        /// How that one knows the answer.
        reference: Reference,
    },
    /// The answer to the `Call` with that reference.
    Answer(Reference),
}

/// The envelope of a message; `None` if it has none.
pub(crate) fn open(bytes: &[u8]) -> Option<Envelope> {
    read(bytes).ok()?
}

fn read(bytes: &[u8]) -> Result<Option<Envelope>, Malformed> {
    let mut reader = Reader::new(bytes)?;
    let Term::Object { class: class @ (CALL | REPLY | SERVICE_CALL), fields } = reader.next()? else { return Ok(None) };
    let (mut sender, mut reference) = (None, None);
    for _ in 0..fields {
        let name = reader.field()?;
        match (name, reader.next()?) {
            ("sender", Term::Process { number, token }) => sender = Some(Process::new(number, token)),
            ("reference", Term::Reference(maker, count)) => reference = Some(Reference::new(maker, count)),
            (_, content) => skip_parts(&mut reader, &content)?,
        }
    }
    reader.finish()?;
    Ok(match (class, sender, reference) {
        (CALL | SERVICE_CALL, Some(sender), Some(reference)) => Some(Envelope::Question { sender, reference }),
        (REPLY, _, Some(reference)) => Some(Envelope::Answer(reference)),
        _ => None,
    })
}

/// Read over what belongs to a value of which the beginning has been read. The reader bounds the depth.
fn skip_parts(reader: &mut Reader<'_>, begun: &Term<'_>) -> Result<(), Malformed> {
    let parts = match begun {
        Term::Tuple(count) | Term::List(count) | Term::Set(count) | Term::Frozenset(count) => *count,
        Term::Dict(count) => 2 * count,
        Term::Object { fields, .. } => 2 * fields,
        Term::Exception { args, fields, .. } => args + 2 * fields,
        _ => 0,
    };
    for _ in 0..parts {
        let part = reader.next()?;
        skip_parts(reader, &part)?;
    }
    Ok(())
}
