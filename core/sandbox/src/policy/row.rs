//! One line of a policy.

/// What becomes of a system call.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Verdict {
    /// It is made.
    Allow,
    /// It is not made, and answers with this error number.
    Refuse(i32),
    /// The process dies of SIGSYS, which it cannot catch.
    Kill,
}

/// Which calls of one number are allowed.
#[derive(Clone, Copy, Debug)]
pub enum Accept {
    /// All.
    Always,
    /// None.
    Never,
    /// Those for which all checks of one of the groups hold.
    When(&'static [&'static [Check]]),
}

/// A condition on one argument. Pointers are never looked at: what they point to can change afterwards.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Which argument, from 0.
    pub argument: u8,
    /// Which of its bits are compared.
    pub mask: u64,
    /// With what.
    pub value: u64,
    /// Only the low 32 bits are looked at: the argument is a C `int`, whose upper half the kernel ignores.
    pub narrow: bool,
}

impl Check {
    fn holds(&self, arguments: &[u64; 6]) -> bool {
        let argument = arguments[usize::from(self.argument)];
        let argument = if self.narrow { argument & u64::from(u32::MAX) } else { argument };
        argument & self.mask == self.value
    }
}

/// The `int` argument has this value.
pub const fn is(argument: u8, value: i32) -> Check {
    Check { argument, mask: u32::MAX as u64, value: value as u32 as u64, narrow: true }
}

/// Stands for the process's own number, which is filled in when the filter is installed. No process has this one: the
/// kernel's limit is 2²².
pub const OWN_PID: i32 = 0x7fff_fffe;

/// The argument is the process's own number.
pub const fn own_pid(argument: u8) -> Check {
    is(argument, OWN_PID)
}

/// The `long` argument has this value.
pub const fn is_long(argument: u8, value: u64) -> Check {
    Check { argument, mask: u64::MAX, value, narrow: false }
}

/// These bits of the `int` argument have this value.
pub const fn bits(argument: u8, mask: i32, value: i32) -> Check {
    Check { argument, mask: mask as u32 as u64, value: value as u32 as u64, narrow: true }
}

/// One system call: when it is allowed, what happens otherwise, and who needs it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// `SYS_…`
    pub number: i64,
    /// When it is allowed.
    pub accept: Accept,
    /// What happens otherwise.
    pub otherwise: Verdict,
    /// Who needs it, or why nobody gets it.
    pub why: &'static str,
}

impl Row {
    /// What becomes of a call with these arguments.
    pub fn verdict(&self, arguments: &[u64; 6]) -> Verdict {
        let accepted = match self.accept {
            Accept::Always => true,
            Accept::Never => false,
            Accept::When(groups) => groups.iter().any(|checks| checks.iter().all(|check| check.holds(arguments))),
        };
        if accepted { Verdict::Allow } else { self.otherwise }
    }
}

/// Allowed, whatever the arguments.
pub const fn allow(number: i64, why: &'static str) -> Row {
    Row { number, accept: Accept::Always, otherwise: Verdict::Allow, why }
}

/// Allowed if one of the groups of checks holds.
pub const fn allow_when(
    number: i64,
    groups: &'static [&'static [Check]],
    otherwise: Verdict,
    why: &'static str,
) -> Row {
    Row { number, accept: Accept::When(groups), otherwise, why }
}

/// Answers with an error.
pub const fn refuse(number: i64, error: i32, why: &'static str) -> Row {
    Row { number, accept: Accept::Never, otherwise: Verdict::Refuse(error), why }
}

/// Ends the process.
pub const fn kill(number: i64, why: &'static str) -> Row {
    Row { number, accept: Accept::Never, otherwise: Verdict::Kill, why }
}
