//! Why the dynamic loader would refuse a library, for people.

use std::fmt;
use std::path::PathBuf;

/// How many names one sentence lists.
const LISTED: usize = 3;

/// Why the loader would refuse a library.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LoadFault {
    /// A dependency that is nowhere.
    Missing {
        /// Whose.
        by: PathBuf,
        /// Its name.
        soname: String,
    },
    /// A dependency that is no library.
    NoLibrary {
        /// Whose.
        by: PathBuf,
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Functions or data that no library has.
    Symbols {
        /// Whose.
        by: PathBuf,
        /// Their names.
        names: Vec<String>,
    },
    /// A dependency that is somewhere, but not where a zone sees it.
    Unseen {
        /// Whose.
        by: PathBuf,
        /// Its name.
        soname: String,
        /// Where it is.
        path: PathBuf,
        /// Where that leads to, if it is a link.
        target: Option<PathBuf>,
    },
    /// A dependency that has not got a version of symbols.
    Version {
        /// Whose.
        by: PathBuf,
        /// Which.
        version: String,
        /// Where the dependency is.
        path: PathBuf,
        /// The newest of its versions of that kind.
        newest: Option<String>,
    },
}

impl fmt::Display for LoadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { by, soname } => write!(
                f,
                "{} needs {soname}, which is not installed\nhint: install the package that has it",
                by.display()
            ),
            Self::NoLibrary { by, path, reason } => {
                write!(f, "{} needs {}, which is no library for this machine ({reason})", by.display(), path.display())
            }
            Self::Symbols { by, names } => {
                let listed: Vec<_> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
                let more = match names.len().saturating_sub(LISTED) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                write!(
                    f,
                    "{} needs {}{more}, which none of the libraries has that it names\nhint: link it with `-l` against \
                     what has them; a program that would have them itself, as for a plug-in, is not there in a zone",
                    by.display(),
                    listed.join(", ")
                )
            }
            Self::Unseen { by, soname, path, target } => {
                let (by, folders) = (by.display(), super::folders().collect::<Vec<_>>().join(", "));
                let leads = target.as_ref().map(|target| format!(", which leads to {}", target.display()));
                let file = path.display();
                write!(
                    f,
                    "{by} needs {soname}, and a zone does not see {file}{}\nhint: a zone sees the loader's folders \
                     ({folders}), the library itself and what `library` lists: `needs = [\"{file}\"]`",
                    leads.unwrap_or_default(),
                )
            }
            Self::Version { by, version, path, newest } => {
                let newest = newest.as_ref().map(|newest| format!(", but {newest} at most")).unwrap_or_default();
                write!(
                    f,
                    "{} needs {version}, which {} has not got{newest}\nhint: it was built for a newer system: build it \
                     here, or on a system that is no newer than this one",
                    by.display(),
                    path.display()
                )
            }
        }
    }
}
