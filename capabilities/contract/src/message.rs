//! The control messages. What goes over one kind of socket stands in one file, with a table of who says what and what is answered.
//!
//! All travel as `postcard` over a `SOCK_SEQPACKET` pair made by the broker, one message a packet; descriptors ride
//! along in the order said. Whatever a peer says is a claim: the broker checks it against its own tables.

mod asked;
mod begin;
mod end;
mod layers;
mod microprocess;
mod names;
mod sources;
mod template;
mod zone;

pub use asked::{NarrowRequest, Spawn};
pub use begin::{Begin, Mount, Run, ServiceOffer};
pub use end::{End, Overrun, Ran};
pub use layers::{Jailed, Layer, LayerState};
pub use microprocess::{
    FromMicroprocess, GIVEN_AT_ONCE, LIMIT_TEXT_BYTES, LINE_BYTES, ParcelAnswer, SERVICE_FUNCTIONS, SERVICE_NAME_BYTES,
    SERVICE_PARAMETERS, ToMicroprocess, unsettled_stack,
};
pub use names::{CapabilityName, CapabilityRef, ChannelId, ClientName};
pub use sources::{LOOK_BYTES, Look, LookFor, LookStatus, Looked, Module};
pub use template::{FromTemplate, Gives, ToTemplate, WHICH_NAMES};
pub use zone::{CallRefusal, Execution, FromZone, Machine, Telling, ToZone};
