//! Reads files that somebody else may have made: never waits for a writer, never reads without end.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The longest manifest, in bytes. Its reader refuses longer ones as well.
pub const MANIFEST_BYTES: u64 = 1 << 20;

/// The text of a regular file of `most` bytes or less.
///
/// # Errors
/// Whatever is no regular file is refused before it is opened: a FIFO would wait for somebody to write, a device would do
/// what it does when it is opened. It is looked at once more afterwards, for the name may have changed its file. A file
/// that the kernel makes up is refused when it turns out to have a text.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let (file, metadata) = open(path, most)?;
    // The kernel's own files say that they are regular and empty: `/proc/self/environ` has secrets all the same.
    match limited_text(file, most) {
        Ok(text) if text.is_empty() => Ok(text),
        _ if metadata.len() == 0 => Err(irregular()),
        text => text,
    }
}

/// A regular file of `most` bytes or less, to be read.
///
/// # Errors
/// As those of [`read_text`], but for what is in it.
pub(crate) fn open(path: &Path, most: u64) -> io::Result<(File, Metadata)> {
    regular(&fs::metadata(path)?, most)?;
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    let metadata = file.metadata()?;
    regular(&metadata, most)?;
    Ok((file, metadata))
}

/// All of `input` as text, if it is `most` bytes or less.
///
/// # Errors
/// If it is longer, or not UTF-8.
pub fn limited_text(input: impl Read, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    input.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(too_long(most));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

fn regular(metadata: &fs::Metadata, most: u64) -> io::Result<()> {
    match metadata {
        _ if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        _ if !metadata.is_file() => Err(irregular()),
        _ if metadata.len() > most => Err(too_long(most)),
        _ => Ok(()),
    }
}

fn irregular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")
}

fn too_long(most: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it is longer than {} MiB, which is the most", most >> 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    #[test]
    fn only_regular_files_are_read_and_not_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("text"), "ü").unwrap();
        assert_eq!(read_text(&path("text"), 2).unwrap(), "ü");
        assert_eq!(read_text(&path("text"), 1).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        fs::write(path("bytes"), [0xff]).unwrap();
        assert_eq!(read_text(&path("bytes"), 9).unwrap_err().kind(), io::ErrorKind::InvalidData);
        // Waiting for a writer would be for ever.
        mknodat(CWD, path("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        std::os::unix::fs::symlink("/dev/zero", path("zero")).unwrap();
        std::os::unix::fs::symlink("/proc/self/environ", path("environment")).unwrap();
        for name in ["pipe", "zero", "environment"] {
            assert_eq!(read_text(&path(name), 9).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{name}");
        }
        assert_eq!(read_text(folder.path(), 9).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert_eq!(read_text(&path("none"), 9).unwrap_err().kind(), io::ErrorKind::NotFound);
        // Whatever its size says: this one has none.
        fs::File::create(path("hole")).unwrap().set_len(3 << 30).unwrap();
        assert_eq!(read_text(&path("hole"), 1 << 20).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(limited_text(io::repeat(b'x'), 1 << 20).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
