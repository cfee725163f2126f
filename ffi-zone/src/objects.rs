//! What stays in the zone between calls: objects of the library, and what the library keeps because of them.
//!
//! | module | does |
//! |---|---|
//! | [`handles`] | who holds which object, and what ends with what |
//! | [`retained`] | memory and function pointers that the library goes on using |

pub mod handles;
pub mod retained;
