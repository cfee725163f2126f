//! Every system call number, with arguments of zero, against the policy tables.

use crate::Test;
use crate::prisoner::Stage;
use crate::warden::{Order, Outcome};
use cloison_sandbox::policy::{self, Needs, Policy, Verdict};

pub const TESTS: &[Test] = &[
    ("sweep::template", || sweep(Stage::Template)),
    ("sweep::microprocess", || sweep(Stage::Microprocess)),
    ("sweep::loading", || sweep(Stage::Loading)),
    ("sweep::sealed", || sweep(Stage::Sealed)),
    ("sweep::fork_server", || sweep(Stage::ForkServer)),
    ("sweep::child", || sweep(Stage::Child)),
];

/// More than this kernel has.
const ALL: std::ops::Range<i64> = 0..600;

/// uretprobe and uprobe: no filter sees them (Linux 6.14). They do nothing but return from a probe that root has set, and
/// kill whoever calls them from elsewhere.
const UNSEEN: std::ops::Range<i64> = 335..337;

/// The numbers that are tried.
pub fn numbers() -> impl Iterator<Item = i64> {
    ALL.filter(|number| !UNSEEN.contains(number))
}

/// Allowed, but not to be made with zeros: they end the process, jump, or wait for ever.
const NOT_TRIED: [i64; 5] =
    [libc::SYS_exit, libc::SYS_exit_group, libc::SYS_rt_sigreturn, libc::SYS_ppoll, libc::SYS_close];

/// The filters of a stage, the last one first.
fn policies(stage: Stage) -> Vec<Policy> {
    let needs = Needs { threads: 1, apart: true, per_call: stage.per_call(), ..Needs::default() };
    match stage {
        Stage::Outside => vec![],
        Stage::Template => vec![policy::TEMPLATE.clone()],
        Stage::Microprocess => vec![policy::MICROPROCESS.clone(), policy::TEMPLATE.clone()],
        Stage::Loading => vec![policy::loading(&needs)],
        Stage::Service => vec![policy::files_service(1)],
        Stage::Sealed | Stage::Worker => vec![policy::sealed(&needs), policy::loading(&needs)],
        Stage::ForkServer => vec![policy::fork_server(&needs), policy::loading(&needs)],
        Stage::Child => vec![policy::child(&needs), policy::fork_server(&needs), policy::loading(&needs)],
    }
}

/// What becomes of a call with zeros: the strictest filter wins, among equals the last.
pub fn verdict(stage: Stage, number: i64) -> Verdict {
    let severity = |verdict: &Verdict| match verdict {
        Verdict::Allow => 0,
        Verdict::Refuse(_) => 1,
        Verdict::Kill => 2,
    };
    let verdicts = policies(stage).into_iter().map(|policy| policy.verdict(number, &[0; 6]));
    verdicts.rev().max_by_key(severity).unwrap_or(Verdict::Allow)
}

fn sweep(stage: Stage) {
    // Refusals in one process: they leave it as it was.
    let refusals = Order::new(stage, &format!("refusals {stage:?}")).outcome();
    assert_eq!(refusals, Outcome::Failed(1000), "{stage:?}: a call that is to be refused");
    // Deaths, and what is allowed, in a process each.
    let mut surprises = Vec::new();
    for number in numbers().filter(|number| !NOT_TRIED.contains(number)) {
        let expected = verdict(stage, number);
        if matches!(expected, Verdict::Refuse(_)) {
            continue;
        }
        let outcome = Order::new(stage, &format!("call {number}")).outcome();
        let killed = outcome == Outcome::Killed(libc::SIGSYS);
        if killed != (expected == Verdict::Kill) || outcome == Outcome::Stuck {
            surprises.push(format!("{number}: {outcome:?}, expected {expected:?}"));
        }
    }
    assert!(surprises.is_empty(), "{stage:?}: {surprises:#?}");
}
