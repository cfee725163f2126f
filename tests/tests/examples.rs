//! The examples, as their first lines say they are run.

use cloison_tests::compiler::{Kind, compile};
use cloison_tests::libraries::has;
use cloison_tests::run::PATIENCE;
use cloison_tests::{Output, Project, users};
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

macro_rules! example {
    ($folder:literal) => {
        Project::new()
            .file("app.py", include_str!(concat!("../../examples/", $folder, "/app.py")))
            .file("cloison.toml", include_str!(concat!("../../examples/", $folder, "/cloison.toml")))
    };
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
ConstraintFailed: UNIQUE constraint failed: mail.address; still 4 people
100 more, in batches of 16 rows
DatabaseError: no such table: nobody
StaleHandle: the book is closed
",
    );
}

#[test]
fn a_guestbook_in_a_file() {
    let project = example!("guestbook");
    std::fs::create_dir(project.app("book")).expect("a folder");
    std::fs::set_permissions(project.app("book"), std::os::unix::fs::PermissionsExt::from_mode(0o777)).expect("ours");
    project.cloison(&["check", "."]).output().ends_with(0);
    let run = |arguments: &[&str]| project.application(arguments).output();
    run(&[]).ends_with(0).prints("nobody was here\n");
    run(&["sign", "Ada", "It computes."]).ends_with(0).prints("entry 1: thank you, Ada\n");
    run(&["sign", "Émilie", "Newton,", "in French"]).ends_with(0).prints("entry 2: thank you, Émilie\n");
    run(&["sign", "", "nobody"]).ends_with(1).complains(&["not in this book: CHECK constraint failed"]);
    let found = run(&["find", "EMILIE"]).ends_with(0);
    assert!(found.stdout.ends_with("  Émilie: Newton, in French\n") && found.stdout.lines().count() == 1, "{found}");
    let read = run(&["read", "1"]).ends_with(0);
    assert!(read.stdout.contains("Émilie") && !read.stdout.contains("Ada"), "{read}");
    let dump = run(&["dump"]).ends_with(0);
    assert!(dump.stdout.starts_with("BEGIN TRANSACTION;") && dump.stdout.contains("INSERT INTO \"entry\""), "{dump}");
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
    if !has(c"libexpat.so.1") {
        return;
    }
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
    // What other feeds have: Atom's addresses, an episode's file beside its page, titles over several lines.
    let other = r#"<feed><link href="https://example.org/"/>
        <entry><title>Atom
            wrapped</title><link rel="self" href="https://example.org/no"/><link href="https://example.org/3"/></entry>
        <item><title>Both</title><enclosure url="https://example.org/no.ogg"/><link>https://example.org/4</link></item></feed>"#;
    project
        .application(&[])
        .stdin(other)
        .output()
        .prints("- Atom wrapped <https://example.org/3>\n- Both <https://example.org/4>\n");
    project.application(&[]).stdin("<html/>").output().ends_with(1).complains(&["not a feed: there is no item in it"]);
    let broken = FEED.replace("</channel>", "");
    project.application(&[]).stdin(broken).output().ends_with(1).complains(&["not a feed: mismatched tag at line 7"]);
    project.application(&[]).output().ends_with(1).complains(&["no element found"]);
}

#[test]
fn a_thumbnail_of_a_picture() {
    if !has(c"libpng16.so.16") {
        return;
    }
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
    run(png(5000, 1, 0, &[0; 5001])).ends_with(1).complains(&["no picture: ", "Image width exceeds user limit"]);
    // A tower: the thumbnail has an end all the same.
    let tower = run(png(1, 4000, 0, &[0, 255].repeat(4000))).ends_with(0);
    assert_eq!(tower.stdout, format!("1 x 4000, gray, 8 bit\n{}", "@\n".repeat(32)));
}

#[test]
fn thumbnails_of_a_folder() {
    if !has(c"libgd.so.3") {
        return;
    }
    let picture = |color, rows: &[u8]| png(40, 20, color, rows);
    let red = picture(2, &std::iter::once(0).chain([255, 0, 0].repeat(40)).collect::<Vec<u8>>().repeat(20));
    let clear = picture(4, &std::iter::once(0).chain([0, 0].repeat(40)).collect::<Vec<u8>>().repeat(20));
    for user in users() {
        let project = thumbnails();
        project.cloison(&["check", "."]).output().ends_with(0);
        let run = |arguments: &[&str]| project.application(arguments).user(*user).output();
        run(&[]).prints("0 of 0 pictures\n");
        run(&["wide"]).ends_with(2).complains(&["usage: thumbnails [SIZE]"]);
        run(&["0"]).ends_with(2).complains(&["usage: thumbnails [SIZE]"]);
        project.write("pictures/red.png", &red);
        project.write("pictures/trip/Übersee.PNG", &clear);
        project.write("pictures/spot.gif", &gif(1, 1));
        project.write("pictures/notes.txt", b"no picture");
        let made = run(&["10"]).ends_with(0);
        let names: Vec<_> =
            made.stdout.lines().filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect();
        assert_eq!(names, ["red.png", "spot.gif", "trip/Übersee.PNG"], "{made}");
        assert!(made.stdout.ends_with("\n3 of 3 pictures\n"), "{made}");
        let size = |name: &str| jpeg_size(&std::fs::read(project.app("thumbnails").join(name)).expect("a thumbnail"));
        assert_eq!(
            [size("red.png.jpg"), size("spot.gif.jpg"), size("trip/Übersee.PNG.jpg")],
            [(10, 5), (1, 1), (10, 5)]
        );
        // What was made before is made anew.
        run(&["20"]).ends_with(0);
        assert_eq!(size("red.png.jpg"), (20, 10));
        assert!(!project.app("thumbnails/notes.txt.jpg").exists());
    }
}

#[test]
fn thumbnails_of_pictures_that_break_the_library() {
    if !has(c"libgd.so.3") {
        return;
    }
    let project = thumbnails();
    // No machine scales half a billion pixels in that time.
    let zone = include_str!("../../examples/thumbnails/gd.zone.toml");
    assert!(zone.contains("deadline = \"5 s\""));
    project.write("gd.zone.toml", zone.replace("deadline = \"5 s\"", "deadline = \"1 s\"").as_bytes());
    let good = png(40, 20, 0, &[0; 41 * 20]);
    project.write("pictures/a.png", &good);
    project.write("pictures/bomb.gif", &gif(22_000, 22_000));
    project.write("pictures/m.png", &good);
    project.write("pictures/none.jpg", b"not a picture at all");
    project.write("pictures/torn.png", &good[..good.len() / 2]);
    project.write("pictures/z.png", &good);
    let output = project.application(&[]).output().ends_with(1);
    let made: Vec<_> = output.stdout.lines().map(|line| line.split(':').next().unwrap_or(line)).collect();
    assert_eq!(made, ["a.png", "m.png", "z.png", "3 of 6 pictures"], "{output}");
    let output = output.complains(&[
        "bomb.gif: gd.",
        "() did not end within 1s\n",
        "none.jpg: no jpeg, or damaged, or too large\n",
        "torn.png: no png, or damaged, or too large\n",
    ]);
    assert_eq!(output.stderr.lines().count(), 3, "{output}");
    let written = std::fs::read_dir(project.app("thumbnails")).expect("a folder").count();
    assert_eq!(written, 3);
}

/// The application without pictures; whoever runs it may write thumbnails.
fn thumbnails() -> Project {
    let project = example!("thumbnails", "gd.zone.toml");
    for folder in ["pictures", "thumbnails"] {
        std::fs::create_dir(project.app(folder)).expect("a folder");
        std::fs::set_permissions(project.app(folder), std::os::unix::fs::PermissionsExt::from_mode(0o777))
            .expect("ours");
    }
    project
}

/// A GIF that says it is that large; after its first pixel it has no more.
fn gif(width: u16, height: u16) -> Vec<u8> {
    let (width, height) = (width.to_le_bytes(), height.to_le_bytes());
    let colors: [u8; 6] = [0, 0, 0, 255, 255, 255];
    let screen = [b"GIF89a".as_slice(), &width, &height, &[0x80, 0, 0], &colors].concat();
    let image = [[b','].as_slice(), &[0; 4], &width, &height, &[0, 2, 2, 0x44, 1, 0, b';']].concat();
    [screen, image].concat()
}

/// The width and the height that a JPEG has in its frame's header.
fn jpeg_size(file: &[u8]) -> (u16, u16) {
    let number = |at: usize| u16::from_be_bytes([file[at], file[at + 1]]);
    assert!(file.starts_with(b"\xff\xd8"), "no JPEG");
    let mut at = 2;
    while number(at) != 0xffc0 {
        at += 2 + usize::from(number(at + 2));
    }
    (number(at + 7), number(at + 5))
}

#[test]
fn a_ledger_by_date() {
    let project = example!("ledger", "libc.zone.toml");
    let ledger = include_str!("../../examples/ledger/2026.txt");
    project.cloison(&["check", "."]).output().ends_with(0);
    project.application(&[]).stdin(ledger).output().prints(
        "\
27 Feb 2026  Salary                            2400.00      2400.00
01 Mar 2026  Rent                              -890.00      1510.00
02 Mar 2026  Grocer                             -54.20      1455.80
02 Mar 2026  Bakery                              -3.10      1452.70
14 Mar 2026  Bäckerei Müller                    -12.50      1440.20
27 Mar 2026  Salary                            2400.00      3840.20
01 Apr 2026  Rent                              -890.00      2950.20
03 Apr 2026  Bookshop, refund                    19.99      2970.19

Feb 2026        1 entries      2400.00 in         0.00 out
Mar 2026        5 entries      2400.00 in       959.80 out
Apr 2026        2 entries        19.99 in       890.00 out
",
    );
    let march = "Mar 2026        5 entries      2400.00 in       959.80 out\n";
    project.application(&["2026-03"]).stdin(ledger).output().prints(march);
    let may = project.application(&["2026-05"]).stdin(ledger).output().ends_with(1);
    assert_eq!(may.stdout, "no entry in 2026-05\n");
    project.application(&["March"]).stdin(ledger).output().ends_with(2).complains(&["usage: ledger [YEAR-MONTH]"]);
    project.application(&[]).output().ends_with(1).complains(&["there are no entries"]);
}

#[test]
fn a_ledger_with_mistakes() {
    let wrong: [(&[u8], &str); 8] = [
        (b"2026-03-14 12 right", ""),
        (b"rent 12", "line 2: it does not begin with a date such as 2026-03-14"),
        (b"2026-02-31 12 rent", "line 3: there is no such day"),
        (b"2026-03-14 rent", "line 4: no amount stands behind the date"),
        (b"2026-03-14 -inf rent", "line 5: -inf is no amount"),
        (b"2026-03-14 12 \xff", "line 6: 'utf-8' codec can't decode"),
        (b"2026-03-14 12 a\0b", "line 7: strptime(): text has an embedded NUL"),
        (b"2026-03-14 12 012345678901234567890123456789012345678901234567", "line 8: the name has more than 47 bytes"),
    ];
    let project = example!("ledger", "libc.zone.toml");
    let output = project.application(&[]).stdin(wrong.map(|(line, _)| line).join(&b'\n')).output().ends_with(1);
    assert_eq!((output.stdout.as_str(), output.stderr.lines().count()), ("", wrong.len() - 1), "{output}");
    for (line, (_, message)) in output.stderr.lines().zip(&wrong[1..]) {
        assert!(line.starts_with(message), "{message:?}: {output}");
    }
}

#[test]
fn packing_and_unpacking() {
    if !has(c"libzstd.so.1") {
        return;
    }
    let project = example!("pack", "zstd.zone.toml");
    project.cloison(&["check", "."]).output().ends_with(0);
    let run = |arguments: &[&str], input: &[u8]| project.application(arguments).stdin(input).output();
    // Nothing; less than a block; exactly what the result has room for; several blocks, hardly to be packed.
    for data in [vec![], b"enamel".repeat(99), vec![0; 1 << 20], vec![7; (2 << 20) + 1], noise(2_500_000)] {
        let packed = run(&["compress"], &data).ends_with(0);
        assert!(packed.bytes.starts_with(b"\x28\xb5\x2f\xfd"), "{packed}");
        let size = |bytes: &[u8]| bytes.len().to_string();
        assert_eq!(packed.stderr.replace(',', "").split(' ').next(), Some(size(&data).as_str()), "{packed}");
        assert!(zstd("decompress", &packed.bytes) == data, "{} bytes as the library itself unpacks them", data.len());
        assert!(run(&["decompress"], &packed.bytes).ends_with(0).bytes == data, "{} bytes", data.len());
    }
    // What others have packed, and two frames, one behind the other.
    let (data, other) = (noise(300_000), zstd("compress", &noise(300_000)));
    let twice = [other.clone(), run(&["compress", "--level", "19"], &data).ends_with(0).bytes].concat();
    assert!(run(&["decompress"], &twice).ends_with(0).bytes == data.repeat(2));
    let tested = run(&["test"], &twice).ends_with(0).complains(&["bytes that unpack to 600,000"]);
    assert_eq!(tested.stdout, "");
}

#[test]
fn what_cannot_be_unpacked() {
    if !has(c"libzstd.so.1") {
        return;
    }
    let project = example!("pack", "zstd.zone.toml");
    let run = |arguments: &[&str], input: &[u8]| project.application(arguments).stdin(input).output();
    let packed = run(&["compress"], &noise(100_000)).bytes;
    let (mut flipped, short) = (packed.clone(), &packed[..packed.len() / 2]);
    *flipped.last_mut().expect("a checksum") ^= 1;
    for command in ["test", "decompress"] {
        run(&[command], &flipped).ends_with(1).complains(&["pack: Restored data doesn't match checksum"]);
        run(&[command], short).ends_with(1).complains(&["pack: the input ends too early"]);
        run(&[command], b"").ends_with(1).complains(&["pack: the input ends too early"]);
        run(&[command], b"no frame at all").ends_with(1).complains(&["pack: Unknown frame descriptor"]);
    }
    run(&["burn"], b"").ends_with(2).complains(&["usage: pack", "'burn'"]);
    run(&["compress", "--level", "20"], b"").ends_with(2).complains(&["usage: pack", "'20'"]);
}

#[test]
fn records_with_a_dictionary() {
    if !has(c"libzstd.so.1") {
        return;
    }
    let project = example!("pack", "zstd.zone.toml");
    let records: String = (0..2000).map(|n| format!("{{\"user\": \"somebody-{n}\", \"status\": 200}}\n")).collect();
    let output = project.application(&["lines"]).stdin(records).output().ends_with(0);
    let lines: Vec<_> = output.stdout.lines().collect();
    let [first, by_itself, with_dictionary] = lines[..] else { panic!("{output}") };
    assert_eq!(first, "2,000 lines, 80,890 bytes");
    let size = |line: &str| -> u32 {
        let number = line.split(": ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a size");
        number.replace(',', "").parse().expect("a number")
    };
    assert!(2 * size(with_dictionary) < size(by_itself), "{output}");
    project.application(&["lines"]).output().ends_with(1).complains(&["wanted are lines"]);
}

/// What the library makes of it without Cloison.
fn zstd(command: &str, input: &[u8]) -> Vec<u8> {
    let mut peer = Command::new(compile(Kind::Program, include_str!("../c/zstd.c"), &[]));
    let mut child = peer.arg(command).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("piped").write_all(input).expect("it reads all of it");
    let done = child.wait_with_output().expect("it ends");
    assert!(done.status.success(), "{command}: {}", done.status);
    done.stdout
}

/// Bytes without much order, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        b"cloison "[state as usize % 8] ^ (state >> 30) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
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

#[test]
fn a_chat_whose_room_crashes() {
    let project = example!("chat");
    project.cloison(&["check", "."]).output().ends_with(0);
    let output = project.application(&[]).stdin(include_str!("../../examples/chat/script.txt")).output();
    output
        .prints(
            "     ann | garden: ann is here
     ann | garden: ben is here
     ben | garden: ben is here
     ann | garden: <ben> Good morning!
     ben | garden: <ben> Good morning!
     ann | garden: <ann> Good morning, Ben.
     ben | garden: <ann> Good morning, Ben.
garden: ann, ben; said since it began: 2
     ann | garden has ended: RuntimeError: a bug in the garden
     ann | garden: joined again
     ben | garden has ended: RuntimeError: a bug in the garden
     ben | garden: joined again
garden: ann, ben; said since it began: 0
     ann | garden: <ann> That was quick.
     ben | garden: <ann> That was quick.
     ann | garden: ben has left
garden: ann; said since it began: 1
",
        )
        .complains(&["RuntimeError: a bug in the garden\n"]);
}

#[test]
fn a_chat_whose_supervisor_gives_up() {
    let project = example!("chat");
    // The fourth crash is one too many for the supervisor of the rooms; the one above it starts it, and all rooms, anew.
    let crashes = "/crash garden\n".repeat(5);
    let output = project.application(&[]).stdin(format!("/as ann\n/join garden\n{crashes}/say Still here\n")).output();
    let again =
        "     ann | garden has ended: RuntimeError: a bug in the garden\n     ann | garden: joined again\n".repeat(5);
    let (first, last) = ("     ann | garden: ann is here\n", "     ann | garden: <ann> Still here\n");
    let output = output.prints(&format!("{first}{again}{last}")).complains(&[
        "cloison: a supervisor ends, after more than 3 restarts within 60.0 s: garden: RuntimeError: a bug in the garden\n",
    ]);
    assert_eq!(output.stderr.matches("a supervisor ends").count(), 1, "{output}");
}

#[test]
fn a_chat_with_mistakes() {
    let answers = [
        ("/say hello", "say who you are: /as USER"),
        ("/as ann", ""),
        ("/say hello", "/join a room first"),
        ("/join attic", "the rooms are garden, kitchen, library"),
        ("/join garden", "     ann | garden: ann is here"),
        ("/join kitchen", "ann is in the garden"),
        ("hello", "/as USER, /join ROOM, /say TEXT, /who ROOM, /crash ROOM, /quit"),
        ("/crash library", ""),
        ("/who library", "library: nobody; said since it began: 0"),
        ("/quit", ""),
        ("/who garden", "garden: nobody; said since it began: 0"),
    ];
    let output =
        example!("chat").application(&[]).stdin(answers.map(|(command, _)| command).join("\n")).output().ends_with(0);
    let expected: Vec<_> = answers.iter().map(|(_, answer)| *answer).filter(|answer| !answer.is_empty()).collect();
    assert_eq!(output.stdout.lines().collect::<Vec<_>>(), expected, "{output}");
}

#[test]
fn the_words_of_a_text() {
    let project = example!("mapreduce");
    project.cloison(&["check", "."]).output().ends_with(0);
    let run = |arguments: &[&str], text: &[u8]| project.application(arguments).stdin(text).output();
    run(&[], "It is what it is.\nÉcole, école! 1984 snake_case mother-in-law’s\n".as_bytes()).prints(
        "         2  is
         2  it
         2  école
         1  case
         1  mother-in-law’s
         1  snake
         1  what
        10  words, 7 different ones
",
    );
    run(&["1"], b"a\xffb a\0a").prints("         3  a\n         4  words, 2 different ones\n");
    run(&["2"], rhyme(20_000).as_bytes()).prints(RHYME);
    // No line ends where a piece does, so a word may be cut in two.
    let line = run(&["1"], &b"enamel ".repeat(150_000)).ends_with(0);
    assert!(line.stdout.contains("  enamel\n"), "{line}");
    run(&[], b"").ends_with(1).complains(&["there are no words"]);
    run(&["many"], b"a").ends_with(2).complains(&["usage: mapreduce [HOW_MANY] < TEXT"]);
}

#[test]
fn the_words_of_a_text_whose_workers_are_killed() {
    let (project, looker) = (example!("mapreduce"), Project::new());
    let ask = |arguments: &[&str]| looker.cloison(arguments).runtime(project.path("tmp")).output();
    let mut running = project.application(&["2"]).runtime(project.path("tmp")).start();
    let text = rhyme(20_000);
    let (now, later) = text.split_at(text.len() / 2);
    running.stdin().write_all(now.as_bytes()).expect("it reads");
    let until = Instant::now() + PATIENCE;
    let workers = loop {
        let workers = workers(&ask(&["ps", "--json"]).ends_with(0).json());
        if !workers.is_empty() {
            break workers;
        }
        assert!(Instant::now() < until, "no worker");
        std::thread::sleep(Duration::from_millis(20));
    };
    for worker in &workers {
        ask(&["kill", worker]).ends_with(0);
    }
    running.stdin().write_all(later.as_bytes()).expect("it goes on");
    running.finish().prints(RHYME);
}

/// The workers of the only application, by their numbers.
fn workers(reports: &Value) -> Vec<String> {
    let rows = reports[0]["processes"].as_array().into_iter().flatten();
    rows.filter(|row| row["function"] == "cloison._executor:run_worker").map(|row| row["number"].to_string()).collect()
}

/// Several pieces of text, with so many lines.
fn rhyme(lines: usize) -> String {
    "How much wood would a woodchuck chuck, if a woodchuck could chuck wood?\n".repeat(lines)
}

const RHYME: &str = "    40,000  a
    40,000  chuck
   260,000  words, 9 different ones
";

#[test]
fn notes_behind_a_key_that_nobody_sees() {
    let mut server = Command::new("python3")
        .args(["-c", include_str!("../../examples/fetch/server.py"), "0"])
        .env("API_KEY", "sesame-open")
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    let mut port = String::new();
    let mut said = std::io::BufReader::new(server.stdout.take().expect("piped"));
    std::io::BufRead::read_line(&mut said, &mut port).expect("a line");
    let here = |text: &str| text.replace("8765", port.trim()).replace("env:API_KEY", "file:key.txt");
    let project = Project::new()
        .file("app.py", &here(include_str!("../../examples/fetch/app.py")))
        .file("cloison.toml", &here(include_str!("../../examples/fetch/cloison.toml")))
        .file("key.txt", "sesame-open\n");
    project.cloison(&["check", "."]).output().ends_with(0);
    project.application(&["one"]).output().ends_with(0);
    let output = project.application(&["two"]).output().ends_with(0);
    let url = format!("http://127.0.0.1:{}/v1/notes", port.trim());
    let expected = format!(
        "- one\n- two\nit was sent: Bearer ***********\n\
         cloison: DELETE {url} is not granted by capability `notes`: add \"DELETE {url}\" to `allow` at ./cloison.toml:6\n"
    );
    // Another key is not the server's.
    project.write("key.txt", b"sesame-close");
    project.application(&[]).output().ends_with(1).complains(&["HTTP Error 401"]);
    server.kill().expect("it runs");
    server.wait().expect("it ends");
    assert_eq!(output.stdout, expected, "{output}");
}

#[test]
fn three_tenants_one_of_them_hostile() {
    let project = example!("tenants")
        .file("ada.py", include_str!("../../examples/tenants/ada.py"))
        .file("ben.py", include_str!("../../examples/tenants/ben.py"))
        .file("mallory.py", include_str!("../../examples/tenants/mallory.py"))
        .file("rights.py", include_str!("../../examples/tenants/rights.py"))
        .file("papers/prices.txt", include_str!("../../examples/tenants/papers/prices.txt"));
    std::fs::create_dir(project.app("data")).expect("a folder");
    for folder in ["data", "papers"] {
        std::fs::set_permissions(project.app(folder), std::os::unix::fs::PermissionsExt::from_mode(0o777))
            .expect("ours");
    }
    project.cloison(&["check", "."]).output().ends_with(0);

    // What its README shows, as this run has it: each command, and what it prints.
    let mut running = project.application(&[]).runtime(project.path("tmp")).start_with(Stdio::piped());
    let readme = include_str!("../../examples/tenants/README.md").replace("examples/tenants", ".");
    let between = |begin: &str, end: &str| readme.split_once(begin).and_then(|(_, rest)| rest.split_once(end));
    let number = between("\napplication ", ":").expect("a number").0;
    let readme = readme.replace(number, &running.pid().to_string());
    let shown = console(&readme);
    let until_then = readme.split_once("```text\n").and_then(|(_, rest)| rest.split_once("```")).expect("a block").0;

    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(running.stdout())).map(|line| line.expect("UTF-8"));
    let (run, others) = shown.split_first().expect("commands");
    for line in &run.1 {
        assert_eq!(lines.next().as_deref(), Some(*line));
    }
    let looker = Project::new();
    let ask = |arguments: &[&str]| looker.cloison(arguments).runtime(project.path("tmp")).output();
    let until = Instant::now() + PATIENCE;
    while ask(&["inspect", "mallory", "--json"]).ends_with(0).json()["activity"]["calling"]["function"] != "execute" {
        assert!(Instant::now() < until, "its statement does not run");
        std::thread::sleep(Duration::from_millis(20));
    }
    let (later, meanwhile): (Vec<_>, Vec<_>) = others.iter().partition(|(command, _)| command[0] == "audit");
    assert_eq!((meanwhile.len(), later.len()), (3, 2), "commands of the README");
    for (command, expected) in meanwhile {
        let output = ask(command);
        let rows: Vec<_> = output.stdout.lines().map(without_measures).collect();
        assert_eq!(rows, expected.iter().copied().map(without_measures).collect::<Vec<_>>(), "{command:?}: {output}");
    }
    // In the middle of the call.
    running.stdin().write_all(b"\n").expect("it waits for a line");
    assert_eq!(lines.by_ref().collect::<Vec<_>>(), until_then.lines().collect::<Vec<_>>());
    running.finish().ends_with(0);

    project.cloison(&["audit", "verify", "audit.jsonl"]).output().ends_with(0);
    for (command, expected) in later {
        let output = project.cloison(command).output().ends_with(0);
        // All but when it was.
        let event = |line: &str| line.split_once("  ").map_or_else(|| line.to_owned(), |(_, event)| event.to_owned());
        let expected: Vec<_> = expected.iter().copied().map(event).collect();
        assert_eq!(output.stdout.lines().map(event).collect::<Vec<_>>(), expected, "{command:?}: {output}");
    }
    // Once more, on what the first run has left, with nobody at the terminal.
    let again = project.application(&[]).output().ends_with(0);
    let last: Vec<_> = until_then.lines().rev().take(4).collect();
    assert_eq!(again.stdout.lines().rev().take(4).collect::<Vec<_>>(), last, "{again}");
}

/// The commands of a document's blocks `console`, without `cloison` and what they are piped into, and what is shown below each.
fn console(document: &str) -> Vec<(Vec<&str>, Vec<&str>)> {
    let mut shown: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
    for block in document.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        for line in block.lines() {
            match (line.strip_prefix("$ cloison "), shown.last_mut()) {
                (Some(command), _) => {
                    let command = command.split(" | ").next().unwrap_or_default();
                    shown.push((command.split(' ').collect(), Vec::new()));
                }
                (None, Some((_, lines))) => lines.push(line),
                (None, None) => panic!("{line:?} stands below no command"),
            }
        }
    }
    shown
}

/// A line of `cloison caps` without what is another each time: age, calls, bytes, and when it ends. Its last column is left out, too. Of
/// any other line, everything.
fn without_measures(line: &str) -> (usize, Vec<&str>) {
    let indent = line.len() - line.trim_start().len();
    let cells: Vec<_> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    (indent, [0, 1, 2, 3, 6, 9].into_iter().filter_map(|column| cells.get(column).copied()).collect())
}
