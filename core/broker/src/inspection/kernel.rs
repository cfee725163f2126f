//! What the kernel says of a process.

use super::{CpuUse, MemoryUse, ProcessRow};
use std::fs::{read_dir, read_to_string};
use std::time::Duration;

/// Add what the kernel says to what is known of a process.
pub(crate) fn complete(row: &mut ProcessRow) {
    (row.memory, row.cpu) = row.pid.map_or((None, None), |pid| (memory(pid), cpu(pid)));
}

/// Every process that runs or may run again, with its parent. Those that have ended and were not waited for are left out: they run
/// nothing, and have nothing.
pub(crate) fn parents() -> Vec<(i32, i32)> {
    let numbers = read_dir("/proc").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter_map(|pid: i32| Some((pid, parent(&read_to_string(format!("/proc/{pid}/stat")).ok()?)?))).collect()
}

/// Whose child a process is, by its line in `stat`. What it calls itself stands there, too, in parentheses, and may have some of its own.
fn parent(stat: &str) -> Option<i32> {
    let mut fields = stat.rsplit_once(") ")?.1.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    // Whose first thread has ended looks like a zombie while others run: the 20th field counts them, the first of these is the 3rd.
    let has_threads = fields.nth(15).and_then(|threads| threads.parse::<u32>().ok()).is_some_and(|threads| threads > 1);
    (has_threads || !["Z", "X"].contains(&state)).then_some(parent)
}

/// The most memory that it has had at once, in bytes, and its processor time; also of one that has ended and was not waited for, whose
/// memory is 0.
pub(crate) fn peak(pid: i32) -> (u64, Duration) {
    let status = read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let used = cpu(pid).map_or(0, |cpu| cpu.used_nanoseconds);
    (kibibytes(&status, "VmHWM:"), Duration::from_nanos(used))
}

/// The most memory that a process has had at once, in bytes, and how many descriptors it has had room for: the kernel makes that table
/// larger and never smaller.
pub(crate) fn room(pid: i32) -> (u64, u32) {
    let status = read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let descriptors = status.lines().find_map(|line| line.strip_prefix("FDSize:")?.trim().parse().ok());
    (kibibytes(&status, "VmHWM:"), descriptors.unwrap_or(0))
}

/// Its memory: in full if we may look at its mappings, else without what it shares copy-on-write.
fn memory(pid: i32) -> Option<MemoryUse> {
    let status = read_to_string(format!("/proc/{pid}/status")).ok()?;
    let page_tables_bytes = kibibytes(&status, "VmPTE:");
    let (private_bytes, shared_bytes) = match read_to_string(format!("/proc/{pid}/smaps_rollup")) {
        Ok(rollup) => {
            let sum = |fields: [&str; 2]| fields.iter().map(|field| kibibytes(&rollup, field)).sum();
            (sum(["Private_Clean:", "Private_Dirty:"]), sum(["Shared_Clean:", "Shared_Dirty:"]))
        }
        // Another user's, or one that has dropped what looking takes.
        Err(_) => {
            let shared = kibibytes(&status, "RssFile:") + kibibytes(&status, "RssShmem:");
            (kibibytes(&status, "RssAnon:"), shared)
        }
    };
    Some(MemoryUse { private_bytes, shared_bytes, page_tables_bytes })
}

/// Its processor time.
fn cpu(pid: i32) -> Option<CpuUse> {
    let text = read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
    let mut numbers = text.split_ascii_whitespace().map(|number| number.parse().ok());
    Some(CpuUse { used_nanoseconds: numbers.next()??, waited_nanoseconds: numbers.next()?? })
}

/// A field of a file of `/proc`, in bytes; 0 if it is not there.
fn kibibytes(text: &str, field: &str) -> u64 {
    let value = text.lines().find_map(|line| line.strip_prefix(field));
    let number = value.and_then(|value| value.split_ascii_whitespace().next()?.parse::<u64>().ok());
    number.map_or(0, |number| number.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_has_run() {
        let pid = std::process::id() as i32;
        let block = std::hint::black_box(vec![1_u8; 8 << 20]);
        let memory = memory(pid).unwrap();
        assert!(memory.private_bytes >= 8 << 20 && memory.page_tables_bytes > 0, "{memory:?}");
        drop(std::hint::black_box(block));
        assert!(cpu(pid).unwrap().used_nanoseconds > 0);
        assert_eq!((super::memory(-1), cpu(-1)), (None, None));
    }

    #[test]
    fn a_name_with_parentheses_does_not_hide_a_parent() {
        assert_eq!(parent("7 (a) S 1 (b)) S 4 7 7 0"), Some(4));
        assert_eq!((parent("7 (gone) Z 4 7"), parent("7 (x) S"), parent("")), (None, None, None));
        assert!(parents().contains(&(std::process::id() as i32, std::os::unix::process::parent_id() as i32)));
    }

    #[test]
    fn fields_are_found_by_their_names() {
        let text = "VmPTE:\t     124 kB\nRssAnon:\t 7 kB\nBad: x kB\n";
        assert_eq!((kibibytes(text, "VmPTE:"), kibibytes(text, "Bad:"), kibibytes(text, "No:")), (124 << 10, 0, 0));
    }
}
