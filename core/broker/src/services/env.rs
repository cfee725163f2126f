//! `env`: variables of the environment.

use cloison_contract::host::EnvService;

/// With the values of those that are passed, as they are when the application is loaded. What is not set is not passed, and neither is
/// what is not UTF-8.
pub(super) fn read(env: &EnvService) -> EnvService {
    let mut read = env.clone();
    let passed = env.pass.iter().filter_map(|name| Some((name.clone(), std::env::var(name).ok()?)));
    read.variables.extend(passed);
    read
}

/// `NAME=VALUE`
pub(super) fn grants(env: &EnvService) -> Vec<String> {
    env.variables.iter().map(|(name, value)| format!("{name}={value}")).collect()
}
