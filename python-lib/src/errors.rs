//! What Python is told when something goes wrong.

pub(crate) mod raise;
