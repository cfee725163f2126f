//! Resource limits: what one process may use up.

use crate::error::Error;
use crate::sys;

/// What a worker may use up. Absent means as much as the broker may.
#[derive(Clone, Copy, Debug)]
pub struct ResourceLimits {
    /// Address space (`RLIMIT_AS`): everything mapped, channels included.
    pub address_space_bytes: Option<u64>,
    /// Private writable memory (`RLIMIT_DATA`): neither shared channels nor program text count.
    pub data_bytes: Option<u64>,
    /// Processor time.
    pub cpu_seconds: Option<u64>,
    /// Open descriptors.
    pub descriptors: u32,
    /// How far a write into a file may reach. A template's standard output may be a file: give it room.
    pub file_size_bytes: Option<u64>,
    /// Processes and threads besides the worker itself. It holds only in a user namespace of our own: elsewhere the
    /// kernel would count the user's other processes too, and only `Some(0)` is set.
    pub processes: Option<u32>,
    /// The stack of the main thread.
    pub stack_bytes: u64,
}

impl Default for ResourceLimits {
    fn default() -> Self {
        ResourceLimits {
            address_space_bytes: None,
            data_bytes: Some(256 << 20),
            cpu_seconds: None,
            descriptors: 64,
            file_size_bytes: Some(0),
            processes: Some(0),
            stack_bytes: 8 << 20,
        }
    }
}

impl ResourceLimits {
    /// Sets them, hard and soft: nobody inside can raise one again.
    pub(crate) fn apply(&self, apart: bool) -> Result<String, Error> {
        // No core file: it would hold what other parties sent.
        set(libc::RLIMIT_CORE, Some(0), "RLIMIT_CORE")?;
        // Nothing here locks memory, and locked memory cannot be reclaimed.
        set(libc::RLIMIT_MEMLOCK, Some(0), "RLIMIT_MEMLOCK")?;
        // POSIX message queues are kernel memory that outlives a process.
        set(libc::RLIMIT_MSGQUEUE, Some(0), "RLIMIT_MSGQUEUE")?;
        // Nobody in here outranks the broker.
        set(libc::RLIMIT_NICE, Some(0), "RLIMIT_NICE")?;
        // Real-time priority could starve the machine.
        set(libc::RLIMIT_RTPRIO, Some(0), "RLIMIT_RTPRIO")?;
        // Queued signals are kernel memory.
        set(libc::RLIMIT_SIGPENDING, Some(64), "RLIMIT_SIGPENDING")?;
        // File locks are kernel memory.
        set(libc::RLIMIT_LOCKS, Some(0), "RLIMIT_LOCKS")?;
        set(libc::RLIMIT_STACK, Some(self.stack_bytes), "RLIMIT_STACK")?;
        set(libc::RLIMIT_NOFILE, Some(u64::from(self.descriptors)), "RLIMIT_NOFILE")?;
        set(libc::RLIMIT_FSIZE, self.file_size_bytes, "RLIMIT_FSIZE")?;
        set(libc::RLIMIT_NPROC, self.process_count(apart), "RLIMIT_NPROC")?;
        set_cpu_seconds(self.cpu_seconds)?;
        set(libc::RLIMIT_DATA, self.data_bytes, "RLIMIT_DATA")?;
        set(libc::RLIMIT_AS, self.address_space_bytes, "RLIMIT_AS")?;
        Ok(self.to_string())
    }

    /// What the kernel counts: in a namespace of our own also init, the worker, and the launcher until the broker has waited
    /// for it.
    fn process_count(&self, apart: bool) -> Option<u64> {
        match (apart, self.processes) {
            (true, processes) => processes.map(|count| u64::from(count) + 3),
            (false, Some(0)) => Some(0),
            (false, _) => None,
        }
    }
}

impl std::fmt::Display for ResourceLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mebibytes = |bytes: Option<u64>| bytes.map_or("unlimited".into(), |bytes| format!("{} MiB", bytes >> 20));
        write!(f, "memory {}, {} descriptors", mebibytes(self.data_bytes), self.descriptors)?;
        if self.address_space_bytes.is_some() {
            write!(f, ", address space {}", mebibytes(self.address_space_bytes))?;
        }
        if let Some(seconds) = self.cpu_seconds {
            write!(f, ", {seconds} s of processor time")?;
        }
        Ok(())
    }
}

/// Sets one limit, soft and hard, or leaves it. A limit that is lower already stays as it is.
pub(crate) fn set(resource: libc::__rlimit_resource_t, value: Option<u64>, name: &'static str) -> Result<(), Error> {
    let Some(value) = value else { return Ok(()) };
    sys::limit(resource, value, value).map_err(|source| Error::Limit { name, value, source })
}

/// Gives this process less processor time than it has, counted from its beginning. Nobody can give it more.
pub fn lower_cpu_seconds(seconds: u64) -> Result<(), Error> {
    set_cpu_seconds(Some(seconds))
}

/// Sets the processor time. It ends with SIGXCPU, which says why; whoever catches that has one second left.
pub(crate) fn set_cpu_seconds(value: Option<u64>) -> Result<(), Error> {
    let Some(value) = value else { return Ok(()) };
    sys::limit(libc::RLIMIT_CPU, value, value.saturating_add(1)).map_err(|source| Error::Limit {
        name: "RLIMIT_CPU",
        value,
        source,
    })
}
