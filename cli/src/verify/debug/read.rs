//! Entries of DWARF: found by name in one pass, then read one by one.

use super::find::Sections;
use super::tables::Tables;
use gimli::{
    Abbreviations, AttributeValue, DebugInfo, DebugStrOffsets, DebugStrOffsetsBase, DebugTypes,
    DebuggingInformationEntry, DwAt, DwLang, DwTag, EndianSlice, LittleEndian, UnitHeader, UnitOffset, UnitType,
    constants,
};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

/// Libraries for this machine are little-endian.
pub type Bytes<'d> = EndianSlice<'d, LittleEndian>;
/// An entry with its attributes.
pub type Die<'d> = DebuggingInformationEntry<Bytes<'d>>;

/// The longest name, in bytes.
const MAX_NAME: usize = 4096;
/// The most compilation units.
const MAX_UNITS: usize = 200_000;
/// How many entries inside of one are looked at.
const MAX_CHILDREN: usize = 1 << 16;
/// How many places one name may have.
const MAX_PLACES: usize = 64;

/// Where an entry stands.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct DieOffset {
    unit: usize,
    offset: usize,
}

/// All units of a file.
pub struct Dwarf<'d> {
    files: Vec<File<'d>>,
    units: Vec<Unit<'d>>,
    /// No unit is in a language but C, C++ and assembler.
    all_c: bool,
    /// Types that are called by a signature.
    signatures: BTreeMap<u64, DieOffset>,
    /// How many attributes may still be read.
    budget: Cell<u64>,
    /// What could not be read.
    trouble: Cell<Option<&'static str>>,
}

/// The file with the library's own information, or that with what it has in common with others.
struct File<'d> {
    sections: &'d Sections,
    /// Which units are those of `.debug_info`, in their order there.
    info: Range<usize>,
}

struct Unit<'d> {
    /// Whose it is.
    file: usize,
    header: UnitHeader<Bytes<'d>>,
    abbreviations: Rc<Abbreviations>,
    strings: DebugStrOffsetsBase<usize>,
    language: Option<DwLang>,
}

/// Where names stand that were looked for.
#[derive(Default)]
pub struct FoundDies {
    /// External functions, by symbol.
    pub functions: BTreeMap<String, Vec<DieOffset>>,
    /// `struct NAME`, `union NAME`, `enum NAME`, or the name of a typedef.
    pub types: BTreeMap<String, Vec<DieOffset>>,
}

impl<'d> Dwarf<'d> {
    pub fn new(sections: &'d Sections) -> Self {
        let files = [Some(sections), sections.common.as_deref()];
        // Attributes take a byte each, but for a few that all entries of one kind share; those are a part of all.
        let bytes: usize = files.iter().flatten().map(|file| file.info.len() + file.types.len()).sum();
        let mut dwarf = Self {
            files: Vec::new(),
            units: Vec::new(),
            all_c: true,
            signatures: BTreeMap::new(),
            budget: Cell::new((1 << 16) + (bytes as u64).saturating_mul(16)),
            trouble: Cell::new(None),
        };
        for sections in files.into_iter().flatten() {
            dwarf.file(sections);
        }
        let known = |one: DwLang| is_c(one) || is_cpp(one) || one == constants::DW_LANG_Mips_Assembler;
        dwarf.all_c = dwarf.units.iter().all(|unit| unit.language.is_none_or(known));
        if sections.missing.is_some() {
            dwarf.trouble("what it has in common with others is not installed");
        }
        dwarf
    }

    /// As much is read as there is: for what a compiler has just made of text that is known.
    pub fn trusted(self) -> Self {
        self.budget.set(u64::MAX);
        self
    }

    fn file(&mut self, sections: &'d Sections) {
        let mut tables = Tables::new(&sections.abbrev);
        let start = self.units.len();
        let mut info = DebugInfo::new(&sections.info, LittleEndian).units();
        self.all_of(std::iter::from_fn(|| info.next().transpose()), &mut tables);
        let info = start..self.units.len();
        let mut types = DebugTypes::new(&sections.types, LittleEndian).units();
        self.all_of(std::iter::from_fn(|| types.next().transpose()), &mut tables);
        self.files.push(File { sections, info });
    }

    fn all_of(
        &mut self,
        headers: impl Iterator<Item = Result<UnitHeader<Bytes<'d>>, gimli::Error>>,
        tables: &mut Tables<'d>,
    ) {
        for header in headers {
            match header {
                Ok(header) if self.units.len() < MAX_UNITS => self.unit(header, tables),
                // Where the next one begins is not known either.
                _ => return self.trouble("some of its units are damaged"),
            }
        }
    }

    /// What was left out, if something was.
    pub fn note(&self) -> Option<String> {
        Some(format!(
            "not everything in {} could be read: {}",
            self.files.first()?.sections.file.display(),
            self.trouble.get()?
        ))
    }

    fn trouble(&self, what: &'static str) {
        self.trouble.set(Some(what));
    }

    fn unit(&mut self, header: UnitHeader<Bytes<'d>>, tables: &mut Tables<'d>) {
        let Some(abbreviations) = tables.at(header.debug_abbrev_offset().0) else {
            return self.trouble("some of its units are damaged");
        };
        let at = self.units.len();
        if let UnitType::Type { type_signature, type_offset } = header.type_() {
            self.signatures.insert(type_signature.0, DieOffset { unit: at, offset: type_offset.0 });
        }
        let mut unit =
            Unit { file: self.files.len(), header, abbreviations, strings: DebugStrOffsetsBase(0), language: None };
        if let Ok(root) = unit.header.entry(&unit.abbreviations, unit.header.root_offset()) {
            if let Some(AttributeValue::DebugStrOffsetsBase(base)) = root.attr_value(constants::DW_AT_str_offsets_base)
            {
                unit.strings = base;
            }
            if let Some(AttributeValue::Language(language)) = root.attr_value(constants::DW_AT_language) {
                unit.language = Some(language);
            }
            if [constants::DW_AT_dwo_name, constants::DW_AT_GNU_dwo_name].iter().any(|name| root.has_attr(*name)) {
                self.trouble("the rest is in files of its own (`-gsplit-dwarf`)");
            }
        }
        self.units.push(unit);
    }

    /// The places of names, in one pass over everything.
    pub fn find(&self, functions: &BTreeSet<&str>, types: &BTreeSet<String>) -> FoundDies {
        let mut found = FoundDies::default();
        for unit in 0..self.units.len() {
            if self.find_in(unit, functions, types, &mut found).is_err() {
                self.trouble("some of its units are damaged");
            }
        }
        found
    }

    fn find_in(
        &self,
        at: usize,
        functions: &BTreeSet<&str>,
        types: &BTreeSet<String>,
        found: &mut FoundDies,
    ) -> Result<(), gimli::Error> {
        let unit = &self.units[at];
        let mut entries = unit.header.entries_raw(&unit.abbreviations, None)?;
        let mut entry = Die::null();
        while !entries.is_empty() {
            let offset = entries.next_offset();
            let Some(abbreviation) = entries.read_abbreviation()? else { continue };
            self.spend(abbreviation.attributes().len())?;
            let tag = abbreviation.tag();
            if tag != constants::DW_TAG_subprogram && keyword(tag).is_none() {
                entries.skip_attributes(abbreviation.attributes())?;
                continue;
            }
            // The same entry once more, now with its attributes.
            entries.skip_attributes(abbreviation.attributes())?;
            unit.header.entries_raw(&unit.abbreviations, Some(offset))?.read_entry(&mut entry)?;
            let place = DieOffset { unit: at, offset: offset.0 };
            let (names, name) = match keyword(tag) {
                Some(_) => (&mut found.types, self.called(place, &entry).filter(|name| types.contains(name))),
                None => {
                    let name = self.symbol(place, &entry).filter(|name| functions.contains(name));
                    (&mut found.functions, name.map(str::to_owned))
                }
            };
            if let Some(name) = name
                && !entry.has_attr(constants::DW_AT_declaration)
            {
                let places = names.entry(name).or_default();
                if places.len() < MAX_PLACES {
                    places.push(place);
                }
            }
        }
        Ok(())
    }

    /// What an external function is called by linkers. A definition may leave its name to a declaration.
    fn symbol(&self, place: DieOffset, entry: &Die<'d>) -> Option<&'d str> {
        let declared = self.reference(place, entry, constants::DW_AT_specification);
        let declared = declared.and_then(|place| Some((place, self.entry(place)?)));
        let own = [Some((place, entry.clone())), declared];
        own.iter().flatten().find_map(|(place, entry)| {
            let external = matches!(entry.attr_value(constants::DW_AT_external), Some(AttributeValue::Flag(true)));
            let names = [constants::DW_AT_linkage_name, constants::DW_AT_MIPS_linkage_name, constants::DW_AT_name];
            external.then(|| names.iter().find_map(|name| self.text(*place, entry, *name))).flatten()
        })
    }

    /// The entry at a place.
    pub fn entry(&self, place: DieOffset) -> Option<Die<'d>> {
        let unit = self.units.get(place.unit)?;
        let entry = unit.header.entry(&unit.abbreviations, UnitOffset(place.offset)).ok()?;
        self.spend(entry.attrs().len()).ok()?;
        Some(entry)
    }

    /// The entries inside of that at a place, without those inside of them.
    pub fn children(&self, place: DieOffset) -> Vec<(DieOffset, Die<'d>)> {
        let mut children = Vec::new();
        // Whatever is wrong in the middle, what stands before it is right.
        let _ = self.read_children(place, &mut children);
        children
    }

    fn read_children(&self, place: DieOffset, children: &mut Vec<(DieOffset, Die<'d>)>) -> Result<(), gimli::Error> {
        let Some(unit) = self.units.get(place.unit) else { return Ok(()) };
        let mut entries = unit.header.entries_raw(&unit.abbreviations, Some(UnitOffset(place.offset)))?;
        let mut entry = Die::null();
        entries.read_entry(&mut entry)?;
        if !entry.has_children() {
            return Ok(());
        }
        while !entries.is_empty() && children.len() < MAX_CHILDREN {
            let is_entry = entries.read_entry(&mut entry)?;
            self.spend(entry.attrs().len())?;
            match (is_entry, entry.depth()) {
                (false, ..=1) => break,
                (true, 1) => children.push((DieOffset { unit: place.unit, offset: entry.offset().0 }, entry.clone())),
                _ => {}
            }
        }
        Ok(())
    }

    /// The entries of the units themselves.
    pub fn roots(&self) -> impl Iterator<Item = DieOffset> {
        let root = |(unit, one): (usize, &Unit)| DieOffset { unit, offset: one.header.root_offset().0 };
        self.units.iter().enumerate().map(root)
    }

    fn spend(&self, attributes: usize) -> Result<(), gimli::Error> {
        match self.budget.get().checked_sub(attributes as u64 + 1) {
            Some(left) => self.budget.set(left),
            None => {
                self.trouble("it is far too intricate");
                return Err(gimli::Error::UnexpectedEof(gimli::ReaderOffsetId(0)));
            }
        }
        Ok(())
    }

    /// The entry that an attribute leads to.
    pub fn reference(&self, place: DieOffset, entry: &Die<'d>, attribute: DwAt) -> Option<DieOffset> {
        match entry.attr_value(attribute)? {
            AttributeValue::UnitRef(offset) => Some(DieOffset { unit: place.unit, offset: offset.0 }),
            AttributeValue::DebugInfoRef(offset) => self.at(self.units.get(place.unit)?.file, offset.0),
            AttributeValue::DebugInfoRefSup(offset) => self.at(1, offset.0),
            AttributeValue::DebugTypesRef(signature) => self.signatures.get(&signature.0).copied(),
            _ => None,
        }
    }

    /// What stands at that offset of a file's `.debug_info`.
    fn at(&self, file: usize, offset: usize) -> Option<DieOffset> {
        let range = self.files.get(file)?.info.clone();
        let units = self.units.get(range.clone())?;
        let start = |unit: &Unit| unit.header.debug_info_offset().map_or(usize::MAX, |start| start.0);
        let unit = units.partition_point(|unit| start(unit) <= offset).checked_sub(1)?;
        Some(DieOffset { unit: range.start + unit, offset: offset.checked_sub(start(&units[unit]))? })
    }

    /// `DW_AT_name`
    pub fn name(&self, place: DieOffset, entry: &Die<'d>) -> Option<&'d str> {
        self.text(place, entry, constants::DW_AT_name)
    }

    /// How C calls the type that an entry is.
    pub fn called(&self, place: DieOffset, entry: &Die<'d>) -> Option<String> {
        Some(format!("{}{}", keyword(entry.tag())?, self.name(place, entry)?))
    }

    fn text(&self, place: DieOffset, entry: &Die<'d>, attribute: DwAt) -> Option<&'d str> {
        let unit = self.units.get(place.unit)?;
        let sections = self.files.get(unit.file)?.sections;
        let (section, offset): (&'d [u8], usize) = match entry.attr_value(attribute)? {
            AttributeValue::String(text) => (text.slice(), 0),
            AttributeValue::DebugStrRef(offset) => (&sections.str, offset.0),
            AttributeValue::DebugLineStrRef(offset) => (&sections.line_str, offset.0),
            AttributeValue::DebugStrRefSup(offset) => (&self.files.get(1)?.sections.str, offset.0),
            AttributeValue::DebugStrOffsetsIndex(index) => {
                let offsets = DebugStrOffsets::from(EndianSlice::new(&sections.str_offsets, LittleEndian));
                (&sections.str, offsets.get_str_offset(unit.header.format(), unit.strings, index).ok()?.0)
            }
            _ => return None,
        };
        let text = section.get(offset..)?;
        let text = &text[..text.len().min(MAX_NAME)];
        str::from_utf8(text.split(|byte| *byte == 0).next()?).ok()
    }

    /// Whether the unit is in C, where a function may have been declared without its parameters.
    pub fn is_c(&self, place: DieOffset) -> bool {
        self.units.get(place.unit).and_then(|unit| unit.language).is_some_and(is_c)
    }

    /// Whether clang has compiled the unit.
    pub fn is_clang(&self, place: DieOffset) -> bool {
        let Some(unit) = self.units.get(place.unit) else { return false };
        let root = DieOffset { unit: place.unit, offset: unit.header.root_offset().0 };
        let producer = |entry: Die<'d>| self.text(root, &entry, constants::DW_AT_producer);
        self.entry(root).and_then(producer).is_some_and(|producer| producer.contains("clang"))
    }

    /// Whether the unit is in C or C++. Other languages have structs for what is a number or a pointer in C. What units have
    /// in common may be in units without a language.
    pub fn has_structs_of_c(&self, place: DieOffset) -> bool {
        match self.units.get(place.unit).map(|unit| unit.language) {
            Some(Some(language)) => is_c(language) || is_cpp(language),
            _ => self.all_c,
        }
    }
}

fn is_c(language: DwLang) -> bool {
    use constants::{DW_LANG_C, DW_LANG_C11, DW_LANG_C17, DW_LANG_C89, DW_LANG_C99};
    // C23 is newer than the list.
    [DW_LANG_C, DW_LANG_C89, DW_LANG_C99, DW_LANG_C11, DW_LANG_C17, DwLang(0x3e)].contains(&language)
}

fn is_cpp(language: DwLang) -> bool {
    use constants as dw;
    let older = [dw::DW_LANG_C_plus_plus, dw::DW_LANG_C_plus_plus_03, dw::DW_LANG_C_plus_plus_11];
    let newer = [dw::DW_LANG_C_plus_plus_14, dw::DW_LANG_C_plus_plus_17, dw::DW_LANG_C_plus_plus_20];
    older.contains(&language) || newer.contains(&language)
}

/// How C calls a type of that tag.
fn keyword(tag: DwTag) -> Option<&'static str> {
    match tag {
        constants::DW_TAG_class_type | constants::DW_TAG_structure_type => Some("struct "),
        constants::DW_TAG_enumeration_type => Some("enum "),
        constants::DW_TAG_typedef => Some(""),
        constants::DW_TAG_union_type => Some("union "),
        _ => None,
    }
}
