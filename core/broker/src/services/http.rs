//! `http`: hosts, secrets, and who vouches for servers.

use crate::application::Purpose;
use crate::application::files;
use cloison_contract::host::HttpService;
use cloison_contract::host::http::{HttpRule, SECRET_BYTES, Secret};
use cloison_manifest::application::{SecretSource, ServiceRequest};
use cloison_manifest::diagnostic::{Diagnostic, Diagnostics, SourceFile, Written};
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The longest file of certificates.
const CERTIFICATES_BYTES: u64 = 1 << 20;

/// What a capability has besides its configuration, read when the application is loaded.
#[derive(Clone, Debug, Default)]
pub struct HttpMaterial {
    /// What the secret headers say. `Debug` shows none of it.
    pub secrets: Vec<Secret>,
    /// The files that these came from, as the kernel calls them: no program may read them.
    pub secret_files: Vec<SecretFile>,
    /// The variables that secrets are to come from, where they were not read.
    pub variables: Vec<String>,
    /// Certificates as PEM, if the machine's do not count.
    pub certificates: Option<Vec<u8>>,
}

/// A file that a secret came from.
#[derive(Clone, Debug)]
pub struct SecretFile {
    /// As the kernel calls it.
    pub real: PathBuf,
    /// Where it is named.
    pub written: Written,
}

/// Reads what a capability needs, relative to the folder of `cloison.toml`.
pub(super) fn read(
    request: &ServiceRequest,
    source: &Arc<SourceFile>,
    beside: &Path,
    purpose: Purpose,
) -> Result<HttpMaterial, Diagnostics> {
    let mut mistakes = Diagnostics::default();
    let mut material = HttpMaterial::default();
    for from in &request.secrets {
        let (written, what, read) = match from {
            // Who is shown what an application may do need not have what it takes to run it.
            SecretSource::Environment(name) if purpose == Purpose::Show => {
                material.variables.push(name.text.clone());
                continue;
            }
            SecretSource::Environment(name) => (name, format!("the variable {}", name.text), variable(&name.text)),
            SecretSource::File(path) => {
                let at = beside.join(&path.text);
                let read = secret_file(beside, Path::new(&path.text)).map(|(real, bytes)| {
                    material.secret_files.push(SecretFile { real, written: path.clone() });
                    bytes
                });
                (path, at.display().to_string(), read)
            }
        };
        // What is wrong with a secret is said without a byte of it.
        match read.and_then(|bytes| Secret::new(bytes).map_err(str::to_owned)) {
            Ok(secret) => material.secrets.push(secret),
            Err(wrong) => {
                let hint = "the secret is read when the application is loaded, from the environment or the file that `from` names";
                let message = format!("{what} {wrong}");
                mistakes.push(Diagnostic::error(source, written.span.clone(), message).hint(hint));
            }
        }
    }
    if let Some(written) = &request.certificates {
        let path = beside.join(&written.text);
        let text = files::read_text(&path, CERTIFICATES_BYTES).map_err(|error| error.to_string());
        let with_one = |text: String| match text.contains("-----BEGIN CERTIFICATE-----") {
            true => Ok(text.into_bytes()),
            false => Err("there is no certificate in it".to_owned()),
        };
        match text.and_then(with_one) {
            Ok(pem) => material.certificates = Some(pem),
            Err(wrong) => {
                let message = format!("{}: {wrong}", path.display());
                let hint = "`ca` is a file of certificates as PEM, relative to the folder of this file";
                mistakes.push(Diagnostic::error(source, written.span.clone(), message).hint(hint));
            }
        }
    }
    if mistakes.has_errors() { Err(mistakes) } else { Ok(material) }
}

fn variable(name: &str) -> Result<Vec<u8>, String> {
    std::env::var_os(name).map(OsStringExt::into_vec).ok_or_else(|| "is not set".to_owned())
}

/// The bytes of a regular file, and what the kernel calls it. The path is relative to the configuration's folder, or absolute.
fn secret_file(beside: &Path, written: &Path) -> Result<(PathBuf, Vec<u8>), String> {
    let path = beside.join(written);
    let said = |error: io::Error| format!("cannot be read: {error}");
    let file =
        fs::File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(&path).map_err(said)?;
    let found = file.metadata().map_err(said)?;
    if !found.is_file() {
        return Err("is not a regular file".to_owned());
    }
    // What has a second name could be read by that.
    if found.nlink() != 1 {
        return Err("has more than one name (hard links)".to_owned());
    }
    let real = super::real_path(&file).ok_or("has no name")?;
    // What is hidden from the program is this file. A link beside its modules could lead to another one tomorrow.
    let below = written.components().all(|part| matches!(part, Component::Normal(_)));
    if below && beside_as_named(beside).map_err(said)?.join(written) != real {
        return Err("is reached by a link: name the file itself".to_owned());
    }
    let mut bytes = Vec::new();
    // An end of line is not part of it.
    file.take(SECRET_BYTES as u64 + 3).read_to_end(&mut bytes).map_err(said)?;
    Ok((real, bytes))
}

/// The configuration's folder, as the kernel calls it.
fn beside_as_named(beside: &Path) -> io::Result<PathBuf> {
    let folder = if beside.as_os_str().is_empty() { Path::new(".") } else { beside };
    folder.canonicalize()
}

/// `connect HOST:PORT` for each host: what programs find it by.
pub(super) fn grants(http: &HttpService) -> Vec<String> {
    let line = |rule: &HttpRule| format!("connect {}:{}", rule.host, rule.port);
    let mut lines: Vec<_> = http.rules.iter().map(line).collect();
    lines.sort();
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloison_manifest::application;

    fn load(toml: &str, beside: &Path) -> Result<HttpMaterial, Diagnostics> {
        let application = application::parse("cloison.toml", toml).expect("right");
        let request = application.capabilities["api"].service.clone().expect("a service");
        read(&request, &application.source, beside, Purpose::Run)
    }

    #[test]
    fn secrets_are_read_and_never_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).expect("written");
        write("key.txt", b"hunter2hunter2\n");
        write("empty.txt", b"\n");
        write("two.txt", b"hunter2\nhunter2\n");
        write("long.txt", &[b'h'; 9000]);
        write("short.txt", b"hunter2");
        write("linked.txt", b"hunter2hunter2");
        std::os::unix::fs::symlink("key.txt", folder.path().join("current.txt")).expect("linked");
        fs::hard_link(folder.path().join("linked.txt"), folder.path().join("other.txt")).expect("linked");
        let toml = |from: &str| {
            format!(
                "[capabilities.api]\nzone = \"http\"\nallow = [\"GET https://a.org/*\"]\n\
                 secret = {{ header = \"X-Key\", from = \"{from}\" }}\n"
            )
        };
        let material = load(&toml("file:key.txt"), folder.path()).expect("a secret");
        assert_eq!(material.secrets[0].expose(), b"hunter2hunter2");
        assert!(material.secret_files[0].real.ends_with("key.txt"));
        assert!(!format!("{material:?}").contains("hunter2"));
        for (from, said) in [
            ("file:empty.txt", "empty.txt is empty"),
            ("file:two.txt", "two.txt has characters that no header can have"),
            ("file:long.txt", "is longer than 8192 bytes"),
            ("file:short.txt", "has fewer than 8 bytes"),
            ("file:linked.txt", "more than one name"),
            ("file:no.txt", "no.txt cannot be read: No such file"),
            ("file:.", "is not a regular file"),
            ("file:current.txt", "is reached by a link"),
            ("env:CLOISON_TEST_NOT_SET", "CLOISON_TEST_NOT_SET is not set"),
        ] {
            let wrong = load(&toml(from), folder.path()).expect_err(from).to_string();
            assert!(wrong.contains(said) && !wrong.contains("hunter2") && !wrong.contains("hhh"), "{wrong}");
        }
        // This one everybody has.
        let path = load(&toml("env:PATH"), folder.path()).expect("a secret");
        assert_eq!(Some(path.secrets[0].expose()), std::env::var_os("PATH").map(OsStringExt::into_vec).as_deref());
    }

    #[test]
    fn certificates_are_a_file_of_them() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("ca.pem"), "-----BEGIN CERTIFICATE-----\n…").expect("written");
        fs::write(folder.path().join("no.pem"), "no").expect("written");
        let toml = |ca: &str| format!("[capabilities.api]\nzone = \"http\"\nallow = []\nca = \"{ca}\"\n");
        assert!(load(&toml("ca.pem"), folder.path()).expect("certificates").certificates.is_some());
        for (ca, said) in [("no.pem", "no certificate in it"), ("none.pem", "No such file")] {
            let wrong = load(&toml(ca), folder.path()).expect_err(ca).to_string();
            assert!(wrong.contains(said), "{wrong}");
        }
    }
}
