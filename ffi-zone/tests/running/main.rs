//! The program itself: its sandbox, the ways in which it ends, and what it leaves to nobody.

#[path = "../common/mod.rs"]
mod common;
mod program;

mod company;
mod fences;
mod needed;
mod per_call;
mod process;
