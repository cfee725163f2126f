//! Did you mean: the known word that is nearest to an unknown one.
//!
//! Why not a crate: the zone says it too, about symbols, and links nothing that it can do without.

/// The candidate that was probably meant, if any is close enough.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let distance = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let shorter = word.chars().count().min(candidate.chars().count());
        let distance = edits(&word, &candidate);
        // `allowed` for `allow`, `compress` for `compress2`
        let begins = shorter >= 3 && (word.starts_with(&candidate) || candidate.starts_with(&word));
        let near = if shorter < 2 { 0 } else { 1.max(shorter / 3) };
        (begins || distance <= near).then_some(distance)
    };
    let close = candidates.into_iter().filter_map(|candidate| Some((distance(candidate)?, candidate)));
    close.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// How many characters have to be put in, left out, replaced or exchanged with their neighbour to make one word of the
/// other: the optimal string alignment distance.
fn edits(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    // Each row has the distances from the first `row` characters of `from` to all beginnings of `to`.
    let (mut before, mut last): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=to.len()).collect());
    for (row, one) in from.iter().enumerate() {
        let mut this = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(one != other);
            let mut least = replaced.min(last[column + 1] + 1).min(this[column] + 1);
            if row > 0 && column > 0 && *one == to[column - 1] && from[row - 1] == *other {
                least = least.min(before[column - 1] + 1);
            }
            this.push(least);
        }
        before = std::mem::replace(&mut last, this);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, edits};

    #[test]
    fn edits_are_counted() {
        for (from, to, count) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("adler32", "adler23", 1),
            ("kitten", "sitting", 3),
            ("length", "lenght", 1),
            ("crc", "crc32", 2),
            ("ä", "a", 1),
        ] {
            assert_eq!(edits(from, to), count, "{from} {to}");
            assert_eq!(edits(to, from), count, "{to} {from}");
        }
    }

    #[test]
    fn the_nearest_is_meant_if_it_is_near() {
        let words = ["capacity", "length", "allow"];
        for (word, meant) in [
            ("lenght", Some("length")),
            ("Capasity", Some("capacity")),
            ("allowed", Some("allow")),
            ("al", None),
            ("x", None),
            ("weight", None),
        ] {
            assert_eq!(did_you_mean(word, words), meant, "{word}");
        }
    }
}
