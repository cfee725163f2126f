//! `env`: variables of the environment.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What a microprocess that holds the capability has in its environment when it begins. No process serves it, and it has no functions.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct EnvService {
    /// Variables of `cloison`'s own environment, as far as they are set there.
    pub pass: Vec<String>,
    /// What they are, those that are passed among them once the broker has read these.
    pub variables: BTreeMap<String, String>,
}

/// Values may be secrets of whoever has started `cloison`.
impl fmt::Debug for EnvService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.keys().collect();
        formatter.debug_struct("EnvService").field("pass", &self.pass).field("variables", &names).finish()
    }
}
