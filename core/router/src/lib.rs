//! The router: messages, links, monitors and names of an application's microprocesses.
//!
//! Trust domain: the broker's process, in a thread that does nothing else, so that neither a busy broker delays a message nor
//! a flood of messages the broker. It believes nothing that stands in a mailbox: who sent a record is whose memory it stands
//! in; whom it is for is checked against that one's token; everything that a process can make it keep is bounded.
//!
//! ```text
//!  process 1 ─outbox─▶ ┌────────┐ ─inbox─▶ process 2         broker ── Command ──▶ router
//!  process 2 ─outbox─▶ │ router │ ─inbox─▶ process 1         broker ◀── RouterEvent ──── router
//!                      └────────┘
//! ```
//!
//! | module | subject |
//! |---|---|
//! | [`handle`] | the broker's side: commands, events, starting and ending the thread |
//! | `thread` | the loop: who has rung, in turns |
//! | `state` | tables of processes, and what each record does: pure logic but for the mailboxes |
//! | `parcels` | long messages, each in memory of its own |
//! | `pending` | how much of whom waits in a mailbox, and who has to pause |
#![forbid(unsafe_code)]

pub mod handle;
mod parcels;
mod pending;
mod state;
mod thread;

pub use handle::{Inspection, NewProcess, Router, RouterError, RouterEvent, RouterHandle, Ties};

#[cfg(test)]
mod tests;
