//! C text cut into tokens, and tokens into top-level items.

use std::path::Path;
use std::process::Command;

/// A word, number, literal or sign of C.
pub type Token = String;

/// A source with the parts that it is made of (`.inc`), without headers.
fn without_headers(path: &Path) -> String {
    let text = std::fs::read(path).expect("a source of libffi's test suite");
    let mut whole = String::new();
    for line in String::from_utf8_lossy(&text).lines() {
        match line.trim_start().strip_prefix("#include") {
            None => whole.extend([line, "\n"]),
            Some(name) if name.contains(".inc") => {
                let name = name.trim().trim_matches('"');
                whole += &without_headers(&path.with_file_name(name));
            }
            Some(_) => {}
        }
    }
    whole
}

/// The text after macros have been replaced.
pub fn preprocess(path: &Path) -> String {
    let text = without_headers(path);
    let mut cc = Command::new("cc");
    cc.args(["-E", "-P", "-w", "-x", "c", "-DABI_ATTR=", "-D__UNUSED__=", "-"]);
    let mut running = cc
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("a C compiler called cc");
    let mut stdin = running.stdin.take().expect("piped");
    let feeder = std::thread::spawn(move || {
        std::io::Write::write_all(&mut stdin, text.as_bytes()).expect("the preprocessor reads");
    });
    let output = running.wait_with_output().expect("the preprocessor ends");
    feeder.join().expect("a writer");
    assert!(output.status.success(), "cc -E {}", path.display());
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The words, numbers, literals and signs.
pub fn tokens(text: &str) -> Vec<Token> {
    let characters: Vec<_> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let start = at;
        match characters[at] {
            space if space.is_whitespace() => {
                at += 1;
                continue;
            }
            quote @ ('"' | '\'') => {
                at += 1;
                while characters[at] != quote {
                    at += if characters[at] == '\\' { 2 } else { 1 };
                }
                at += 1;
            }
            word if word.is_alphanumeric() || word == '_' => {
                let number = word.is_ascii_digit();
                let part = |at: usize| {
                    let exponent = number && "eEpP".contains(characters[at - 1]) && "+-".contains(characters[at]);
                    characters[at].is_alphanumeric()
                        || characters[at] == '_'
                        || (number && characters[at] == '.')
                        || exponent
                };
                at += 1;
                while at < characters.len() && part(at) {
                    at += 1;
                }
            }
            _ => {
                let rest: String = characters[at..characters.len().min(at + 3)].iter().collect();
                let long = ["...", "<<=", ">>="].iter().chain(&SIGNS).find(|sign| rest.starts_with(**sign));
                at += long.map_or(1, |sign| sign.len());
            }
        }
        tokens.push(characters[start..at].iter().collect());
    }
    tokens
}

/// Signs of two characters.
const SIGNS: [&str; 19] =
    ["->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="];

/// `__attribute__((…))` says nothing about types here.
pub fn without_attributes(tokens: Vec<Token>) -> Vec<Token> {
    let (mut kept, mut depth, mut inside) = (Vec::new(), 0_usize, false);
    for token in tokens {
        inside |= token == "__attribute__";
        match token.as_str() {
            "(" if inside => depth += 1,
            ")" if inside => {
                depth -= 1;
                inside = depth > 0;
            }
            _ if inside => {}
            _ => kept.push(token),
        }
    }
    kept
}

/// Top-level items: a declaration with its `;`, or a function with its body.
pub fn items(tokens: &[Token]) -> Vec<Vec<Token>> {
    let (mut items, mut item, mut depth) = (Vec::new(), Vec::new(), 0_usize);
    for token in tokens {
        item.push(token.clone());
        match token.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        let ends = depth == 0 && (token == ";" || (token == "}" && body_of_function(&item).is_some()));
        if ends {
            items.push(std::mem::take(&mut item));
        }
    }
    items
}

/// Where a function's body begins, if the item is one.
pub fn body_of_function(item: &[Token]) -> Option<usize> {
    let body = item.iter().position(|token| token == "{")?;
    (body > 0 && item[body - 1] == ")" && !item[..body].contains(&"=".to_owned())).then_some(body)
}

/// Of `typedef int (*name)(int, float);`: `int name(int, float)`.
pub fn pointer_to_function(item: &[Token]) -> Option<Vec<Token>> {
    let at = item.windows(4).position(|four| four[0] == "(" && four[1] == "*" && four[3] == ")")?;
    (item[0] == "typedef" && !item.contains(&"{".to_owned()))
        .then(|| [&item[1..at], &item[at + 2..at + 3], &item[at + 4..item.len() - 1]].concat())
}

/// The name in front of the parameters.
pub fn name_of_function(head: &[Token]) -> Option<Token> {
    let open = head.iter().position(|token| token == "(")?;
    head.get(open.checked_sub(1)?).cloned()
}

/// Whether it belongs to the test that it was taken from.
pub fn of_the_original(item: &[Token]) -> bool {
    let own = |token: &Token| token.starts_with("ffi_") || token.starts_with("FFI_");
    item.iter().any(own) || name_of_function(item).is_some_and(|name| name == "main")
}

/// The names that an item brings.
pub fn declared(item: &[Token]) -> Vec<Token> {
    if let Some(body) = body_of_function(item) {
        return name_of_function(&item[..body]).into_iter().collect();
    }
    if let Some(head) = pointer_to_function(item) {
        return name_of_function(&head).into_iter().collect();
    }
    let mut names = Vec::new();
    let (mut depth, mut value) = (0_usize, false);
    for (index, token) in item.iter().enumerate() {
        let next = item.get(index + 1).map(String::as_str).unwrap_or_default();
        match token.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            "struct" | "union" | "enum" if depth == 0 && item.get(index + 2).is_some_and(|token| token == "{") => {
                names.push(next.to_owned());
            }
            "=" => value = true,
            "," | ";" if depth == 0 => value = false,
            _ if depth == 0 && !value && matches!(next, ";" | "=" | "," | "[" | "(") && is_name(token) => {
                names.push(token.clone());
            }
            _ => {}
        }
    }
    names
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_') && !super::reader::WORDS.contains(&token)
}
