//! The library that a header belongs to.
//!
//! Nothing is made up: it is one that the dynamic loader finds, called as it calls itself (its soname), and it defines at
//! least half of the header's functions. Those that are called as the header is (`libpng16.so.16` for `png.h`) are looked at
//! first, then all others. If there is none, the draft has a question.

use crate::header::Header;
use anyhow::Context;
use cloison_broker::zones::library::{self, Contents, OpenedLibrary, Symbols};
use std::fs::File;
use std::path::{Path, PathBuf};

/// What the manifest says of it, and what it has.
pub struct FoundLibrary {
    /// What stands in `library`.
    pub named: LibraryName,
    /// The functions that it and its dependencies have; `None` if it could not be read.
    pub symbols: Option<Symbols>,
}

/// `soname = "…"`, `path = "…"`, or a question.
#[derive(Clone, Debug, PartialEq)]
pub enum LibraryName {
    Path(String),
    Soname(String),
    Unknown,
}

impl LibraryName {
    /// How people call it.
    pub fn name(&self) -> &str {
        match self {
            Self::Path(name) | Self::Soname(name) => name,
            Self::Unknown => "the library",
        }
    }
}

/// The library that was named, or else one that has the header's functions. Paths in a manifest are relative to it, and it
/// will be at `output`.
pub fn locate(header: &Header, named: Option<&str>, output: Option<&Path>) -> anyhow::Result<FoundLibrary> {
    let (named, file) = match named {
        Some(name) if name.contains('/') => {
            let file = PathBuf::from(name);
            let real = file.canonicalize().with_context(|| format!("the library {name}"))?;
            let path = from_manifest(name, &real, output).context("the folder of the manifest")?;
            (LibraryName::Path(path), Some(file))
        }
        Some(name) => (LibraryName::Soname(name.to_owned()), library::find(name)),
        None => match guess(header) {
            Some((soname, path)) => (LibraryName::Soname(soname), Some(path)),
            None => (LibraryName::Unknown, None),
        },
    };
    Ok(FoundLibrary { named, symbols: file.and_then(|path| symbols(&path)) })
}

/// How a manifest at `output` calls the library that is called `name` here and is the file `real`: as here, if both folders
/// are the same; relative, if it lies below the manifest's or beside that; else absolute.
fn from_manifest(name: &str, real: &Path, output: Option<&Path>) -> std::io::Result<String> {
    let here = Path::new(".").canonicalize()?;
    let folder = match output.and_then(Path::parent) {
        Some(folder) if !folder.as_os_str().is_empty() => folder.canonicalize()?,
        _ => here.clone(),
    };
    if folder == here || Path::new(name).is_absolute() {
        return Ok(name.to_owned());
    }
    // The link that was named, not what it leads to: that may change with the next version.
    let parent = Path::new(name).parent().unwrap_or(Path::new(".")).canonicalize()?;
    let file = parent.join(Path::new(name).file_name().unwrap_or(real.as_os_str()));
    let above = folder.parent().filter(|above| above.parent().is_some());
    Ok(match (file.strip_prefix(&folder), above.and_then(|above| file.strip_prefix(above).ok())) {
        (Ok(below), _) => format!("./{}", below.display()),
        (_, Some(beside)) => format!("../{}", beside.display()),
        _ => file.display().to_string(),
    })
}

/// Soname and file of the library that defines most of the header's functions.
fn guess(header: &Header) -> Option<(String, PathBuf)> {
    let stem = header.path.file_stem().map(|stem| stem.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let (alike, others): (Vec<_>, Vec<_>) = library::installed().into_iter().partition(|path| is_alike(path, &stem));
    best(header, &alike).or_else(|| best(header, &others))
}

fn best(header: &Header, paths: &[PathBuf]) -> Option<(String, PathBuf)> {
    let defines = |contents: &Contents| {
        header.functions.iter().filter(|function| contents.symbols.contains(&function.name)).count()
    };
    let mut best: Option<(usize, String, PathBuf)> = None;
    for path in paths {
        let Some(contents) = library::contents(path) else { continue };
        let count = defines(&contents);
        // What the loader finds by that name may be another file: that one is what would be loaded.
        let loaded = library::find(&contents.soname).and_then(|found| found.canonicalize().ok());
        if count * 2 >= header.functions.len()
            && count > best.as_ref().map_or(0, |(most, ..)| *most)
            && loaded.as_ref() == Some(path)
        {
            best = Some((count, contents.soname, path.clone()));
        }
    }
    best.map(|(_, soname, path)| (soname, path))
}

/// Whether a library is called as a header is, but for `lib` and numbers: `libz.so.1.2.13` and `zlib`.
fn is_alike(path: &Path, stem: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let library = name.strip_prefix("lib").unwrap_or(&name);
    let short = stem.strip_prefix("lib").or_else(|| stem.strip_suffix("lib")).filter(|short| !short.is_empty());
    [Some(stem), short].into_iter().flatten().any(|stem| {
        let rest = library.strip_prefix(stem).and_then(|rest| rest.split_once(".so")).map(|(rest, _)| rest);
        rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte)))
    })
}

fn symbols(path: &Path) -> Option<Symbols> {
    let library = OpenedLibrary::alone(path.to_owned(), File::open(path).ok()?);
    library::symbols(&library).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::HeaderFunction;
    use crate::header::HeaderType;
    use crate::verify::tests::left_out;

    fn declaring(name: &str, functions: &[&str]) -> Header {
        let one = |name: &&str| HeaderFunction {
            name: (*name).to_owned(),
            returns: HeaderType::Number("int".into()),
            parameters: Vec::new(),
            variadic: false,
            wanted: true,
        };
        Header { path: name.into(), functions: functions.iter().map(one).collect(), ..Header::default() }
    }

    #[test]
    fn names_of_libraries() {
        for (library, stem, expected) in [
            ("/usr/lib/libz.so.1.2.13", "zlib", true),
            ("/usr/lib/libpng16.so.16.39.0", "png", true),
            ("/usr/lib/libbz2.so.1.0.4", "bzlib", true),
            ("/usr/lib/libzstd.so.1", "zlib", false),
            ("/usr/lib/libz.a", "zlib", false),
        ] {
            assert_eq!(is_alike(Path::new(library), stem), expected, "{library} {stem}");
        }
    }

    /// Functions decide, and the name is the library's own: `libbz2.so.1.0`, though the file is called otherwise.
    #[test]
    fn a_library_is_found_by_its_functions() {
        for (header, functions, soname) in [
            ("zlib.h", &["inflate", "deflate"][..], "libz.so.1"),
            ("squeeze.h", &["inflateInit2_", "deflateInit2_", "no_such_function"], "libz.so.1"),
            ("bzlib.h", &["BZ2_bzCompressInit", "BZ2_bzCompress"], "libbz2.so.1.0"),
        ] {
            // zlib comes with compilers and with python3; the other one is not everywhere, and not everywhere called so.
            if soname != "libz.so.1" && library::find(soname).is_none() {
                left_out(&format!("there is no {soname}: finding it by its functions"));
                continue;
            }
            let found = locate(&declaring(header, functions), None, None).unwrap();
            assert_eq!(found.named, LibraryName::Soname(soname.to_owned()), "{header}");
            assert!(found.symbols.unwrap().contains(functions[0]));
        }
    }

    #[test]
    fn no_library_is_made_up() {
        for functions in [&["no_such_function"][..], &["inflate", "no_such_function", "nor_such_a_one"]] {
            let found = locate(&declaring("zlib.h", functions), None, None).unwrap();
            assert!(found.named == LibraryName::Unknown && found.symbols.is_none(), "{functions:?}");
        }
    }
}
