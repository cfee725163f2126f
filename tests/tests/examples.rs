//! The examples, as their first lines say they are run.

use cloison_tests::{Output, Project};

macro_rules! example {
    ($folder:literal, $manifest:literal) => {
        Project::new()
            .file("app.py", include_str!(concat!("../../examples/", $folder, "/app.py")))
            .file("cloison.toml", include_str!(concat!("../../examples/", $folder, "/cloison.toml")))
            .file($manifest, include_str!(concat!("../../examples/", $folder, "/", $manifest)))
    };
}

#[test]
fn an_address_book_on_sqlite() {
    let project = example!("sqlite", "sqlite.zone.toml");
    project.cloison(&["check", "."]).output().ends_with(0);
    project.application(&[]).output().prints(
        "\
4 people, by id, name, born
ANGSTROM: Zoë Ångström
andré: André Weil
e: André Weil, Emmy Noether, Zoë Ångström
addresses of Zoë: za@example.net zoe@example.org
ConstraintFailed: constraint failed; still 4 people
100 more, in batches of 16 rows
DatabaseError: no such table: nobody
StaleHandle: the book is closed
",
    );
}

const FEED: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel>
  <title>Not this one</title>
  <item><title>Enamel &amp; wire</title><link>https://example.org/1</link></item>
  <item><title><![CDATA[Größe]]></title><enclosure url="https://example.org/2.ogg" length="5" type="audio/ogg"/></item>
  <item><description>nothing</description></item>
</channel></rss>
"#;

#[test]
fn the_titles_of_a_feed() {
    let project = example!("feed", "expat.zone.toml");
    project.cloison(&["check", "."]).output().ends_with(0);
    project
        .application(&[])
        .stdin(FEED)
        .output()
        .prints("- Enamel & wire <https://example.org/1>\n- Größe <https://example.org/2.ogg>\n- (no title)\n");
    // A megabyte of items would be too many: the exception of the callback comes out of the parser's call.
    let items = "<item><title>one of many</title></item>\n".repeat(25_000);
    let output = project.application(&[]).stdin(format!("<rss>{items}</rss>")).output().ends_with(2);
    assert_eq!(output.stdout.lines().count(), 100, "{output}");
    output.complains(&["stopped: more than 100 items, at line 101"]);
    let broken = FEED.replace("</channel>", "");
    project.application(&[]).stdin(broken).output().ends_with(1).complains(&["not a feed: mismatched tag at line 7"]);
    project.application(&[]).output().ends_with(1).complains(&["no element found"]);
}

#[test]
fn a_thumbnail_of_a_picture() {
    let project = example!("image", "png.zone.toml");
    project.cloison(&["check", "."]).output().ends_with(0);
    let run = |picture: Vec<u8>| -> Output { project.application(&[]).stdin(picture).output() };
    let ramp = |channels: usize| -> Vec<u8> {
        let row = (0..10).flat_map(|column| vec![column * 28 + 2; channels]);
        (0..4).flat_map(|_| std::iter::once(0).chain(row.clone())).collect()
    };
    run(png(10, 4, 0, &ramp(1))).prints("10 x 4, gray, 8 bit\n .:-=+*#%@\n .:-=+*#%@\n");
    run(png(10, 4, 2, &ramp(3))).prints("10 x 4, RGB, 8 bit\n .:-=+*#%@\n .:-=+*#%@\n");
    // libpng ends its process at the first mistake, and that process is not the program's.
    let mut damaged = png(10, 4, 0, &ramp(1));
    damaged[20] ^= 1;
    run(damaged).ends_with(1).complains(&["no picture: IHDR: CRC error"]);
    let mut short = png(10, 4, 0, &ramp(1));
    short.truncate(40);
    run(short).ends_with(1).complains(&["no picture: the file ends too early"]);
    run(b"not a picture at all".to_vec()).ends_with(1).complains(&["no picture: Not a PNG file"]);
    run(png(5000, 1, 0, &[0; 5001])).ends_with(1).complains(&["no picture: "]);
}

/// A PNG of eight bits a channel; `rows` have their filter in front.
fn png(width: u32, height: u32, color: u8, rows: &[u8]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |name: &[u8; 4], data: &[u8]| {
        let body = [name.as_slice(), data].concat();
        file.extend((data.len() as u32).to_be_bytes());
        file.extend(&body);
        file.extend(crc32(&body).to_be_bytes());
    };
    chunk(b"IHDR", &[&width.to_be_bytes(), &height.to_be_bytes(), [8, color, 0, 0, 0].as_slice()].concat());
    // zlib, of one block that is not compressed.
    let length = (rows.len() as u16).to_le_bytes();
    let inverse = (!(rows.len() as u16)).to_le_bytes();
    chunk(b"IDAT", &[&[0x78, 0x01, 1], length.as_slice(), &inverse, rows, &adler32(rows).to_be_bytes()].concat());
    chunk(b"IEND", &[]);
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    };
    !bytes.iter().fold(!0, step)
}

fn adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65521;
        (a, (b + a) % 65521)
    });
    b << 16 | a
}
