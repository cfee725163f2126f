//! From tables to a filter.
//!
//! A program made by `seccompiler` knows two answers: one for calls that match, one for all others. A policy has more.
//! So each answer gets a program of its own, whose last instruction, the answer for calls that it does not name, is cut
//! off: control falls through to the next program, and what none names meets the default at the end. Jumps are relative
//! and none leads to that last instruction but by falling through, so the pieces keep their meaning.
//!
//! When a filter is installed the kernel runs it once for every system call, to remember which it always allows. A
//! list of two hundred numbers would make that half a millisecond; so the rows stand in the leaves of a tree, found by
//! comparing the number.
//!
//! First of all stands what a table by number cannot say: a call of another architecture (`int 0x80`) dies, by the check
//! with which `seccompiler` starts each program and which is needed once; and so does one with the x32 bit, which is a
//! second name for every call, or a negative number. A policy that allows by default is only ever put on top of one
//! that has said so.

use super::{Accept, Check, Policy, Row, Verdict};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, sock_filter,
};
use std::collections::{BTreeMap, BTreeSet};

/// The architecture this program runs on; the filter kills calls of any other.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: TargetArch = TargetArch::aarch64;

/// `__X32_SYSCALL_BIT`; negative numbers lie above it.
const FOREIGN: u32 = 0x4000_0000;

/// Which calls, and on which conditions (empty: on any).
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// So many rows are looked through one by one.
const LEAF: usize = 6;

/// The filter of a policy.
pub(super) fn compile(policy: &Policy) -> Result<BpfProgram, BackendError> {
    let rows: Vec<&Row> = rows(policy).into_values().collect();
    let mut program = if policy.default == Verdict::Allow { Vec::new() } else { foreign()? };
    program.extend(tree(&rows, policy.default)?);
    shorten(&mut program);
    Ok(program)
}

/// Rows in order of their numbers, halved until few are left.
fn tree(rows: &[&Row], default: Verdict) -> Result<BpfProgram, BackendError> {
    if rows.len() <= LEAF {
        return leaf(rows, default);
    }
    let (left, right) = rows.split_at(rows.len() / 2);
    let pivot = right[0].number as u32;
    let (left, right) = (tree(left, default)?, tree(right, default)?);
    let mut program = vec![
        LOAD_NUMBER,
        sock_filter { code: JUMP_IF_AT_LEAST, jt: 0, jf: 1, k: pivot },
        sock_filter { code: JUMP, jt: 0, jf: 0, k: left.len() as u32 },
    ];
    program.extend(left);
    program.extend(right);
    Ok(program)
}

/// A few rows, and the default for whatever else comes here.
fn leaf(rows: &[&Row], default: Verdict) -> Result<BpfProgram, BackendError> {
    let mut program = Vec::new();
    let always = rows.iter().filter(|row| matches!(row.accept, Accept::Always));
    let always: Rules = always.map(|row| (row.number, Vec::new())).collect();
    append(&mut program, always, SeccompAction::Allow, SeccompAction::KillProcess)?;
    for verdict in verdicts(rows) {
        let mut conditional = Rules::new();
        let mut never = Rules::new();
        for row in rows.iter().filter(|row| row.otherwise == verdict) {
            match row.accept {
                Accept::Always => {}
                // No condition at all would read as no condition to meet.
                Accept::Never | Accept::When([]) => drop(never.insert(row.number, Vec::new())),
                Accept::When(groups) => drop(conditional.insert(row.number, rules(groups)?)),
            }
        }
        append(&mut program, conditional, SeccompAction::Allow, action(verdict))?;
        append(&mut program, never, action(verdict), SeccompAction::Allow)?;
    }
    program.push(answer(default));
    Ok(program)
}

/// The row that decides about each number.
fn rows(policy: &Policy) -> BTreeMap<i64, &'static Row> {
    let mut rows = BTreeMap::new();
    for row in policy.tables.iter().flat_map(|table| table.iter()) {
        rows.entry(row.number).or_insert(row);
    }
    rows
}

fn verdicts(rows: &[&Row]) -> BTreeSet<Verdict> {
    rows.iter().filter(|row| !matches!(row.accept, Accept::Always)).map(|row| row.otherwise).collect()
}

/// One piece: these calls get an answer by their rules, others go on to the next piece.
fn append(
    program: &mut BpfProgram,
    rules: Rules,
    matched: SeccompAction,
    mismatched: SeccompAction,
) -> Result<(), BackendError> {
    if rules.is_empty() {
        return Ok(());
    }
    let mut piece: BpfProgram = SeccompFilter::new(rules, mismatched, matched, ARCHITECTURE)?.try_into()?;
    piece.pop();
    program.extend(piece.drain(ARCHITECTURE_CHECK..));
    Ok(())
}

fn rules(groups: &[&[Check]]) -> Result<Vec<SeccompRule>, BackendError> {
    let conditions = |checks: &&[Check]| checks.iter().map(condition).collect::<Result<Vec<_>, _>>();
    groups.iter().map(|checks| SeccompRule::new(conditions(checks)?)).collect()
}

fn condition(check: &Check) -> Result<SeccompCondition, BackendError> {
    let width = if check.narrow { SeccompCmpArgLen::Dword } else { SeccompCmpArgLen::Qword };
    SeccompCondition::new(check.argument, width, SeccompCmpOp::MaskedEq(check.mask), check.value)
}

/// How many instructions `seccompiler` needs to look at the architecture.
const ARCHITECTURE_CHECK: usize = 3;

const LOAD_NUMBER: sock_filter = sock_filter { code: 0x20, jt: 0, jf: 0, k: 0 };
const JUMP: u16 = 0x05;
const JUMP_IF_AT_LEAST: u16 = 0x35;

/// Kills calls of another architecture, and calls under a second name.
fn foreign() -> Result<BpfProgram, BackendError> {
    let empty = SeccompFilter::new(Rules::new(), SeccompAction::Allow, SeccompAction::KillProcess, ARCHITECTURE)?;
    let mut program: BpfProgram = empty.try_into()?;
    program.truncate(ARCHITECTURE_CHECK);
    let compare = sock_filter { code: JUMP_IF_AT_LEAST, jt: 0, jf: 1, k: FOREIGN };
    program.extend([LOAD_NUMBER, compare, answer(Verdict::Kill)]);
    Ok(program)
}

/// Leads conditional jumps that end on a jump to where that one leads: half the way through a list of numbers.
fn shorten(program: &mut BpfProgram) {
    for at in 0..program.len() {
        let instruction = &program[at];
        if instruction.code & 0x07 != JUMP || instruction.code == JUMP {
            continue;
        }
        let (jt, jf) = (shortened(program, at, instruction.jt), shortened(program, at, instruction.jf));
        (program[at].jt, program[at].jf) = (jt, jf);
    }
}

/// Where a jump from `at` by `offset` really leads, if that can be said in eight bits.
fn shortened(program: &[sock_filter], at: usize, offset: u8) -> u8 {
    let mut target = at + 1 + usize::from(offset);
    while program[target].code == JUMP {
        target += 1 + program[target].k as usize;
    }
    u8::try_from(target - at - 1).unwrap_or(offset)
}

fn answer(verdict: Verdict) -> sock_filter {
    const RETURN: u16 = 0x06;
    sock_filter { code: RETURN, jt: 0, jf: 0, k: action(verdict).into() }
}

fn action(verdict: Verdict) -> SeccompAction {
    match verdict {
        Verdict::Allow => SeccompAction::Allow,
        Verdict::Refuse(error) => SeccompAction::Errno(error as u32),
        Verdict::Kill => SeccompAction::KillProcess,
    }
}
