//! Two prototypes that the compiler does not take for the same.
//!
//! The compiler names both types. They may differ in `const` where the header promises more than the manifest says: the
//! library then writes less than it may. The other way round it may write where the manifest says that it does not.

/// What comes of it.
#[derive(Debug, PartialEq)]
pub enum Compared {
    /// How they differ.
    Differs(String),
    /// In nothing that matters.
    Safe,
    /// There is no such function in the header.
    Undeclared,
}

/// `message` is the compiler's error, `notes` what it said beside it.
pub fn compare(message: &str, notes: &[String]) -> Compared {
    if message.contains("undeclared") {
        return Compared::Undeclared;
    }
    let here = c_type(message, "have ");
    let there = notes.iter().find_map(|note| c_type(note, "with type "));
    match (here, there) {
        (Some(here), Some(there)) if only_more_const(&here, &there) => Compared::Safe,
        (Some(here), Some(there)) => Compared::Differs(format!("`{there}` in the header, `{here}` here")),
        _ => Compared::Differs(message.to_owned()),
    }
}

/// `have 'int(uLong)' {aka 'int(long unsigned int)'}`: the last of the two.
fn c_type(text: &str, before: &str) -> Option<String> {
    let rest = &text[text.find(before)? + before.len()..];
    let quoted = |text: &str| {
        let text = text.trim_start_matches(['\'', '\u{2018}']);
        text.split(['\'', '\u{2019}']).next().map(str::to_owned)
    };
    match rest.find("{aka ") {
        Some(at) => quoted(&rest[at + 5..]),
        None => quoted(rest),
    }
}

/// Whether the second is the first with `const` added at some places.
fn only_more_const(here: &str, there: &str) -> bool {
    let (here, there) = (words(here), words(there));
    let mut rest = here.iter().peekable();
    for word in &there {
        if rest.peek() == Some(&word) {
            rest.next();
        } else if word != "const" {
            return false;
        }
    }
    rest.next().is_none()
}

fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for character in text.chars() {
        let part_of_word = character.is_ascii_alphanumeric() || character == '_';
        if part_of_word && let Some(last) = words.last_mut() {
            last.push(character);
        } else {
            words.extend([character.to_string(), String::new()]);
        }
    }
    words.retain(|word| !word.trim().is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(here: &str, there: &str) -> Compared {
        let note = format!("/usr/include/x.h:1:2: note: previous declaration of 'f' with type {there}");
        compare(&format!("conflicting types for 'f'; have {here}"), &[note])
    }

    #[test]
    fn const_may_be_more_in_the_header() {
        assert_eq!(compared("'int(char *)'", "'int(const char *)'"), Compared::Safe);
        let Compared::Differs(how) = compared("'int(const char *)'", "'int(char *)'") else { panic!("unsafe") };
        assert_eq!(how, "`int(char *)` in the header, `int(const char *)` here");
        assert!(matches!(compared("'int(int)'", "'int(uLong)' {aka 'int(long unsigned int)'}"), Compared::Differs(how)
            if how.contains("long unsigned int")));
        assert_eq!(compare("'f' undeclared here (not in a function)", &[]), Compared::Undeclared);
    }
}
