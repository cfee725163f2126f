//! The lines of `cloison.toml` that say what a capability may do, each of its terms by itself: what is denied names the line that denies it.

use cloison_contract::types::Location;
use cloison_manifest::application::{Application, CapabilityRequest, NarrowedCapability, TermLocations, Written};
use std::collections::BTreeMap;
use std::path::Path;

/// What of a grant a call can meet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum GrantTerm {
    /// It does not have the function.
    Functions,
    /// A bound of the function's arguments.
    Bound,
    /// So many calls in a time.
    Rate,
    /// So many calls.
    Calls,
    /// So many bytes.
    Bytes,
    /// So much processor time.
    Cpu,
    /// When it ends.
    Expires,
    /// Whether it may be given on.
    Delegate,
    /// Whether callables may be passed.
    Callables,
}

/// Where the terms of one table stand.
#[derive(Clone, Debug)]
pub struct TermLines {
    file: String,
    /// That of `allow`; where there is none, that of the table.
    allow: u32,
    /// By function.
    bounds: BTreeMap<String, u32>,
    locations: TermLocations,
}

impl TermLines {
    /// Those of `[capabilities.NAME]`. `manifest` is its file, for people.
    pub(crate) fn of_capability(manifest: &Path, application: &Application, request: &CapabilityRequest) -> Self {
        Self::new(manifest, application, request.allow_location, &request.bounds, request.locations)
    }

    /// Those of what a profile leaves of one.
    pub(crate) fn of_profile(manifest: &Path, application: &Application, kept: &NarrowedCapability) -> Self {
        let allow = kept.allow_location.unwrap_or(kept.location);
        Self::new(manifest, application, allow, &kept.bounds, kept.locations)
    }

    fn new(
        manifest: &Path,
        application: &Application,
        allow: Location,
        bounds: &[(Written, Written)],
        locations: TermLocations,
    ) -> Self {
        let line = |(function, _): &(Written, Written)| (function.text.clone(), application.location(function).line);
        let bounds = bounds.iter().map(line).collect();
        Self { file: manifest.display().to_string(), allow: allow.line, bounds, locations }
    }

    /// The line of that term, as `FILE:LINE`; of what is said nowhere, that of `allow`. `function` is the one that was called.
    pub(crate) fn of(&self, term: GrantTerm, function: &str) -> String {
        let TermLocations { rate, calls, bytes, cpu, expires, delegate, callbacks } = self.locations;
        let location = match term {
            GrantTerm::Functions => None,
            GrantTerm::Bound => return self.at(self.bounds.get(function).copied()),
            GrantTerm::Rate => rate,
            GrantTerm::Calls => calls,
            GrantTerm::Bytes => bytes,
            GrantTerm::Cpu => cpu,
            GrantTerm::Expires => expires,
            GrantTerm::Delegate => delegate,
            GrantTerm::Callables => callbacks,
        };
        self.at(location.map(|location| location.line))
    }

    fn at(&self, line: Option<u32>) -> String {
        format!("{}:{}", self.file, line.unwrap_or(self.allow))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::LoadedApplication;

    #[test]
    fn each_term_has_its_own_line() {
        let text = "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\", \"adler32\"]\nrate = \"5/s\"\ncalls = 1\nbytes = 2\n\
                    cpu = \"1 s\"\nexpires = \"1 h\"\ndelegate = false\n\
                    callbacks = false\n[capabilities.zlib.where]\ncrc32 = \"len <= 1\"\n\
                    adler32 = \"len <= 2\"\n[microprocess.worker.capabilities.zlib]\ncalls = 1\nwhere.crc32 = \"len <= 0\"\n";
        let loaded = LoadedApplication::of_text(Path::new("app/cloison.toml"), text).expect("an application");
        let lines = &loaded.capabilities["zlib"].lines;
        let all = [
            GrantTerm::Functions,
            GrantTerm::Bound,
            GrantTerm::Rate,
            GrantTerm::Calls,
            GrantTerm::Bytes,
            GrantTerm::Cpu,
            GrantTerm::Expires,
            GrantTerm::Delegate,
            GrantTerm::Callables,
        ];
        let expected = [3, 13, 4, 5, 6, 7, 8, 9, 10].map(|line| format!("app/cloison.toml:{line}"));
        assert_eq!(all.map(|term| lines.of(term, "adler32")), expected);
        assert_eq!(lines.of(GrantTerm::Bound, "crc32"), "app/cloison.toml:12");
        let kept = &loaded.profiles["worker"].capabilities["zlib"].lines;
        let said = [GrantTerm::Functions, GrantTerm::Calls, GrantTerm::Bound, GrantTerm::Bytes]
            .map(|term| kept.of(term, "crc32"));
        assert_eq!(said, [14, 15, 16, 14].map(|line| format!("app/cloison.toml:{line}")));
    }
}
