//! What a function's name says that it does: whole words, where verbs stand.
//!
//! | name | of | says |
//! |---|---|---|
//! | `shelf_free`, `shelf_close_v2`, `xmlFreeDoc` (`xmlDoc`), `gzclose` (all are called `gz…`) | | that it ends the object: the word stands last, or before the type's own name |
//! | `node_release_memory`, `bio_free_all` | | something about an end: whose, has to be asked |
//! | `node_get_end_line`, `free_list_size` of a `const` object | | nothing of that kind |

use crate::header::words;

/// Verbs for an object's end. Later ones may mean less: an object that is closed or finished may have to be freed as well.
const ENDS: [(&str, Rank); 31] = [
    ("free", Rank::Memory),
    ("destroy", Rank::Memory),
    ("delete", Rank::Memory),
    ("dispose", Rank::Memory),
    ("dealloc", Rank::Memory),
    ("deallocate", Rank::Memory),
    ("unref", Rank::Reference),
    ("unreference", Rank::Reference),
    ("decref", Rank::Reference),
    ("deref", Rank::Reference),
    ("close", Rank::Object),
    ("finalize", Rank::Object),
    ("finalise", Rank::Object),
    ("release", Rank::Object),
    ("cleanup", Rank::Object),
    ("del", Rank::Object),
    ("fini", Rank::Object),
    ("end", Rank::Unclear),
    ("finish", Rank::Unclear),
    ("done", Rank::Unclear),
    ("term", Rank::Unclear),
    ("terminate", Rank::Unclear),
    ("shutdown", Rank::Unclear),
    ("deinit", Rank::Unclear),
    ("uninit", Rank::Unclear),
    ("exit", Rank::Unclear),
    ("quit", Rank::Unclear),
    ("drop", Rank::Unclear),
    ("discard", Rank::Unclear),
    ("stop", Rank::Unclear),
    ("kill", Rank::Unclear),
];
/// Verbs for making one.
const MAKES: [&str; 16] = [
    "new",
    "create",
    "open",
    "init",
    "alloc",
    "allocate",
    "dup",
    "duplicate",
    "copy",
    "clone",
    "prepare",
    "make",
    "dopen",
    "fopen",
    "reopen",
    "build",
];
/// Words before which a verb is no verb any more.
const ASKS: [&str; 22] = [
    "get", "is", "has", "set", "on", "can", "was", "at", "find", "peek", "next", "first", "last", "parent", "current",
    "default", "get0", "get1", "before", "after", "want", "should",
];
/// What may stand behind a verb and says which version of the function this is.
const VERSIONS: [&str; 3] = ["ex", "r", "safe"];
/// What types are called besides their names.
const TYPE_MARKS: [&str; 8] = ["t", "s", "st", "struct", "tag", "ptr", "rec", "type"];

/// How much a verb says about the end of an object.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Rank {
    /// Its memory is given back.
    Memory,
    /// One reference to it is given back.
    Reference,
    /// It is ended, and its memory most likely goes with it.
    Object,
    /// Something is ended.
    Unclear,
}

/// A verb for an end in a function's name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EndingVerb {
    pub verb: &'static str,
    pub rank: Rank,
    /// It stands where the name says that the object itself is ended.
    pub plain: bool,
    /// What stands before it.
    pub before: Vec<String>,
}

/// The verb for an end in a function's name, if there is one. `names` are what the type of its argument is called, `prefix` is
/// what all functions of that type begin with.
pub fn end(function: &str, names: &[&str], prefix: &str) -> Option<EndingVerb> {
    let mut words = split(function, names, prefix);
    while words.len() > 1 && words.last().is_some_and(|last| is_version(last)) {
        words.pop();
    }
    let known = |word: &String| ENDS.iter().find(|(verb, _)| verb == word);
    let at = words.iter().rposition(|word| known(word).is_some())?;
    if words[..at].iter().any(|word| ASKS.contains(&word.as_str())) {
        return None;
    }
    let (verb, rank) = *known(&words[at])?;
    let behind = &words[at + 1..];
    let plain = behind.is_empty() || names.iter().any(|name| type_words(name).ends_with(behind));
    Some(EndingVerb { verb, rank, plain, before: words[..at].to_vec() })
}

/// Whether a function's name says that it makes what it gives.
pub fn is_maker(function: &str) -> bool {
    let words = words(function);
    let makes = |word: &String| MAKES.contains(&word.trim_end_matches(|last: char| last.is_ascii_digit()));
    let joined = |word: &String| ["open", "create", "new"].iter().any(|end| word.ends_with(end));
    let at = words.iter().position(makes).or_else(|| words.last().filter(|last| joined(last)).map(|_| words.len() - 1));
    at.is_some_and(|at| !words[..at].iter().any(|word| ASKS.contains(&word.as_str())))
}

/// The words of a type's name, without what only says that it is a type.
pub fn type_words(name: &str) -> Vec<String> {
    let mut words = words(name);
    while words.len() > 1 && words.last().is_some_and(|last| TYPE_MARKS.contains(&last.as_str())) {
        words.pop();
    }
    words
}

/// The words, of which the first is cut once more where all functions begin alike (`gz`, `close`), or where it is a verb and
/// the type's name (`free`, `addrinfo`).
fn split(function: &str, names: &[&str], prefix: &str) -> Vec<String> {
    let mut words = words(function);
    let first = words.first().cloned().unwrap_or_default();
    let memory = ENDS.iter().filter(|(_, rank)| *rank == Rank::Memory);
    for (verb, rest) in memory.filter_map(|(verb, _)| Some((verb, first.strip_prefix(verb)?))) {
        if let Some(name) = names.iter().map(|name| type_words(name)).find(|name| name.concat() == rest) {
            words.splice(..1, [(*verb).to_owned()].into_iter().chain(name));
            return words;
        }
    }
    let verb = |rest: &&str| ENDS.iter().any(|(verb, _)| verb == rest);
    if let Some(rest) = first.strip_prefix(&*prefix.to_ascii_lowercase()).filter(verb) {
        words.splice(..1, [prefix.to_ascii_lowercase(), rest.to_owned()]);
        words.retain(|word| !word.is_empty());
    }
    words
}

fn is_version(word: &str) -> bool {
    let digits = word.strip_prefix('v').unwrap_or(word);
    VERSIONS.contains(&word) || (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_whole_words_where_verbs_stand() {
        for (function, name, prefix, expected) in [
            ("shelf_free", "shelf", "shelf_", Some(("free", true))),
            ("sqlite3_close_v2", "sqlite3", "sqlite3_", Some(("close", true))),
            ("xmlFreeDoc", "xmlDoc", "xml", Some(("free", true))),
            ("xmlFreeTextReader", "xmlTextReader", "xml", Some(("free", true))),
            ("xmlFreeNodeList", "xmlNode", "xml", Some(("free", false))),
            ("FT_Done_Face", "FT_Face", "FT_", Some(("done", true))),
            ("gzclose", "gzFile_s", "gz", Some(("close", true))),
            ("gzclose_r", "gzFile_s", "gz", Some(("close", true))),
            ("TIFFClose", "TIFF", "TIFF", Some(("close", true))),
            ("tidyRelease", "TidyDoc", "tidy", Some(("release", true))),
            ("EVP_MD_CTX_free", "evp_md_ctx_st", "EVP_", Some(("free", true))),
            ("pcre2_code_free_8", "pcre2_code_8", "pcre2_", Some(("free", true))),
            ("cmark_node_get_end_line", "cmark_node", "cmark_node_", None),
            ("sqlite3_db_release_memory", "sqlite3", "sqlite3_", Some(("release", false))),
            ("BIO_free_all", "bio_st", "BIO_", Some(("free", false))),
            ("freeaddrinfo", "addrinfo", "", Some(("free", true))),
            ("freezing", "ze", "", None),
            ("endpoint", "point", "", None),
            ("node_append", "node", "node_", None),
            ("node_disclose", "node", "node_", None),
            ("node_is_closed", "node", "node_", None),
            ("job_done", "job", "job_", Some(("done", true))),
        ] {
            let found = end(function, &[name], prefix).map(|end| (end.verb, end.plain));
            assert_eq!(found, expected, "{function}");
        }
    }

    #[test]
    fn makers() {
        for (function, expected) in [
            ("XML_ParserCreate_MM", true),
            ("sqlite3_open_v2", true),
            ("sqlite3_prepare16", true),
            ("gzopen", true),
            ("node_get_open_file", false),
            ("node_next_new", false),
            ("node_parent", false),
        ] {
            assert_eq!(is_maker(function), expected, "{function}");
        }
    }
}
