//! `docs/system-calls.md` says what the tables say. After a change that is meant:
//! `CLOISON_BLESS=1 cargo test -p cloison-sandbox --lib documentation`, then read the difference.

const TABLES: [&str; 4] =
    [include_str!("refused.rs"), include_str!("legacy.rs"), include_str!("killed.rs"), include_str!("microprocess.rs")];

const HEAD: &str = "# System calls that are refused

What a process behind the wall asks the kernel for gets one of four answers: it is done; it is **refused** with an error number, which
library code knows how to handle; it is **unknown** (`ENOSYS`: whatever no table names, such as timers and events that are
descriptors, so that libraries fall back to what they did before it existed); or it **ends the process** with SIGSYS, which nothing
can catch. Refused is what ordinary code asks out of habit. Deadly is what only code would try that has been taken over.

This holds in a microprocess and in a zone at every stage, but for what the stage needs: the tables in
[core/sandbox/src/policy](../core/sandbox/src/policy/mod.rs) name these exceptions (`files`, `network`, `processes` and `threads` of a manifest, loading a library,
the template's forks). A test writes this page from those tables.
";

/// Name, answer and reason of each row that says no, as the source has them.
fn rows(source: &str) -> Vec<(String, String, String)> {
    let mut rows = Vec::new();
    for kind in ["refuse(", "kill("] {
        for (_, after) in source.match_indices(kind).map(|(at, _)| source.split_at(at + kind.len())) {
            let Some(name) = after.trim_start().strip_prefix("libc::SYS_") else { continue };
            let row =
                &after[..[after.find("\"),"), after.find("\",\n")].into_iter().flatten().min().expect("a row ends")];
            let why = row.split_once('"').expect("a reason").1.to_owned();
            let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let answer = match kind {
                "kill(" => "SIGSYS".to_owned(),
                _ => row.split(',').nth(1).expect("an error").trim().trim_start_matches("libc::").to_owned(),
            };
            rows.push((name, answer, why));
        }
    }
    rows
}

fn page() -> String {
    let mut all: Vec<_> = TABLES.iter().flat_map(|source| rows(source)).collect();
    // In a microprocess nothing is different that the other tables do not say already, but for the end of a filter.
    all.dedup_by(|one, other| one.0 == other.0);
    let table = |title: &str, deadly: bool| {
        let mut lines: Vec<String> = all
            .iter()
            .filter(|(_, answer, _)| (answer == "SIGSYS") == deadly)
            .map(|(name, answer, why)| match deadly {
                true => format!("| `{name}` | {why} |\n"),
                false => format!("| `{name}` | `{answer}` | {why} |\n"),
            })
            .collect();
        lines.sort();
        lines.dedup_by_key(|line| line.split('|').nth(1).map(str::to_owned));
        let head = if deadly {
            "| call | what it is for |\n|---|---|\n"
        } else {
            "| call | answer | who asks |\n|---|---|---|\n"
        };
        format!("\n## {title}\n\n{head}{}", lines.concat())
    };
    format!("{HEAD}{}{}", table("Refused", false), table("Deadly", true))
}

#[test]
fn the_documentation_lists_every_answer() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/system-calls.md");
    if std::env::var_os("CLOISON_BLESS").is_some() {
        std::fs::write(path, page()).expect("written");
    }
    assert_eq!(std::fs::read_to_string(path).expect("the page"), page());
}

/// The page is made from the source's text, the filter from its meaning: no row is overlooked.
#[test]
fn every_row_is_read() {
    use super::row::{Accept, Row};
    let count = |tables: &[&[Row]]| {
        tables.iter().flat_map(|table| table.iter()).filter(|row| matches!(row.accept, Accept::Never)).count()
    };
    let tables: [&[&[Row]]; 4] = [
        &[super::refused::ROWS],
        &[super::LEGACY_REFUSED, super::LEGACY_KILLED],
        &[super::killed::ROWS],
        &[super::microprocess::ROWS],
    ];
    for (source, table) in TABLES.iter().zip(tables) {
        assert_eq!(rows(source).len(), count(table));
    }
}
