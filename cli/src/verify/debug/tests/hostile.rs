//! Debug information that is damaged, or that no compiler makes.

use super::super::super::tests::left_out;
use super::super::find::{self, Sections};
use super::super::types::DebugType;
use super::super::{Debug, compare, names, read};
use super::{MANIFEST, build, library, parse, verify};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The same numbers every time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

/// Some bytes are others.
fn damage(bytes: &mut [u8], random: &mut Random) {
    if !bytes.is_empty() {
        for _ in 0..=random.below(8) {
            bytes[random.below(bytes.len())] = match random.below(4) {
                0 => 0,
                1 => 0xff,
                _ => random.below(256) as u8,
            };
        }
    }
}

#[test]
fn damaged_sections_are_no_panic() {
    let interface = parse(MANIFEST);
    let texts = names::texts(MANIFEST);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut read = 0;
    for flags in [["-g", "-gdwarf-4"], ["-g", "-gdwarf-5"]] {
        let folder = build(&flags);
        for round in 0..2000 {
            let mut sections = find::find(&library(folder.path()), Path::new("/nowhere")).expect("sections");
            let Sections { abbrev, info, line_str, str, .. } = &mut sections;
            match round % 4 {
                0 => damage(abbrev, &mut random),
                1 => [str, line_str].into_iter().for_each(|section| damage(section, &mut random)),
                2 => info.truncate(random.below(info.len())),
                _ => damage(info, &mut random),
            }
            let dwarf = read::Dwarf::new(&sections);
            let mut debug = Debug::default();
            compare::library(&interface, &texts, &dwarf, &mut debug);
            read += usize::from(debug.functions > 0);
        }
    }
    assert!(read > 1000, "most damage leaves something to read: {read}");
}

#[test]
fn damaged_files_are_no_panic() {
    let folder = build(&["-g", "-gz=zlib"]);
    let path = folder.path().join("libt.so");
    let bytes = fs::read(&path).expect("the library");
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for round in 0..300 {
        let mut changed = bytes.clone();
        // The headers of the file and, at its end, of its sections.
        let end = changed.len();
        match round % 3 {
            0 => damage(&mut changed[..64], &mut random),
            1 => damage(&mut changed[end - 2048..], &mut random),
            _ => damage(&mut changed, &mut random),
        }
        fs::write(&path, changed).expect("a file");
        verify(folder.path(), MANIFEST);
    }
}

/// Abbreviations for [`unit`]: attributes and forms by their numbers.
const ABBREVIATIONS: &[u8] = &[
    1, 0x11, 1, 0x13, 0x0b, 0, 0, // compile unit: language
    2, 0x16, 0, 0x03, 0x08, 0x49, 0x13, 0, 0, // typedef: name, type
    3, 0x13, 1, 0x03, 0x08, 0x0b, 0x0b, 0, 0, // struct: name, size
    4, 0x0d, 0, 0x49, 0x13, 0x38, 0x0b, 0, 0, // member: type, location
    5, 0x01, 1, 0x49, 0x13, 0, 0, // array: type
    6, 0x21, 0, 0x2f, 0x0b, 0, 0, // its length: upper bound
    7, 0x2e, 1, 0x03, 0x08, 0x3f, 0x19, 0x27, 0x19, 0x49, 0x13, 0,
    0, // function: name, external, prototyped, type
    8, 0x05, 0, 0x49, 0x13, 0, 0, // parameter: type
    9, 0x0f, 0, 0x49, 0x13, 0, 0, // pointer: type
    11, 0x05, 0, 0x49, 0xa0, 0x3e, 0, 0, // parameter: type in the common file
    12, 0x2e, 1, 0x03, 0xa1, 0x3e, 0x3f, 0x19, 0x27, 0x19, 0,
    0, // function: name in the common file, external, prototyped
    13, 0x24, 0, 0x03, 0x08, 0x0b, 0x0b, 0x3e, 0x0b, 0, 0, // number: name, size, encoding
    10, 0x04, 1, 0x03, 0x08, 0x0b, 0x0b, 0x49, 0x13, 0, 0, // enumeration: name, size, type
    0,
];

/// A unit of DWARF 4 in C99 with these entries, which begin at offset 13.
fn unit(entries: &[u8]) -> Vec<u8> {
    let mut unit = (entries.len() as u32 + 10).to_le_bytes().to_vec();
    unit.extend([4, 0, 0, 0, 0, 0, 8, 1, 0x0c]);
    unit.extend(entries);
    unit.push(0);
    unit
}

/// Types that are made of themselves, each in its own way, end nowhere; following them does.
#[test]
fn types_of_themselves_end() {
    let at = |entries: &Vec<u8>| (entries.len() as u32 + 13).to_le_bytes();
    let mut entries = Vec::new();
    let typedef = at(&entries);
    entries.extend([&[2][..], b"loop\0", &typedef].concat());
    let record = at(&entries);
    let member = [&[4][..], &record, &[0]].concat();
    entries.extend([&[3][..], b"point\0", &[16], &member, &member, &member, &[0]].concat());
    let array = at(&entries);
    entries.extend([&[5][..], &array, &[6, 9, 0]].concat());
    let pointer = at(&entries);
    entries.extend([&[9][..], &pointer].concat());
    let color = at(&entries);
    entries.extend([&[10][..], b"color\0", &[4], &color, &[0]].concat());
    let parameters = [typedef, record, array, pointer, color].map(|one| [&[8][..], &one].concat()).concat();
    entries.extend([&[7][..], b"add\0", &typedef, &parameters, &[0]].concat());

    let sections = Sections { info: unit(&entries), abbrev: ABBREVIATIONS.to_vec(), ..Sections::default() };
    let text = "[zone]\nname = \"t\"\nversion = \"1.0.0\"\nlibrary = { path = \"libt.so\" }\n\
        [types.point]\nc = \"struct point { double x, y; };\"\n[types.color]\nc = \"enum color { RED };\"\n\
        [types.list]\nc = \"typedef void *list;\"\nhandle = true\n[functions.add]\n\
        c = \"int add(int a, struct point b, struct point c, list d, enum color e)\"\n";
    let interface = parse(text);
    let dwarf = read::Dwarf::new(&sections);
    let mut debug = Debug { file: Some("x".into()), ..Debug::default() };
    let found = compare::library(&interface, &names::texts(text), &dwarf, &mut debug);
    assert_eq!((debug.functions, debug.types), (1, 1), "{found:?}");
    let found: Vec<_> = found.into_iter().map(|one| one.message).collect();
    assert_eq!(
        found,
        ["parameter `c` of `add` is an array by the debug information of x, and a struct of 16 bytes here"]
    );
}

#[test]
fn damaged_compression_is_no_panic() {
    for format in ["zlib", "zstd"] {
        let folder = build(&["-g"]);
        let path = folder.path().join("libt.so");
        let to = [&format!("--compress-debug-sections={format}"), "libt.so"];
        if !Command::new("objcopy").args(to).current_dir(folder.path()).status().expect("objcopy").success() {
            left_out(&format!("objcopy knows no {format}: damaged sections"));
            continue;
        }
        let whole = fs::read(&path).expect("the library");
        let file = object::File::parse(&*whole).expect("an object file");
        let section = object::Object::section_by_name(&file, ".debug_info").expect("a section");
        let range = object::ObjectSection::compressed_file_range(&section).expect("its place");
        let (start, size) = (range.offset as usize, range.compressed_size as usize);
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut refused = 0;
        for _ in 0..300 {
            let mut bytes = whole.clone();
            damage(&mut bytes[start..start + size], &mut random);
            fs::write(&path, &bytes).expect("a file");
            refused += usize::from(find::find(&library(folder.path()), Path::new("/nowhere")).is_err());
        }
        assert!(refused > 100, "{format}: {refused}");
    }
}

/// Eight members without a name, each of which has eight, and so on.
#[test]
fn what_grows_without_end_is_given_up() {
    let mut entries = Vec::new();
    let mut inner = [0; 4];
    for depth in 0..14 {
        let offset = (entries.len() as u32 + 13).to_le_bytes();
        let members = [&[4][..], &inner, &[0]].concat().repeat(if depth == 0 { 0 } else { 8 });
        entries.extend([&[3][..], b"point\0", &[16], &members, &[0]].concat());
        inner = offset;
    }
    let sections = Sections { info: unit(&entries), abbrev: ABBREVIATIONS.to_vec(), ..Sections::default() };
    let dwarf = read::Dwarf::new(&sections);
    let found = dwarf.find(&BTreeSet::new(), &BTreeSet::from(["struct point".to_owned()]));
    for place in &found.types["struct point"] {
        dwarf.shape(DebugType::At(*place));
    }
    assert!(dwarf.note().is_some_and(|note| note.contains("too intricate")));
}

/// What `dwz` has put into a file for several libraries: here the name of the function and the type of its parameter.
#[test]
fn what_libraries_have_in_common_is_found() {
    let number = [&[13][..], b"long\0", &[8, 5]].concat();
    let common = Sections {
        // A second unit, so that the place is one of the section, and not of a unit.
        info: [unit(&[]), unit(&number)].concat(),
        abbrev: ABBREVIATIONS.to_vec(),
        str: b"\0add\0".to_vec(),
        ..Sections::default()
    };
    let at = (unit(&[]).len() as u32 + 13).to_le_bytes();
    let function = [&[12, 1, 0, 0, 0, 11][..], &at, &[0]].concat();
    let mut sections = Sections { info: unit(&function), abbrev: ABBREVIATIONS.to_vec(), ..Sections::default() };
    let text = "[zone]\nname = \"t\"\nversion = \"1.0.0\"\nlibrary = { path = \"libt.so\" }\n\
        [functions.add]\nc = \"void add(int a)\"\n";
    let verify = |sections: &Sections| {
        let dwarf = read::Dwarf::new(sections);
        let mut debug = Debug { file: Some("x".into()), ..Debug::default() };
        let found = compare::library(&parse(text), &[], &dwarf, &mut debug);
        (debug.functions, found.into_iter().map(|one| one.message).collect::<Vec<_>>(), dwarf.note())
    };
    sections.missing = Some("common.debug".into());
    let (functions, _, note) = verify(&sections);
    assert!(functions == 0 && note.is_some_and(|note| note.contains("in common with others is not installed")));
    (sections.missing, sections.common) = (None, Some(Box::new(common)));
    let by =
        "is a signed integer of 8 bytes (`long`) by the debug information of x, and a signed integer of 4 bytes here";
    assert_eq!(verify(&sections), (1, vec![format!("parameter `a` of `add` {by}")], None));
}

/// Units may share a table of abbreviations, but not make everybody read it again and again from other places in it.
#[test]
fn overlapping_tables_are_not_read() {
    let mut info = Vec::new();
    for offset in 0..64 {
        let mut unit = unit(&[]);
        unit[6] = offset;
        info.extend(unit);
    }
    let abbrev = [&[1, 0x11, 1, 0x13, 0x0b, 0, 0].repeat(64)[..], &[0]].concat();
    let sections = Sections { info, abbrev, ..Sections::default() };
    let dwarf = read::Dwarf::new(&sections);
    assert!(dwarf.note().is_some_and(|note| note.contains("damaged")));
}
