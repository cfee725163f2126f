//! placeholder
pub mod generate;
mod manifest;
mod native;
mod random;
mod shapes;
mod suite;
mod types;
mod values;
pub use suite::Suite;
