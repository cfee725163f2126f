//! Which file has the debug information of a library: where gdb looks, in its order.
//!
//! | where | how it is known to be the library's |
//! |---|---|
//! | the library itself | |
//! | `/usr/lib/debug/.build-id/xx/yyyy.debug` | the same build-id |
//! | the name in `.gnu_debuglink`: beside the library, in `.debug/` there, in `/usr/lib/debug/DIR/` | the checksum beside the name |
//!
//! What several files have in common, `dwz` puts in one more, which `.gnu_debugaltlink` names with its build-id.

use cloison_broker::zones::library::OpenedLibrary;
use object::{CompressionFormat, Object, ObjectSection};
use ruzstd::decoding::StreamingDecoder;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

/// The largest file that is read, and the most that its debug sections may come to when they are not compressed, in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// The sections with names and types, not compressed.
#[derive(Default)]
pub struct Sections {
    /// Whose they are.
    pub file: PathBuf,
    pub abbrev: Vec<u8>,
    pub info: Vec<u8>,
    pub line_str: Vec<u8>,
    pub str: Vec<u8>,
    pub str_offsets: Vec<u8>,
    pub types: Vec<u8>,
    /// Those of the file that has what several have in common.
    pub common: Option<Box<Sections>>,
    /// That file's name, if it was not found.
    pub missing: Option<String>,
}

/// What makes a file the one that belongs to a library.
enum Mark<'f> {
    BuildId(&'f [u8]),
    Checksum(u32),
}

/// The sections, or why there are none.
pub fn find(library: &OpenedLibrary, folder: &Path) -> Result<Sections, String> {
    let path = library.path.display();
    let unreadable = |error: &dyn std::fmt::Display| format!("{path} cannot be read: {error}");
    let bytes = read(&library.file).map_err(|error| unreadable(&error))?;
    let file = object::File::parse(&*bytes).map_err(|error| unreadable(&error))?;
    if has_debug(&file) {
        return sections(&library.path, &file, Some(folder));
    }
    for (candidate, mark) in candidates(&library.path, &file, folder) {
        if let Some(found) = open(&candidate, &mark, |file| sections(&candidate, file, Some(folder))) {
            return found;
        }
    }
    let folder = folder.display();
    Err(format!("{path} has no debug information, nor is it in {folder}: only its symbols were looked up"))
}

/// What `then` makes of the file at a path, if it is the one that is meant and has debug information.
fn open<T>(path: &Path, mark: &Mark, then: impl FnOnce(&object::File) -> T) -> Option<T> {
    // Opening anything but a file may wait for somebody.
    let bytes = path.metadata().ok()?.is_file().then(|| File::open(path).and_then(|file| read(&file)))?.ok()?;
    let file = object::File::parse(&*bytes).ok()?;
    (belongs(&bytes, &file, mark) && has_debug(&file)).then(|| then(&file))
}

fn read(mut file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    file.rewind()?;
    Ok(bytes)
}

fn has_debug(file: &object::File) -> bool {
    // What cannot be decompressed is there, and is explained when it is read.
    let has_bytes = |section: object::Section| section.compressed_data().map_or(true, |data| !data.data.is_empty());
    file.section_by_name(".debug_info").is_some_and(has_bytes)
}

fn candidates<'f>(library: &Path, file: &object::File<'f>, folder: &Path) -> Vec<(PathBuf, Mark<'f>)> {
    let mut candidates = Vec::new();
    if let Ok(Some(id)) = file.build_id() {
        candidates.extend(by_id(id, folder).map(|path| (path, Mark::BuildId(id))));
    }
    if let Ok(Some((name, checksum))) = file.gnu_debuglink()
        && let Some(name) = str::from_utf8(name).ok().filter(|name| !name.contains('/') && *name != "..")
    {
        // A library is often a link to a file in another folder, which is where its debug information was put.
        let real = library.canonicalize().ok();
        for path in [Some(library), real.as_deref()].into_iter().flatten() {
            let beside = path.parent().unwrap_or(Path::new("/"));
            let below = folder.join(beside.strip_prefix("/").unwrap_or(beside));
            for place in [beside.to_owned(), beside.join(".debug"), below] {
                candidates.push((place.join(name), Mark::Checksum(checksum)));
            }
        }
    }
    candidates
}

fn by_id(id: &[u8], folder: &Path) -> Option<PathBuf> {
    let (first, rest) = id.split_first()?;
    let rest: String = rest.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(folder.join(format!(".build-id/{first:02x}/{rest}.debug")))
}

/// What this file has in common with others: the sections, or the name of the file that was not found.
fn common(path: &Path, file: &object::File, folder: &Path) -> Result<Option<Box<Sections>>, String> {
    let Ok(Some((name, id))) = file.gnu_debugaltlink() else { return Ok(None) };
    let name = str::from_utf8(name).unwrap_or_default();
    let named = path.parent().unwrap_or(Path::new("/")).join(name);
    for candidate in [Some(named), by_id(id, folder)].into_iter().flatten() {
        if let Some(found) = open(&candidate, &Mark::BuildId(id), |file| sections(&candidate, file, None)) {
            return found.map(|found| Some(Box::new(found)));
        }
    }
    Err(name.to_owned())
}

fn belongs(bytes: &[u8], file: &object::File, mark: &Mark) -> bool {
    match mark {
        Mark::BuildId(id) => file.build_id().ok().flatten() == Some(id),
        Mark::Checksum(checksum) => crc32(bytes) == *checksum,
    }
}

/// With what is in a common file, if `folder` says where those are.
fn sections(path: &Path, file: &object::File, folder: Option<&Path>) -> Result<Sections, String> {
    let (common, missing) = match folder.map(|folder| common(path, file, folder)) {
        Some(Ok(common)) => (common, None),
        Some(Err(missing)) => (None, Some(missing)),
        None => (None, None),
    };
    let mut left = MAX_BYTES;
    let mut section = |name: &str| {
        section(file, name, &mut left)
            .map_err(|why| format!("the debug information of {} cannot be read: {name} {why}", path.display()))
    };
    Ok(Sections {
        file: path.to_owned(),
        abbrev: section(".debug_abbrev")?,
        info: section(".debug_info")?,
        line_str: section(".debug_line_str")?,
        str: section(".debug_str")?,
        str_offsets: section(".debug_str_offsets")?,
        types: section(".debug_types")?,
        common,
        missing,
    })
}

/// A section's bytes; none if the file has no such section.
fn section(file: &object::File, name: &str, left: &mut u64) -> Result<Vec<u8>, String> {
    let Some(section) = file.section_by_name(name) else { return Ok(Vec::new()) };
    let unknown = "\nhint: `objcopy --decompress-debug-sections FILE` makes it readable";
    let data = section.compressed_data().map_err(|error| format!("cannot be decompressed ({error}){unknown}"))?;
    let size = data.uncompressed_size;
    *left = left.checked_sub(size).ok_or("is too large")?;
    match data.format {
        CompressionFormat::None => Ok(data.data.to_owned()),
        CompressionFormat::Zlib => {
            let limit = usize::try_from(size).map_err(|_| "is too large")?;
            let bytes = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(data.data, limit);
            bytes.map_err(|error| format!("is damaged ({error})"))
        }
        CompressionFormat::Zstandard => zstd(data.data, size).map_err(|error| format!("is damaged ({error})")),
        _ => Err(format!("cannot be decompressed{unknown}")),
    }
}

/// So many bytes, or an error.
fn zstd(data: &[u8], size: u64) -> io::Result<Vec<u8>> {
    let decoder = StreamingDecoder::new(data).map_err(io::Error::other)?;
    let mut bytes = Vec::new();
    decoder.take(size).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == size { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// The checksum that `.gnu_debuglink` uses.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut at = 0;
        while at < 256 {
            let (mut value, mut bit) = (at as u32, 0);
            while bit < 8 {
                value = (value >> 1) ^ (0xedb8_8320 * (value & 1));
                bit += 1;
            }
            table[at] = value;
            at += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |sum, byte| TABLE[((sum ^ u32::from(*byte)) & 0xff) as usize] ^ (sum >> 8))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(super::crc32(b"123456789"), 0xcbf4_3926);
    }
}
