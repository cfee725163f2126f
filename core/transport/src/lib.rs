//! How processes of different trust talk: control sockets for rare messages, call channels for calls.
//!
//! Trust domain: linked by all three, so every function here names which side it is for and what the other side can do
//! to it. Whatever stands in memory or in a packet that another process can write is a **claim**: it is copied once,
//! the copy is checked, the copy is used.
//!
//! | module | side | subject |
//! |---|---|---|
//! | [`control`] | all | typed messages with descriptors over `SOCK_SEQPACKET` |
//! | [`account`] | zone; kept by the broker | what a client has used of its grant |
//! | [`counting`] | zone, broker | one call more on the accounts of a grant |
//! | [`channel`] | broker | makes the memory of a call channel and ends it |
//! | [`client`] | microprocess | [`client::Caller`]: post a request, wait for the reply |
//! | [`server_channel`] | zone | [`server_channel::ServerChannel`]: one client's channel while its call runs: ask, reply |
//! | [`server`] | zone | [`server::Server`]: wait for requests of many clients |
//! | [`mailbox`] | microprocess, router | rings for messages: [`mailbox::Mailbox`], [`mailbox::RouterEnd`] |
//! | [`status`] | zone, broker | what a zone is doing, for deadlines and introspection |
//! | [`terms`] | broker; read-only for the others | whether a grant is still alive |
//! | [`layout`] | both | where each word of a channel stands, and who writes it |
//! | `doorbell` | both | when to sleep and whom to wake: the part that is model-checked |
//! | `turns` | zone | which thread looks at a channel: model-checked as well |
//! | [`wait`] | microprocess | system calls that wait, and signals that arrive just before |
//! | [`copy`](mod@copy), `shared`, `futex`, `clock`, `unread`, `wait` | both | the only modules with `unsafe` |
//!
//! ```text
//!   client                         channel (sealed memfd)                        zone
//!   write data → arena            ┌──────────────────────┐
//!   write words → request block   │ request  seq ────────┼──▶ spin, or futex_waitv over all clients
//!   request = seq; wake if asleep │ request block, arena │    copy words, check, call, copy results
//!   spin, then futex_wait  ◀──────┼──── reply    seq     │◀── reply = seq; wake if asleep
//!   copy words, check             │ reply block, arena   │
//!                                 └──────────────────────┘
//!   reads terms (broker's page): alive, revoked or ended
//! ```

// `loom` has atomics of its own, which live in no shared memory: the model is built of the state machine alone.
#[cfg(not(loom))]
pub mod account;
#[cfg(not(loom))]
pub mod channel;
#[cfg(not(loom))]
pub mod client;
#[cfg(not(loom))]
mod clock;
#[cfg(not(loom))]
pub mod control;
#[cfg(not(loom))]
pub mod copy;
#[cfg(not(loom))]
pub mod counting;
#[cfg_attr(loom, allow(dead_code))]
mod doorbell;
#[cfg(not(loom))]
mod futex;
#[cfg_attr(loom, allow(dead_code))]
pub mod layout;
#[cfg(not(loom))]
pub mod mailbox;
#[cfg(not(loom))]
pub mod server;
#[cfg(not(loom))]
pub mod server_channel;
#[cfg(not(loom))]
mod shared;
#[cfg(not(loom))]
pub mod status;
#[cfg(not(loom))]
pub mod terms;
#[cfg_attr(loom, allow(dead_code))]
mod turns;
#[cfg(not(loom))]
mod unread;
#[cfg(not(loom))]
pub mod wait;

#[cfg(not(loom))]
pub use shared::{Arena, ChannelError, OutOfRange};
