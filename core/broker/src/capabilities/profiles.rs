//! Profiles: what `[microprocess.NAME]` leaves of capabilities, and the limits that it sets. Data and arithmetic, and nothing of processes.
//!
//! They are compiled when the application is loaded, against what the application is granted. What a spawner holds of that is known when it
//! spawns: a profile is one more narrowing of it, so that nothing comes of a profile that its spawner has not got.

use crate::capabilities::lines::TermLines;
use cloison_contract::grant::Narrowing;
use cloison_contract::message::Spawn;
use cloison_contract::spelling::did_you_mean;
use cloison_contract::{Grant, Interface};
use cloison_manifest::application::{Application, Profile, ProfileLimits};
use cloison_manifest::diagnostic::Diagnostics;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// One `[microprocess.NAME]`.
#[derive(Clone, Debug)]
pub struct LoadedProfile {
    /// Where it stands, as `FILE:LINE`.
    pub location: String,
    /// What its microprocesses hold out of what their spawners hold, by the names of `[capabilities]`.
    pub capabilities: BTreeMap<String, ProfileCapability>,
    /// What they may use up.
    pub limits: ProfileLimits,
}

/// What a profile leaves of a capability.
#[derive(Clone, Debug)]
pub struct ProfileCapability {
    /// What it is narrowed by.
    pub narrowing: Narrowing,
    /// It ends so long after the start of the microprocess.
    pub expires: Option<Duration>,
    /// Where it is named, as `FILE:LINE`.
    pub location: String,
    /// The lines of its terms, which denials name.
    pub lines: TermLines,
}

impl ProfileCapability {
    /// Whether it leaves less than there was.
    pub(crate) fn narrows(&self) -> bool {
        self.expires.is_some() || self.narrowing != Narrowing::default()
    }
}

impl LoadedProfile {
    /// The profile of that name. `granted` gives zone and terms of a capability of the application's; one without them has a mistake that is
    /// noted already.
    pub(crate) fn load<'a>(
        (name, profile): (&str, &Profile),
        application: &Application,
        manifest: &Path,
        granted: impl Fn(&str) -> Option<(&'a Interface, &'a Grant)>,
        mistakes: &mut Diagnostics,
    ) -> Self {
        let at = |line: u32| format!("{}:{line}", manifest.display());
        let mut capabilities = BTreeMap::new();
        for (capability, kept) in &profile.capabilities {
            let Some((interface, grant)) = granted(capability) else { continue };
            match application.profile_narrowing(name, capability, interface, grant) {
                Ok(narrowing) => {
                    let (expires, location) = (kept.expires, at(kept.location.line));
                    let lines = TermLines::of_profile(manifest, application, kept);
                    let kept = ProfileCapability { narrowing, expires, location, lines };
                    capabilities.insert(capability.clone(), kept);
                }
                Err(found) => mistakes.extend(found),
            }
        }
        Self { location: at(profile.location.line), capabilities, limits: profile.limits }
    }

    /// Whether it has a limit of that name.
    pub(crate) fn sets(&self, limit: &str) -> bool {
        match limit {
            "children" => self.limits.children.is_some(),
            "channels" => self.limits.channels.is_some(),
            _ => false,
        }
    }

    /// What is asked for, within the limits of the profile. Those of the spawner come on top.
    pub(crate) fn limit(&self, spawn: Spawn) -> Spawn {
        let ProfileLimits { memory_bytes, cpu_seconds, deadline, children, channels, priority, nice } = self.limits;
        let deadline_ms = deadline.map(|deadline| u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX));
        Spawn {
            memory_bytes: least(spawn.memory_bytes, memory_bytes),
            cpu_seconds: least(spawn.cpu_seconds, cpu_seconds),
            deadline_ms: least(spawn.deadline_ms, deadline_ms),
            children: least(spawn.children, children),
            channels: least(spawn.channels, channels),
            priority: least(spawn.priority, priority),
            // The larger, the further back.
            nice: spawn.nice.max(nice),
            ..spawn
        }
    }
}

/// The profile of that name among these.
///
/// # Errors
///
/// A text for whoever wrote the program: that there is none, and what may have been meant. `manifest` is where it would stand.
pub(crate) fn find<'p>(
    profiles: &'p BTreeMap<String, LoadedProfile>,
    name: &str,
    manifest: &Path,
) -> Result<&'p LoadedProfile, String> {
    profiles.get(name).ok_or_else(|| {
        let hint = match did_you_mean(name, profiles.keys().map(String::as_str)) {
            Some(meant) => format!("did you mean {meant:?}?"),
            None => format!("[microprocess.NAME] in {} makes one", manifest.display()),
        };
        format!("there is no profile {name:?}\nhint: {hint}")
    })
}

/// The smaller of two limits; absent means none.
fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{LoadError, LoadedApplication};
    use cloison_contract::process::Priority;

    const MANIFEST: &str = "[capabilities.zlib]\nzone = \"zlib\"\nallow = [\"crc32\", \"adler32\"]\n\
                            [microprocess.worker]\nmemory = \"64 MiB\"\ndeadline = \"2 s\"\nchildren = 3\npriority = \"low\"\n\
                            [microprocess.worker.capabilities.zlib]\nallow = [\"crc32\"]\nexpires = \"5 s\"\n\
                            [microprocess.plain]\ncapabilities = [\"zlib\"]\nnice = 4\n";

    fn load(text: &str) -> Result<LoadedApplication, LoadError> {
        LoadedApplication::of_text(Path::new("app/cloison.toml"), text)
    }

    fn spawn() -> Spawn {
        Spawn {
            module: "m".into(),
            qualname: "f".into(),
            arguments: None,
            register: None,
            main: false,
            name: None,
            link: false,
            may_link: false,
            monitor: None,
            capabilities: Vec::new(),
            given: Vec::new(),
            profile: None,
            memory_bytes: None,
            cpu_seconds: None,
            deadline_ms: None,
            children: None,
            channels: None,
            priority: None,
            nice: None,
        }
    }

    #[test]
    fn a_profile_is_compiled_when_the_application_is_loaded() {
        let loaded = load(MANIFEST).expect("an application");
        let worker = &loaded.profiles["worker"];
        let zlib = &worker.capabilities["zlib"];
        assert_eq!((worker.location.as_str(), zlib.location.as_str()), ("app/cloison.toml:4", "app/cloison.toml:9"));
        let grant = &loaded.capabilities["zlib"].grant;
        assert_eq!((grant.functions.len(), grant.narrow(&zlib.narrowing).functions.len()), (2, 1));
        assert!(zlib.narrows() && !loaded.profiles["plain"].capabilities["zlib"].narrows());
        assert_eq!(zlib.expires, Some(Duration::from_secs(5)));
    }

    #[test]
    fn mistakes_in_a_profile_are_found_when_the_application_is_loaded() {
        let wrong = load(&MANIFEST.replace("allow = [\"crc32\"]", "allow = [\"compress2\"]")).expect_err("a mistake");
        let LoadError::Manifests(mistakes) = wrong else { panic!("{wrong}") };
        let said = mistakes.to_string();
        assert!(said.contains("cloison.toml:10:10") && said.contains("a profile grants nothing"), "{said}");
    }

    #[test]
    fn the_smallest_of_the_limits_counts() {
        let loaded = load(MANIFEST).expect("an application");
        let (worker, plain) = (&loaded.profiles["worker"], &loaded.profiles["plain"]);
        let limited = worker.limit(spawn());
        assert_eq!(
            (limited.memory_bytes, limited.deadline_ms, limited.children, limited.priority),
            (Some(64 << 20), Some(2000), Some(3), Some(Priority::Low))
        );
        assert_eq!((limited.cpu_seconds, limited.channels, limited.nice), (None, None, None));
        assert!(worker.sets("children") && !worker.sets("channels") && !plain.sets("children"));
        let less = Spawn {
            memory_bytes: Some(32 << 20),
            deadline_ms: Some(1),
            children: Some(0),
            priority: Some(Priority::Idle),
            channels: Some(1),
            ..spawn()
        };
        assert_eq!(worker.limit(less.clone()), less);
        let more = Spawn {
            memory_bytes: Some(1 << 40),
            deadline_ms: Some(u64::MAX),
            children: Some(9),
            priority: Some(Priority::High),
            ..spawn()
        };
        assert_eq!(worker.limit(more), limited);
        let nice = |nice| plain.limit(Spawn { nice, ..spawn() }).nice;
        assert_eq!([nice(None), nice(Some(1)), nice(Some(9))], [Some(4), Some(4), Some(9)]);
    }

    #[test]
    fn a_profile_that_is_not_there_is_named_with_the_one_that_was_meant() {
        let loaded = load(MANIFEST).expect("an application");
        let found = |name| find(&loaded.profiles, name, &loaded.manifest);
        assert!(found("worker").is_ok());
        let wrong = found("wroker").expect_err("there is none");
        assert_eq!(wrong, "there is no profile \"wroker\"\nhint: did you mean \"worker\"?");
        let wrong = found("gardener").expect_err("there is none");
        assert!(wrong.contains("[microprocess.NAME] in app/cloison.toml"), "{wrong}");
    }
}
