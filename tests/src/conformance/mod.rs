//! placeholder
pub mod generate;
pub mod libffi;
mod manifest;
mod native;
mod random;
mod reader;
mod shapes;
mod suite;
mod types;
mod values;
pub use suite::Suite;
