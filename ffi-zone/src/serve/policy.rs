//! Whether a client may make this call: its grant, as data that is quick to look at.
//!
//! Order of the questions, cheapest first: is the grant alive (the terms page, asked in [`crate::serve`]), is the function
//! in it, are calls left, is it not too soon, and, once the arguments are known, do the bounds hold.
//! A grant with no bounds and no rate costs a few nanoseconds a call; a rate costs one look at the clock.
//!
//! A call that a bound refuses does not count ([`ClientPolicy::give_back`]).
//!
//! What has been used stands in an [`Account`] that outlives the channel and this process; how it is counted says [`counting`].

use crate::marshal::plan::{any, expression_fits};
use crate::serve::recorder::Recorder;
use cloison_contract::expression::Expression;
use cloison_contract::grant::{Bound, Quota};
use cloison_contract::interface::{Instances, Interface};
use cloison_contract::shape::Shape;
use cloison_contract::{FunctionId, Grant};
use cloison_transport::account::Account;
use cloison_transport::counting::{self, now_ns};
use rustix::time::{ClockId, clock_gettime};
use std::cell::Cell;
use std::sync::Arc;

pub use cloison_transport::counting::Denial;

/// Why a grant makes no sense.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadGrant {
    /// A bound names something that does not exist.
    #[error("the bound `{0}` names something that does not exist")]
    Bound(String),
    /// It counts something, and came without an account to count that on.
    #[error("something is counted, and there is no account to count it on")]
    NoAccount,
}

/// The bounds of one function.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// Those that can be judged before any room is made for results.
    pub early: Vec<Bound>,
    /// Those that name a capacity.
    pub late: Vec<Bound>,
    /// The application is recorded: who hears of the arguments that the bounds let through.
    pub recorder: Option<Arc<Recorder>>,
}

/// One client's grant.
#[derive(Debug)]
pub struct ClientPolicy {
    /// One bit for each function.
    functions: Vec<u64>,
    /// By function; shorter than the interface when the rest has none.
    bounds: Vec<Bounds>,
    /// The grant's own account first, then those of the grants that it was narrowed from.
    counted: Vec<CountedQuota>,
    expires_ns: Option<u64>,
    quiet: bool,
    /// What processor time is counted by, if it is.
    clock: Option<CpuClock>,
}

/// What one grant on the way counts, and where.
#[derive(Debug)]
pub struct CountedQuota {
    /// No more than this.
    pub quota: Quota,
    /// Of all holders together.
    pub account: Account,
}

impl ClientPolicy {
    /// Makes a grant quick to look at.
    pub fn new(grant: &Grant, interface: &Interface, counted: Vec<CountedQuota>) -> Result<Self, BadGrant> {
        let mut functions = vec![0_u64; interface.functions.len().div_ceil(64)];
        for function in &grant.functions {
            let index = function.0 as usize;
            if interface.functions.get(index).is_some_and(|function| !function.internal) {
                functions[index / 64] |= 1 << (index % 64);
            }
        }
        let mut bounds = Vec::new();
        for (function, bound) in &grant.bounds {
            let index = function.0 as usize;
            let Some(declared) = interface.functions.get(index) else {
                return Err(BadGrant::Bound(bound.text.clone()));
            };
            if !expression_fits(interface, declared, &bound.expression) {
                return Err(BadGrant::Bound(bound.text.clone()));
            }
            let late = any(&bound.expression, |part| match part {
                Expression::Parameter(at) => matches!(declared.parameters[*at].shape, Shape::CapacityOf(_)),
                Expression::Dereference(_) => true,
                _ => false,
            });
            if bounds.len() <= index {
                bounds.resize_with(index + 1, Bounds::default);
            }
            let list: &mut Bounds = &mut bounds[index];
            if late { list.late.push(bound.clone()) } else { list.early.push(bound.clone()) }
        }
        let all = counted.iter().fold(Quota::default(), |all, one| all.and(one.quota));
        if !all.is_within(&grant.quota) {
            return Err(BadGrant::NoAccount);
        }
        // Where the process is one client's, so are threads that the library makes. Where it is everybody's, nobody knows whose they are.
        let clock = match (interface.sandbox.instances, interface.sandbox.processes) {
            (Instances::Shared, _) | (Instances::PerClient, 0) => CpuClock::Thread,
            (Instances::PerCall | Instances::PerClient, _) => CpuClock::Process,
        };
        let clock = all.cpu_ns.map(|_| clock);
        Ok(Self { functions, bounds, counted, expires_ns: grant.expires_ns, quiet: grant.quiet, clock })
    }

    /// The same, of an application that is recorded: each function has bounds then, which let through what they let through before.
    pub fn recorded(mut self, interface: &Interface, recorder: &Arc<Recorder>) -> Self {
        self.bounds.resize_with(interface.functions.len(), Bounds::default);
        self.bounds.iter_mut().for_each(|bounds| bounds.recorder = Some(recorder.clone()));
        self
    }

    /// Whether the function may be called now, with so many bytes of arguments. Counts the call.
    #[inline]
    pub fn admit(&self, function: FunctionId, bytes: u64) -> Result<(), Denial> {
        let index = function.0 as usize;
        let admitted = match self.functions.get(index / 64).is_none_or(|bits| bits >> (index % 64) & 1 == 0) {
            true => Err(Denial::Function),
            false => self.count(bytes),
        };
        if admitted.is_err() {
            self.refused();
        }
        admitted
    }

    /// Of everything that is counted all is taken, or nothing but a turn at a rate.
    #[inline]
    fn count(&self, bytes: u64) -> Result<(), Denial> {
        if self.expires_ns.is_some_and(|expires| now_ns() >= expires) {
            return Err(Denial::Expired);
        }
        counting::count(self.accounts(), bytes)
    }

    /// What each grant on the way allows, and its account.
    #[inline]
    fn accounts(&self) -> impl Iterator<Item = (Quota, &Account)> + Clone {
        self.counted.iter().map(|one| (one.quota, &one.account))
    }

    /// A call that was admitted is not made after all, since a bound refuses its arguments. What it has used of a rate stays used, so that
    /// guessing what a bound lets through is no faster than calling.
    #[cold]
    pub fn give_back(&self, bytes: u64) {
        counting::give_back(self.accounts(), bytes);
    }

    /// A call has been refused.
    #[cold]
    pub fn refused(&self) {
        if let Some(own) = self.counted.first() {
            own.account.count_refused();
        }
    }

    /// A call has had results of so many bytes. They are there already: what is too much of them keeps the next call from being made.
    #[inline]
    pub fn carried(&self, bytes: u64) {
        if bytes != 0 {
            self.counted.iter().for_each(|one| one.account.add_carried(bytes));
        }
    }

    /// Why nothing more may be carried within a call, if that is so: what callables are asked and answer, and what is looked at of memory
    /// that the library keeps, can be more than any call brings.
    pub fn all_carried(&self) -> Option<Denial> {
        let used_up = |(quota, account): (Quota, &Account)| quota.bytes.filter(|most| account.carried() >= *most);
        self.accounts().find_map(used_up).map(Denial::Bytes)
    }

    /// Why memory that the library keeps is looked at no more: no more may be carried, or all processor time is used up.
    pub fn all_used(&self) -> Option<Denial> {
        let used_up = |(quota, account): (Quota, &Account)| quota.cpu_ns.filter(|most| account.cpu_ns() >= *most);
        self.all_carried().or_else(|| self.accounts().find_map(used_up).map(Denial::Cpu))
    }

    /// When a call begins, as far as processor time is counted.
    #[inline]
    pub fn begun(&self) -> Option<CallBegin> {
        self.clock.map(CpuClock::begin)
    }

    /// A call that began so has ended. How much processor time that has taken, in nanoseconds, as far as it is counted.
    #[inline]
    pub fn ended(&self, begun: Option<CallBegin>) -> u64 {
        let taken = self.clock.zip(begun).map_or(0, |(clock, begun)| clock.end(begun));
        self.took(taken);
        taken
    }

    /// Calls have taken so much processor time, in nanoseconds.
    #[inline]
    pub fn took(&self, nanoseconds: u64) {
        if self.clock.is_some() {
            self.counted.iter().for_each(|one| one.account.add_cpu(nanoseconds));
        }
    }

    /// Whether no callable may be passed.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// What must hold for the arguments of that function.
    #[inline]
    pub fn bounds(&self, function: FunctionId) -> Option<&Bounds> {
        self.bounds.get(function.0 as usize)
    }
}

/// What the processor time of a call is counted by.
///
/// Looking at either clock is a system call, some 0.5 µs, and a hot call has less. So a call of a thread that has looked at its clock within
/// [`SHORT_NS`] does not look again, and one that ends within that counts as long as it has lasted: that is never less than its processor
/// time, and at most [`SHORT_NS`] more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum CpuClock {
    /// The clock of the thread that runs the call.
    Thread,
    /// That of the process, in which the library may have threads. It is always looked at.
    Process,
}

/// When a call began.
#[derive(Clone, Copy, Debug)]
pub struct CallBegin {
    /// On the wall, in nanoseconds.
    wall_ns: u64,
    /// By the processor clock, or what that had said not long before: no more than it would have said.
    cpu_ns: u64,
}

/// For how long a thread goes by what its processor clock has said, in nanoseconds.
const SHORT_NS: u64 = 100_000;

thread_local! {
    /// What the thread's processor clock has said last, and when.
    static LOOKED: Cell<CallBegin> = const { Cell::new(CallBegin { wall_ns: 0, cpu_ns: 0 }) };
}

impl CpuClock {
    fn begin(self) -> CallBegin {
        let wall_ns = now_ns();
        let last = LOOKED.get();
        let cpu_ns = match self {
            Self::Process => cpu_ns(ClockId::ProcessCPUTime),
            Self::Thread if wall_ns.saturating_sub(last.wall_ns) < SHORT_NS => last.cpu_ns,
            Self::Thread => look(wall_ns),
        };
        CallBegin { wall_ns, cpu_ns }
    }

    fn end(self, begun: CallBegin) -> u64 {
        if self == Self::Process {
            return cpu_ns(ClockId::ProcessCPUTime).saturating_sub(begun.cpu_ns);
        }
        let wall_ns = now_ns();
        let lasted = wall_ns.saturating_sub(begun.wall_ns);
        if lasted < SHORT_NS { lasted } else { look(wall_ns).saturating_sub(begun.cpu_ns).min(lasted) }
    }
}

fn look(wall_ns: u64) -> u64 {
    let cpu_ns = cpu_ns(ClockId::ThreadCPUTime);
    LOOKED.set(CallBegin { wall_ns, cpu_ns });
    cpu_ns
}

/// How much processor time this thread or this process has had.
fn cpu_ns(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(quota: Quota, page: &std::os::fd::OwnedFd) -> CountedQuota {
        CountedQuota { quota, account: Account::open(page).unwrap() }
    }

    fn policy(counted: Vec<CountedQuota>) -> ClientPolicy {
        let bits = vec![1];
        ClientPolicy { functions: bits, bounds: Vec::new(), counted, expires_ns: None, quiet: false, clock: None }
    }

    const ONE: FunctionId = FunctionId(0);

    #[test]
    fn an_account_is_not_renewed() {
        let page = cloison_transport::account::create().unwrap();
        for left in [2, 0] {
            let policy = policy(vec![counted(Quota { calls: Some(2), ..Quota::default() }, &page)]);
            assert_eq!((0..5).filter(|_| policy.admit(ONE, 0).is_ok()).count(), left);
        }
    }

    #[test]
    fn a_call_that_is_given_back_can_be_made() {
        let page = cloison_transport::account::create().unwrap();
        let policy = policy(vec![counted(Quota { calls: Some(1), ..Quota::default() }, &page)]);
        for _ in 0..3 {
            assert_eq!(policy.admit(ONE, 0), Ok(()));
            assert_eq!(policy.admit(ONE, 0), Err(Denial::Calls(1)));
            policy.give_back(0);
        }
        // No more comes back than was counted.
        policy.give_back(0);
        assert_eq!([(); 2].map(|()| policy.admit(ONE, 0).is_ok()), [true, false]);
    }

    #[test]
    fn what_was_narrowed_twice_has_no_more_than_what_it_was_narrowed_from() {
        let (own, other, from) = (
            cloison_transport::account::create().unwrap(),
            cloison_transport::account::create().unwrap(),
            cloison_transport::account::create().unwrap(),
        );
        let three = Quota { calls: Some(3), ..Quota::default() };
        let four = Quota { calls: Some(4), ..Quota::default() };
        let one = policy(vec![counted(three, &own), counted(four, &from)]);
        let two = policy(vec![counted(three, &other), counted(four, &from)]);
        assert_eq!((0..5).filter(|_| one.admit(ONE, 0).is_ok()).count(), 3);
        assert_eq!((0..5).filter(|_| two.admit(ONE, 0).is_ok()).count(), 1);
        // What the second is refused by the first's use counts for neither.
        assert_eq!(Account::open(&other).unwrap().calls(), 1);
        assert_eq!(Account::open(&from).unwrap().calls(), 4);
        assert_eq!(Account::open(&other).unwrap().refused(), 4);
    }

    #[test]
    fn bytes_are_counted_both_ways() {
        let page = cloison_transport::account::create().unwrap();
        let policy = policy(vec![counted(Quota { bytes: Some(100), ..Quota::default() }, &page)]);
        assert_eq!(policy.admit(ONE, 101), Err(Denial::Bytes(100)));
        assert_eq!(policy.admit(ONE, 60), Ok(()));
        policy.carried(1000);
        assert_eq!(policy.admit(ONE, 0), Err(Denial::Bytes(100)));
        // What was refused is no call.
        assert_eq!(Account::open(&page).unwrap().calls(), 1);
    }

    #[test]
    fn several_at_once_get_no_more() {
        let page = cloison_transport::account::create().unwrap();
        let policy = policy(vec![counted(Quota { calls: Some(1000), ..Quota::default() }, &page)]);
        let admitted = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(|| (0..500).filter(|_| policy.admit(ONE, 0).is_ok()).count())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert_eq!(admitted, 1000);
    }

    /// Whatever the pauses between calls, no call counts less than its processor time, and a sleep next to nothing.
    #[test]
    fn short_calls_count_as_long_as_they_last() {
        let thread = || cpu_ns(ClockId::ThreadCPUTime);
        let work = |until: u64| while thread() < until {};
        for pause in [0, SHORT_NS / 2, 3 * SHORT_NS] {
            for length in [0, SHORT_NS / 4, 2 * SHORT_NS, 20 * SHORT_NS] {
                std::thread::sleep(std::time::Duration::from_nanos(pause));
                let begun = CpuClock::Thread.begin();
                let from = thread();
                work(from + length);
                let used = thread() - from;
                assert!(CpuClock::Thread.end(begun) >= used, "{pause} {length}");
            }
        }
        let begun = CpuClock::Thread.begin();
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(CpuClock::Thread.end(begun) < 25_000_000);
    }

    #[test]
    fn processor_time_and_expiry_end_it() {
        let page = cloison_transport::account::create().unwrap();
        let mut policy = policy(vec![counted(Quota { cpu_ns: Some(5), ..Quota::default() }, &page)]);
        assert_eq!(policy.admit(ONE, 0), Ok(()));
        assert_eq!(policy.all_used(), None);
        policy.counted[0].account.add_cpu(5);
        assert_eq!(policy.admit(ONE, 0), Err(Denial::Cpu(5)));
        assert_eq!((policy.all_used(), policy.all_carried()), (Some(Denial::Cpu(5)), None));
        policy.counted.clear();
        policy.expires_ns = Some(1);
        assert_eq!(policy.admit(ONE, 0), Err(Denial::Expired));
    }
}
