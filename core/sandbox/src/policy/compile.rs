//! From tables to a filter.
//!
//! ```text
//!  the architecture, the number's range          a call of another kind dies
//!  is the number below N?                        a tree, since a filter is run from its start
//!   ├─ is it 3? ─▶ its row: allow, or the other answer, or checks and then one of both
//!   ├─ is it 5? ─▶ …                             a leaf: a few rows, one by one
//!   └─ the default
//! ```
//!
//! Jumps lead forward only, and each row ends with an answer: nothing behind it is run, and the number stays in the
//! accumulator for as long as it is looked at.
//!
//! When a filter is installed the kernel runs it once for every system call, to remember which it always allows. A
//! list of two hundred numbers would make that half a millisecond; so the rows stand in the leaves of a tree, found by
//! comparing the number.
//!
//! First of all stands what a table by number cannot say: a call of another architecture (`int 0x80`) dies, and so does one
//! with the x32 bit, which is a second name for every call, or a negative number. A policy that allows by default is only
//! ever put on top of one that has said so.

use super::{Accept, Check, Policy, Row, Verdict};
use libc::{BPF_ABS, BPF_ALU, BPF_AND, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W};
use seccompiler::{BpfProgram, sock_filter};
use std::collections::BTreeMap;

/// `AUDIT_ARCH_X86_64`: a 64-bit little-endian machine, number 62.
const ARCHITECTURE: u32 = 0xc000_003e;
/// `__X32_SYSCALL_BIT`; negative numbers lie above it.
const FOREIGN: u32 = 0x4000_0000;

/// Where a filter finds what a call is, in `struct seccomp_data`.
const AT_NUMBER: u32 = 0;
const AT_ARCHITECTURE: u32 = 4;
const AT_ARGUMENTS: u32 = 16;

/// So many rows are looked through one by one.
const LEAF: usize = 6;

/// The filter of a policy.
pub(super) fn compile(policy: &Policy) -> BpfProgram {
    let rows: Vec<&Row> = rows(policy).into_values().collect();
    let mut program = Vec::new();
    if policy.default != Verdict::Allow {
        program.push(load(AT_ARCHITECTURE));
        program.extend(unless(BPF_JEQ, ARCHITECTURE, vec![answer(Verdict::Kill)]));
    }
    program.push(load(AT_NUMBER));
    if policy.default != Verdict::Allow {
        program.extend(when(BPF_JGE, FOREIGN, vec![answer(Verdict::Kill)]));
    }
    program.extend(tree(&rows, policy.default));
    program
}

/// The row that decides about each number.
fn rows(policy: &Policy) -> BTreeMap<i64, &'static Row> {
    let mut rows = BTreeMap::new();
    for row in policy.tables.iter().flat_map(|table| table.iter()) {
        rows.entry(row.number).or_insert(row);
    }
    rows
}

/// Rows in order of their numbers, halved until few are left. The number is in the accumulator.
fn tree(rows: &[&Row], default: Verdict) -> BpfProgram {
    if rows.len() <= LEAF {
        let mut program: BpfProgram = rows.iter().flat_map(|one| when(BPF_JEQ, one.number as u32, row(one))).collect();
        program.push(answer(default));
        return program;
    }
    let (left, right) = rows.split_at(rows.len() / 2);
    let mut program = unless(BPF_JGE, right[0].number as u32, tree(left, default));
    program.extend(tree(right, default));
    program
}

/// The answer to a call of that row's number.
fn row(row: &Row) -> BpfProgram {
    let groups = match row.accept {
        Accept::Always => return vec![answer(Verdict::Allow)],
        Accept::Never => &[],
        Accept::When(groups) => groups,
    };
    let mut program: BpfProgram = groups.iter().flat_map(|checks| group(checks)).collect();
    program.push(answer(row.otherwise));
    program
}

/// Allows if all checks hold, and goes on behind itself if one does not.
fn group(checks: &[Check]) -> BpfProgram {
    checks.iter().rev().fold(vec![answer(Verdict::Allow)], |rest, check| {
        let low = AT_ARGUMENTS + 8 * u32::from(check.argument);
        let rest = half(low, check.mask as u32, check.value as u32, rest);
        if check.narrow { rest } else { half(low + 4, (check.mask >> 32) as u32, (check.value >> 32) as u32, rest) }
    })
}

/// `then`, if these bits of the word there have this value.
fn half(at: u32, mask: u32, value: u32, then: BpfProgram) -> BpfProgram {
    let mut program = vec![load(at)];
    if mask != u32::MAX {
        program.push(instruction(BPF_ALU | BPF_AND | BPF_K, mask));
    }
    program.extend(when(BPF_JEQ, value, then));
    program
}

/// `then`, if the accumulator compares so; else what stands behind it.
fn when(compare: u32, value: u32, then: BpfProgram) -> BpfProgram {
    conditional(compare, value, true, then)
}

/// `then`, if the accumulator does not compare so; else what stands behind it.
fn unless(compare: u32, value: u32, then: BpfProgram) -> BpfProgram {
    conditional(compare, value, false, then)
}

/// A conditional jump reaches 255 instructions, one without a condition any number.
fn conditional(compare: u32, value: u32, wanted: bool, then: BpfProgram) -> BpfProgram {
    let jump = |taken: u8, not_taken: u8| {
        let (jt, jf) = if wanted { (taken, not_taken) } else { (not_taken, taken) };
        sock_filter { jt, jf, ..instruction(BPF_JMP | compare | BPF_K, value) }
    };
    let mut program = match u8::try_from(then.len()) {
        Ok(length) => vec![jump(0, length)],
        Err(_) => vec![jump(1, 0), instruction(BPF_JMP | BPF_JA, then.len() as u32)],
    };
    program.extend(then);
    program
}

fn load(at: u32) -> sock_filter {
    instruction(BPF_LD | BPF_W | BPF_ABS, at)
}

fn answer(verdict: Verdict) -> sock_filter {
    let answer = match verdict {
        Verdict::Allow => libc::SECCOMP_RET_ALLOW,
        Verdict::Refuse(error) => libc::SECCOMP_RET_ERRNO | error as u32 & libc::SECCOMP_RET_DATA,
        Verdict::Kill => libc::SECCOMP_RET_KILL_PROCESS,
    };
    instruction(BPF_RET | BPF_K, answer)
}

fn instruction(code: u32, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: 0, k }
}
