//! The filters against the tables: two evaluators of the same policy, one of which is what the kernel runs.

use super::*;
use seccompiler::{SeccompAction, sock_filter};
use std::collections::BTreeSet;

const NATIVE: u32 = 0xc000_003e;
const I386: u32 = 0x4000_0003;

/// All that the policies of a zone can depend on.
fn needs() -> Vec<Needs<'static>> {
    let write = vec![FileRule { path: "/a".into(), write: true }].leak();
    let read = vec![FileRule { path: "/a".into(), write: false }].leak();
    let mut all = Vec::new();
    for threads in [1, 4] {
        for files in [&[][..], read, write] {
            for (per_call, apart) in [(false, true), (true, false), (true, true)] {
                for (folders, network) in [
                    (Reach::Nothing, false),
                    (Reach::Nothing, true),
                    (Reach::Read, false),
                    (Reach::Write, false),
                    (Reach::Write, true),
                ] {
                    all.push(Needs { files, folders, network, threads, per_call, apart });
                }
            }
        }
    }
    all
}

/// Every policy there is, each once: many needs lead to the same tables.
fn policies() -> Vec<Policy> {
    let mut all =
        vec![INIT.clone(), TEMPLATE.clone(), MICROPROCESS.clone(), files_service(1), files_service(4), log_service(1)];
    all.extend([process_service(1), command()]);
    for (threads, datagrams, listens) in [(1, false, false), (1, true, true), (4, true, true)] {
        all.push(net_service(&NetNeeds { threads, datagrams, listens }));
    }
    for needs in needs() {
        all.extend([loading(&needs), sealed(&needs)]);
        if needs.per_call {
            all.extend([fork_server(&needs), child(&needs)]);
        }
    }
    let mut seen = BTreeSet::new();
    all.retain(|policy| seen.insert((policy.name, policy.default, tables(policy))));
    all
}

/// Which tables a policy has, in their order.
fn tables(policy: &Policy) -> Vec<*const Row> {
    policy.tables.iter().map(|table| table.as_ptr()).collect()
}

/// Runs a filter as the kernel does: instruction by instruction.
fn run(program: &[sock_filter], architecture: u32, number: i64, arguments: &[u64; 6]) -> u32 {
    let word = |offset: u32| match offset {
        0 => number as u32,
        4 => architecture,
        8 | 12 => 0,
        _ => {
            let argument = arguments[(offset as usize - 16) / 8];
            if offset.is_multiple_of(8) { argument as u32 } else { (argument >> 32) as u32 }
        }
    };
    let (mut accumulator, mut at) = (0u32, 0usize);
    loop {
        let instruction = &program[at];
        let k = instruction.k;
        let jump = |taken: bool| usize::from(if taken { instruction.jt } else { instruction.jf });
        at += 1;
        match instruction.code {
            0x20 => accumulator = word(k),
            0x54 => accumulator &= k,
            0x05 => at += k as usize,
            0x15 => at += jump(accumulator == k),
            0x25 => at += jump(accumulator > k),
            0x35 => at += jump(accumulator >= k),
            0x06 => return k,
            code => panic!("instruction {code:#x} is not known here"),
        }
    }
}

fn answer(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Allow => SeccompAction::Allow.into(),
        Verdict::Refuse(error) => SeccompAction::Errno(error as u32).into(),
        Verdict::Kill => SeccompAction::KillProcess.into(),
    }
}

/// Values that lie on both sides of some check of some table.
fn interesting() -> Vec<u64> {
    let mut values = vec![0, 1, u64::MAX, 1 << 32, 0x8000_0000];
    for row in policies().iter().flat_map(|policy| policy.tables.iter()).flat_map(|table| table.iter()) {
        if let Accept::When(groups) = row.accept {
            for check in groups.iter().flat_map(|checks| checks.iter()) {
                values.extend([
                    check.value,
                    check.value ^ 1,
                    check.value | 1 << 32,
                    check.value | check.mask,
                    !check.mask,
                ]);
                values.extend([check.value.wrapping_add(1), check.value | (check.mask & 0x2222_2222)]);
            }
        }
    }
    values.sort_unstable();
    values.dedup();
    values
}

#[test]
fn every_filter_says_what_its_tables_say() {
    let values = interesting();
    // A generator of our own: the test is the same in every run.
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = |bound: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 33) as usize) % bound
    };
    for policy in policies() {
        let program = policy.compile();
        for number in 0..700 {
            let rounds =
                if matches!(policy.row(number).map(|row| row.accept), Some(Accept::When(_))) { 4000 } else { 20 };
            for _ in 0..rounds {
                let arguments: [u64; 6] = std::array::from_fn(|_| values[next(values.len())]);
                let (told, expected) = (run(&program, NATIVE, number, &arguments), policy.verdict(number, &arguments));
                assert_eq!(told, answer(expected), "{} {number} {arguments:x?}", policy.name);
            }
        }
    }
}

#[test]
fn foreign_calls_die() {
    for policy in policies() {
        let program = policy.compile();
        for number in 0..700 {
            // A policy on top of another one leaves the verdict to that.
            if policy.default != Verdict::Allow {
                let foreign = run(&program, I386, number, &[0; 6]);
                assert_eq!(foreign, answer(Verdict::Kill), "{} int 0x80 {number}", policy.name);
                let x32 = run(&program, NATIVE, number | 0x4000_0000, &[0; 6]);
                assert_eq!(x32, answer(Verdict::Kill), "{} x32 {number}", policy.name);
                let negative = run(&program, NATIVE, -1 - number, &[0; 6]);
                assert_eq!(negative, answer(Verdict::Kill), "{} -{number}", policy.name);
            }
        }
    }
}

#[test]
fn conditions_can_be_met_and_missed() {
    let values = interesting();
    for policy in policies() {
        for row in policy.tables.iter().flat_map(|table| table.iter()) {
            let Accept::When(groups) = row.accept else { continue };
            for (index, group) in groups.iter().enumerate() {
                let mut arguments = [0; 6];
                for check in group.iter() {
                    assert_eq!(check.value & !check.mask, 0, "{}: a value outside its mask never holds", row.number);
                    arguments[usize::from(check.argument)] |= check.value;
                }
                assert_eq!(row.verdict(&arguments), Verdict::Allow, "{} {} group {index}", policy.name, row.number);
                for check in group.iter() {
                    let missed = values.iter().any(|value| {
                        let mut wrong = arguments;
                        wrong[usize::from(check.argument)] = *value;
                        row.verdict(&wrong) != Verdict::Allow
                    });
                    assert!(missed, "{} {}: no value fails group {index}", policy.name, row.number);
                }
            }
        }
    }
}

/// Arguments on both sides of the checks: the same value everywhere, and in two places with another one. Enough for every
/// table here.
fn tried() -> Vec<[u64; 6]> {
    let values = interesting();
    let other = |index: usize| values[(index * 7 + 3) % values.len()];
    values.iter().enumerate().map(|(index, value)| [*value, other(index), *value, other(index), 0, 0]).collect()
}

/// Those arguments that can make a difference between policies: where none of them has a condition, one does as well as all.
fn telling<'a>(policies: &[&Policy], number: i64, tried: &'a [[u64; 6]]) -> &'a [[u64; 6]] {
    let conditional = |policy: &&Policy| matches!(policy.row(number).map(|row| row.accept), Some(Accept::When(_)));
    if policies.iter().any(conditional) { tried } else { &tried[..1] }
}

#[test]
fn sealing_only_takes_away() {
    let tried = tried();
    for needs in needs() {
        let before = loading(&needs);
        for after in [sealed(&needs)].into_iter().chain(needs.per_call.then(|| fork_server(&needs))) {
            for number in 0..700 {
                for arguments in telling(&[&before, &after], number, &tried) {
                    // Whoever forks knows his children's numbers no better before the seal than after it.
                    if number == libc::SYS_tgkill && needs.per_call {
                        continue;
                    }
                    if after.verdict(number, arguments) == Verdict::Allow {
                        let earlier = before.verdict(number, arguments);
                        assert_eq!(earlier, Verdict::Allow, "{number} {arguments:x?} is allowed by {}", after.name);
                    }
                }
            }
        }
    }
}

/// The process of a call may do what a zone may that is sealed and does not fork: no more, and no less.
#[test]
fn a_call_s_process_is_sealed_as_any_zone() {
    let tried = tried();
    let severity = |verdict: &Verdict| match verdict {
        Verdict::Allow => 0,
        Verdict::Refuse(_) => 1,
        Verdict::Kill => 2,
    };
    let mut taken = 0;
    // Without a pid namespace it may not even abort, see `per_call`.
    for needs in needs().iter().filter(|needs| needs.per_call && needs.apart) {
        let (fork_server, child, sealed) = (fork_server(needs), child(needs), sealed(needs));
        for number in 0..700 {
            for arguments in telling(&[&fork_server, &child, &sealed], number, &tried) {
                let both = [child.verdict(number, arguments), fork_server.verdict(number, arguments)];
                let strictest = both.into_iter().rev().max_by_key(severity).expect("two");
                let alone = sealed.verdict(number, arguments);
                assert_eq!(strictest, alone, "{number} {arguments:x?}");
                taken += usize::from(fork_server.verdict(number, arguments) != alone);
            }
        }
    }
    assert!(taken > 0, "the fork server may do no more than that");
}

#[test]
fn filters_fit_into_the_kernel() {
    for policy in policies() {
        let length = policy.compile().len();
        assert!(length < 4096, "{}: {length} instructions", policy.name);
    }
}

#[test]
fn own_pid_is_filled_in() {
    let pid = 4711;
    let program = MICROPROCESS.compile_for(pid);
    let abort = |target: u64| run(&program, NATIVE, libc::SYS_tgkill, &[target, target, libc::SIGABRT as u64, 0, 0, 0]);
    assert_eq!(abort(4711), answer(Verdict::Allow));
    assert_eq!(abort(4712), answer(Verdict::Refuse(libc::EPERM)));
    assert_eq!(abort(row::OWN_PID as u64), answer(Verdict::Refuse(libc::EPERM)), "the blank is not left");
}

/// The service for logs writes to what it has, and has nothing that a sealed zone without files has not.
#[test]
fn the_service_for_logs_has_nothing_of_its_own() {
    let (service, sealed) = (log_service(1), sealed(&Needs { threads: 1, apart: true, ..Needs::default() }));
    for number in 0..700 {
        for arguments in &tried() {
            assert_eq!(
                service.verdict(number, arguments),
                sealed.verdict(number, arguments),
                "{number} {arguments:x?}"
            );
        }
    }
}

/// What the service for files has beyond a sealed zone without files stands in its own table, each line by itself; it has no way to
/// open by a path alone, to make memory code, or to reach other processes and networks.
#[test]
fn the_service_for_files_has_what_its_table_says() {
    let (service, sealed) = (files_service(1), sealed(&Needs { threads: 1, apart: true, ..Needs::default() }));
    let named: Vec<i64> = files_service::ROWS.iter().map(|row| row.number).collect();
    let tried = tried();
    for number in 0..700 {
        for arguments in telling(&[&service, &sealed], number, &tried) {
            let verdict = service.verdict(number, arguments);
            if !named.contains(&number) {
                assert_eq!(verdict, sealed.verdict(number, arguments), "{number} {arguments:x?}");
            }
        }
    }
    for number in
        [libc::SYS_openat, libc::SYS_open, libc::SYS_socket, libc::SYS_clone, libc::SYS_chdir, libc::SYS_mknodat]
    {
        assert_ne!(service.verdict(number, &[0; 6]), Verdict::Allow, "{number}");
    }
}

/// What a zone without some need has not got of it: what stands in that need's tables alone is refused.
#[test]
fn what_nobody_needs_is_in_no_filter() {
    let none = Needs { threads: 1, apart: true, ..Needs::default() };
    let write = [FileRule { path: "/a".into(), write: true }];
    let all = Needs { files: &write, network: true, threads: 4, ..none };
    let thread = [threads::THREAD, 0, 0, 0, 0, 0];
    let stream = [libc::AF_INET as u64, libc::SOCK_STREAM as u64, 0, 0, 0, 0];
    let wait = [3, libc::F_SETFL as u64, libc::O_NONBLOCK as u64, 0, 0, 0];
    type Attempt = (i64, [u64; 6]);
    let groups: [(Needs<'_>, &[Attempt]); 3] = [
        (Needs { files: &[], ..all }, &[(libc::SYS_unlinkat, [0; 6]), (libc::SYS_ftruncate, [0; 6])]),
        (
            Needs { network: false, ..all },
            &[(libc::SYS_socket, stream), (libc::SYS_connect, [0; 6]), (libc::SYS_fcntl, wait)],
        ),
        (Needs { threads: 1, ..all }, &[(libc::SYS_clone, thread)]),
    ];
    for (without, attempts) in groups {
        for (number, arguments) in attempts {
            for policy in [loading(&all), sealed(&all)] {
                assert_eq!(policy.verdict(*number, arguments), Verdict::Allow, "{} {number}", policy.name);
            }
            for needs in [&without, &none] {
                for policy in [loading(needs), sealed(needs)] {
                    assert_ne!(policy.verdict(*number, arguments), Verdict::Allow, "{} {number}", policy.name);
                }
            }
        }
    }
    // Not everything that is called a socket, and nothing that others could connect to.
    let sealed = sealed(&all);
    let datagram = [libc::AF_INET as u64, libc::SOCK_DGRAM as u64, 0, 0, 0, 0];
    let local = [libc::AF_UNIX as u64, libc::SOCK_STREAM as u64, 0, 0, 0, 0];
    for (number, arguments) in [
        (libc::SYS_socket, datagram),
        (libc::SYS_socket, local),
        (libc::SYS_bind, [0; 6]),
        (libc::SYS_listen, [0; 6]),
        (libc::SYS_fcntl, [3, libc::F_SETFL as u64, libc::O_ASYNC as u64, 0, 0, 0]),
    ] {
        assert_ne!(sealed.verdict(number, &arguments), Verdict::Allow, "{number}");
    }
}
