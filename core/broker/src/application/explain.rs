//! What an application may do, said in the words of [`cloison_manifest::explain`].

use crate::application::{LoadError, LoadedApplication, zone};
use crate::capabilities::profiles::{LoadedProfile, ProfileCapability};
use crate::services::HostFolder;
use cloison_contract::host::HostService;
use cloison_contract::printable;
use cloison_manifest::application;
use cloison_manifest::bundled;
use cloison_manifest::diagnostic::Diagnostics;
use cloison_manifest::difference::DeclaredApplication;
use cloison_manifest::explain::{self, Permission, ProfilePermission};
use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;

impl LoadedApplication {
    /// What each of its capabilities gives, in the order of their names.
    pub fn permissions(&self) -> Vec<Permission> {
        let permission = |(name, capability): (&String, &crate::application::ApplicationCapability)| {
            let zone = &self.zones[capability.zone];
            let (declared, interface) = (&capability.allow_location, &zone.interface);
            let terms = (&capability.grant, capability.expires);
            match &zone.service {
                None => explain::library(name, declared, &self.limited(capability).placed(), terms),
                Some(service) => {
                    let file = service.log.iter().map(|log| log.shown(shown));
                    let folders: Vec<_> = service.folders.iter().map(shown).chain(file).collect();
                    explain::service(name, declared, interface, terms, &service.service, &folders)
                }
            }
        };
        self.capabilities.iter().map(permission).collect()
    }

    /// What each of its profiles gives to microprocesses that are started with it, in the order of their names.
    pub fn profile_permissions(&self) -> Vec<ProfilePermission> {
        let permission = |(name, profile): (&String, &LoadedProfile)| {
            let left = |(capability, kept): (&String, &ProfileCapability)| {
                let interface = &self.zones[self.capabilities.get(capability)?.zone].interface;
                Some(explain::narrowed(capability, &kept.location, interface, &kept.narrowing, kept.expires))
            };
            ProfilePermission {
                profile: name.clone(),
                declared: profile.location.clone(),
                capabilities: profile.capabilities.iter().filter_map(left).collect(),
                limits: explain::profile_limits(&profile.limits, &self.limits),
            }
        };
        self.profiles.iter().map(permission).collect()
    }

    /// The host services that it has something of.
    pub fn services(&self) -> impl Iterator<Item = &HostService> {
        self.zones.iter().filter_map(|zone| Some(&zone.service.as_ref()?.service))
    }

    /// What of the machine it gets, in words: by host services, and by libraries that do not come with Cloison.
    pub fn of_machine(&self) -> Vec<String> {
        let zone = |name: &str| self.capabilities.get(name).map(|one| &self.zones[one.zone]);
        let says = |permission: Permission| match zone(&permission.capability) {
            Some(zone) if zone.service.is_some() => permission.may,
            Some(zone) if bundled::find(&zone.interface.name).is_none_or(|(file, _)| zone.interface.source != file) => {
                vec![format!(
                    "use the library that {} declares, with the sandbox that is said there",
                    zone.interface.source
                )]
            }
            _ => Vec::new(),
        };
        self.permissions().into_iter().flat_map(says).collect()
    }

    /// What its manifest gives beyond computing, a line each.
    pub(crate) fn grants(&self) -> Vec<String> {
        let permissions = self.permissions();
        let capabilities = permissions.iter().flat_map(|permission| {
            permission.may.iter().map(move |may| format!("capability {}: {may}", permission.capability))
        });
        let beside = self.manifest.parent().unwrap_or(Path::new(""));
        let sites = self.sites.iter().map(|site| site.strip_prefix(beside).unwrap_or(site));
        let modules = sites.map(|folder| format!("modules from {}", folder.display()));
        let layers = self.may_be_missing.iter().map(|layer| format!("running without the layer {layer}"));
        let trail = self.audit.iter().filter_map(|audit| audit.file.as_ref());
        let trail = trail.map(|file| format!("an audit trail in {}", file.shown(shown)));
        capabilities.chain(modules).chain(layers).chain(trail).map(|text| printable::line(&text)).collect()
    }
}

/// What an application's manifests say, to be compared with others: nothing of the machine is looked at but the manifests of zones.
///
/// `name` is what errors call the text; paths in it are relative to `folder`.
///
/// # Errors
/// It has mistakes, or a manifest that it names has, or cannot be read.
pub fn declared(name: &str, folder: &Path, text: &str) -> Result<DeclaredApplication, LoadError> {
    let application = application::parse(name, text).map_err(LoadError::Manifests)?;
    let (mut interfaces, mut mistakes) = (BTreeMap::new(), Diagnostics::default());
    for (capability, request) in &application.capabilities {
        match zone(&application.source, folder, request) {
            Ok(zone) => {
                interfaces.insert(capability.clone(), Arc::unwrap_or_clone(zone.interface));
            }
            Err(found) => mistakes.extend(found),
        }
    }
    if mistakes.has_errors() {
        return Err(LoadError::Manifests(mistakes));
    }
    DeclaredApplication::new(application, interfaces).map_err(LoadError::Manifests)
}

/// A folder as somebody would type it who stands where we do; where a link leads it, that is said as well.
fn shown(folder: &HostFolder) -> String {
    let up = folder.path.components().any(|part| part == Component::ParentDir);
    let here = if up { std::env::current_dir().ok() } else { None };
    match here.as_deref().map(|here| folder.real.strip_prefix(here)) {
        None => match std::path::absolute(&folder.path) {
            Ok(whole) if whole == folder.real => folder.path.display().to_string(),
            _ => format!("{} (which is {})", folder.path.display(), folder.real.display()),
        },
        Some(Ok(below)) => Path::new(".").join(below).display().to_string(),
        Some(Err(_)) => folder.real.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::declared;
    use crate::application::{LoadError, LoadedApplication};
    use cloison_manifest::difference::GrantDifference;
    use std::fs;

    const ZONE: &str = "[zone]\nname = \"t\"\nversion = \"1.0.0\"\nlibrary = { path = \"none.so\" }\n\
                        [functions.abs]\nc = \"int abs(int n)\"\n";

    /// Of files that only some functions need, those count that calls can reach: with an instance for each client what the capability
    /// itself needs, else what all capabilities of the zone need together.
    #[test]
    fn a_file_is_explained_where_it_can_be_reached() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "[capabilities.reader]\nzone = \"t.zone.toml\"\nallow = [\"get\"]\n\
                    [capabilities.writer]\nzone = \"t.zone.toml\"\nallow = [\"put\"]\n";
        for (instances, reads) in [("per-client", "read /a"), ("per-call", "read /a"), ("shared", "read and write /a")]
        {
            let zone = format!(
                "[zone]\nname = \"t\"\nversion = \"1.0.0\"\nlibrary = {{ path = \"none.so\" }}\n[sandbox]\ninstances = \"{instances}\"\n\
                 files = [{{ read = \"/a\" }}, {{ write = \"/a\", for = [\"put\"] }}, {{ read = \"/b\", for = [\"other\"] }}]\n\
                 [functions.get]\nc = \"int get(void)\"\n[functions.put]\nc = \"int put(void)\"\n\
                 [functions.other]\nc = \"int other(void)\"\n"
            );
            fs::write(folder.path().join("t.zone.toml"), zone).expect("a file");
            let loaded = LoadedApplication::of_text(&folder.path().join("cloison.toml"), text).expect("an application");
            let permissions = loaded.permissions();
            let may: Vec<_> = permissions.iter().map(|permission| permission.may[1..].join("; ")).collect();
            assert_eq!(
                may,
                [format!("have none.so {reads}"), "have none.so read and write /a".to_owned()],
                "{instances}"
            );
        }
    }

    /// Everything that a line of a capability says is among what is explained.
    #[test]
    fn what_limits_a_capability_is_explained() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("t.zone.toml"), ZONE).expect("a file");
        let said = "calls = 7\nbytes = \"3 KiB\"\nrate = \"5/s\"\ncpu = \"2 s\"\nexpires = \"90 s\"\ndelegate = false\ncallbacks = false\n\
                    where.abs = \"n > 0\"\n";
        let text = format!(
            "[capabilities.t]\nzone = \"t.zone.toml\"\nallow = [\"abs\"]\n{said}[capabilities.e]\nzone = \"log\"\nexpires = \"60 s\"\n"
        );
        let loaded = LoadedApplication::of_text(&folder.path().join("cloison.toml"), &text).expect("an application");
        let [of_service, of_library] = &loaded.permissions()[..] else { panic!("two") };
        assert!(of_service.within.iter().any(|term| term == "for 60 s from the start on"), "{of_service:?}");
        assert_eq!(of_library.within.len(), 8, "{of_library:?}");
        assert!(of_library.within.iter().any(|term| term == "for 90 s from the start on"), "{of_library:?}");
    }

    /// Folders, programs and libraries need not be there, where somebody only looks at what is written.
    #[test]
    fn nothing_is_needed_but_manifests() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "[capabilities.f]\nzone = \"files\"\nroots = [{ at = \"/a\", path = \"none\", allow = [\"read\"] }]\n\
                    [capabilities.p]\nzone = \"process\"\ncommands = [{ path = \"/none/tool\", arguments = [] }]\n\
                    [capabilities.t]\nzone = \"t.zone.toml\"\nallow = [\"abs\"]\n";
        let wrong = declared("old.toml", folder.path(), text).expect_err("no manifest of t");
        let LoadError::Manifests(mistakes) = wrong else { panic!("{wrong}") };
        let said = mistakes.to_string();
        assert!(said.contains("old.toml:8:8") && said.contains("t.zone.toml"), "{said}");
        fs::write(folder.path().join("t.zone.toml"), ZONE).expect("a file");
        let new = declared("new.toml", folder.path(), text).expect("what is written");
        let old = declared("old.toml", folder.path(), "").expect("nothing");
        let found = GrantDifference::between(&old, &new).text("old", "new");
        assert!(found.contains("call abs of none.so") && found.contains("read none, which it sees as /a"), "{found}");
        let asked = text.replace("allow = [\"abs\"]", "allow = [\"abs\"]\nversion = \"2\"");
        let wrong = declared("new.toml", folder.path(), &asked).expect_err("another version");
        assert!(
            matches!(wrong, LoadError::Manifests(ref mistakes) if mistakes.to_string().contains("\"2\" is asked for"))
        );
    }
}
