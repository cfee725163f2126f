//! Globs: `*` is anything, `?` one character.

/// Whether the whole name is as the glob says.
pub fn matches(glob: &str, name: &str) -> bool {
    let (glob, name) = (glob.as_bytes(), name.as_bytes());
    let (mut at, mut here, mut star) = (0, 0, None);
    while here < name.len() {
        match glob.get(at) {
            Some(b'*') => {
                star = Some((at, here));
                at += 1;
            }
            Some(one) if *one == b'?' || *one == name[here] => (at, here) = (at + 1, here + 1),
            // The last star takes one more character.
            _ => match star {
                None => return false,
                Some((star_at, taken)) => {
                    star = Some((star_at, taken + 1));
                    (at, here) = (star_at + 1, taken + 1);
                }
            },
        }
    }
    glob[at..].iter().all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn globs() {
        for (glob, name, expected) in [
            ("*", "", true),
            ("gz*", "gzopen", true),
            ("*open", "gzopen", true),
            ("g*o*n", "gzopen", true),
            ("gz?pen", "gzopen", true),
            ("gz", "gzopen", false),
            ("*x", "gzopen", false),
            ("gzopen?", "gzopen", false),
        ] {
            assert_eq!(matches(glob, name), expected, "{glob} {name}");
        }
    }
}
