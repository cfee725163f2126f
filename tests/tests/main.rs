//! Behaviour, through the real binaries. Each file is named after the property that it tests.

mod against_cpython;
mod arguments;
mod batches;
mod bindings;
mod callbacks;
mod conformance;
mod demonstration;
mod denials;
mod dependency_wall;
mod doctor;
mod errno;
mod examples;
mod handles;
mod leaves_nothing;
mod lies_and_floods;
mod manifests;
mod no_native_access;
mod other_users;
mod overruns;
mod raw_system_calls;
mod records;
mod running;
mod surface;
mod things;
mod zone_ends;
mod zone_walls;
