//! One connection of a program: requests in, answers out, one after the other.
//!
//! ```text
//!  program ──head──▶ parsed ──▶ allowed? ──▶ written anew, secrets added ──▶ server
//!          ──body──▶ out of its frame ─────▶ into a new one ───────────────▶
//!          ◀─────────────── written anew, secrets masked ◀── parsed ◀── head, body
//! ```
//!
//! Nothing that the program has written reaches a server, and nothing that a server has written reaches the program, but what was
//! taken apart and put together again.

use super::body::{BodyFault, BodyReader, Framing, LAST_CHUNK, write_chunk};
use super::head::{AnswerHead, HEAD_BYTES, RequestHead, end_of_head};
use super::mask::Mask;
use super::own_answer::OwnAnswer;
use super::program::{Gone, Next, ProgramEnd};
use super::upstream::{Sent, Upstream, UpstreamFault};
use super::wait::{Patience, Stop};
use super::{Destination, Http, IDLE_TIME, Unreached};
use cloison_contract::host::http::{HostRule, HttpRule, HttpTarget, Scheme, plain_name};
use cloison_contract::observation::ServiceUse;
use cloison_zone::serve::recorder;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// How many answers that are none yet (1xx) are passed over.
const INTERIM: usize = 8;
/// So long a connection is as good as just used.
const MOMENT: Duration = Duration::from_secs(1);

/// Why an exchange has ended without all of an answer.
#[derive(Debug)]
enum End {
    /// The program is told instead of an answer.
    Refused(Box<OwnAnswer>),
    /// The program has a part of the answer: all that can be said is that there is no more.
    Cut(String),
    /// The program has gone.
    Gone,
}

impl From<OwnAnswer> for End {
    fn from(refusal: OwnAnswer) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// Serves one connection until the program has closed it, or something was refused.
pub(super) fn converse(http: &Http, place: &Destination, socket: OwnedFd) {
    let mut program = ProgramEnd::new(socket);
    loop {
        let (method, end) = match program.next() {
            Next::End => return,
            Next::TooLong => (String::new(), Err(OwnAnswer::too_large("its head is longer than 64 KiB").into())),
            Next::Broken => (String::new(), Err(OwnAnswer::malformed("its head has no end").into())),
            Next::Head(head) => match RequestHead::parse(&head) {
                Err(refusal) => (String::new(), Err(refusal.into())),
                Ok(head) => (head.method.clone(), Exchange::new(http, place, &mut program, &head).run()),
            },
        };
        match end {
            Ok(true) => {}
            Ok(false) => return program.finish(),
            Err(End::Gone) => return,
            Err(End::Cut(why)) => return http.note(&format!("the answer of {} is cut off: {why}", place.host)),
            Err(End::Refused(refusal)) => {
                http.note(&refusal.text);
                if program.send(&refusal.to_bytes(&http.secrets, &method), None).is_ok() {
                    program.finish();
                }
                return;
            }
        }
    }
}

/// One request and its answer.
struct Exchange<'e> {
    http: &'e Http,
    place: &'e Destination,
    program: &'e mut ProgramEnd,
    head: &'e RequestHead,
    scheme: Scheme,
    patience: Patience,
}

impl<'e> Exchange<'e> {
    fn new(http: &'e Http, place: &'e Destination, program: &'e mut ProgramEnd, head: &'e RequestHead) -> Self {
        let patience = Patience::new(http.service.time, program.end());
        Self { http, place, program, head, scheme: place.begin(), patience }
    }

    /// Whether the connection can go on.
    fn run(&mut self) -> Result<bool, End> {
        self.check()?;
        // A connection that was kept may turn out to have ended meanwhile. What does the same twice is then sent on another one;
        // anything else is sent on one that was used a moment ago, or on a new one.
        let again = self.head.framing == Framing::Empty && is_idempotent(&self.head.method);
        let longest = if again { IDLE_TIME } else { MOMENT };
        let (mut server, old) = match self.http.take_idle(self.scheme, self.place, longest) {
            Some(server) => (server, true),
            None => (self.connect()?, false),
        };
        let mut started = self.start(&mut server);
        if old && again && matches!(started, Err(Started::Lost(UpstreamFault::Lost(_) | UpstreamFault::Cut))) {
            server = self.connect()?;
            started = self.start(&mut server);
        }
        let (head, sent) = match started {
            Ok(both) => both,
            Err(Started::Lost(fault)) => return Err(self.fault(fault)),
            Err(Started::End(end)) => return Err(end),
        };
        self.answer(server, &head, sent)
    }

    fn connect(&self) -> Result<Upstream, End> {
        self.http.connect(self.scheme, self.place, &self.patience).map_err(|unreached| match unreached {
            Unreached::Refused(refusal) => refusal.into(),
            Unreached::UpstreamFault(fault) => self.fault(fault),
        })
    }

    /// Whether the rules allow it.
    fn check(&self) -> Result<(), OwnAnswer> {
        let (place, head, service) = (self.place, self.head, &self.http.service);
        let (host, port) = &head.host;
        let port_is_said = port.is_none() && place.port == self.scheme.port() || *port == Some(place.port);
        if *host != place.host || !port_is_said {
            let text = format!(
                "its Host is `{host}{}`, and its connection is to {}",
                port.map(|port| format!(":{port}")).unwrap_or_default(),
                place.authority(self.scheme),
            );
            return Err(OwnAnswer::malformed(text));
        }
        let target = HttpTarget {
            method: &head.method,
            scheme: self.scheme,
            host: &place.host,
            port: place.port,
            path: &head.path,
        };
        if !service.allows(&target) {
            return Err(OwnAnswer::denied(self.denial()));
        }
        recorder::note(|| ServiceUse::Request { rule: self.rule().to_string() });
        match head.framing {
            Framing::Length(length) if length > service.request_bytes => return Err(self.too_long()),
            _ => {}
        }
        self.http.admit()
    }

    fn denial(&self) -> String {
        let service = &self.http.service;
        let (capability, location) = (&service.capability, &service.location);
        let rule = self.rule();
        format!("{rule} is not granted by capability `{capability}`: add \"{rule}\" to `allow` at {location}")
    }

    /// The rule that lets just this request through, whatever stands behind its `?`.
    fn rule(&self) -> HttpRule {
        let (place, head) = (self.place, self.head);
        let host = HostRule::new(&place.host).unwrap_or_else(|| HostRule::Name(place.host.clone()));
        HttpRule {
            method: Some(head.method.clone()),
            scheme: self.scheme,
            host,
            port: place.port,
            path: head.path.rule(),
        }
    }

    fn too_long(&self) -> OwnAnswer {
        let most = self.http.service.request_bytes;
        OwnAnswer::too_large(format_args!("its body is longer than the {most} bytes of `request`"))
    }

    /// Sends the request, and reads the head of the answer. Whether all of the request was sent.
    fn start(&mut self, server: &mut Upstream) -> Result<(AnswerHead, Sent), Started> {
        let mut sent = server.send(&self.request(), &self.patience)?;
        if sent == Sent::All && self.head.framing != Framing::Empty {
            sent = self.send_body(server)?;
        }
        for _ in 0..INTERIM {
            let head = self.answer_head(server)?;
            match head.status {
                101 => return Err(OwnAnswer::server(self.says("it has changed the protocol")).into()),
                100..=199 => {}
                _ => return Ok((head, sent)),
            }
        }
        Err(OwnAnswer::server(self.says("it says again and again that it goes on")).into())
    }

    /// The head of the request, as it goes to the server.
    fn request(&self) -> Vec<u8> {
        let (head, place) = (self.head, self.place);
        let mut bytes = format!("{} {} HTTP/1.1\r\n", head.method, head.target).into_bytes();
        write_header(&mut bytes, "Host", place.authority(self.scheme).as_bytes());
        let secrets = self.http.secrets_for(self.scheme, &place.host);
        let is_secret = |name: &str| secrets.iter().any(|(secret, _)| plain_name(&secret.header) == plain_name(name));
        for (name, value) in &head.headers {
            if !is_secret(name) {
                write_header(&mut bytes, name, value);
            }
        }
        for (secret, value) in &secrets {
            write_header(&mut bytes, &secret.header, &[secret.prefix.as_bytes(), value.expose()].concat());
        }
        match head.framing {
            Framing::Length(length) => write_header(&mut bytes, "Content-Length", length.to_string().as_bytes()),
            Framing::Chunked => write_header(&mut bytes, "Transfer-Encoding", b"chunked"),
            Framing::Empty | Framing::UntilEnd => {}
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    fn send_body(&mut self, server: &mut Upstream) -> Result<Sent, Started> {
        if self.head.expects && self.program.received.is_empty() {
            self.program.send(b"HTTP/1.1 100 Continue\r\n\r\n", Some(&mut self.patience))?;
        }
        let mut reader = BodyReader::new(self.head.framing);
        let chunked = self.head.framing == Framing::Chunked;
        let (mut total, mut data, mut framed) = (0_u64, Vec::new(), Vec::new());
        while !reader.is_done() {
            if self.program.received.is_empty() && self.program.more(&mut self.patience)? == 0 {
                return Err(Gone.into());
            }
            data.clear();
            let wrong = |fault: BodyFault| OwnAnswer::malformed(format_args!("of its body, {fault}"));
            let taken = reader.take(&self.program.received, &mut data).map_err(wrong)?;
            self.program.received.drain(..taken);
            total += data.len() as u64;
            if total > self.http.service.request_bytes {
                return Err(self.too_long().into());
            }
            framed.clear();
            if chunked {
                write_chunk(&data, &mut framed);
                if reader.is_done() {
                    framed.extend_from_slice(LAST_CHUNK);
                }
            }
            let out = if chunked { &framed } else { &data };
            if server.has_answered(&self.patience)? || server.send(out, &self.patience)? == Sent::Answered {
                return Ok(Sent::Answered);
            }
        }
        Ok(Sent::All)
    }

    fn answer_head(&self, server: &mut Upstream) -> Result<AnswerHead, Started> {
        loop {
            match end_of_head(&server.received) {
                Some(end) if end <= HEAD_BYTES => {
                    let head: Vec<u8> = server.received.drain(..end).collect();
                    return AnswerHead::parse(&head).map_err(|wrong| {
                        OwnAnswer::server(self.says(&format!("this is no answer of HTTP/1.1: {wrong}"))).into()
                    });
                }
                None if server.received.len() < HEAD_BYTES => {}
                _ => return Err(OwnAnswer::server(self.says("the head of its answer is longer than 64 KiB")).into()),
            }
            let nothing_yet = server.received.is_empty();
            if server.more(&self.patience)? == 0 {
                if nothing_yet {
                    return Err(Started::Lost(UpstreamFault::Lost(rustix::io::Errno::CONNRESET)));
                }
                return Err(
                    OwnAnswer::server(self.says("it has closed the connection before the end of its answer")).into()
                );
            }
        }
    }

    /// Sends an answer on. Whether the connection can go on.
    fn answer(&mut self, mut server: Upstream, head: &AnswerHead, sent: Sent) -> Result<bool, End> {
        let method = &self.head.method;
        let framing = head.framing(method);
        let most = self.http.service.response_bytes;
        let too_long =
            |place: &Destination| format!("{}: its answer is longer than the {most} bytes of `response`", place.host);
        if let Framing::Length(length) = framing
            && length > most
        {
            return Err(OwnAnswer::answer_size(too_long(self.place)).into());
        }
        let goes_on = sent == Sent::All && !self.head.closes;
        self.program.send(&self.answer_bytes(head, framing, goes_on), Some(&mut self.patience))?;
        let chunked = matches!(framing, Framing::Chunked | Framing::UntilEnd);
        let mut reader = BodyReader::new(framing);
        let mut mask = Mask::new(&self.http.secrets);
        let (mut total, mut data, mut framed) = (0_u64, Vec::new(), Vec::new());
        while !reader.is_done() {
            if server.received.is_empty() && server.more(&self.patience).map_err(|fault| self.cut(&fault))? == 0 {
                reader.end().map_err(|fault| End::Cut(format!("of its body, {fault}")))?;
            }
            data.clear();
            let taken = reader.take(&server.received, &mut data);
            let taken = taken.map_err(|fault| End::Cut(format!("of its body, {fault}")))?;
            server.received.drain(..taken);
            total += data.len() as u64;
            if total > most {
                return Err(End::Cut(too_long(self.place)));
            }
            let mut out = mask.pass(&data);
            if reader.is_done() {
                out.extend_from_slice(&mask.end());
            }
            if chunked {
                framed.clear();
                write_chunk(&out, &mut framed);
                if reader.is_done() {
                    framed.extend_from_slice(LAST_CHUNK);
                }
                std::mem::swap(&mut out, &mut framed);
            }
            self.program.send(&out, Some(&mut self.patience))?;
        }
        // What stands behind an answer belongs to no request.
        if head.stays && framing != Framing::UntilEnd && sent == Sent::All && server.received.is_empty() {
            self.http.keep_idle(self.scheme, self.place, server);
        }
        Ok(goes_on)
    }

    /// The head of an answer, as it goes to the program.
    fn answer_bytes(&self, head: &AnswerHead, framing: Framing, goes_on: bool) -> Vec<u8> {
        let secrets = &self.http.secrets;
        let reason = Mask::text(secrets, head.reason.as_bytes());
        let mut bytes = format!("HTTP/1.1 {} ", head.status).into_bytes();
        bytes.extend_from_slice(&reason);
        bytes.extend_from_slice(b"\r\n");
        for (name, value) in &head.headers {
            let name = Mask::text(secrets, name.as_bytes());
            write_header(&mut bytes, &String::from_utf8_lossy(&name), &Mask::text(secrets, value));
        }
        match framing {
            Framing::Length(length) => write_header(&mut bytes, "Content-Length", length.to_string().as_bytes()),
            Framing::Chunked | Framing::UntilEnd => write_header(&mut bytes, "Transfer-Encoding", b"chunked"),
            // What a body's length would be says HEAD, and 304; there is none.
            Framing::Empty => {
                if let Some(length) = head.length()
                    && head.status != 204
                {
                    write_header(&mut bytes, "Content-Length", length.to_string().as_bytes());
                }
            }
        }
        if !goes_on {
            write_header(&mut bytes, "Connection", b"close");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    fn says(&self, what: &str) -> String {
        format!("{}: {what}", self.place.authority(self.scheme))
    }

    fn why(&self, fault: &UpstreamFault) -> String {
        match fault {
            UpstreamFault::Stop(Stop::Time) => {
                self.says(&format!("it has taken longer than the {:?} of `time`", self.http.service.time))
            }
            UpstreamFault::Stop(Stop::Gone) => self.says("the program has closed the connection"),
            UpstreamFault::Lost(error) => self.says(&format!("the connection is lost: {error}")),
            UpstreamFault::Tls(error) => self.says(&format!("TLS: {error}")),
            UpstreamFault::Cut => self.says("the connection has ended before TLS has"),
        }
    }

    /// Before anything of the answer has gone to the program.
    fn fault(&self, fault: UpstreamFault) -> End {
        match fault {
            UpstreamFault::Stop(Stop::Gone) => End::Gone,
            UpstreamFault::Stop(Stop::Time) => OwnAnswer::time(self.why(&fault)).into(),
            _ => OwnAnswer::server(self.why(&fault)).into(),
        }
    }

    /// Behind that.
    fn cut(&self, fault: &UpstreamFault) -> End {
        match fault {
            UpstreamFault::Stop(Stop::Gone) => End::Gone,
            _ => End::Cut(self.why(fault)),
        }
    }
}

/// Why there is no head of an answer.
enum Started {
    /// The connection was of no use.
    Lost(UpstreamFault),
    End(End),
}

impl From<UpstreamFault> for Started {
    fn from(fault: UpstreamFault) -> Self {
        Self::Lost(fault)
    }
}

impl From<OwnAnswer> for Started {
    fn from(refusal: OwnAnswer) -> Self {
        Self::End(refusal.into())
    }
}

impl From<Gone> for Started {
    fn from(gone: Gone) -> Self {
        Self::End(gone.into())
    }
}

/// Whether it does the same to send a request twice as once (RFC 9110, 9.2.2).
fn is_idempotent(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE")
}

/// Name and value were looked at when they were parsed, or when the capability was configured.
fn write_header(into: &mut Vec<u8>, name: &str, value: &[u8]) {
    let plain = |bytes: &[u8]| bytes.iter().all(|byte| !matches!(byte, b'\r' | b'\n' | 0));
    debug_assert!(plain(name.as_bytes()) && plain(value), "a header of one line");
    into.extend_from_slice(name.as_bytes());
    into.extend_from_slice(b": ");
    into.extend_from_slice(value);
    into.extend_from_slice(b"\r\n");
}
