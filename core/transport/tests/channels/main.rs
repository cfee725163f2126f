//! Both ends of channels and sockets, in one program. (`control` counts the descriptors of its process and has one of its own.)
#![cfg(not(loom))]

mod calls;
mod claims;
mod conversations;
