//! A path of the program's → which root, and what below it.
//!
//! Which root is meant says the path as it is written: the root whose place is the longest beginning of it, `.`, `..` and empty
//! parts worked out. What is below is left to the kernel as it is written, `..` included, since `link/..` is not where the link
//! is; only where the path leaves the root on the way and comes back, or comes from another one, it is worked out first.

use rustix::io::Errno;

/// Where a path leads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Destination {
    /// To a folder on the way to roots, which is none of the machine's: the names in it.
    Above(Vec<Vec<u8>>),
    /// Below the root of that number: relative to it, `.` for itself.
    Below(usize, Vec<u8>),
}

/// The longest path, its end included, as on Linux.
const PATH_MAX: usize = 4096;

/// Finds out where a path leads. It has to be absolute: what a relative one is relative to, the program knows.
pub(super) fn find<'r>(path: &[u8], roots: impl Iterator<Item = &'r str>) -> Result<Destination, Errno> {
    match path.first() {
        None => return Err(Errno::NOENT),
        Some(b'/') if path.len() >= PATH_MAX => return Err(Errno::NAMETOOLONG),
        Some(b'/') if !path.contains(&0) => {}
        _ => return Err(Errno::INVAL),
    }
    let written: Vec<&[u8]> = parts(path).collect();
    let plain = worked_out(&written);
    let mut found: Option<(usize, usize)> = None;
    let mut through = 0;
    let mut above: Vec<Vec<u8>> = Vec::new();
    for (index, at) in roots.enumerate() {
        let at: Vec<&[u8]> = parts(at.as_bytes()).collect();
        if written.starts_with(&at) {
            through = through.max(at.len());
        }
        if plain.starts_with(&at) {
            if found.is_none_or(|(_, longest)| at.len() > longest) {
                found = Some((index, at.len()));
            }
        } else if at.starts_with(&plain) {
            above.push(at[plain.len()].to_vec());
        }
    }
    let Some((root, length)) = found else {
        above.sort();
        above.dedup();
        return if above.is_empty() { Err(Errno::NOENT) } else { Ok(Destination::Above(above)) };
    };
    let as_written = through == length;
    let kept = written.get(length..).filter(|rest| as_written && stays(rest));
    let mut rest = kept.unwrap_or(&plain[length..]).join(&b'/');
    let ends_in_folder = path.ends_with(b"/") || path.ends_with(b"/.");
    match rest.is_empty() {
        true => rest.push(b'.'),
        false if ends_in_folder => rest.push(b'/'),
        false => {}
    }
    Ok(Destination::Below(root, rest))
}

/// The parts that say something.
fn parts(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".")
}

/// Without `..`, as if there were no links.
fn worked_out<'p>(written: &[&'p [u8]]) -> Vec<&'p [u8]> {
    let mut plain = Vec::new();
    for part in written {
        match *part {
            b".." => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

/// Whether so many `..` never lead above where the parts begin, as far as they are written.
pub(super) fn stays(parts: &[&[u8]]) -> bool {
    depth(0, parts).is_some()
}

/// How deep one is after these parts, from so deep; `None` if that leads above the beginning.
fn depth(from: usize, parts: &[&[u8]]) -> Option<usize> {
    parts.iter().try_fold(from, |depth, part| match *part {
        b".." => depth.checked_sub(1),
        _ => Some(depth + 1),
    })
}

/// What a link in that folder of a root may say: it is relative, and does not lead above the root. A `..` stands at its beginning
/// alone: behind a name, which may be that of another link, it would lead nobody knows where.
pub(super) fn may_say(folder: &[u8], target: &[u8]) -> bool {
    let start: Vec<_> = parts(folder).collect();
    let target_parts: Vec<_> = parts(target).collect();
    let climbs = target_parts.iter().take_while(|part| **part == b"..").count();
    let only_there = !target_parts[climbs..].iter().any(|part| *part == b"..");
    !target.starts_with(b"/") && only_there && depth(0, &start).is_some_and(|start| climbs <= start)
}

/// A path below a root as the folder that holds its last name, and that name. The root itself, `.` and `..` have none.
pub(super) fn split(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = rest.iter().rposition(|byte| *byte != b'/')? + 1;
    let rest = &rest[..end];
    let (folder, name) = match rest.iter().rposition(|byte| *byte == b'/') {
        None => (&b"."[..], rest),
        Some(at) => (&rest[..at], &rest[at + 1..]),
    };
    (name != b"." && name != b"..").then_some((folder, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOTS: [&str; 4] = ["/data", "/data/inner", "/srv/out", "/tmp"];

    fn below(path: &str) -> Option<(&'static str, String)> {
        match find(path.as_bytes(), ROOTS.into_iter()) {
            Ok(Destination::Below(root, rest)) => Some((ROOTS[root], String::from_utf8(rest).unwrap())),
            _ => None,
        }
    }

    #[test]
    fn the_longest_place_is_meant() {
        for (path, root, rest) in [
            ("/data", "/data", "."),
            ("/data/", "/data", "."),
            ("//data//a///b", "/data", "a/b"),
            ("/data/a/", "/data", "a/"),
            ("/data/a/.", "/data", "a/"),
            ("/data/./a", "/data", "a"),
            ("/data/inner/a", "/data/inner", "a"),
            ("/data/innermost", "/data", "innermost"),
            ("/data/inner/../a", "/data", "a"),
            ("/data/x/../inner/a", "/data/inner", "a"),
            ("/srv/out/a", "/srv/out", "a"),
            ("/../tmp/a", "/tmp", "a"),
            ("/data/../tmp/a", "/tmp", "a"),
        ] {
            assert_eq!(below(path), Some((root, rest.to_owned())), "{path}");
        }
    }

    #[test]
    fn what_the_kernel_can_work_out_is_left_to_it() {
        assert_eq!(below("/data/link/../a"), Some(("/data", "link/../a".to_owned())));
        assert_eq!(below("/data/link/.."), Some(("/data", "link/..".to_owned())));
        assert_eq!(below("/data/../data/link/../a"), Some(("/data", "a".to_owned())), "it comes from outside");
        assert_eq!(below("/data/a/../../data/b"), Some(("/data", "b".to_owned())), "it leaves on the way");
    }

    #[test]
    fn nothing_else_is_anywhere() {
        for path in ["/etc/passwd", "/data/../etc", "/dat", "/srv/outer"] {
            assert_eq!(find(path.as_bytes(), ROOTS.into_iter()), Err(Errno::NOENT), "{path}");
        }
        for path in ["data", "./data", "../data", "/data/a\0b"] {
            assert_eq!(find(path.as_bytes(), ROOTS.into_iter()), Err(Errno::INVAL), "{path}");
        }
        assert_eq!(find(b"", ROOTS.into_iter()), Err(Errno::NOENT));
        let long = [&b"/data/"[..], &[b'a'; PATH_MAX]].concat();
        assert_eq!(find(&long, ROOTS.into_iter()), Err(Errno::NAMETOOLONG));
    }

    #[test]
    fn folders_on_the_way_have_the_names_of_what_they_lead_to() {
        let above = |path: &str| match find(path.as_bytes(), ROOTS.into_iter()) {
            Ok(Destination::Above(names)) => names.into_iter().map(|name| String::from_utf8(name).unwrap()).collect(),
            other => panic!("{other:?}"),
        };
        let names: Vec<String> = above("/");
        assert_eq!(names, ["data", "srv", "tmp"]);
        let names: Vec<String> = above("/srv/");
        assert_eq!(names, ["out"]);
    }

    #[test]
    fn names_are_split_off() {
        assert_eq!(split(b"a"), Some((&b"."[..], &b"a"[..])));
        assert_eq!(split(b"a/b//"), Some((&b"a"[..], &b"b"[..])));
        for none in [&b"."[..], b"..", b"a/..", b"a/.", b"", b"/"] {
            assert_eq!(split(none), None, "{none:?}");
        }
    }

    #[test]
    fn links_stay_below() {
        for (folder, target, may) in [
            ("a", "b", true),
            ("a", "../b", true),
            ("a", "../../b", false),
            (".", "..", false),
            (".", "/etc/passwd", false),
            ("a/..", "../b", false),
            ("a", "b/../../../c", false),
            ("a", "b/../c", false),
            ("a/b", "../../c", true),
            ("a/b", "../up/../../c", false),
        ] {
            assert_eq!(may_say(folder.as_bytes(), target.as_bytes()), may, "{folder} {target}");
        }
    }
}
