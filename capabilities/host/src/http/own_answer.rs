//! What a program is told instead of an answer.

use super::mask::Mask;
use cloison_contract::host::http::{PathFault, Secret};
use std::fmt::Display;

/// By this header, a program knows an answer that no server has given.
pub(super) const MARK: &str = "Cloison-Denied";

/// An answer of the zone's own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct OwnAnswer {
    status: u16,
    /// What the mark says: a word for programs.
    pub(super) word: &'static str,
    /// A sentence for people.
    pub(super) text: String,
}

impl OwnAnswer {
    /// A request that cannot be understood in one way alone.
    pub(super) fn malformed(what: impl Display) -> Self {
        Self { status: 400, word: "malformed", text: format!("this is no request that can be sent on: {what}") }
    }

    /// A path that has no plain form.
    pub(super) fn path(path: &str, fault: PathFault) -> Self {
        let path = path.escape_default();
        Self { status: 403, word: "path", text: format!("the path {path} is never granted: {fault}") }
    }

    /// Too much of something.
    pub(super) fn too_large(what: impl Display) -> Self {
        Self { status: 413, word: "size", text: format!("this request is not sent on: {what}") }
    }

    /// No rule allows it.
    pub(super) fn denied(text: String) -> Self {
        Self { status: 403, word: "request", text }
    }

    /// There may be no more of them, or not yet.
    pub(super) fn quota(text: String) -> Self {
        Self { status: 429, word: "quota", text }
    }

    /// An address that the server's name must not lead to.
    pub(super) fn address(text: String) -> Self {
        Self { status: 403, word: "address", text }
    }

    /// The server could not be reached, or has not answered as servers do.
    pub(super) fn server(text: String) -> Self {
        Self { status: 502, word: "server", text }
    }

    /// Its answer is larger than it may be.
    pub(super) fn answer_size(text: String) -> Self {
        Self { status: 502, word: "size", text }
    }

    /// It takes too long.
    pub(super) fn time(text: String) -> Self {
        Self { status: 504, word: "time", text }
    }

    /// The answer as bytes, behind which the connection ends.
    pub(super) fn to_bytes(&self, secrets: &[Secret], method: &str) -> Vec<u8> {
        // What many libraries show of an answer, and all that they show.
        let reason = match (self.status, self.word) {
            (400, _) => "Bad Request: cloison does not send it on",
            (403, "address") => "Forbidden: no name may lead there",
            (403, _) => "Forbidden: not granted in cloison.toml",
            (413, _) => "Content Too Large: more than cloison.toml grants",
            (429, _) => "Too Many Requests: more than cloison.toml grants",
            (502, _) => "Bad Gateway: no answer that cloison gives",
            _ => "Gateway Timeout: longer than cloison.toml grants",
        };
        let text = Mask::text(secrets, format!("cloison: {}\n", self.text).as_bytes());
        let (status, word, length) = (self.status, self.word, text.len());
        let head = format!(
            "HTTP/1.1 {status} {reason}\r\n{MARK}: {word}\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        let mut bytes = head.into_bytes();
        if method != "HEAD" {
            bytes.extend_from_slice(&text);
        }
        bytes
    }
}
