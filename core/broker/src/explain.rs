//! What an application may do, said in the words of [`cloison_manifest::explain`].

use crate::application::LoadedApplication;
use crate::services::HostFolder;
use cloison_contract::host::HostService;
use cloison_contract::printable;
use cloison_manifest::explain::{self, Permission};
use std::path::{Component, Path};

impl LoadedApplication {
    /// What each of its capabilities gives, in the order of their names.
    pub fn permissions(&self) -> Vec<Permission> {
        let permission = |(name, capability): (&String, &crate::application::ApplicationCapability)| {
            let zone = &self.zones[capability.zone];
            let (declared, interface, grant) = (&capability.allow_location, &zone.interface, &capability.grant);
            match &zone.service {
                None => explain::library(name, declared, &zone.placed(), grant),
                Some(service) => {
                    let file = service.log.iter().map(|log| log.shown(shown));
                    let folders: Vec<_> = service.folders.iter().map(shown).chain(file).collect();
                    explain::service(name, declared, interface, grant, &service.service, &folders)
                }
            }
        };
        self.capabilities.iter().map(permission).collect()
    }

    /// The host services that it has something of.
    pub fn services(&self) -> impl Iterator<Item = &HostService> {
        self.zones.iter().filter_map(|zone| Some(&zone.service.as_ref()?.service))
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
        capabilities.chain(modules).chain(layers).map(|text| printable::line(&text)).collect()
    }
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
