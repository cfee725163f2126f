//! The keys of manifests: one table of all of them.
//!
//! [`KEYS`] says of each key which tables it stands in, what kind of value it has, and the sentence of the documentation.
//! Everybody who needs to know reads it there:
//!
//! | who | what for |
//! |---|---|
//! | `document` | a reader gets the values of these keys and no others, with their bounds; what is unknown, and what was meant |
//! | [`manifest`](crate::manifest) | the words that no parameter can be called by |
//! | `cloison schema` | the JSON schemas in `schema/` |
//! | [`in_page`] | the tables of `docs/manifests.md` |
//!
//! # To add a key
//!
//! Give it a row in [`KEYS`], read it where its table is read, and run the tests of `cloison-manifest` and
//! `cloison-cli` with `CLOISON_BLESS=1`, which write the tables and the schemas.
//! A key that nobody reads is reported as unknown, and a test says so; a key without a row is given to nobody.

mod markdown;
mod table;

pub use markdown::in_page;
pub use table::KEYS;

use crate::units::show_size;

/// One key of one or several tables.
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// Where it stands.
    pub tables: &'static [TableName],
    /// What its value is.
    pub kind: Kind,
    /// The table cannot do without it.
    pub required: bool,
    /// What the table has to be about for it to have a meaning, if not any: `handles`.
    pub of: &'static str,
    /// What counts where it is absent, as it would be written.
    pub default: &'static str,
    /// How the value is written, where the kind says too little.
    pub written: &'static str,
    /// What it says: a sentence in Markdown, without a capital and a full stop.
    pub says: &'static str,
}

/// A table that has keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TableName {
    /// `[app]`
    App,
    /// The whole of `cloison.toml`.
    Application,
    /// `[audit]`
    Audit,
    /// `[capabilities.NAME]`
    Capability,
    /// `[clock]`
    Clock,
    /// An entry of `commands`.
    Command,
    /// `[exceptions.NAME]`
    Exception,
    /// An entry of `files`.
    File,
    /// `[functions.NAME]`
    Function,
    /// `library`
    Library,
    /// `[limits]`
    Limits,
    /// `live` of a member.
    Live,
    /// The whole of `NAME.zone.toml`.
    Manifest,
    /// A member of a struct or union.
    Member,
    /// `[microprocess.NAME]`
    Microprocess,
    /// `[microprocess.NAME.capabilities.NAME]`
    Narrowing,
    /// An entry of `network`.
    Network,
    /// A parameter, of a function or of a callback.
    Parameter,
    /// An entry of `processes`.
    Processes,
    /// `[random]`
    Random,
    /// `returns`
    Returns,
    /// An entry of `roots`.
    Root,
    /// `[sandbox]`
    Sandbox,
    /// `secret`
    Secret,
    /// `[types.NAME]`
    Type,
    /// `[zone]`
    Zone,
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One of these words, and what each means.
    Choice(&'static [(&'static str, &'static str)]),
    /// A whole number, from the first to the second.
    Count(u64, u64),
    /// A whole number, from the first to the second, or an array of tables.
    CountOrEntries(u64, u64, TableName),
    /// A time with its unit.
    Duration,
    /// An array of tables.
    Entries(TableName),
    /// Arithmetic.
    Expression,
    /// A table of expressions, by name.
    Expressions,
    /// A number, a text, or a truth value.
    Literal,
    /// A table of such, by name.
    Literals,
    /// Bytes, from the first to the second, or an expression that gives them.
    Max(u64, u64),
    /// A table of tables, by name.
    Named(TableName),
    /// A table, or an array of tables.
    OneOrEntries(TableName),
    /// A text or an array of texts.
    OneOrMany,
    /// A text of that form, as a regular expression.
    Pattern(&'static str),
    /// The smallest and the largest number.
    Range,
    /// Bytes, from the first to the second.
    Size(u64, u64),
    /// `true`, or `false` as if it were not there.
    Switch,
    /// A table.
    Table(TableName),
    /// A text.
    Text,
    /// An array of texts.
    Texts,
    /// An array of texts, and of arrays of texts.
    TextsOrMany,
    /// An array of texts, or a table of tables by name.
    TextsOrNamed(TableName),
    /// A table of texts, by name.
    TextsByName,
    /// A text, or a table of texts by name.
    TextOrByName,
    /// `true` or `false`, of which both say something.
    Truth,
}

/// What `cloison bind` writes where C does not say. Each table may have it and none is right with it, so that it is no key
/// that people are told of.
pub const DECIDE: &str = "decide";

/// The keys of a table, in the order of the documentation.
pub fn of(table: TableName) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.tables.contains(&table))
}

/// The names of the keys of a table.
pub fn names(table: TableName) -> Vec<&'static str> {
    of(table).map(|key| key.name).collect()
}

/// That key of that table, if there is one.
pub fn find(table: TableName, name: &str) -> Option<&'static Key> {
    of(table).find(|key| key.name == name)
}

impl Key {
    /// What editors show: `For handles, a function: ends an object.`
    pub fn description(&self) -> String {
        let of = if self.of.is_empty() { String::new() } else { format!("for {}", self.of) };
        let about: Vec<_> = [of.as_str(), self.written].into_iter().filter(|one| !one.is_empty()).collect();
        let about = if about.is_empty() { String::new() } else { format!("{}: ", about.join(", ")) };
        let default = if self.default.is_empty() { String::new() } else { format!(" Default {}.", self.default) };
        let sentence = format!("{about}{}.", markdown::without_links(self.says));
        let mut characters = sentence.chars();
        let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        format!("{first}{}{default}", characters.as_str())
    }

    /// How its value is written: `size, 1 MiB to 1 TiB`.
    pub fn value(&self) -> String {
        let value = if self.written.is_empty() { self.kind.shown() } else { self.written.to_owned() };
        if self.required { format!("{value}; required") } else { value }
    }
}

impl Kind {
    fn shown(self) -> String {
        match self {
            Self::Choice(words) => {
                let words: Vec<_> = words.iter().map(|(word, _)| format!("`\"{word}\"`")).collect();
                words.join(", ")
            }
            Self::Count(least, most) => format!("{least} to {most}"),
            Self::CountOrEntries(least, most, _) => format!("{least} to {most}, or array of tables"),
            Self::Duration => "duration".to_owned(),
            Self::Entries(_) => "array of tables".to_owned(),
            Self::Expression => "[expression](#expressions)".to_owned(),
            Self::Literal => "number, string".to_owned(),
            Self::Max(..) => "size".to_owned(),
            Self::OneOrEntries(_) => "table, or array of tables".to_owned(),
            Self::OneOrMany => "string, or array of strings".to_owned(),
            Self::Range => "`[least, most]`".to_owned(),
            Self::Size(least, most) => format!("size, {} to {}", show_size(least), show_size(most)),
            Self::Switch => "`true`".to_owned(),
            Self::Expressions | Self::Literals | Self::Named(_) | Self::Table(_) | Self::TextsByName => {
                "table".to_owned()
            }
            Self::Pattern(_) | Self::Text => "string".to_owned(),
            Self::TextOrByName => "string, or table".to_owned(),
            Self::Texts => "array of strings".to_owned(),
            Self::TextsOrMany => "array of strings, and of arrays of strings".to_owned(),
            Self::TextsOrNamed(_) => "array of strings, or table".to_owned(),
            Self::Truth => "`true`, `false`".to_owned(),
        }
    }
}

impl TableName {
    /// All of them.
    pub const ALL: [Self; 26] = [
        Self::App,
        Self::Application,
        Self::Audit,
        Self::Capability,
        Self::Clock,
        Self::Command,
        Self::Exception,
        Self::File,
        Self::Function,
        Self::Library,
        Self::Limits,
        Self::Live,
        Self::Manifest,
        Self::Member,
        Self::Microprocess,
        Self::Narrowing,
        Self::Network,
        Self::Parameter,
        Self::Processes,
        Self::Random,
        Self::Returns,
        Self::Root,
        Self::Sandbox,
        Self::Secret,
        Self::Type,
        Self::Zone,
    ];

    /// One word for it, and what the table is for.
    pub fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::App => ("App", "`[app]`"),
            Self::Application => {
                ("Application", "What one application runs, which zones it may use, and how much of each.")
            }
            Self::Audit => ("Audit", "`[audit]`"),
            Self::Capability => ("Capability", "`[capabilities.NAME]`"),
            Self::Clock => ("Clock", "`[clock]`"),
            Self::Command => {
                ("Command", "An entry of `commands`: a program of the machine, its arguments, and what it gets.")
            }
            Self::Exception => ("Exception", "`[exceptions.NAME]`"),
            Self::File => ("File", "An entry of `files`: exactly one of `read` and `write`."),
            Self::Function => {
                ("Function", "`[functions.NAME]`. Each other key is a table for the parameter of that name.")
            }
            Self::Library => ("Library", "`library`: exactly one of `soname` and `path`."),
            Self::Limits => ("Limits", "`[limits]`"),
            Self::Live => ("LiveBy", "Which member of a union is live, by another member of the struct."),
            Self::Manifest => {
                ("Manifest", "What one C library offers: functions, types, errors, and the sandbox of its zone.")
            }
            Self::Member => ("Member", "A member of a struct or a union."),
            Self::Microprocess => ("Microprocess", "`[microprocess.NAME]`: a profile of microprocesses."),
            Self::Narrowing => (
                "Narrowing",
                "`[microprocess.NAME.capabilities.NAME]`: what a profile leaves of a capability; what is not said stays.",
            ),
            Self::Network => ("Network", "An entry of `network`: a port that the library connects to."),
            Self::Parameter => ("Parameter", "What a parameter is for."),
            Self::Processes => ("Processes", "An entry of `processes`: so many threads, for some functions."),
            Self::Random => ("Random", "`[random]`"),
            Self::Returns => ("Returns", "What becomes of a function's value."),
            Self::Root => ("Root", "An entry of `roots`: a folder of the machine, and what may be done below it."),
            Self::Sandbox => ("Sandbox", "`[sandbox]`"),
            Self::Secret => {
                ("Secret", "`secret`: a header that is added to requests, and where what it says comes from.")
            }
            Self::Type => ("Type", "`[types.NAME]`. Each other key is a table for the member of that name."),
            Self::Zone => ("Zone", "`[zone]`"),
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        self.text().0
    }

    /// The tables that its other keys are, by names that the author chooses.
    pub fn others(self) -> Option<Self> {
        match self {
            Self::Function => Some(Self::Parameter),
            Self::Type => Some(Self::Member),
            Self::App
            | Self::Application
            | Self::Audit
            | Self::Capability
            | Self::Clock
            | Self::Command
            | Self::Exception
            | Self::File
            | Self::Library
            | Self::Limits
            | Self::Live
            | Self::Manifest
            | Self::Member
            | Self::Microprocess
            | Self::Narrowing
            | Self::Network
            | Self::Parameter
            | Self::Processes
            | Self::Random
            | Self::Returns
            | Self::Root
            | Self::Sandbox
            | Self::Secret
            | Self::Zone => None,
        }
    }

    /// Whether `decide` may stand in it.
    pub fn may_be_open(self) -> bool {
        matches!(self, Self::Library | Self::Member | Self::Parameter | Self::Returns | Self::Type)
    }
}
