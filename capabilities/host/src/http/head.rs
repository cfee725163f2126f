//! Heads of messages: the bytes up to the empty line, taken apart strictly.
//!
//! `httparse` takes a head apart. Before that, its lines have to end with CR LF and nothing else, since servers and proxies disagree
//! about everything between; behind that, what says where a message ends may be said once.

use super::body::Framing;
use super::own_answer::OwnAnswer;
use cloison_contract::host::http::{
    PathFault, PlainPath, is_override, is_own_header, is_token_byte, plain_name, split_authority,
};

/// The longest head, and the most headers.
pub(super) const HEAD_BYTES: usize = 64 << 10;
const HEADERS: usize = 100;
/// The longest target.
const TARGET_BYTES: usize = 16 << 10;

/// One header: its name as it was written, and its value.
pub(super) type HeaderLine = (String, Vec<u8>);

/// Where a head ends, its empty line included.
pub(super) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// The head of a request that can be sent on.
#[derive(Debug)]
pub(super) struct RequestHead {
    pub(super) method: String,
    /// The path as it was written.
    pub(super) target: String,
    pub(super) path: PlainPath,
    /// What is sent on: everything that is not the zone's own to say.
    pub(super) headers: Vec<HeaderLine>,
    pub(super) framing: Framing,
    /// The host and the port that it names.
    pub(super) host: (String, Option<u16>),
    /// The program waits for `100 Continue`.
    pub(super) expects: bool,
    /// The program wants no further request on this connection.
    pub(super) closes: bool,
}

impl RequestHead {
    /// Takes a head apart, its empty line included.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, OwnAnswer> {
        lines_are_plain(bytes).map_err(OwnAnswer::malformed)?;
        let mut room = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut room);
        match request.parse(bytes) {
            Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
            Ok(_) => return Err(OwnAnswer::malformed("its head has no end")),
            Err(httparse::Error::TooManyHeaders) => {
                return Err(OwnAnswer::too_large("there are more than 100 headers"));
            }
            Err(error) => return Err(OwnAnswer::malformed(error)),
        }
        let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
            return Err(OwnAnswer::malformed("its first line is no request"));
        };
        // `httparse` knows 1.0 and 1.1.
        if version != 1 {
            return Err(OwnAnswer::malformed("it is not HTTP/1.1"));
        }
        if method.len() > 32 || !method.bytes().all(is_token_byte) {
            return Err(OwnAnswer::malformed("its method is too long"));
        }
        let path = target_path(target)?;
        let headers: Vec<HeaderLine> = headers(request.headers)?;
        let host = host(&headers)?;
        let framing = match (length(&headers)?, codings(&headers)?) {
            (None, false) => Framing::Empty,
            (Some(length), false) => Framing::Length(length),
            (None, true) => Framing::Chunked,
            (Some(_), true) => return Err(OwnAnswer::malformed("it has both Content-Length and Transfer-Encoding")),
        };
        let expects = match &*values(&headers, "expect") {
            [] => false,
            [one] if one.eq_ignore_ascii_case(b"100-continue") => true,
            _ => return Err(OwnAnswer::malformed("it expects what nobody does")),
        };
        for name in ["upgrade", "http2-settings"] {
            if !values(&headers, name).is_empty() {
                return Err(OwnAnswer::malformed("it asks for another protocol (Upgrade), which cannot be checked"));
            }
        }
        if let Some((name, _)) = headers.iter().find(|(name, _)| is_override(name)) {
            let text = format!("it has {name}, by which some servers take it for another request");
            return Err(OwnAnswer::malformed(&text));
        }
        let closes = connection(&headers)?;
        let headers = headers.into_iter().filter(|(name, _)| !is_own_header(name)).collect();
        Ok(Self { method: method.to_owned(), target: target.to_owned(), path, headers, framing, host, expects, closes })
    }
}

/// The head of an answer.
#[derive(Debug)]
pub(super) struct AnswerHead {
    pub(super) status: u16,
    pub(super) reason: String,
    /// What is sent on.
    pub(super) headers: Vec<HeaderLine>,
    /// What says how long the body is; whether there is one says the request, too.
    length: Option<u64>,
    chunked: bool,
    /// The connection can be used for the next request.
    pub(super) stays: bool,
}

impl AnswerHead {
    /// Takes a head apart, its empty line included.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        lines_are_plain(bytes)?;
        let mut room = [httparse::EMPTY_HEADER; HEADERS];
        let mut response = httparse::Response::new(&mut room);
        match response.parse(bytes) {
            Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
            Ok(_) => return Err("its head has no end".to_owned()),
            Err(error) => return Err(error.to_string()),
        }
        let (Some(status), Some(version)) = (response.code, response.version) else {
            return Err("its first line is no answer".to_owned());
        };
        if !(100..=599).contains(&status) {
            return Err(format!("its status is {status}"));
        }
        let reason = response.reason.unwrap_or_default().to_owned();
        let headers = headers(response.headers).map_err(|refusal| refusal.text)?;
        let plainly = |refusal: OwnAnswer| refusal.text;
        let (length, chunked) = (length(&headers).map_err(plainly)?, codings(&headers).map_err(plainly)?);
        if chunked && (length.is_some() || version == 0) {
            return Err("it says in two ways how long it is".to_owned());
        }
        let tokens = list(&headers, "connection");
        let has = |token: &str| tokens.iter().any(|one| one == token);
        let stays = if version == 0 { false } else { !has("close") };
        // What a server says is for this hop alone is not sent on.
        let sent = |name: &str| !is_own_header(name) && !tokens.contains(&plain_name(name));
        let headers = headers.into_iter().filter(|(name, _)| sent(name)).collect();
        Ok(Self { status, reason, headers, length, chunked, stays })
    }

    /// How its body ends, which is the answer to a request with that method.
    pub(super) fn framing(&self, method: &str) -> Framing {
        if self.has_no_body(method) {
            return Framing::Empty;
        }
        match (self.length, self.chunked) {
            (Some(length), _) => Framing::Length(length),
            (None, true) => Framing::Chunked,
            (None, false) => Framing::UntilEnd,
        }
    }

    /// Whether nothing follows, whatever its headers say.
    pub(super) fn has_no_body(&self, method: &str) -> bool {
        method == "HEAD" || matches!(self.status, 100..=199 | 204 | 304)
    }

    /// What it says of a length, if it says one.
    pub(super) fn length(&self) -> Option<u64> {
        self.length
    }
}

/// Whether all lines end with CR LF, and neither stands elsewhere; and no line goes on in the next one.
fn lines_are_plain(head: &[u8]) -> Result<(), &'static str> {
    let Some(lines) = head.strip_suffix(b"\r\n\r\n") else { return Err("its head has no end") };
    let mut rest = lines;
    let mut first = true;
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n");
        let line = &rest[..end.unwrap_or(rest.len())];
        if line.contains(&b'\n') || line.contains(&b'\r') {
            return Err("a line of its head ends with something else than CR LF");
        }
        if line.is_empty() {
            return Err(if first { "it begins with an empty line" } else { "its head has no end" });
        }
        if !first && matches!(line[0], b' ' | b'\t') {
            return Err("a header goes on in a second line");
        }
        if line.iter().any(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f) {
            return Err("its head has a control character");
        }
        match end {
            Some(end) => rest = &rest[end + 2..],
            None => return Ok(()),
        }
        first = false;
    }
}

fn headers(parsed: &[httparse::Header<'_>]) -> Result<Vec<HeaderLine>, OwnAnswer> {
    let header = |header: &httparse::Header<'_>| {
        if header.name.is_empty() || !header.name.bytes().all(is_token_byte) {
            return Err(OwnAnswer::malformed("the name of a header has a character that none has"));
        }
        Ok((header.name.to_owned(), header.value.trim_ascii().to_vec()))
    };
    parsed.iter().map(header).collect()
}

/// The values of all headers of that name, or of one that some server takes for it.
fn values<'h>(headers: &'h [HeaderLine], name: &str) -> Vec<&'h [u8]> {
    headers.iter().filter(|(other, _)| plain_name(other) == name).map(|(_, value)| value.as_slice()).collect()
}

/// The words of a header that is a list, in lower case.
fn list(headers: &[HeaderLine], name: &str) -> Vec<String> {
    let words = values(headers, name);
    let words = words.iter().flat_map(|value| value.split(|byte| *byte == b','));
    let words = words.map(|word| plain_name(&String::from_utf8_lossy(word.trim_ascii())));
    words.filter(|word| !word.is_empty()).collect()
}

fn length(headers: &[HeaderLine]) -> Result<Option<u64>, OwnAnswer> {
    match &*values(headers, "content-length") {
        [] => Ok(None),
        [one] => {
            let plain = !one.is_empty() && one.len() <= 19 && one.iter().all(u8::is_ascii_digit);
            let length = std::str::from_utf8(one).ok().filter(|_| plain).and_then(|text| text.parse().ok());
            length.map(Some).ok_or_else(|| OwnAnswer::malformed("its Content-Length is no number"))
        }
        _ => Err(OwnAnswer::malformed("it has more than one Content-Length")),
    }
}

/// Whether it comes in chunks. Other codings are refused: nobody uses them, and servers disagree about several.
fn codings(headers: &[HeaderLine]) -> Result<bool, OwnAnswer> {
    match &*values(headers, "transfer-encoding") {
        [] => Ok(false),
        [one] if one.eq_ignore_ascii_case(b"chunked") => Ok(true),
        _ => Err(OwnAnswer::malformed("its Transfer-Encoding is not `chunked`")),
    }
}

fn host(headers: &[HeaderLine]) -> Result<(String, Option<u16>), OwnAnswer> {
    match &*values(headers, "host") {
        [] => Err(OwnAnswer::malformed("it has no Host")),
        [one] => {
            let host = std::str::from_utf8(one).ok().and_then(split_authority);
            host.ok_or_else(|| OwnAnswer::malformed("its Host is none"))
        }
        _ => Err(OwnAnswer::malformed("it has more than one Host")),
    }
}

/// Whether the connection ends with this request.
fn connection(headers: &[HeaderLine]) -> Result<bool, OwnAnswer> {
    let mut closes = false;
    for word in list(headers, "connection") {
        match word.as_str() {
            "close" => closes = true,
            "keep-alive" | "te" => {}
            "upgrade" => {
                return Err(OwnAnswer::malformed("it asks for another protocol (Upgrade), which cannot be checked"));
            }
            // To say that a header is for the next hop is to have it taken away there.
            _ => return Err(OwnAnswer::malformed("its Connection names a header")),
        }
    }
    Ok(closes)
}

/// The path of a target, which is `/path?query` and nothing else.
fn target_path(target: &str) -> Result<PlainPath, OwnAnswer> {
    if target.len() > TARGET_BYTES {
        return Err(OwnAnswer::too_large("its URL is too long"));
    }
    if !target.starts_with('/') {
        return Err(OwnAnswer::malformed(
            "its URL is not a path: a request goes to the host that its connection is to",
        ));
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if let Some(byte) = query.bytes().find(|byte| !matches!(byte, b'!'..=b'~') || *byte == b'#') {
        return Err(OwnAnswer::malformed(format_args!("`{}` has to be encoded in a query", byte.escape_ascii())));
    }
    PlainPath::new(path.as_bytes()).map_err(|fault: PathFault| OwnAnswer::path(path, fault))
}

#[cfg(test)]
mod tests;
