//! Zone instances as the broker sees them.

use crate::Pid;
use crate::application::ZoneSpecification;
use crate::capabilities::grants::GrantKey;
use crate::family::Family;
use crate::reactor::ReactorKey;
use crate::zones::backoff::Backoff;
use crate::zones::replacement::Retirement;
use cloison_contract::interface::{Instances, LibraryReach};
use cloison_contract::message::{ChannelId, End, Overrun, Ran, ToZone};
use cloison_contract::{FunctionId, Grant};
use cloison_transport::channel::Channel;
use cloison_transport::control::Control;
use cloison_transport::server::MAX_CHANNELS;
use cloison_transport::status::{COARSE_LAG, RunningCall, StatusPage, monotonic};
use cloison_transport::terms::TermsState;
use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

slotmap::new_key_type! {
    /// One instance of a zone in one broker's life.
    pub struct InstanceId;
}

/// How long a zone may take from its start until it is ready: constructors are the library's code.
pub const START_DEADLINE: Duration = Duration::from_secs(10);
/// How long a zone that runs nothing may take to answer the broker.
pub const ANSWER_DEADLINE: Duration = Duration::from_secs(1);

/// How long a call may go on in an instance of its client's own when its grant has been revoked.
pub const REVOCATION_PATIENCE: Duration = Duration::from_millis(100);

/// A zone in the broker's table: what it is, and its recent ends.
#[derive(Debug)]
pub struct ZoneEntry {
    /// What it offers and where its library is.
    pub specification: ZoneSpecification,
    /// The functions that `cloison.toml` grants of it, by all capabilities together.
    pub granted: BTreeSet<FunctionId>,
    /// Who has to wait until it is served again, by who is to blame for the ends: the client whose call ran, or nobody. What one
    /// client has brought about keeps no other from being served.
    pub backoff: BTreeMap<Option<Pid>, Backoff>,
    /// Why its last start failed.
    pub failure: Option<String>,
    /// Requests to open a channel that wait for an instance.
    pub waiting: Vec<Waiting>,
    /// What a host service's instances have used up together, once there has been one.
    pub account: Option<OwnedFd>,
    /// The number of its interface among those that its capabilities have had.
    pub edition: u64,
    /// Another one has come in its place, or was to, and its instances only end what they have begun.
    pub(crate) retired: Option<Retirement>,
}

/// A microprocess that waits for a channel.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Waiting {
    /// The microprocess.
    pub client: Pid,
    /// The capability that it wants the channel for.
    pub(crate) grant: GrantKey,
}

impl ZoneEntry {
    /// Who is to blame as far as that client is concerned, and how long it still has to wait: for what it has brought about
    /// itself, or for what nobody has.
    pub fn wait(&self, client: Pid, now: Instant) -> Option<(Option<Pid>, Duration)> {
        let waits = [Some(client), None].into_iter();
        let waits = waits.filter_map(|blamed| Some((blamed, self.backoff.get(&blamed)?.wait(now)?)));
        waits.max_by_key(|(_, wait)| *wait)
    }

    /// Which instances serve that client by a grant of which this is left: everybody's, or its own whose library reaches what this
    /// grant needs. An instance that reaches more is not among them.
    pub fn scope(&self, client: Pid, grant: &Grant) -> InstanceScope {
        let sandbox = &self.specification.interface.sandbox;
        match sandbox.instances {
            Instances::PerCall | Instances::PerClient => {
                InstanceScope { owner: Some(client), reach: sandbox.reach(&grant.functions) }
            }
            Instances::Shared => self.common_scope(),
        }
    }

    /// That of instances which are for no client in particular.
    pub fn common_scope(&self) -> InstanceScope {
        InstanceScope { owner: None, reach: self.specification.interface.sandbox.reach(&self.granted) }
    }
}

/// Whom an instance serves, and what it is confined to for that. It is what it is from its start on: who needs another one is
/// served by another instance.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InstanceScope {
    /// Its only client, if the manifest says `per-client` or `per-call`.
    pub owner: Option<Pid>,
    /// What its library reaches, as the manifest has it.
    pub reach: LibraryReach,
}

/// A client's channel.
#[derive(Debug)]
pub struct Attached {
    /// The client.
    pub client: Pid,
    /// The capability.
    pub(crate) grant: GrantKey,
    /// The channel's memory.
    pub channel: Channel,
    /// On whose accounts it counts.
    pub(crate) counts_on: Vec<GrantKey>,
}

/// A channel on its way out.
#[derive(Debug)]
pub struct Leaving {
    /// When the zone was told to forget the channel.
    pub since: Instant,
    /// The client, and its channel.
    pub attached: Attached,
    /// Its grant was taken back: what it has running is not wanted any more.
    pub revoked: bool,
}

/// An instance on its way out.
#[derive(Debug)]
pub struct EndingInstance {
    /// Why it is ended.
    pub cause: Cause,
    /// Where the reactor knows the init of its namespace.
    pub init: Option<ReactorKey>,
    /// True once its clients have been told.
    pub told: bool,
    /// They and their channels, which it may still write to.
    pub channels: Vec<Attached>,
}

/// Why an instance is ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cause {
    /// It has ended by itself, or broke the protocol.
    Itself,
    /// It took too long.
    Overdue,
    /// A call whose grant was taken back did not end.
    Revoked,
    /// Its only client is gone.
    Unneeded,
}

/// One running zone process.
#[derive(Debug)]
pub struct Instance {
    /// Position in the broker's zones.
    pub zone: usize,
    /// Whom it serves, in which sandbox.
    pub scope: InstanceScope,
    /// Our end of its control socket.
    pub control: Control,
    /// Where the reactor knows the control socket.
    pub registration: ReactorKey,
    /// Where the reactor knows the worker, once it has reported. The control socket does not hang up when the worker ends,
    /// because the init of its namespace holds the other end as well.
    pub worker: Option<ReactorKey>,
    /// Its processes.
    pub family: Family,
    /// What it says it is doing.
    pub status: StatusPage,
    /// True once it serves calls.
    pub ready: bool,
    /// Its only client has gone, and it has not said yet which processes it has made: it is ended when it does.
    pub unneeded: bool,
    /// Set while it is being ended. Its init is waited for in the reactor, because the kernel may take long to free its memory.
    pub ending: Option<EndingInstance>,
    /// When it was started.
    pub started: Instant,
    /// Its clients.
    pub channels: BTreeMap<ChannelId, Attached>,
    /// Channels it was told to forget and has not confirmed, and since when.
    pub leaving: BTreeMap<ChannelId, Leaving>,
    /// When to call [`Instance::check`] again.
    pub check_at: Option<Instant>,
}

impl Attached {
    /// Whether it is the channel of that client for that capability.
    pub fn is_of(&self, waiting: &Waiting) -> bool {
        self.client == waiting.client && self.grant == waiting.grant
    }
}

/// What [`Instance::check`] found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Health {
    /// All is well. Look again at that time, if there is one.
    Fine(Option<Instant>),
    /// A call has run for longer than it may.
    Overdue,
    /// It has not become ready in time.
    Stuck,
    /// It does not answer, although it says that it runs nothing.
    Silent,
    /// A call whose grant was taken back does not end.
    Unwanted,
}

impl Instance {
    /// Whether that client can be given a channel. A zone that is about to be ended takes no new client, and a client whose last
    /// channel the zone has not yet forgotten waits.
    pub fn can_serve(&self, waiting: &Waiting) -> bool {
        self.ready
            && self.ending.is_none()
            && !self.suspect()
            && !self.leaving.values().any(|leaving| leaving.attached.is_of(waiting))
    }

    /// Whether there is a place for another client.
    pub fn has_room(&self) -> bool {
        self.channels.len() + self.leaving.len() < MAX_CHANNELS
    }

    /// Whether nobody would miss it.
    pub fn is_idle(&self) -> bool {
        self.ready && self.ending.is_none() && self.channels.is_empty() && self.leaving.is_empty()
    }

    /// Whether the running call's client has given up on it: then it is likely to be ended.
    fn suspect(&self) -> bool {
        self.status.all_running().any(|running| self.leaving.contains_key(&running.channel))
    }

    /// Decide from its status page and the broker's clock whether it has to be ended. It tells the broker of a call whose time is over
    /// before the next look ([`FromZone::Due`](cloison_contract::message::FromZone::Due)), so nobody looks often.
    pub fn check(&self, specification: &ZoneSpecification, now: Instant) -> Health {
        // What begins from here on sees that.
        self.status.will_look(monotonic().saturating_add(specification.interface.longest_deadline()));
        let health = self.judge(specification, now);
        if let Health::Fine(Some(next)) = health {
            self.status.will_look(monotonic().saturating_add(next.saturating_duration_since(now)));
        }
        health
    }

    fn judge(&self, specification: &ZoneSpecification, now: Instant) -> Health {
        if !self.ready {
            let until = self.started + START_DEADLINE;
            return if now >= until { Health::Stuck } else { Health::Fine(Some(until)) };
        }
        let oldest = self.leaving.values().map(|leaving| leaving.since).min();
        let longest = specification.interface.longest_deadline();
        // The broker's clock bounds it: whatever its page says, nothing takes longer than the longest call and an answer.
        if oldest.is_some_and(|oldest| now >= oldest + longest + ANSWER_DEADLINE) {
            return Health::Overdue;
        }
        // Of the calls that its threads say they run, the one whose time is over first.
        let left = |running: RunningCall| {
            // The instance is the client's own: nobody else is hurt by its end.
            let revoked = self.scope.owner.and(self.leaving.get(&running.channel)).filter(|leaving| leaving.revoked);
            if let Some(leaving) = revoked {
                return ((leaving.since + REVOCATION_PATIENCE).saturating_duration_since(now), Health::Unwanted);
            }
            let clock = monotonic();
            if running.since > clock {
                return (Duration::ZERO, Health::Overdue); // it is false
            }
            let own = running.since.saturating_add(specification.interface.deadline(running.function));
            let until = running.until.map_or(own, |until| own.min(until)).saturating_add(COARSE_LAG);
            (until.saturating_sub(clock).min(longest), Health::Overdue)
        };
        if let Some((left, over)) = self.status.all_running().map(left).min_by_key(|(left, _)| *left) {
            return if left.is_zero() { over } else { Health::Fine(Some(now + left)) };
        }
        match oldest {
            Some(oldest) if now >= oldest + ANSWER_DEADLINE => Health::Silent,
            Some(oldest) => Health::Fine(Some(oldest + ANSWER_DEADLINE)),
            // A client that does not complain when its call takes too long must not keep a core busy.
            None => Health::Fine((!self.channels.is_empty()).then(|| now + longest)),
        }
    }

    /// Tell it to forget that client, and look soon whether it has.
    ///
    /// The terms end first. A call may be waiting for this client to answer a question; the bell wakes it, and it sees the terms.
    /// The process of a single call learns of it only so, because it reads no messages.
    pub fn let_go(&mut self, channel: ChannelId, state: TermsState, now: Instant) {
        let Some(attached) = self.channels.remove(&channel) else { return };
        attached.channel.end(state);
        self.leaving.insert(channel, Leaving { since: now, attached, revoked: state == TermsState::Revoked });
        let _ = self.control.try_send(&ToZone::Detach { channel }, &[]);
        self.status.ring();
        self.check_at = Some(now);
    }

    /// The client whose call ended it: its only one, or, as far as its page is to be believed, that of the call which ran.
    pub fn blamed(&self) -> Option<Pid> {
        let channel = self.status.running().map(|running| running.channel);
        let leaving = || channel.and_then(|channel| Some(self.leaving.get(&channel)?.attached.client));
        let client = channel.and_then(|channel| self.channels.get(&channel)).map(|attached| attached.client);
        self.scope.owner.or(client).or_else(leaving)
    }

    /// What was running when it ended, as the client of that channel is told.
    fn ran(&self, specification: &ZoneSpecification, client: Option<ChannelId>) -> Option<Ran> {
        let running = self.status.running()?;
        let function = specification.called(running.function)?;
        let own = (client == Some(running.channel)).then_some(running.index);
        let overrun = running.overrun.map(|overrun| {
            let function = specification.interface.functions.get(running.function as usize);
            let parameter = overrun.parameter.and_then(|position| function?.parameters.get(position as usize));
            Overrun { parameter: parameter.map(|parameter| parameter.name.clone()), bytes: overrun.bytes }
        });
        Some(Ran { function: function.to_owned(), own, overrun })
    }

    /// What the client of that channel is told.
    pub fn end_of(
        &self,
        specification: &ZoneSpecification,
        ended: crate::child::Exit,
        cause: Cause,
        client: Option<ChannelId>,
    ) -> End {
        use crate::child::Exit;
        let ran = self.ran(specification, client);
        match ended {
            _ if cause == Cause::Overdue => End::DeadlineExceeded { ran },
            _ if cause == Cause::Revoked => End::Unwanted { ran },
            Exit::Exited(code) => End::Exited { code, ran },
            Exit::Signaled(signal) => End::Signaled { signal, ran },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reactor::Reactor;
    use cloison_contract::call::BATCH;
    use cloison_contract::interface::FileRule;
    use cloison_transport::terms::TermsView;

    const CHANNEL: ChannelId = ChannelId(7);

    /// An instance with one client, the zone's end of its control socket, and the client's terms.
    fn instance() -> (Instance, Control, TermsView) {
        let (control, theirs) = Control::pair().unwrap();
        let mut reactor = Reactor::new().unwrap();
        let registration = reactor.add(&control, ()).unwrap();
        let (channel, descriptors) = Channel::create(4096).unwrap();
        let attached = Attached { client: Pid::default(), grant: GrantKey::default(), channel, counts_on: Vec::new() };
        let instance = Instance {
            zone: 0,
            scope: InstanceScope { owner: None, reach: LibraryReach::default() },
            control,
            registration,
            worker: None,
            family: Family::default(),
            status: StatusPage::create().unwrap().0,
            ready: true,
            unneeded: false,
            ending: None,
            started: Instant::now(),
            channels: [(CHANNEL, attached)].into(),
            leaving: BTreeMap::new(),
            check_at: None,
        };
        (instance, theirs, TermsView::open(&descriptors.terms).unwrap())
    }

    /// Two functions, the first of which may take a minute and the second a millisecond.
    fn specification() -> ZoneSpecification {
        let text = "[zone]\nname = \"t\"\nversion = \"1.0.0\"\nlibrary = { soname = \"libt.so\" }\n[sandbox]\nthreads = 2\nthread_safe = true\n\
                    [functions.slow]\nc = \"void slow(void)\"\ndeadline = \"60 s\"\n\
                    [functions.quick]\nc = \"void quick(void)\"\ndeadline = \"1 ms\"\n";
        let interface = cloison_manifest::manifest::parse("t.zone.toml", text).unwrap();
        ZoneSpecification { interface: interface.into(), folder: "/".into(), service: None }
    }

    /// A zone with a file that all may read, which the second function writes, and a port and threads for the third. The first three
    /// of its four functions are granted.
    fn entry(instances: &str) -> ZoneEntry {
        let text = format!(
            "[zone]\nname = \"t\"\nversion = \"1.0.0\"\nlibrary = {{ soname = \"libt.so\" }}\n[sandbox]\ninstances = \"{instances}\"\n\
             files = [{{ read = \"/a\" }}, {{ write = \"/a\", for = [\"put\"] }}, {{ write = \"/b\", for = [\"other\"] }}]\n\
             network = [{{ connect = 443, for = [\"fetch\"] }}, {{ connect = 25, for = [\"other\"] }}]\n\
             processes = [{{ most = 2, for = [\"fetch\"] }}, {{ most = 9, for = [\"other\"] }}]\n\
             [functions.get]\nc = \"int get(void)\"\n[functions.put]\nc = \"int put(void)\"\n\
             [functions.fetch]\nc = \"int fetch(void)\"\n[functions.other]\nc = \"int other(void)\"\n"
        );
        let interface = cloison_manifest::manifest::parse("t.zone.toml", &text).unwrap();
        ZoneEntry {
            specification: ZoneSpecification { interface: interface.into(), folder: "/".into(), service: None },
            granted: [FunctionId(0), FunctionId(1), FunctionId(2)].into(),
            backoff: BTreeMap::new(),
            failure: None,
            waiting: Vec::new(),
            account: None,
            edition: 0,
            retired: None,
        }
    }

    #[test]
    fn who_may_only_read_is_served_by_an_instance_that_only_reads() {
        let grant = |functions: &[u32]| Grant::new(functions.iter().copied().map(FunctionId));
        let client = Pid::default();
        let reach = |write, fetch: bool| LibraryReach {
            files: vec![FileRule { path: "/a".into(), write }],
            connect: if fetch { vec![443] } else { Vec::new() },
            processes: if fetch { 2 } else { 0 },
        };
        for instances in ["per-client", "per-call"] {
            let zone = entry(instances);
            let scope = |functions: &[u32]| zone.scope(client, &grant(functions));
            assert_eq!(scope(&[0]), InstanceScope { owner: Some(client), reach: reach(false, false) });
            assert_eq!(scope(&[0, 1]), InstanceScope { owner: Some(client), reach: reach(true, false) });
            assert_eq!(scope(&[0, 2]), InstanceScope { owner: Some(client), reach: reach(false, true) });
            assert_eq!(scope(&[0, 1, 2]), InstanceScope { owner: Some(client), reach: reach(true, true) });
            // By what is needed, and not by which functions those are.
            assert_eq!((scope(&[]), scope(&[1])), (scope(&[0]), scope(&[0, 1])));
            assert_ne!(scope(&[0]), scope(&[1]));
        }
        // One for all has what the application grants together, and no more.
        let zone = entry("shared");
        for functions in [&[][..], &[0], &[1], &[0, 1, 2, 3]] {
            let scope = zone.scope(client, &grant(functions));
            assert_eq!(scope, InstanceScope { owner: None, reach: reach(true, true) }, "{functions:?}");
        }
    }

    #[test]
    fn each_of_several_calls_has_its_deadline() {
        let (mut instance, _zone, _terms) = instance();
        let (status, page) = StatusPage::create().unwrap();
        let server = cloison_transport::server::Server::new(page).unwrap();
        instance.status = status;
        let _ = server.row(0).unwrap().begin(CHANNEL, 0, Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(2));
        let quick = server.row(1).unwrap();
        let _ = quick.begin(CHANNEL, 1, Duration::from_millis(1));
        std::thread::sleep(Duration::from_millis(1) + COARSE_LAG * 2);
        assert_eq!(instance.check(&specification(), Instant::now()), Health::Overdue);
        quick.end();
        assert!(matches!(instance.check(&specification(), Instant::now()), Health::Fine(Some(_))));
    }

    #[test]
    fn who_looks_seldom_is_told_of_calls_that_may_take_less() {
        let (mut instance, _zone, _terms) = instance();
        let (status, page) = StatusPage::create().unwrap();
        let row = cloison_transport::server::Server::new(page).unwrap().row(0).unwrap();
        instance.status = status;
        let (minute, quick) = (Duration::from_secs(60), Duration::from_millis(1));
        let looks_within = |instance: &Instance, most: Duration| {
            let now = Instant::now();
            match instance.check(&specification(), now) {
                Health::Fine(Some(next)) => next <= now + most && next > now,
                other => panic!("{other:?}"),
            }
        };
        // Nothing runs: what begins now, and may take as long as anything, is over when the broker looks.
        assert!(!looks_within(&instance, minute - Duration::from_nanos(1)) && looks_within(&instance, minute));
        assert!(!row.begin(CHANNEL, 0, minute));
        assert!(row.begin_many(CHANNEL, BATCH, 2, quick));
        // Of a batch in which a long call runs: the time of all, if it is over first.
        assert!(!row.begin_many(CHANNEL, BATCH, 2, minute));
        assert!(!row.next(0, None));
        assert!(looks_within(&instance, minute));
        assert!(row.next(1, Some(Duration::from_secs(1))), "the broker looks in a minute");
        let _ = row.begin_many(CHANNEL, BATCH, 2, Duration::from_secs(30));
        assert!(!row.next(0, None));
        assert!(looks_within(&instance, Duration::from_secs(30) + COARSE_LAG));
        // What a page says of a batch makes no call longer.
        let _ = row.begin_many(CHANNEL, 1, 2, minute);
        std::thread::sleep(quick + COARSE_LAG * 2);
        assert_eq!(instance.check(&specification(), Instant::now()), Health::Overdue);
    }

    #[test]
    fn whoever_waits_for_a_client_that_is_let_go_waits_in_vain() {
        let (mut instance, zone, terms) = instance();
        let now = Instant::now();
        assert_eq!(terms.state(), TermsState::Live);
        instance.let_go(CHANNEL, TermsState::Ended, now);
        assert_eq!(terms.state(), TermsState::Ended);
        assert!(matches!(zone.receive(), Ok((ToZone::Detach { channel: CHANNEL }, _))));
        assert!(instance.channels.is_empty() && instance.leaving.contains_key(&CHANNEL));
        assert_eq!(instance.check_at, Some(now));
        // Once is enough.
        instance.let_go(CHANNEL, TermsState::Ended, now);
        assert!(matches!(zone.try_receive::<ToZone>(), Ok(None)));
    }
}
