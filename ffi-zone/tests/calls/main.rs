//! The zone's crate without its program: calls of functions in C, and a zone on threads of this process.
//!
//! One program for all of them, linked once. Tests share the process, so each loads a copy of its C library of its own,
//! and only one zone runs at a time ([`common::zone::Zone`]). What changes the process for everybody is tested in
//! `running/`, where the zone has a process of its own.

#[path = "../common/mod.rs"]
mod common;

mod batches;
mod bounds;
mod by_value;
mod callbacks;
mod conversations;
mod errno;
mod families;
mod library_threads;
mod malformed;
mod marshalling;
mod matrix;
mod nested;
mod objects;
mod plans;
mod records;
mod references;
mod serving;
mod tables;
mod threads;
mod zlib;
