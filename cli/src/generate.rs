//! `cloison stub` and `cloison docs`: text for people, from a manifest.

use cloison_broker::application::ZoneSpecification;
use cloison_contract::Interface;
use cloison_manifest::{bundled, page, stub};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Print the Python types of a capability, as a .pyi
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison stub zlib.zone.toml -o zlib_capability.pyi
  cloison stub zlib                # a bundled binding
  cloison stub cloison -o typings/cloison/__init__.pyi     # the package itself: MYPYPATH=typings mypy app.py
  cloison stub cloison.futures -o typings/cloison/futures.pyi
  cloison stub cloison.log -o typings/cloison/log.pyi

In the program:
  if TYPE_CHECKING:
      from zlib_capability import Zlib
  zlib: \"Zlib\" = cloison.capability(\"zlib\")")]
pub struct Stub {
    #[command(flatten)]
    common: Common,
}

/// Print the documentation of a binding, as Markdown
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison docs zlib.zone.toml -o docs/zlib.md
  cloison docs zlib | less         # a bundled binding")]
pub struct Docs {
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
struct Common {
    /// A zone's manifest, or the name of a bundled binding
    manifest: PathBuf,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The types of the package that programs import.
const PACKAGE: &str = include_str!("../../python-lib/Lib/cloison/__init__.pyi");
const FUTURES: &str = include_str!("../../python-lib/Lib/cloison/futures.pyi");
const LOG: &str = include_str!("../../python-lib/Lib/cloison/log.pyi");

pub fn stub(arguments: &Stub) -> anyhow::Result<ExitCode> {
    let Common { manifest, output } = &arguments.common;
    let package = match manifest.to_str() {
        Some("cloison") => Some(PACKAGE),
        Some("cloison.futures") => Some(FUTURES),
        Some("cloison.log") => Some(LOG),
        _ => None,
    };
    if let Some(package) = package.filter(|_| !manifest.is_file()) {
        if let Some(folder) = output.as_deref().and_then(Path::parent) {
            std::fs::create_dir_all(folder)?;
        }
        crate::output::data(output.as_deref(), package)?;
        return Ok(ExitCode::SUCCESS);
    }
    arguments.common.print(stub::render)
}

pub fn docs(arguments: &Docs) -> anyhow::Result<ExitCode> {
    arguments.common.print(page::render)
}

impl Common {
    fn print(&self, text: impl FnOnce(&Interface) -> String) -> anyhow::Result<ExitCode> {
        let interface = interface(&self.manifest)?;
        crate::output::data(self.output.as_deref(), &text(&interface))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A manifest's interface; a name without a `/` or a dot may be a bundled binding's.
fn interface(path: &Path) -> anyhow::Result<Arc<Interface>> {
    if !path.exists()
        && let Some(specification) = path.to_str().and_then(ZoneSpecification::bundled)
    {
        return Ok(specification?.interface);
    }
    match ZoneSpecification::read(path) {
        Ok(specification) => Ok(specification.interface),
        Err(error) if !path.exists() => {
            let names: Vec<_> = bundled::names().collect();
            Err(anyhow::Error::from(error).context(format!("bundled bindings are {}", names.join(", "))))
        }
        Err(error) => Err(error.into()),
    }
}
