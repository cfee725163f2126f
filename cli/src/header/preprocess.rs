//! `cc -E`: the text of a header with everything that it includes, and from which file each part is.

use super::compiler::{self, Compiler};
use anyhow::bail;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Folders that are no library's own.
const SHARED: [&str; 3] = ["/usr/include", "/usr/local/include", "/usr/include/x86_64-linux-gnu"];

/// A preprocessed header.
#[derive(Debug)]
pub struct Unit {
    /// The header itself.
    pub header: PathBuf,
    /// C without directives.
    pub text: String,
    /// The parts of the text, in order, each from one file. The header itself is its own, and so are the files that it
    /// includes from
    ///
    /// - a folder beside it that is called as it is: `lzma/` beside `lzma.h`;
    /// - its own folder and those below, if that folder is not one that all libraries share, as `/usr/include` is;
    /// - wherever its reader has asked for.
    pub parts: Vec<UnitPart>,
    /// `#define NAME TEXT` of those files.
    pub macros: Vec<(String, String)>,
}

/// A part of a unit's text.
#[derive(Debug)]
pub struct UnitPart {
    pub range: Range<usize>,
    pub file: PathBuf,
    /// The file counts as the header's own.
    pub own: bool,
}

impl Unit {
    /// The part of the text that has that place in it.
    pub fn part(&self, offset: usize) -> Option<&UnitPart> {
        let behind = self.parts.partition_point(|part| part.range.end <= offset);
        self.parts.get(behind).filter(|part| part.range.contains(&offset))
    }

    /// Whether that place of the text is from the header or what belongs to it.
    pub fn is_own(&self, offset: usize) -> bool {
        self.part(offset).is_some_and(|part| part.own)
    }
}

/// The text of a header with everything that it includes. `name` is a path, or what stands between `<` and `>`.
pub fn preprocess(compiler: &Compiler, name: &str, also: &dyn Fn(&Path) -> bool) -> anyhow::Result<Unit> {
    let include = include(name)?;
    let name = bare(name).unwrap_or(name);
    let output = compiler.run(&["-E", "-dD", "-std=gnu11"], &format!("{include}\n"))?;
    if !output.status.success() {
        let said = compiler::complaint(&output.stderr);
        bail!("{name}: the C compiler cannot read it:\n{said}\nhint: `-I FOLDER` says where other headers are");
    }
    Ok(unit(&String::from_utf8_lossy(&output.stdout), name, also))
}

/// What stands between `<` and `>`, if both are there.
fn bare(name: &str) -> Option<&str> {
    name.strip_prefix('<')?.strip_suffix('>')
}

/// `#include` of a path that exists, else of a name that the compiler looks for; brackets around it may be there.
pub fn include(name: &str) -> anyhow::Result<String> {
    let name = bare(name).unwrap_or(name);
    if name.contains(['"', '<', '>', '\n']) {
        bail!("`{}` is no name of a header", name.escape_debug());
    }
    Ok(match Path::new(name).canonicalize() {
        Ok(path) if path.is_file() => format!("#include \"{}\"", path.display()),
        _ => format!("#include <{name}>"),
    })
}

fn unit(output: &str, name: &str, also: &dyn Fn(&Path) -> bool) -> Unit {
    let wanted = Path::new(name).canonicalize().ok().filter(|path| path.is_file());
    let mut unit = Unit { header: PathBuf::new(), text: String::new(), parts: Vec::new(), macros: Vec::new() };
    let (mut file, mut own) = (PathBuf::new(), false);
    let mut files = HashMap::<String, PathBuf>::new();
    // Each macro's last definition, with its place among all of them.
    let (mut macros, mut count) = (HashMap::<&str, (usize, &str)>::new(), 0usize);
    for line in output.lines() {
        if let Some(marked) = marker(line) {
            let known = files.entry(marked.clone());
            let find = || Path::new(&marked).canonicalize().unwrap_or_else(|_| PathBuf::from(&marked));
            file.clone_from(known.or_insert_with(find));
            if unit.header.as_os_str().is_empty()
                && wanted.as_ref().map_or_else(|| Path::new(&marked).ends_with(name), |wanted| *wanted == file)
            {
                unit.header.clone_from(&file);
            }
            own = belongs(&file, &unit.header) || also(&file);
        } else if let Some(definition) = line.strip_prefix("#define ") {
            let (name, text) = definition.split_once(' ').unwrap_or((definition, ""));
            if own {
                macros.insert(name, (count, text.trim()));
                count += 1;
            }
        } else if let Some(name) = line.strip_prefix("#undef ") {
            macros.remove(name.trim());
        } else if !line.starts_with('#') {
            let start = unit.text.len();
            unit.text.push_str(line);
            unit.text.push('\n');
            let end = unit.text.len();
            match unit.parts.last_mut() {
                Some(last) if last.file == file => last.range.end = end,
                _ => unit.parts.push(UnitPart { range: start..end, file: file.clone(), own }),
            }
        }
    }
    let mut macros: Vec<_> = macros.into_iter().collect();
    macros.sort_by_key(|(_, (place, _))| *place);
    unit.macros = macros.into_iter().map(|(name, (_, text))| (name.to_owned(), text.to_owned())).collect();
    unit
}

/// The file of `# 12 "file" flags`.
fn marker(line: &str) -> Option<String> {
    let rest = line.strip_prefix("# ")?;
    let (number, rest) = rest.split_once(' ')?;
    number.parse::<u32>().ok()?;
    let rest = rest.strip_prefix('"')?;
    Some(rest[..rest.rfind('"')?].replace("\\\\", "\\"))
}

/// The header itself, or a file of its own folder: see [`Unit::parts`].
fn belongs(path: &Path, header: &Path) -> bool {
    if header.as_os_str().is_empty() {
        return false;
    }
    let folder = header.parent().unwrap_or(Path::new("/"));
    let shared = SHARED.iter().any(|shared| Path::new(shared) == folder);
    path == header || path.starts_with(if shared { header.with_extension("") } else { folder.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_may_stand_around_a_name() {
        for name in ["stdint.h", "<stdint.h>"] {
            assert_eq!(include(name).unwrap(), "#include <stdint.h>");
            let unit = preprocess(&Compiler::new(&[]), name, &|_| false).unwrap();
            assert!(unit.header.ends_with("stdint.h"), "{name}: {}", unit.header.display());
        }
        for name in ["<stdint.h", "stdint.h>", "<<stdint.h>>"] {
            assert!(include(name).is_err(), "{name}");
        }
    }

    #[test]
    fn files_that_belong_to_a_header() {
        for (path, header, expected) in [
            ("/usr/include/lzma.h", "/usr/include/lzma.h", true),
            ("/usr/include/lzma/base.h", "/usr/include/lzma.h", true),
            ("/usr/include/lzma2/base.h", "/usr/include/lzma.h", false),
            ("/usr/include/stdio.h", "/usr/include/lzma.h", false),
            ("/usr/include/uuid/types.h", "/usr/include/uuid/uuid.h", true),
            ("/home/me/src/parts/inner.h", "/home/me/src/mine.h", true),
            ("/usr/include/stdio.h", "/home/me/src/mine.h", false),
        ] {
            assert_eq!(belongs(Path::new(path), Path::new(header)), expected, "{path} of {header}");
        }
    }
}
