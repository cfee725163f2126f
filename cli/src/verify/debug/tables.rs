//! Tables of abbreviations, each read once. They may not overlap, so all of them together are no larger than their section,
//! however many units there are.

use super::read::Bytes;
use gimli::{Abbreviations, DebugAbbrev, EndianSlice, LittleEndian, Reader, constants};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Those of one section.
pub struct Tables<'d> {
    section: &'d [u8],
    read: BTreeMap<usize, Rc<Abbreviations>>,
    /// How many bytes more may be read.
    left: usize,
}

impl<'d> Tables<'d> {
    pub fn new(section: &'d [u8]) -> Self {
        Self { section, read: BTreeMap::new(), left: section.len() }
    }

    /// The table at that offset; `None` if there is none that can be read.
    pub fn at(&mut self, offset: usize) -> Option<Rc<Abbreviations>> {
        if let Some(table) = self.read.get(&offset) {
            return Some(table.clone());
        }
        let length = length(EndianSlice::new(self.section.get(offset..)?, LittleEndian), self.left)?;
        self.left -= length;
        let own = DebugAbbrev::new(&self.section[offset..offset + length], LittleEndian);
        let table = Rc::new(own.abbreviations(gimli::DebugAbbrevOffset(0)).ok()?);
        self.read.insert(offset, table.clone());
        Some(table)
    }
}

/// How many bytes the table is that begins there, if that is not more than `most`.
fn length(mut rest: Bytes, most: usize) -> Option<usize> {
    let all = rest.len();
    loop {
        if all - rest.len() > most {
            return None;
        }
        if rest.is_empty() || rest.read_uleb128().ok()? == 0 {
            break;
        }
        // The tag, and whether there are children.
        rest.read_uleb128().ok()?;
        rest.read_u8().ok()?;
        loop {
            let (name, form) = (rest.read_uleb128().ok()?, rest.read_uleb128().ok()?);
            if form == u64::from(constants::DW_FORM_implicit_const.0) {
                rest.read_sleb128().ok()?;
            }
            if (name, form) == (0, 0) {
                break;
            }
        }
    }
    Some(all - rest.len()).filter(|length| *length <= most)
}
