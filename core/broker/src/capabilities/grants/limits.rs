//! How many grants there may be, of one process and of an application, and what counts for whom.

use super::{GrantKey, GrantTable, Narrower};
use cloison_contract::message::LINE_BYTES;
use cloison_contract::printable;
use cloison_contract::process::ProcessNumber;
use std::collections::HashSet;
use std::rc::Rc;

/// How often a grant can be narrowed one after the other: the longest way to a root.
pub(crate) const MOST_STEPS: usize = 32;

/// How many grants one process may have made that are still there: those count that it holds itself, and those that nobody holds but for the
/// sake of what comes from them. What others alone hold counts for them.
pub(crate) const MOST_GRANTS: u32 = 10_000;

/// How many services one process may offer at once.
pub(crate) const MOST_SERVICES: usize = 256;

/// How many grants others may have given to one process; how many of them one branch of the tree of processes: whoever starts many to give more
/// leaves three quarters to others; and how many the same process.
pub(crate) const MOST_HELD: usize = 10_000;
pub(crate) const MOST_HELD_OF_BRANCH: usize = MOST_HELD / 4;
pub(crate) const MOST_HELD_OF_ONE: usize = 1000;

/// How many grants an application may have.
const MOST_OF_APPLICATION: usize = 100_000;

/// How many bytes of bounds, and of services' names of functions and parameters, may be in the grants that one process has made and that count for it, and in
/// all of an application. Read, a bound takes some thirty times its text; a short name as much.
pub(super) const BOUND_BYTES: u64 = 256 << 10;
const BOUND_BYTES_OF_APPLICATION: u64 = 4 << 20;

/// In how many lines of its program one process may narrow so that each of them is known.
const MOST_LINES: usize = 256;

/// What one process has made.
#[derive(Debug, Default)]
pub(super) struct Minted {
    pub(super) grants: u32,
    pub(super) bound_bytes: u64,
    /// The lines in which it has narrowed: those that it narrows in again share theirs.
    lines: HashSet<Rc<str>>,
}

/// Why a grant could not be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum TooMany {
    #[error("it was narrowed {MOST_STEPS} times one after the other, which is the most")]
    Steps,
    #[error(
        "this process has made {MOST_GRANTS} capabilities that are still there, which is the most: those count no more that nothing holds, not even a name in this program"
    )]
    Grants,
    #[error(
        "an application has {MOST_OF_APPLICATION} capabilities, which is the most: those count no more that nothing holds"
    )]
    Application,
    #[error(
        "the bounds (`where`) of this process's capabilities, and the names of its services' functions and their parameters, are too long together: {BOUND_BYTES} bytes are the most, and {BOUND_BYTES_OF_APPLICATION} of the whole application"
    )]
    Bounds,
    #[error(
        "this process offers {MOST_SERVICES} services already, which is the most\nhint: revoke those that nobody needs"
    )]
    Services,
}

impl GrantTable {
    /// Whether a process may make one more, with so many bytes of bounds or names.
    pub(super) fn may_make(&self, minter: ProcessNumber, bound_bytes: u64) -> Result<(), TooMany> {
        if self.entries.len() >= MOST_OF_APPLICATION {
            return Err(TooMany::Application);
        }
        let (grants, bytes) = self.minted.get(&minter).map_or((0, 0), |minted| (minted.grants, minted.bound_bytes));
        if grants >= MOST_GRANTS {
            return Err(TooMany::Grants);
        }
        match bytes + bound_bytes > BOUND_BYTES || self.bound_bytes + bound_bytes > BOUND_BYTES_OF_APPLICATION {
            true => Err(TooMany::Bounds),
            false => Ok(()),
        }
    }

    /// A process has made that one.
    pub(super) fn count_for(&mut self, minter: ProcessNumber, key: GrantKey, bound_bytes: u64) {
        let minted = self.minted.entry(minter).or_default();
        minted.grants += 1;
        minted.bound_bytes += bound_bytes;
        self.bound_bytes += bound_bytes;
        self.entries[key].counts = true;
        self.entries[key].bound_bytes = bound_bytes;
    }

    /// The line in which its minter has narrowed it, as that says. Too long a one, or one too many, is not known. A new one counts as bounds
    /// do.
    pub(crate) fn is_said_at(&mut self, key: GrantKey, line: &str) {
        let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.counts) else { return };
        let Some(minted) = entry.minter.and_then(|minter| self.minted.get_mut(&minter)) else { return };
        let line = printable::line(line);
        if line.is_empty() || line.len() > LINE_BYTES {
            return;
        }
        if let Some(known) = minted.lines.get(&*line) {
            entry.narrower = Some(Narrower::Line(known.clone()));
            return;
        }
        let bytes = line.len() as u64;
        let is_full = minted.lines.len() >= MOST_LINES
            || minted.bound_bytes + bytes > BOUND_BYTES
            || self.bound_bytes + bytes > BOUND_BYTES_OF_APPLICATION;
        if !is_full {
            let line: Rc<str> = line.into();
            minted.lines.insert(line.clone());
            entry.narrower = Some(Narrower::Line(line));
            minted.bound_bytes += bytes;
            entry.bound_bytes += bytes;
            self.bound_bytes += bytes;
        }
    }

    /// It does not count for its minter any more.
    pub(super) fn count_no_more(&mut self, key: GrantKey) {
        let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.counts) else { return };
        entry.counts = false;
        if let Some(minter) = entry.minter
            && let Some(minted) = self.minted.get_mut(&minter)
        {
            minted.grants -= 1;
            minted.bound_bytes -= entry.bound_bytes;
            if minted.grants == 0 {
                self.minted.remove(&minter);
            }
        }
    }
}
