//! Finds modules below the application's own folders, and nowhere else.
//!
//! The folders are opened once; every look-up is relative to them and beneath them, by the kernel's rule
//! (`cap-std` resolves with `RESOLVE_BENEATH`), so neither `..` nor a symbolic link leads out. Names come from processes
//! that may be hostile: each part must be letters, digits and underscores.

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt};
use cloison_contract::message::Module;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};

/// The longest source file, in bytes.
const MODULE_BYTES: u64 = 16 << 20;
/// The longest dotted name.
const NAME_BYTES: usize = 500;

/// The folders of one application, in the order in which they are searched.
#[derive(Debug, Default)]
pub struct Sources {
    roots: Vec<Root>,
    /// Folders, as the kernel calls them, of which nothing is shown: they are capabilities' to give.
    hidden: Vec<PathBuf>,
}

#[derive(Debug)]
struct Root {
    path: PathBuf,
    folder: Dir,
}

impl Sources {
    /// Add a folder.
    pub fn add(&mut self, path: &Path) -> io::Result<()> {
        let folder = Dir::open_ambient_dir(path, ambient_authority())?;
        self.roots.push(Root { path: path.to_owned(), folder });
        Ok(())
    }

    /// Add a folder below another one.
    pub fn add_within(&mut self, folder: &Path, site: &Path) -> io::Result<()> {
        let whole = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let within = Dir::open_ambient_dir(whole, ambient_authority())?.open_dir(site)?;
        self.roots.push(Root { path: folder.join(site), folder: within });
        Ok(())
    }

    /// Show nothing of that folder, which is as the kernel calls it; unless all of one of these folders is in it.
    pub(crate) fn hide(&mut self, folder: &Path) {
        if !self.roots.iter().any(|root| real_path(&root.folder).is_none_or(|path| path.starts_with(folder))) {
            self.hidden.push(folder.to_owned());
        }
    }

    /// Whether nothing may be shown of what is open there.
    pub(crate) fn is_hidden(&self, open: &impl AsFd) -> bool {
        let below = |path: PathBuf| self.hidden.iter().any(|hidden| path.starts_with(hidden));
        !self.hidden.is_empty() && real_path(open).is_none_or(below)
    }

    /// The module of that dotted name, as Python's path finder would choose it: in the first folder that has it, a
    /// package before a module; a folder without `__init__.py` only if no folder has either.
    pub fn find(&self, name: &str) -> io::Result<Option<Module>> {
        if name.len() > NAME_BYTES {
            return Ok(None);
        }
        let parts: Vec<&str> = name.split('.').collect();
        if !parts.iter().all(|part| is_plain_name(part)) {
            return Ok(None);
        }
        let mut namespace = None;
        for root in self.candidates(&parts) {
            let path: PathBuf = parts.iter().collect();
            for (file, package) in [(path.join("__init__.py"), true), (path.with_extension("py"), false)] {
                if let Some(source) = root.read(&file, |open| self.is_hidden(open))? {
                    let path = root.path.join(file).display().to_string();
                    return Ok(Some(Module { name: name.to_owned(), package, path, source }));
                }
            }
            if namespace.is_none() && root.folder.metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
                let path = root.path.join(path).display().to_string();
                namespace = Some(Module { name: name.to_owned(), package: true, path, source: Vec::new() });
            }
        }
        Ok(namespace)
    }

    /// The folders, and the paths by which their files are called.
    pub(crate) fn folders(&self) -> impl Iterator<Item = (&Path, &Dir)> {
        self.roots.iter().map(|root| (root.path.as_path(), &root.folder))
    }

    /// Whether there is a module or a package of that name, without a look into it.
    pub fn has(&self, name: &str) -> bool {
        let file = Path::new(name).with_extension("py");
        is_plain_name(name) && self.roots.iter().any(|root| root.folder.is_file(&file) || root.folder.is_dir(name))
    }

    /// A regular package owns everything below it: its submodules are looked for in its own folder alone.
    fn candidates(&self, parts: &[&str]) -> &[Root] {
        for length in 1..parts.len() {
            let package: PathBuf = parts[..length].iter().collect();
            let owner = self.roots.iter().position(|root| root.folder.is_file(package.join("__init__.py")));
            if let Some(owner) = owner {
                return &self.roots[owner..=owner];
            }
        }
        &self.roots
    }
}

impl Root {
    fn read(&self, path: &Path, is_hidden: impl Fn(&File) -> bool) -> io::Result<Option<Vec<u8>>> {
        // Not blocking: opening a FIFO would wait for somebody to write.
        let options = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).clone();
        let file = match self.folder.open_with(path, &options) {
            Ok(file) => file,
            // A name that is too long for a file is no file's.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename
                ) =>
            {
                return Ok(None);
            }
            Err(error) => {
                return Err(io::Error::new(error.kind(), format!("{}: {error}", self.path.join(path).display())));
            }
        };
        if !file.metadata()?.is_file() || is_hidden(&file) {
            return Ok(None);
        }
        let mut source = Vec::new();
        file.take(MODULE_BYTES + 1).read_to_end(&mut source)?;
        if source.len() as u64 > MODULE_BYTES {
            let message = format!("{}: a module of more than 16 MiB", self.path.join(path).display());
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        Ok(Some(source))
    }
}

/// Where the kernel says that is.
pub(crate) fn real_path(open: &impl AsFd) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{}", open.as_fd().as_raw_fd())).ok()
}

/// A digit may come first: `importlib.import_module` brings `0001_initial`, as Django calls its migrations.
fn is_plain_name(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|character| character == '_' || character.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn text(sources: &Sources, name: &str) -> Option<String> {
        sources.find(name).unwrap().map(|module| String::from_utf8(module.source).unwrap())
    }

    #[test]
    fn the_first_folder_wins_and_packages_own_their_submodules() {
        let one = tree(&[
            ("a.py", "one"),
            ("p/__init__.py", ""),
            ("p/x.py", "px"),
            ("p/0001_first.py", "first"),
            ("n/i.py", "ni"),
        ]);
        let two = tree(&[("a.py", "two"), ("p/y.py", "py"), ("n/j.py", "nj"), ("b/__init__.py", "b"), ("b.py", "no")]);
        let mut sources = Sources::default();
        sources.add(one.path()).unwrap();
        sources.add(two.path()).unwrap();
        assert_eq!(text(&sources, "a").as_deref(), Some("one"));
        assert_eq!(text(&sources, "b").as_deref(), Some("b"));
        assert_eq!(text(&sources, "p.x").as_deref(), Some("px"));
        assert_eq!(text(&sources, "p.y"), None, "p belongs to the first folder");
        assert!(sources.find("n").unwrap().is_some_and(|module| module.package && module.source.is_empty()));
        assert_eq!(text(&sources, "n.i").as_deref(), Some("ni"));
        assert_eq!(text(&sources, "n.j").as_deref(), Some("nj"));
        assert_eq!(text(&sources, "p.0001_first").as_deref(), Some("first"));
        assert_eq!(text(&sources, "missing"), None);
        assert_eq!(text(&sources, &"a".repeat(300)), None, "longer than the name of a file may be");
        assert!(sources.has("a") && sources.has("p") && sources.has("n") && !sources.has("missing"));
    }

    #[test]
    fn nothing_outside_is_reached() {
        let outside = tree(&[("secret.py", "secret")]);
        let app = tree(&[("a.py", "")]);
        std::os::unix::fs::symlink(outside.path().join("secret.py"), app.path().join("link.py")).unwrap();
        std::os::unix::fs::symlink(outside.path(), app.path().join("out")).unwrap();
        let mut sources = Sources::default();
        sources.add(app.path()).unwrap();
        let climb = format!("..{}", outside.path().join("secret").display().to_string().replace('/', "."));
        for name in ["link", "out.secret", "..secret", &climb, "/etc/passwd", "a/../a", "", ".", "a.", "a\0", "out"] {
            let found = sources.find(name);
            assert!(!matches!(&found, Ok(Some(_))), "{name}: {found:?}");
        }
    }

    #[test]
    fn a_folder_below_another_one_is_not_where_a_link_leads() {
        let (app, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(other.path().join("secret.py"), "KEY = 1").unwrap();
        fs::create_dir(app.path().join("vendor")).unwrap();
        std::os::unix::fs::symlink(other.path(), app.path().join("out")).unwrap();
        std::os::unix::fs::symlink("vendor", app.path().join("inside")).unwrap();
        let mut sources = Sources::default();
        assert!(sources.add_within(app.path(), Path::new("out")).is_err());
        sources.add_within(app.path(), Path::new("inside")).unwrap();
        assert!(sources.find("secret").unwrap().is_none());
    }
}
