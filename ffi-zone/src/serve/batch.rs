//! Many calls in one request.
//!
//! The calls stand in a row in the arena ([`cloison_contract::call`]), and so do their replies, for which the zone sets room
//! aside behind what the client has used; behind that goes what the calls have to say. The row is looked through once before
//! anything is called, so that nonsense in it costs nothing but the batch; then call after call is taken from it and
//! checked again, because the client can have changed it meanwhile, until one ends otherwise than with [`Status::Ok`].
//!
//! Each call is admitted like any other. What is done once for all of them is what costs more than a call does: taking
//! the request, looking at the clock, waking the client. All calls together may take as long as the longest deadline among them, and each
//! as long as its own.
#![deny(clippy::wildcard_enum_match_arm)]

use crate::callback::callables::CallbackSource;
use crate::marshal::refusal::{Refusal, empty_reply};
use crate::serve::Service;
use crate::serve::clients::Client;
use crate::serve::workers::WorkerContext;
use cloison_contract::call::{
    ARENA_ALIGNMENT, BATCH, CLOSE, HELD, MAX_BATCH, MAX_WORDS, REFUSAL_WORDS, Reply, Request, SYNC, Status,
};
use cloison_contract::interface::Function;
use cloison_contract::shape::{Shape, Slot, Slots};
use cloison_transport::Arena;
use cloison_transport::status::ThreadRow;
use std::time::Duration;

/// Bytes of a reply before its words.
const REPLY_HEAD: u64 = 8;

/// A row of calls that does not make sense.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Nonsense;

/// A word of an earlier reply that becomes a word of this call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RowLink {
    /// Which of this call's words.
    pub word: usize,
    /// Which call.
    pub call: usize,
    /// Which word of its reply.
    pub result: usize,
}

/// Calls in the arena, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct ClaimedCalls<'a> {
    arena: &'a Arena,
    at: u64,
    end: u64,
    left: u64,
}

impl<'a> ClaimedCalls<'a> {
    /// Those that a request claims: offset, length, how many.
    pub fn new(arena: &'a Arena, used: u64, claim: [u64; 3]) -> Result<Self, Nonsense> {
        let [offset, length, left] = claim;
        let end = offset.checked_add(length).filter(|end| *end <= used && used <= arena.len()).ok_or(Nonsense)?;
        if !offset.is_multiple_of(8) || left > MAX_BATCH {
            return Err(Nonsense);
        }
        Ok(Self { arena, at: offset, end, left })
    }

    /// The next call: its function and words into `request`, its links into `links`. Whether there was one.
    #[inline]
    pub fn next(&mut self, request: &mut Request, links: &mut Vec<RowLink>) -> Result<bool, Nonsense> {
        links.clear();
        if self.left == 0 {
            return if self.at == self.end { Ok(false) } else { Err(Nonsense) };
        }
        let (function, count, link_count) = self.head()?;
        request.function = function;
        request.count = count as u32;
        self.words(&mut request.words[..count])?;
        for _ in 0..link_count {
            let mut pair = [0; 2];
            self.words(&mut pair)?;
            let [word, from] = pair;
            let word = usize::try_from(word).ok().filter(|word| *word < count).ok_or(Nonsense)?;
            links.push(RowLink { word, call: (from >> 32) as usize, result: from as u32 as usize });
        }
        self.left -= 1;
        Ok(true)
    }

    /// The next call's function, without the rest. Whether there was one.
    #[inline]
    fn skip(&mut self) -> Result<Option<u32>, Nonsense> {
        if self.left == 0 {
            return if self.at == self.end { Ok(None) } else { Err(Nonsense) };
        }
        let (function, count, links) = self.head()?;
        self.at += count as u64 * 8 + links * 16;
        self.left -= 1;
        if self.at > self.end { Err(Nonsense) } else { Ok(Some(function)) }
    }

    #[inline]
    fn head(&mut self) -> Result<(u32, usize, u64), Nonsense> {
        let mut head = [0; 2];
        self.words(&mut head)?;
        let [first, second] = head;
        let (function, count, links) = (first as u32, (first >> 32) as usize, second as u32);
        if count > MAX_WORDS || links as usize > MAX_WORDS || second >> 32 != 0 {
            return Err(Nonsense);
        }
        Ok((function, count, links.into()))
    }

    #[inline]
    fn words(&mut self, target: &mut [u64]) -> Result<(), Nonsense> {
        let end = self.at + target.len() as u64 * 8;
        if end > self.end {
            return Err(Nonsense);
        }
        self.arena.read_words(self.at, target).map_err(|_| Nonsense)?;
        self.at = end;
        Ok(())
    }
}

/// Where replies are written.
struct Replies<'a> {
    arena: &'a Arena,
    start: u64,
    at: u64,
    end: u64,
    /// Where each begins, if any call has links.
    begins: Vec<u64>,
}

impl Replies<'_> {
    fn push(&mut self, reply: &Reply) -> Result<(), Nonsense> {
        let count = (reply.count as usize).min(MAX_WORDS);
        let end = self.at + REPLY_HEAD + count as u64 * 8;
        if end > self.end {
            return Err(Nonsense);
        }
        let head = [u64::from(reply.status as u32) | (count as u64) << 32];
        self.arena.write_words(self.at, &head).map_err(|_| Nonsense)?;
        self.arena.write_words(self.at + REPLY_HEAD, &reply.words[..count]).map_err(|_| Nonsense)?;
        self.begins.push(self.at);
        self.at = end;
        Ok(())
    }

    /// A word of an earlier reply: the client can have changed it, as it could have sent it.
    fn word(&self, call: usize, result: usize) -> Option<u64> {
        let begin = *self.begins.get(call)?;
        let (mut head, mut word) = ([0], [0]);
        self.arena.read_words(begin, &mut head).ok()?;
        let at = begin + REPLY_HEAD + result as u64 * 8;
        if result as u64 >= head[0] >> 32 || at + 8 > self.at {
            return None;
        }
        self.arena.read_words(at, &mut word).ok()?;
        Some(word[0])
    }
}

/// Which of a function's words links may connect: numbers and handles, bit by bit; and how long it may take.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Single {
    arguments: u64,
    results: u64,
    /// How many words a reply has at most.
    words: u64,
    /// How long a call may take.
    pub(crate) deadline: Duration,
}

impl Single {
    /// Of one function, a call of which may take so long.
    pub(crate) fn of(function: &Function, deadline: Duration) -> Self {
        let reply = function.reply_slots();
        let words = reply.words().max(REFUSAL_WORDS) as u64;
        Self { arguments: alone(&function.request_slots()), results: alone(&reply), words, deadline }
    }
}

/// The words of slots that are a number or a handle, bit by bit.
fn alone(slots: &Slots) -> u64 {
    slots.iter().filter_map(linkable).filter(|word| *word < MAX_WORDS).fold(0, |bits, word| bits | 1 << word)
}

/// The word that both sides see as a number or a handle. In front of a number that may be missing stands the word that says
/// whether it is there; the caller fills that in.
fn linkable(slot: &Slot) -> Option<usize> {
    match &slot.shape {
        Shape::Number(_) | Shape::ScalarPointer(_) => Some(slot.word + slot.words - 1),
        Shape::Handle(_) | Shape::OutPointer(_) => (slot.words == 1).then_some(slot.word),
        Shape::Buffer(_)
        | Shape::Callback(_)
        | Shape::CapacityOf(_)
        | Shape::Constant(_)
        | Shape::LengthOf(_)
        | Shape::Record(_)
        | Shape::Text(_)
        | Shape::Wide(_) => None,
    }
}

/// Runs a batch.
pub(crate) fn run(
    service: &Service,
    client: &Client,
    context: &WorkerContext,
    row: &ThreadRow,
    callables: &dyn CallbackSource,
    request: &Request,
    reply: &mut Reply,
) {
    let mut batch = match Batch::new(service, client, request) {
        Ok(batch) => batch,
        Err(refusal) => return service.refuse(client, &refusal, request, reply),
    };
    if let Some(policy) = &client.policy {
        policy.carried(request.arena_used);
    }
    let count = batch.calls.left;
    service.begins(row.begin_many(client.channel.id(), BATCH, count, batch.deadline));
    batch.run(context, row, callables, request.arena_used);
    row.end();
    let replies = &batch.replies;
    reply.status = Status::Ok;
    reply.count = 3;
    reply.words[..3].copy_from_slice(&[replies.start, replies.at - replies.start, batch.made]);
}

struct Batch<'a> {
    service: &'a Service,
    client: &'a Client,
    calls: ClaimedCalls<'a>,
    replies: Replies<'a>,
    made: u64,
    /// How long the calls may take together: the longest of their deadlines.
    deadline: Duration,
}

impl<'a> Batch<'a> {
    /// Looks the calls through and makes room for their replies.
    fn new(service: &'a Service, client: &'a Client, request: &Request) -> Result<Self, Box<Refusal>> {
        let nonsense = |_| Refusal::new(Status::Malformed, "the batch makes no sense");
        let arena = client.channel.arena();
        if request.count != 3 {
            return Err(nonsense(Nonsense));
        }
        let claim = [request.words[0], request.words[1], request.words[2]];
        let calls = ClaimedCalls::new(arena, request.arena_used, claim).map_err(nonsense)?;
        let (mut ahead, mut bytes, mut deadline) = (calls, 0_u64, None);
        while let Some(function) = ahead.skip().map_err(nonsense)? {
            let words = service.single(function).map_or(REFUSAL_WORDS as u64, |single| single.words);
            bytes += REPLY_HEAD + words * 8;
            deadline = deadline.max(Some(service.deadline(function)));
        }
        let start = request.arena_used.next_multiple_of(ARENA_ALIGNMENT);
        let end = start.saturating_add(bytes);
        if end > arena.len() {
            let text = format_args!("the replies' {bytes} bytes do not fit into what is left of the channel");
            return Err(Refusal::new(Status::TooLarge, text));
        }
        let replies = Replies { arena, start, at: start, end, begins: Vec::with_capacity(calls.left as usize) };
        Ok(Self {
            service,
            client,
            calls,
            replies,
            made: 0,
            deadline: deadline.unwrap_or_else(|| service.deadline(BATCH)),
        })
    }

    fn run(&mut self, context: &WorkerContext, row: &ThreadRow, callables: &dyn CallbackSource, used: u64) {
        let (mut request, mut reply, mut links) = (Box::new(Request::EMPTY), Box::new(empty_reply()), Vec::new());
        let mut functions = Vec::with_capacity(self.calls.left as usize);
        request.arena_used = self.replies.end.max(used);
        loop {
            match self.calls.next(&mut request, &mut links) {
                Ok(false) => return,
                Ok(true) if links.is_empty() || self.follow(&functions, &mut request, &links).is_some() => {
                    self.one(context, row, callables, &mut request, &mut reply);
                }
                Ok(true) | Err(Nonsense) => {
                    let refusal = Refusal::new(Status::Malformed, "the call makes no sense");
                    self.service.refuse(self.client, &refusal, &request, &mut reply);
                }
            }
            if self.replies.push(&reply).is_err() {
                // Only a client that has changed the batch meanwhile gets here.
                return;
            }
            functions.push(request.function);
            self.made += 1;
            if reply.status != Status::Ok {
                return;
            }
        }
    }

    fn one(
        &self,
        context: &WorkerContext,
        row: &ThreadRow,
        callables: &dyn CallbackSource,
        request: &mut Request,
        reply: &mut Reply,
    ) {
        // The client can have changed the batch: what it looks like now may take no longer than what it looked like.
        let own = self.service.deadline(request.function);
        self.service.begins(row.next(request.function, (own < self.deadline).then_some(own)));
        let reached = match request.function {
            CLOSE | HELD | SYNC => {
                self.service.object(self.client, context, callables, request, reply);
                match request.function == SYNC && reply.status == Status::Ok {
                    true => request.arena_used + reply.words[1] + ARENA_ALIGNMENT,
                    false => request.arena_used,
                }
            }
            // What the calls bring was counted for all of them.
            _ => match self.service.admit(self.client, request, 0) {
                Ok(()) => self.service.call(self.client, context, callables, request, 0, reply),
                Err(refusal) => return self.service.refuse(self.client, &refusal, request, reply),
            },
        };
        // The next one answers behind this one.
        request.arena_used = reached.max(request.arena_used).min(self.replies.arena.len());
    }

    /// Puts results of earlier calls where the links say.
    fn follow(&self, functions: &[u32], request: &mut Request, links: &[RowLink]) -> Option<()> {
        let own = self.service.single(request.function)?;
        for link in links {
            let earlier = self.service.single(*functions.get(link.call)?)?;
            let (word, result) = (link.word as u32, u32::try_from(link.result).ok()?);
            if own.arguments.checked_shr(word)? & 1 == 0 || earlier.results.checked_shr(result)? & 1 == 0 {
                return None;
            }
            request.words[link.word] = self.replies.word(link.call, link.result)?;
        }
        Some(())
    }
}
