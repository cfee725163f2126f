//! Two prototypes that the compiler does not take for the same.
//!
//! The compiler names both types. They are passed the same way where they differ in this alone:
//!
//! | in the header | here |
//! |---|---|
//! | `const T *` | `T *`: the library writes less than it may. Not the other way round |
//! | `void *`, or a pointer to bytes | a pointer to anything that is data, also the other way round |
//! | an integer | another one of the same size and sign: `long`, `long long` |
//! | an enumeration | an integer of its size, that has a sign if the enumeration has one |

use crate::header::{Type, type_name};

/// What comes of it.
#[derive(Debug, PartialEq)]
pub enum Compared {
    /// How they differ, unless all of these enumerations are what is said here.
    Differs(String, Option<Vec<Enumeration>>),
    /// There is no such function in the header.
    Undeclared,
}

/// An enumeration of the header, where the manifest has an integer.
#[derive(Clone, Debug, PartialEq)]
pub struct Enumeration {
    /// What C calls it.
    pub name: String,
    /// Of the integer, in bytes.
    pub size: u64,
    /// Whether the integer has a sign.
    pub signed: bool,
}

/// `message` is the compiler's error, `notes` what it said beside it.
pub fn compare(message: &str, notes: &[String]) -> Compared {
    if message.contains("undeclared") {
        return Compared::Undeclared;
    }
    let here = c_type(message, "have ");
    let there = notes.iter().find_map(|note| c_type(note, "with type "));
    let (Some(here), Some(there)) = (here, there) else { return Compared::Differs(message.to_owned(), None) };
    let mut enumerations = Vec::new();
    let same = match (type_name(&there), type_name(&here)) {
        (Some(there), Some(here)) => same(&there, &here, false, &mut enumerations),
        _ => false,
    };
    Compared::Differs(format!("`{there}` in the header, `{here}` here"), same.then_some(enumerations))
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

/// Whether both are passed the same way, or at the end of a pointer (`pointed`) lie in memory the same way.
fn same(there: &Type, here: &Type, pointed: bool, enumerations: &mut Vec<Enumeration>) -> bool {
    match (there, here) {
        (Type::Pointer { to: there, constant: promised }, Type::Pointer { to: here, constant }) => {
            (*promised || !constant) && same(there, here, true, enumerations)
        }
        (
            Type::Function { returns: there, parameters: theirs, variadic: open },
            Type::Function { returns: here, parameters, variadic },
        ) => {
            open == variadic
                && theirs.len() == parameters.len()
                && same(there, here, false, enumerations)
                && theirs
                    .iter()
                    .zip(parameters)
                    .all(|(there, here)| same(&there.c_type, &here.c_type, false, enumerations))
        }
        (Type::Array { of: there, length: one, .. }, Type::Array { of: here, length, .. }) => {
            one == length && same(there, here, pointed, enumerations)
        }
        (there, here) if there == here => true,
        (Type::Function { .. }, _) | (_, Type::Function { .. }) => false,
        (there, here) if pointed && (is_untyped(there) || is_untyped(here)) => true,
        (Type::Tagged(name) | Type::Named(name), Type::Number(words))
            if !name.starts_with("struct ") && !name.starts_with("union ") =>
        {
            let integer = integer(words);
            enumerations.extend(integer.map(|(size, signed)| Enumeration { name: name.clone(), size, signed }));
            integer.is_some()
        }
        (Type::Number(there), Type::Number(here)) => integer(there).is_some() && integer(there) == integer(here),
        _ => false,
    }
}

fn is_untyped(c_type: &Type) -> bool {
    c_type.is_void() || c_type.is_byte()
}

/// Size and sign of an integer that is written in these words.
fn integer(words: &str) -> Option<(u64, bool)> {
    let known = ["signed", "unsigned", "short", "long", "char", "int"];
    let has = |wanted: &str| words.split(' ').any(|word| word == wanted);
    let size = match (has("char"), has("short"), has("long")) {
        (true, ..) => 1,
        (_, true, _) => 2,
        (.., true) => 8,
        _ => 4,
    };
    words.split(' ').all(|word| known.contains(&word)).then_some((size, !has("unsigned")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(here: &str, there: &str) -> Compared {
        let note = format!("/usr/include/x.h:1:2: note: previous declaration of 'f' with type {there}");
        compare(&format!("conflicting types for 'f'; have {here}"), &[note])
    }

    /// Whether both are passed the same way, and which enumerations that hangs on.
    fn same(there: &str, here: &str) -> Option<Vec<Enumeration>> {
        match compared(&format!("'{here}'"), &format!("'{there}'")) {
            Compared::Differs(how, same) => {
                assert_eq!(how, format!("`{there}` in the header, `{here}` here"));
                same
            }
            Compared::Undeclared => panic!("undeclared"),
        }
    }

    #[test]
    fn what_is_passed_the_same_way() {
        for (there, here) in [
            ("int(const char *)", "int(char *)"),
            ("int(const char * const *)", "int(char **)"),
            ("void(const char * restrict,  char * const)", "void(char *,  char *)"),
            ("int(void *)", "int(struct list *)"),
            ("struct list *(int)", "void *(int)"),
            ("int(const unsigned char *)", "int(const char *)"),
            ("int(long unsigned int)", "int(long long unsigned int)"),
            ("void(void (*)(void *,  const char **))", "void(void (*)(struct list *,  const char **))"),
            ("void *(*(int, ...))(_Bool)", "struct x *(*(int, ...))(_Bool)"),
        ] {
            assert_eq!(same(there, here), Some(Vec::new()), "{there} {here}");
        }
        let color = |name: &str, size, signed| Some(vec![Enumeration { name: name.into(), size, signed }]);
        assert_eq!(same("enum color(int)", "int(int)"), color("enum color", 4, true));
        assert_eq!(same("int(color_t *)", "int(unsigned int *)"), color("color_t", 4, false));
        assert_eq!(same("void(void (*)(color_t))", "void(void (*)(long int))"), color("color_t", 8, true));
    }

    #[test]
    fn what_is_not() {
        for (there, here) in [
            ("int(char *)", "int(const char *)"),
            ("int(int)", "int(long int)"),
            ("int(int)", "int(unsigned int)"),
            ("int(int)", "int(float)"),
            ("int(int)", "int(int,  int)"),
            ("int(int, ...)", "int(int)"),
            ("int(int *)", "int(long int *)"),
            ("int(void (*)(int))", "int(void *)"),
            ("int(void (*)(int))", "int(void (*)(long int))"),
            ("int(struct a *)", "int(struct b *)"),
            ("int(struct a)", "int(int)"),
            ("int(double)", "int(long double)"),
            ("int(void *)", "int(long unsigned int)"),
            ("int(enum color)", "int(float)"),
        ] {
            assert_eq!(same(there, here), None, "{there} {here}");
        }
    }

    #[test]
    fn names_are_followed() {
        let Compared::Differs(how, None) = compared("'int(int)'", "'int(uLong)' {aka 'int(long unsigned int)'}") else {
            panic!("the same");
        };
        assert!(how.contains("long unsigned int"), "{how}");
        assert_eq!(compare("'f' undeclared here (not in a function)", &[]), Compared::Undeclared);
    }
}
