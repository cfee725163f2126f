//! The local C compiler, and what of its words is shown.
//!
//! A header may come from anybody. The compiler that reads it has an end (time, memory, output), and what it says is shown
//! as far as it is about headers: a header that includes `/etc/shadow` must not bring lines of that onto a screen or into a log.

use super::preprocess::include;
use anyhow::{Context, bail};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Bounds that the compiler cannot leave: CPU seconds, KiB of memory, and seconds altogether where the system has `timeout`,
/// which ends the processes that the compiler has started as well.
const BOUNDED: &str = "ulimit -t 20 2>/dev/null; ulimit -v 8388608 2>/dev/null; \
    if command -v timeout >/dev/null 2>&1; then exec timeout 60 \"$@\"; fi; exec \"$@\"";
/// The most bytes of either of its streams that are read.
const MAX_OUTPUT: u64 = 64 << 20;
/// How many of its complaints are shown, and how long they may be.
const SHOWN: usize = 20;
const MAX_LINE: usize = 400;
/// How the names of headers and of C end.
const C_FILES: [&str; 9] = ["c", "def", "h", "hh", "hpp", "hxx", "i", "inc", "inl"];

/// The local C compiler and what it is told.
#[derive(Clone, Debug)]
pub struct Compiler {
    /// `-I`, `-D`, `-U` and what else comes before the file.
    pub flags: Vec<String>,
    command: String,
}

impl Compiler {
    /// The compiler that `CC` names, or `cc`, with `-I` for each folder.
    pub fn new(include: &[PathBuf]) -> Self {
        let command = std::env::var("CC").ok().filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "cc".into());
        let flags = include.iter().map(|folder| format!("-I{}", folder.display())).collect();
        Self { flags, command }
    }

    /// The same with macros: `NAME` or `NAME=VALUE` that are defined, then names that are not, as compilers take them.
    pub fn macros(mut self, define: &[String], undefine: &[String]) -> anyhow::Result<Self> {
        for one in define.iter().chain(undefine) {
            let name = one.split('=').next().unwrap_or_default();
            let name = name.split('(').next().unwrap_or_default();
            let is_word = name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_');
            if !is_word || name.is_empty() || name.starts_with(|one: char| one.is_ascii_digit()) || one.contains('\n') {
                bail!("`{}` is no name of a macro\nhint: `-D NAME`, `-D NAME=VALUE`, `-U NAME`", one.escape_debug());
            }
        }
        self.flags.extend(define.iter().map(|one| format!("-D{one}")));
        self.flags.extend(undefine.iter().map(|one| format!("-U{one}")));
        Ok(self)
    }

    /// Run it with `source` on standard input. The result may be a failure of the compiler.
    pub fn run(&self, arguments: &[&str], source: &str) -> anyhow::Result<Output> {
        let program = self.command.split_whitespace().next().unwrap_or("cc");
        let mut child = Command::new("/bin/sh")
            .args(["-c", BOUNDED, "sh"])
            .args(self.command.split_whitespace())
            .args(&self.flags)
            .args(arguments)
            .args(["-x", "c", "-"])
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| unusable(program))?;
        let mut input = child.stdin.take().context("the compiler's standard input")?;
        let source = source.to_owned();
        // A compiler that gives up early does not read to the end: its message says why.
        let writer = std::thread::spawn(move || input.write_all(source.as_bytes()));
        let error = child.stderr.take().context("the compiler's standard error")?;
        let error = std::thread::spawn(move || read(error));
        // When we stop reading, the next write ends the compiler.
        let stdout = read(child.stdout.take().context("the compiler's standard output")?)?;
        let stderr = error.join().unwrap_or_else(|_| Ok(Vec::new()))?;
        let status = child.wait()?;
        let _ = writer.join();
        if stdout.len() as u64 > MAX_OUTPUT || stderr.len() as u64 > MAX_OUTPUT {
            bail!("`{program}` gives more than {MAX_OUTPUT} bytes for it");
        }
        match status.code() {
            Some(126 | 127) => bail!(unusable(program)),
            _ => Ok(Output { status, stdout, stderr }),
        }
    }

    /// What the compiler says of a header that it cannot compile, as C files would include it; `None` if it can.
    pub fn complaints(&self, name: &str) -> anyhow::Result<Option<String>> {
        let output = self.run(&["-fsyntax-only", "-w", "-std=gnu11"], &format!("{}\n", include(name)?))?;
        Ok((!output.status.success()).then(|| complaint(&output.stderr)))
    }
}

fn unusable(program: &str) -> String {
    format!("the C compiler `{program}` cannot be run\nhint: install one, or name it in the variable CC")
}

fn read(stream: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(MAX_OUTPUT + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The errors in what a compiler has said, without the lines of source that it shows with them.
pub fn complaint(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let mut lines = Vec::new();
    for line in said.lines() {
        let Some((place, message)) = line.split_once(" error: ") else { continue };
        let place = place.trim_end_matches("fatal").trim_end().trim_end_matches(':');
        let file = place.split_once(':').map_or(place, |(file, _)| file);
        let message = if is_c(Path::new(file)) { message } else { "this is no C, and no header either" };
        let line: String = format!("{place}: error: {message}").chars().take(MAX_LINE).collect();
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    if lines.is_empty() {
        "it did not come to an end, or failed without a message".to_owned()
    } else {
        lines.join("\n")
    }
}

/// Whether a file is C by its name. One without an ending counts if it is among the system's headers, as those of C++ are.
fn is_c(file: &Path) -> bool {
    let name = file.to_string_lossy();
    if name == "cc1" || (name.starts_with('<') && name.ends_with('>')) {
        return true;
    }
    // What the name leads to counts, not what it is called.
    let Ok(file) = file.canonicalize() else { return false };
    match file.extension() {
        Some(extension) => C_FILES.contains(&&*extension.to_string_lossy()),
        None => file.starts_with("/usr/include"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a header includes is not brought to light by the compiler's messages.
    #[test]
    fn lines_of_other_files_are_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("secrets"), "root:$y$secret:19000:0\n").unwrap();
        std::os::unix::fs::symlink(path("secrets"), path("alike.h")).unwrap();
        for included in ["secrets", "alike.h"] {
            std::fs::write(path("one.h"), format!("#include \"{included}\"\nint f(int);\n")).unwrap();
            let said = Compiler::new(&[]).complaints(path("one.h").to_str().unwrap()).unwrap().expect("no C");
            assert!(said.contains(included) && !said.contains("root") && !said.contains("secret:"), "{said}");
        }
        std::fs::write(path("one.h"), "int f(no_such_type x);\n").unwrap();
        let said = Compiler::new(&[]).complaints(path("one.h").to_str().unwrap()).unwrap().expect("an error");
        assert!(said.contains("no_such_type") && said.lines().count() == 1, "{said}");
    }

    #[test]
    fn macros_are_names() {
        let compiler = Compiler::new(&[]);
        let with = compiler.clone().macros(&["A".into(), "B=1 2".into(), "F(x)=x".into()], &["C".into()]).unwrap();
        assert_eq!(with.flags, ["-DA", "-DB=1 2", "-DF(x)=x", "-UC"]);
        for wrong in ["", "=1", "1A", "-x", "A B"] {
            assert!(compiler.clone().macros(&[wrong.into()], &[]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_compiler_that_is_not_there_is_named() {
        let compiler = Compiler { flags: Vec::new(), command: "no-such-compiler -x".into() };
        let error = compiler.run(&["-E"], "").unwrap_err().to_string();
        assert!(error.contains("`no-such-compiler` cannot be run"), "{error}");
    }

    #[test]
    fn its_output_is_bounded() {
        let compiler = Compiler { flags: Vec::new(), command: "yes --".into() };
        let error = compiler.run(&[], "").unwrap_err().to_string();
        assert!(error.contains("more than"), "{error}");
    }
}
