//! One line for each figure, as a Markdown table.

use std::io::Write;

/// Prints as it goes: a benchmark that is running shows what it has.
pub struct Table;

/// A figure in its unit.
#[derive(Clone, Copy)]
pub enum Figure {
    Nanoseconds(f64),
    Kilobytes(f64),
    Ratio(f64),
}

impl Figure {
    fn value(self) -> f64 {
        match self {
            Self::Nanoseconds(value) | Self::Kilobytes(value) | Self::Ratio(value) => value,
        }
    }

    fn show(self) -> String {
        match self {
            Self::Kilobytes(value) => format!("{value:.0} kB"),
            Self::Ratio(value) => format!("{value:.2}"),
            Self::Nanoseconds(value) if value < 1e3 => format!("{value:.0} ns"),
            Self::Nanoseconds(value) if value < 1e6 => format!("{:.2} µs", value / 1e3),
            Self::Nanoseconds(value) => format!("{:.2} ms", value / 1e6),
        }
    }
}

impl Table {
    /// The head.
    pub fn begin() -> Self {
        println!("| what | Cloison | peer | ratio | goal |\n|---|---|---|---|---|");
        Self
    }

    /// A line: `peer` is a name and its figure.
    pub fn line(&mut self, what: &str, ours: Figure, peer: Option<(&str, Figure)>, goal: &str) {
        let (peer, ratio) = match peer {
            Some((name, figure)) => {
                (format!("{name} {}", figure.show()), format!("{:.2}", ours.value() / figure.value()))
            }
            None => (String::new(), String::new()),
        };
        println!("| {what} | {} | {peer} | {ratio} | {goal} |", ours.show());
        let _ = std::io::stdout().flush();
    }

    /// Where and when.
    pub fn end(self) {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let processor = read("/proc/cpuinfo");
        let processor = processor.lines().find_map(|line| line.strip_prefix("model name\t: ")).unwrap_or("unknown");
        let kernel = read("/proc/sys/kernel/osrelease");
        println!("\n{processor}, {cores} cores, Linux {}", kernel.trim());
    }
}
