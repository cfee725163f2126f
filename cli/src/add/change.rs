//! What has changed between two texts: one run of lines.

/// Lines that were there, and those that stand in their place.
#[derive(Debug, Eq, PartialEq)]
pub struct Change {
    /// How many lines stand before.
    before: usize,
    removed: Vec<String>,
    added: Vec<String>,
}

impl Change {
    pub fn between(old: &str, new: &str) -> Option<Self> {
        if old == new {
            return None;
        }
        let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
        let before = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
        let (old, new) = (&old[before..], &new[before..]);
        let behind = old.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| one == other).count();
        let owned = |lines: &[&str]| lines[..lines.len() - behind].iter().map(|&line| line.to_owned()).collect();
        Some(Self { before, removed: owned(old), added: owned(new) })
    }

    /// With `-` before those that go and `+` before those that come.
    pub fn lines(&self) -> String {
        let line = |sign: char, text: &String| format!("{sign} {text}").trim_end().to_owned() + "\n";
        let removed = self.removed.iter().map(|text| line('-', text));
        removed.chain(self.added.iter().map(|text| line('+', text))).collect()
    }

    /// Where it is.
    pub fn place(&self, file: &str) -> String {
        let (first, last) = (self.before + 1, self.before + self.added.len());
        match first == last {
            true => format!("line {first} of {file} says it"),
            false => format!("lines {first}-{last} of {file} say it"),
        }
    }

    /// The same, and how to have the file as it was.
    pub fn undo(&self, file: &str) -> String {
        let (lines, one) = (self.place(file), self.added.len() == 1);
        if self.removed.is_empty() {
            return format!("{lines}; remove {} to undo it", if one { "it" } else { "them" });
        }
        let removed: Vec<_> = self.removed.iter().map(|line| format!("`{}`", line.trim())).collect();
        format!("{lines}; to undo it, write there again {}", removed.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_of_lines() {
        assert_eq!(Change::between("a\nb\n", "a\nb\n"), None);
        let change = Change::between("a\nb\n", "a\nx\n\ny\nb\n").unwrap();
        assert_eq!((change.lines().as_str(), change.before), ("+ x\n+\n+ y\n", 1));
        assert_eq!(change.undo("f"), "lines 2-4 of f say it; remove them to undo it");
        let change = Change::between("a\nb\nc\n", "a\nB\nc\n").unwrap();
        assert_eq!(change.lines(), "- b\n+ B\n");
        assert_eq!(change.undo("f"), "line 2 of f says it; to undo it, write there again `b`");
        assert_eq!(Change::between("", "a\n").unwrap().undo("f"), "line 1 of f says it; remove it to undo it");
        assert_eq!(Change::between("a\na\n", "a\na\na\n").unwrap().lines(), "+ a\n");
    }
}
