//! From a fresh process to a zone that serves.
//!
//! | module | does |
//! |---|---|
//! | [`zone`] | the steps, as types |
//! | [`limits`] | what the zone may use up |
//! | [`elf`] | the names that a library exports, to explain one that is not there |
//! | [`failure`] | a start that failed |

pub mod elf;
pub mod failure;
pub mod limits;
pub mod zone;
