//! The command, by running it. One binary: it is linked once, and its tests share the cores.

mod add;
mod audit;
mod bind;
mod check;
mod diff;
mod generated;
mod verify;
