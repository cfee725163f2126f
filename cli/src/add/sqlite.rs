//! `cloison add sqlite3`.

use super::document::Document;
use super::files::FolderToAdd;
use super::target::EditedManifest;
use super::{Addition, CommonArguments, service};
use std::path::PathBuf;

/// Let the program keep databases, in memory or in the files of a folder
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cloison add sqlite3                    # in memory
  cloison add sqlite3 ./data --write     # sqlite3.connect(\"/data/app.db\")
  cloison add sqlite3 ./reference --read --at /reference")]
pub struct SqliteArguments {
    /// A folder with databases
    #[arg(requires = "rights")]
    path: Option<PathBuf>,
    /// Where the program sees it; unless said, an absolute path where it is, and DIR/data at /data
    #[arg(long, value_name = "PLACE", requires = "path")]
    at: Option<String>,
    /// Only read what is in it
    #[arg(long, group = "rights", requires = "path")]
    read: bool,
    /// Read it, change it, and make and remove what is in it, as journals of SQLite are
    #[arg(long, group = "rights", requires = "path")]
    write: bool,
    #[command(flatten)]
    common: CommonArguments,
}

const SERVICE: &str = "sqlite3";

impl Addition for SqliteArguments {
    fn common(&self) -> &CommonArguments {
        &self.common
    }

    fn add(&self, target: &EditedManifest, document: &mut Document) -> anyhow::Result<String> {
        let name = self.common.name.as_deref();
        if let Some(path) = &self.path {
            let rights: &[_] = if self.write { &["read", "write", "create", "delete"] } else { &["read"] };
            return FolderToAdd { path, at: self.at.as_ref(), rights }.add(SERVICE, name, target, document);
        }
        let name = service::capability(target, SERVICE, name)?;
        if !target.application.capabilities.contains_key(&name) {
            document.insert(&name, &format!("zone = \"{SERVICE}\"\n"))?;
        }
        Ok(name)
    }
}
