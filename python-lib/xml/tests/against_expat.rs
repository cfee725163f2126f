//! The same events as libexpat's, for the documents of `documents.txt`, whole and in pieces. `record.py` has written
//! `expat.txt` with the libexpat of CPython.

use cloison_xml::{ContentModel, DocumentPosition, Entity, ErrorKind, Event, Options, ParameterEntities, Parser};

const DOCUMENTS: &str = include_str!("documents.txt");
const EXPECTED: &str = include_str!("expat.txt");
const MODES: [&str; 5] = ["plain", "namespaces", "prefixes", "texts", "parameters"];

/// The inside of a bytes literal of Python.
fn unescape(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.bytes();
    while let Some(byte) = rest.next() {
        match (byte == b'\\').then(|| rest.next()).flatten() {
            None => bytes.push(byte),
            Some(b'n') => bytes.push(b'\n'),
            Some(b'r') => bytes.push(b'\r'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'x') => {
                let digits: String = [rest.next(), rest.next()].into_iter().flatten().map(char::from).collect();
                bytes.push(u8::from_str_radix(&digits, 16).expect("hexadecimal"));
            }
            Some(other) => bytes.push(other),
        }
    }
    bytes
}

fn escape(text: &str) -> String {
    let mut escaped = String::from("\"");
    for character in text.chars() {
        match character {
            '\\' | '"' => escaped += &format!("\\{:x};", u32::from(character)),
            ' '..='~' => escaped.push(character),
            _ => escaped += &format!("\\{:x};", u32::from(character)),
        }
    }
    escaped + "\""
}

fn some(text: &Option<String>) -> String {
    text.as_ref().map_or("-".to_owned(), |text| escape(text))
}

fn model(model: &ContentModel) -> String {
    let children: Vec<String> = model.children.iter().map(self::model).collect();
    format!("({} {} {} {})", model.kind as u8, model.quantifier as u8, some(&model.name), children.join(" "))
}

/// The words of an event with a handler.
fn words(event: &Event) -> Option<(&'static str, String)> {
    let number = |flag: bool| u8::from(flag).to_string();
    Some(match event {
        Event::Declaration { version, encoding, standalone } => {
            let standalone = standalone.map_or("-1".to_owned(), number);
            ("xml", [some(version), some(encoding), standalone].join(" "))
        }
        Event::Start { name, attributes, .. } => {
            let attributes = attributes.iter().flat_map(|each| [escape(&each.name), escape(&each.value)]);
            ("start", [escape(name)].into_iter().chain(attributes).collect::<Vec<_>>().join(" "))
        }
        Event::End { name, .. } => ("end", escape(name)),
        Event::Text(text) => ("text", escape(text)),
        Event::Instruction { target, data } => ("instruction", [escape(target), escape(data)].join(" ")),
        Event::Comment(text) => ("comment", escape(text)),
        Event::StartCdata => ("cdata", String::new()),
        Event::EndCdata => ("/cdata", String::new()),
        Event::StartNamespace { prefix, uri } => ("namespace", [some(prefix), some(uri)].join(" ")),
        Event::EndNamespace { prefix } => ("/namespace", some(prefix)),
        Event::StartDoctype { name, system, public, subset } => {
            ("doctype", [escape(name), some(system), some(public), number(*subset)].join(" "))
        }
        Event::EndDoctype => ("/doctype", String::new()),
        Event::Element { name, model } => ("element", [escape(name), self::model(model)].join(" ")),
        Event::Attlist { element, attribute, kind, default, required } => {
            let words = [escape(element), escape(attribute), escape(kind), some(default), number(*required)];
            ("attlist", words.join(" "))
        }
        Event::Entity(Entity { name, parameter, value, system, public, notation }) => {
            let words = [escape(name), number(*parameter), some(value), some(system), some(public), some(notation)];
            ("entity", words.join(" "))
        }
        Event::Notation { name, system, public } => ("notation", [escape(name), some(system), some(public)].join(" ")),
        Event::Skipped { name, parameter } => ("skipped", [escape(name), number(*parameter)].join(" ")),
        Event::External { system, public, .. } => ("external", [some(system), some(public)].join(" ")),
        Event::NotStandalone => ("not-standalone", String::new()),
        Event::UnknownEncoding(_) | Event::EndSubset | Event::Other => return None,
    })
}

fn at(position: DocumentPosition) -> String {
    format!("{}:{}:{}", position.line, position.column, position.index)
}

fn events(document: &[u8], mode: &str, piece: usize) -> Vec<String> {
    let texts = mode == "texts";
    let mut parser = Parser::new(
        None,
        Options {
            namespaces: ["namespaces", "prefixes"].contains(&mode).then_some(Some(' ')),
            prefixes: mode == "prefixes",
            keep_text: texts,
            expand: !texts,
            parameters: if mode == "parameters" {
                ParameterEntities::UnlessStandalone
            } else {
                ParameterEntities::Never
            },
        },
    );
    let mut told: Vec<(String, &str, String)> = Vec::new();
    let mut tell = |at: String, name: &'static str, words: String| match told.last_mut() {
        Some((_, before, sofar)) if *before == name && ["text", "default"].contains(&name) => {
            sofar.pop();
            *sofar += &words[1..];
        }
        _ => told.push((at, name, words)),
    };
    let pieces = document.chunks(piece.max(1)).map(|piece| (piece, false));
    'feeding: for (piece, last) in pieces.chain([(&b""[..], true)]) {
        parser.feed(piece, last);
        loop {
            match parser.next() {
                Ok(None) => break,
                Ok(Some(Event::UnknownEncoding(name))) if name == "windows-1252" => {
                    let mut table = Box::new(std::array::from_fn(|byte| char::from_u32(byte as u32)));
                    table[0x80] = Some('€');
                    parser.set_table(table);
                }
                Ok(Some(Event::UnknownEncoding(_))) => {
                    tell("1:0:0".to_owned(), "lookup", String::new());
                    break 'feeding;
                }
                Ok(Some(event)) => {
                    let position = at(parser.position());
                    if texts {
                        if let Some(text) = parser.text().filter(|text| !text.is_empty()) {
                            tell(position, "default", escape(text));
                        }
                    } else if mode == "parameters" && matches!(event, Event::External { .. }) {
                        // Recorded without a handler for it.
                    } else if let Some((name, words)) = words(&event) {
                        tell(position, name, words);
                    }
                }
                Err(error) => {
                    tell(at(error.position), "error", (error.kind as u8).to_string());
                    break 'feeding;
                }
            }
        }
    }
    told.into_iter().map(|(at, name, words)| format!("{at} {name} {words}").trim_end().to_owned()).collect()
}

/// Inside of document types and entities expat tells the place of a token, and this parser that of a declaration.
fn comparable<'a>(document: &str, line: &'a str) -> &'a str {
    if document.contains("<!DOCTYPE") { line.split_once(' ').map_or(line, |(_, rest)| rest) } else { line }
}

#[test]
fn events_are_those_of_expat() {
    let mut expected = EXPECTED.lines().peekable();
    let mut wrong = Vec::new();
    for (number, line) in DOCUMENTS.lines().enumerate() {
        let document = unescape(line);
        let before = wrong.len();
        for mode in MODES {
            assert_eq!(expected.next(), Some(&*format!("# {number} {mode}")));
            let mut theirs = Vec::new();
            while let Some(line) = expected.next_if(|line| !line.starts_with("# ")) {
                theirs.push(line.trim_end());
            }
            for piece in [document.len(), 1, 2, 7] {
                let ours = events(&document, mode, piece);
                let comparable = |lines: &[String]| -> Vec<String> {
                    lines.iter().map(|event| comparable(line, event).to_owned()).collect()
                };
                let theirs: Vec<String> = theirs.iter().map(|line| (*line).to_owned()).collect();
                // A document type that is wrong is told up to the token in question, or up to the declaration.
                if mode == "texts"
                    && line.contains("<!DOCTYPE")
                    && theirs.last().is_some_and(|end| end.contains(" error "))
                {
                    continue;
                }
                if comparable(&ours) != comparable(&theirs) && wrong.len() == before {
                    wrong.push(format!("{number} {mode} by {piece}: {line}\n  ours   {ours:?}\n  theirs {theirs:?}"));
                    break;
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Piece by piece, what has been looked at is not looked at again: a long token in short pieces takes no longer than its length.
#[test]
fn long_tokens_in_short_pieces() {
    let long = "x".repeat(400_000);
    for (head, tail) in [
        ("<a><!--", "--></a>"),
        ("<a b='", "'/>"),
        ("<a><?p ", "?></a>"),
        ("<a><![CDATA[", "]]></a>"),
        ("<!DOCTYPE a SYSTEM '", "'><a/>"),
        ("<!DOCTYPE a [<!ENTITY b '", "'>]><a/>"),
        ("<!DOCTYPE a [<!-- ", " -->]><a/>"),
    ] {
        let document = [head, &long, tail].concat();
        let told = events(document.as_bytes(), "plain", 16);
        assert_eq!(told, events(document.as_bytes(), "plain", document.len()), "{head}");
        assert!(told.last().is_some_and(|last| last.contains("end")), "{head}");
    }
}

/// Whatever is fed, a parser comes to an end: every document of the list, cut anywhere, with a byte changed anywhere.
#[test]
fn no_document_is_too_strange() {
    for line in DOCUMENTS.lines() {
        let document = unescape(line);
        for cut in 0..document.len() {
            events(&document[..cut], "namespaces", 5);
            for byte in [b'<', b'&', b'\0', b'"', b']', 0xff] {
                let mut changed = document.clone();
                changed[cut] = byte;
                events(&changed, "namespaces", 3);
            }
        }
    }
}

/// The last word about a document.
fn end_of(document: &str) -> Result<usize, ErrorKind> {
    let mut parser = Parser::new(None, Options::default());
    parser.feed(document.as_bytes(), true);
    let mut elements = 0;
    loop {
        match parser.next() {
            Ok(Some(event)) => elements += usize::from(matches!(event, Event::Start { .. })),
            Ok(None) => return Ok(elements),
            Err(error) => return Err(error.kind),
        }
    }
}

/// Attributes that elements have by declaration count like texts of entities: a short document does not become a large tree.
#[test]
fn attributes_by_default_are_counted() {
    let declared = |count: usize, rest: &str| -> String {
        (0..count).map(|number| format!("<!ATTLIST b a{number} CDATA {rest}>")).collect()
    };
    let document = |declarations: &str, elements: usize| {
        format!("<!DOCTYPE a [{declarations}]><a>{}</a>", "<b/>".repeat(elements))
    };
    assert_eq!(end_of(&document(&declared(3000, "'1'"), 3000)), Err(ErrorKind::AmplificationLimit));
    let text = "<b/>".repeat(3000);
    let inside = format!("<!DOCTYPE a [{}<!ENTITY c '{text}'>]><a>&c;</a>", declared(3000, "'1'"));
    assert_eq!(end_of(&inside), Err(ErrorKind::AmplificationLimit));
    assert_eq!(end_of(&document(&declared(20, "'1'"), 10_000)), Ok(10_001), "as many as a real document type has");
    // Without a value there is nothing to count, and they do not take the time of a look at each.
    assert_eq!(end_of(&document(&declared(30_000, "#IMPLIED"), 30_000)), Ok(30_001));
}

/// Entities in one another in a value take no more of the stack than is there.
#[test]
fn deep_entities_in_values() {
    let chain = |deep: usize| -> String {
        let links = (1..=deep).map(|number| format!("<!ENTITY e{number} '&e{};'>", number - 1));
        ["<!DOCTYPE a [<!ENTITY e0 'x'>".to_owned()].into_iter().chain(links).collect()
    };
    assert_eq!(end_of(&format!("{}]><a b='&e900;'/>", chain(900))), Ok(1));
    assert_eq!(end_of(&format!("{}]><a b='&e100000;'/>", chain(100_000))), Err(ErrorKind::NoMemory));
    assert_eq!(
        end_of(&format!("{}]><a>&e100000;</a>", chain(100_000))),
        Ok(1),
        "in content they are no deeper than one"
    );
}
