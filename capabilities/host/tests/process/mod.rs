//! Programs of the machine: what the service for them lets through, and what the sandbox of one leaves to it. The real programs, with a
//! broker by hand.

mod crimes;
mod program;
mod service;
mod starts;
