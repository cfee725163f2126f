//! The Python files are compiled into the library by a macro, which does not tell cargo what it reads. And their sources are
//! packed, for tracebacks and `inspect`.
#![allow(clippy::disallowed_methods, reason = "this runs when the microprocess is built, and is not part of it")]

use std::collections::BTreeMap;
use std::path::Path;

#[allow(dead_code, reason = "the table of native modules is not for here")]
#[path = "src/modules.rs"]
mod modules;

fn main() {
    println!("cargo::rerun-if-changed=Lib");
    println!("cargo::rerun-if-changed=src/modules.rs");
    let mut sources = BTreeMap::new();
    collect(Path::new(rustpython_pylib::LIB_PATH), "", &mut sources);
    sources.retain(|name: &String, _| modules::kept_frozen(name));
    // What is ours stands for what it replaces.
    collect(Path::new("Lib"), "", &mut sources);
    let (mut packed, mut index) = (Vec::new(), String::from("&["));
    for (name, source) in sources {
        let start = packed.len();
        packed.extend(miniz_oxide::deflate::compress_to_vec_zlib(&source, 9));
        index += &format!("({name:?}, {start}, {}),", packed.len());
    }
    index.push(']');
    let out = std::env::var("OUT_DIR").expect("cargo sets it");
    std::fs::write(Path::new(&out).join("sources.bin"), packed).expect("the packed sources are written");
    std::fs::write(Path::new(&out).join("sources.rs"), index).expect("their index is written");
}

/// The modules of a folder and of the folders in it, by dotted name.
fn collect(folder: &Path, prefix: &str, sources: &mut BTreeMap<String, Vec<u8>>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.flatten().map(|entry| entry.path()) {
        let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        if path.is_dir() {
            collect(&path, &format!("{prefix}{stem}."), sources);
        } else if path.extension().is_some_and(|extension| extension == "py") {
            let name =
                if stem == "__init__" { prefix.trim_end_matches('.').to_owned() } else { format!("{prefix}{stem}") };
            if let Ok(source) = std::fs::read(&path) {
                sources.insert(name, source);
            }
        }
    }
}
