//! What goes to standard error while processes run, and the last words of the command.
//!
//! Whoever reads standard error may read late or never, and a terminal may be stopped. So a thread of its own writes, from a
//! bounded queue: the broker's thread puts lines there and never waits. A line for which there is no room is dropped, and the
//! number of those is said as soon as something can be written again.

use cloison_contract::printable;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many lines wait at most.
const LINES: usize = 256;
/// The longest line, in bytes; what is beyond is cut off.
const LINE_BYTES: usize = 16 << 10;
/// How long somebody in a hurry waits for the last words to be written.
pub const HURRY: Duration = Duration::from_millis(500);
/// How long to wait before trying again what would block.
const AGAIN: Duration = Duration::from_millis(10);

/// What the command says at its end.
#[derive(Default)]
pub struct LastWords {
    /// Lines that stand before the error, if there is one.
    pub text: String,
    /// How long they may take to be written; nothing is left running then.
    pub patience: Option<Duration>,
}

/// What the thread gets.
enum Item {
    Last(Vec<u8>),
    Line(Vec<u8>),
}

/// Lines in, from the broker's thread. It never waits.
#[derive(Clone)]
pub struct Lines {
    items: Sender<Item>,
    dropped: Arc<AtomicU64>,
}

/// The thread that writes.
pub struct Log {
    lines: Lines,
    done: Receiver<()>,
}

impl Log {
    /// To standard error.
    pub fn to_standard_error() -> io::Result<Self> {
        Self::new(io::stderr(), LINES)
    }

    fn new(to: impl Write + Send + 'static, lines: usize) -> io::Result<Self> {
        let (items, queue) = bounded(lines);
        let (finished, done) = bounded(1);
        let dropped = Arc::new(AtomicU64::new(0));
        let counter = dropped.clone();
        let work = move || {
            write_all(&queue, &counter, to);
            let _ = finished.send(());
        };
        // Signals are the broker's; and who blocks SIGTTOU may write to a terminal from the background.
        cloison_broker::signals::without_signals(|| std::thread::Builder::new().name("log".into()).spawn(work))?;
        Ok(Self { lines: Lines { items, dropped }, done })
    }

    /// Have the messages of panics go the same way: taking down, which comes with unwinding, must not wait for a reader.
    pub fn take_panics(&self) {
        let lines = self.lines();
        std::panic::set_hook(Box::new(move |panic| {
            let text = format!("cloison: a defect of ours: {panic}\n{}\n", std::backtrace::Backtrace::capture());
            let _ = lines.clone().write_all(text.as_bytes());
        }));
    }

    /// Where lines go in.
    pub fn lines(&self) -> Lines {
        self.lines.clone()
    }

    /// Have everything written, `words` at the end. Without a limit this waits for whoever reads; nothing of ours may run
    /// any more, and signals must end the process.
    pub fn finish(self, words: String, patience: Option<Duration>) {
        let item = Item::Last(words.into_bytes());
        let until = patience.map(|patience| Instant::now() + patience);
        let _ = match until {
            None => self.lines.items.send(item).is_ok() && self.done.recv().is_ok(),
            Some(at) => self.lines.items.send_deadline(item, at).is_ok() && self.done.recv_deadline(at).is_ok(),
        };
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // The subscriber takes escapes out of all that it is given, and colours it.
        let mut item = printable::coloured(&String::from_utf8_lossy(&line[..line.len().min(LINE_BYTES)]));
        if line.len() > LINE_BYTES {
            item.push_str("…\n");
        }
        let item = item.into_bytes();
        if self.items.try_send(Item::Line(item)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Until the last words have been written, or cannot be.
fn write_all(queue: &Receiver<Item>, dropped: &AtomicU64, mut to: impl Write) {
    for item in queue {
        let (bytes, last) = match item {
            Item::Last(bytes) => (bytes, true),
            Item::Line(bytes) => (bytes, false),
        };
        if last {
            account(dropped, &mut to);
        }
        put(&bytes, &mut to);
        if last {
            return;
        }
        // Those that were dropped came behind all that were waiting.
        if queue.is_empty() {
            account(dropped, &mut to);
        }
    }
}

fn account(dropped: &AtomicU64, to: &mut impl Write) {
    let count = dropped.swap(0, Ordering::Relaxed);
    if count > 0 {
        let (messages, were) = if count == 1 { ("message", "was") } else { ("messages", "were") };
        put(format!("cloison: {count} {messages} {were} dropped: standard error was full\n").as_bytes(), to);
    }
}

/// Errors are nobody's: there is no other place to say them. Somebody may have made the descriptor non-blocking.
fn put(mut bytes: &[u8], to: &mut impl Write) {
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(0) => return,
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(AGAIN),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A standard error that takes nothing until it is told to.
    struct Stopped {
        go: Receiver<()>,
        reached: Sender<()>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Stopped {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.reached.try_send(());
            let _ = self.go.recv(); // an error once the other end is gone: from then on it goes through
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn stopped(lines: usize) -> (Log, Test) {
        let (start, go) = bounded(0);
        let (reached, reading) = bounded(1);
        let written = Arc::new(Mutex::new(Vec::new()));
        let log = Log::new(Stopped { go, reached, written: written.clone() }, lines).unwrap();
        (log, Test { start, reading, written })
    }

    /// What a test holds of it.
    struct Test {
        start: Sender<()>,
        reading: Receiver<()>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    #[test]
    fn nobody_waits_for_a_reader_and_what_is_dropped_is_counted() {
        let (log, Test { start, reading, written }) = stopped(4);
        let mut lines = log.lines();
        lines.write_all(b"0\n").unwrap();
        reading.recv().unwrap(); // the thread is in its write from now on
        for number in 1..=10 {
            lines.write_all(format!("{number}\n").as_bytes()).unwrap();
        }
        drop(start);
        log.finish("the end\n".into(), None);
        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        let expected = "0\n1\n2\n3\n4\ncloison: 6 messages were dropped: standard error was full\nthe end\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn somebody_in_a_hurry_is_let_go() {
        let (log, Test { start, reading, written }) = stopped(4);
        log.lines().write_all(b"0\n").unwrap();
        reading.recv().unwrap();
        log.finish("the end\n".into(), Some(Duration::from_millis(1)));
        assert!(written.lock().unwrap().is_empty());
        drop(start);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let (log, Test { start, reading: _reading, written }) = stopped(4);
        drop(start);
        log.lines().write_all(&[b'x'; 1 << 20]).unwrap();
        log.finish(String::new(), None);
        assert_eq!(written.lock().unwrap().len(), LINE_BYTES + "…\n".len());
    }
}
