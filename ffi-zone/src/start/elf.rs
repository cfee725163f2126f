//! The names that a library exports, read from its file: to explain a symbol that is not there.
//!
//! The dynamic loader decides what is there; this only makes its refusal easier to understand. So anything
//! unexpected in the file means no names, and no error.

use rustix::io::pread;
use std::os::fd::BorrowedFd;

/// More than this is not read: the tables of the largest libraries have some ten megabytes.
const TABLE_BYTES: u64 = 64 << 20;
const HEADER_BYTES: usize = 64;
const SECTION_BYTES: usize = 64;
const SYMBOL_BYTES: usize = 24;
const SHT_DYNSYM: u32 = 11;
const STT_OBJECT: u8 = 1;
const STT_TLS: u8 = 6;

/// One exported name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Export {
    /// The name.
    pub name: String,
    /// It is data rather than a function.
    pub data: bool,
}

/// All names that the library defines for others; empty if the file is not what we expect.
pub fn exports(library: BorrowedFd<'_>) -> Vec<Export> {
    read_exports(library).unwrap_or_default()
}

fn read_exports(library: BorrowedFd<'_>) -> Option<Vec<Export>> {
    let header = read(library, 0, HEADER_BYTES as u64)?;
    // 64 bits, least significant byte first: the only kind this process can load.
    if header.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let sections = read(library, word(&header, 40)?, u64::from(half(&header, 60)?) * SECTION_BYTES as u64)?;
    let section = |index: usize| sections.get(index * SECTION_BYTES..(index + 1) * SECTION_BYTES);
    let symbols =
        (0..sections.len() / SECTION_BYTES).filter_map(section).find(|one| long(one, 4) == Some(SHT_DYNSYM))?;
    let strings = section(long(symbols, 40)? as usize)?;
    let table = read(library, word(symbols, 24)?, word(symbols, 32)?)?;
    let names = read(library, word(strings, 24)?, word(strings, 32)?)?;
    Some(table.chunks_exact(SYMBOL_BYTES).filter_map(|symbol| export(symbol, &names)).collect())
}

fn export(symbol: &[u8], names: &[u8]) -> Option<Export> {
    let (info, section) = (*symbol.get(4)?, half(symbol, 6)?);
    let name = names.get(long(symbol, 0)? as usize..)?.split(|byte| *byte == 0).next()?;
    let local = info >> 4 == 0;
    if section == 0 || local || name.is_empty() {
        return None;
    }
    let data = matches!(info & 0xf, STT_OBJECT | STT_TLS);
    Some(Export { name: String::from_utf8(name.to_vec()).ok()?, data })
}

fn read(file: BorrowedFd<'_>, offset: u64, bytes: u64) -> Option<Vec<u8>> {
    if bytes > TABLE_BYTES {
        return None;
    }
    let mut buffer = vec![0; usize::try_from(bytes).ok()?];
    let mut done = 0;
    while done < buffer.len() {
        match pread(file, &mut buffer[done..], offset.checked_add(done as u64)?) {
            Ok(0) | Err(_) => return None,
            Ok(more) => done += more,
        }
    }
    Some(buffer)
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::AsFd;

    #[test]
    fn what_is_no_library_has_no_names() {
        for bytes in [&b""[..], b"\x7fELF\x02\x01", b"\x7fELF\x01\x01 and then some", &[0xff; 4096]] {
            let mut file = tempfile::tempfile().expect("file");
            file.write_all(bytes).expect("write");
            assert_eq!(exports(file.as_fd()), []);
        }
        let mut lying = b"\x7fELF\x02\x01".to_vec();
        lying.resize(HEADER_BYTES, 0xff);
        let mut file = tempfile::tempfile().expect("file");
        file.write_all(&lying).expect("write");
        assert_eq!(exports(file.as_fd()), []);
    }
}
