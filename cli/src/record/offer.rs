//! `--offer`: what of the machine a program is offered that is recorded; and which one would have offered what it asked for in vain.

use crate::add::document::quoted;
use crate::add::files;
use anyhow::{Context, anyhow, bail};
use cloison_contract::host::HostService;
use cloison_contract::host::http::HttpRule;
use cloison_contract::host::net::NetPlace;
use cloison_contract::spelling::did_you_mean;
use cloison_manifest::recording::{Lack, OfferedHostService};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What can be offered.
const KINDS: [&str; 7] = ["env", "files", "http", "listen", "log", "net", "sqlite3"];
/// How each of them is written.
const FORMS: &str =
    "env=NAME, files=DIR[:rw][@PLACE], http=URL, listen=ADDRESS:PORT, log, net[=HOST:PORT], sqlite3[=DIR[:rw][@PLACE]]";

/// The capabilities for these offers, in a manifest that stands in the folder `beside`.
///
/// # Errors
///
/// One of them makes no sense, or its folder is not there.
pub fn read(offers: &[String], beside: &Path) -> anyhow::Result<Vec<OfferedHostService>> {
    let mut all = Offers::default();
    for offer in offers {
        let (kind, what) = match offer.split_once('=') {
            Some((kind, what)) => (kind, Some(what)),
            None => (offer.as_str(), None),
        };
        all.take(kind, what, beside).with_context(|| format!("--offer {offer}"))?;
    }
    Ok(all.services())
}

/// All of them, by what they make.
#[derive(Default)]
struct Offers {
    variables: Vec<String>,
    roots: Vec<String>,
    rules: Vec<String>,
    connect: Vec<String>,
    listen: Vec<String>,
    log: bool,
    /// Of SQLite, if it is offered.
    databases: Option<Vec<String>>,
}

impl Offers {
    fn take(&mut self, kind: &str, what: Option<&str>, beside: &Path) -> anyhow::Result<()> {
        let said = |example: &str| {
            what.filter(|what| !what.is_empty()).with_context(|| format!("what of it has to be said\nhint: {example}"))
        };
        match kind {
            "env" => {
                let name = said("`--offer env=LANG`")?;
                self.variables.push(name.to_owned());
            }
            "files" => {
                let folder = said("`--offer files=DIR` to read, `--offer files=DIR:rw` to change as well")?;
                let rights = ["read", "list", "write", "create", "delete"];
                self.roots.push(root(folder, beside, (&rights[..2], &rights))?);
            }
            "http" => {
                let url = said("`--offer http=https://api.example.com` is every request there")?;
                self.rules.extend(rules(url)?);
            }
            "listen" => self.listen.push(place(said("`--offer listen=127.0.0.1:8000`")?)?),
            "log" if what.is_none() => self.log = true,
            "log" => bail!("records go to standard error\nhint: `--offer log`"),
            "net" => self.connect.push(place(what.unwrap_or("*:*"))?),
            "sqlite3" => {
                let roots = self.databases.get_or_insert_default();
                if let Some(folder) = what {
                    roots.push(root(folder, beside, (&["read"], &["read", "write", "create", "delete"]))?);
                }
            }
            "process" => bail!(
                "which programs it may start, and with which arguments, has to be said\nhint: `cloison add process --help` writes that into a cloison.toml, which `--manifest` names"
            ),
            _ => {
                let meant = did_you_mean(kind, KINDS).map(|meant| format!("did you mean `{meant}`? "));
                bail!("nothing of that name can be offered\nhint: {}there are {FORMS}", meant.unwrap_or_default());
            }
        }
        Ok(())
    }

    fn services(self) -> Vec<OfferedHostService> {
        let list = |key: &str, texts: &[String]| match texts {
            [] => String::new(),
            texts => format!("{key} = [\n    {},\n]\n", texts.join(",\n    ")),
        };
        let quoted_all = |texts: &[String]| texts.iter().map(|text| quoted(text)).collect::<Vec<_>>();
        let net = list("connect", &quoted_all(&self.connect)) + &list("listen", &quoted_all(&self.listen));
        let databases = self.databases.as_deref().map(|roots| list("roots", roots));
        let some = |lines: String| (!lines.is_empty()).then_some(lines);
        let all = [
            ("env", some(list("pass", &quoted_all(&self.variables)))),
            ("files", some(list("roots", &self.roots))),
            ("http", some(list("allow", &quoted_all(&self.rules)))),
            ("log", self.log.then(String::new)),
            ("net", some(net)),
            ("sqlite3", databases),
        ];
        let service = |(service, lines): (&str, Option<String>)| {
            Some(OfferedHostService { service: service.to_owned(), lines: format!("zone = \"{service}\"\n{}", lines?) })
        };
        all.into_iter().filter_map(service).collect()
    }
}

/// `DIR[:rw][@PLACE]`, as an entry of `roots`. `rights` are those to read, and those with `:rw`.
fn root(text: &str, beside: &Path, rights: (&[&str], &[&str])) -> anyhow::Result<String> {
    let (folder, at) = match text.rsplit_once('@') {
        Some((folder, at)) if at.starts_with('/') => (folder, Some(at)),
        _ => (text, None),
    };
    let (folder, rights) = match folder.strip_suffix(":rw") {
        Some(folder) => (folder, rights.1),
        None => (folder, rights.0),
    };
    let folder = Path::new(folder);
    let real = folder.canonicalize().with_context(|| folder.display().to_string())?;
    if !real.is_dir() {
        bail!("{} is no folder\nhint: a folder is offered, and what was used of it is recorded", folder.display());
    }
    let at = match at {
        Some(at) => at.to_owned(),
        None => files::place(folder)?.context("where is the program to see it?\nhint: `files=DIR@/data`")?,
    };
    let beside = if beside.as_os_str().is_empty() { Path::new(".") } else { beside };
    let below = beside.canonicalize().ok().and_then(|beside| real.strip_prefix(beside).map(Path::to_owned).ok());
    let path = match below {
        Some(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Some(below) => below,
        None => real,
    };
    let path =
        path.to_str().with_context(|| format!("{}: a manifest is UTF-8, and this path is not", path.display()))?;
    Ok(files::root(&at, path, rights))
}

/// A place as `connect` and `listen` have it.
fn place(text: &str) -> anyhow::Result<String> {
    match NetPlace::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(wrong) => Err(anyhow!("`{text}` is no place: {wrong}\nhint: {}", wrong.hint())),
    }
}

/// Every method of a URL, and of all that is below it.
fn rules(url: &str) -> anyhow::Result<Vec<String>> {
    let path = url.find("://").and_then(|at| url[at + 3..].find('/'));
    let texts = match path {
        _ if url.ends_with('*') => vec![format!("* {url}")],
        _ if url.ends_with('/') => vec![format!("* {url}*")],
        None => vec![format!("* {url}/*")],
        Some(_) => vec![format!("* {url}"), format!("* {url}/*")],
    };
    for text in &texts {
        if let Err(wrong) = text.parse::<HttpRule>() {
            bail!("{}\nhint: {}", wrong.message, wrong.hint);
        }
    }
    Ok(texts)
}

/// For each option that would have offered something that was asked for in vain, the first such thing. `missing` are capabilities that were asked for
/// by name; those that no service has are left out.
pub fn for_lacks<'l>(
    lacks: impl Iterator<Item = &'l Lack>,
    missing: impl Iterator<Item = &'l String>,
) -> BTreeMap<String, String> {
    let mut options: BTreeMap<String, String> = BTreeMap::new();
    for lack in lacks {
        let (what, option) = for_lack(lack);
        options.entry(option).or_insert(what);
    }
    // What SQLite was asked for says more than that it was.
    let known = |service: &str| options.keys().any(|option| option.contains(&format!("--offer {service}")));
    let more: Vec<_> = missing
        .filter(|name| HostService::NAMES.contains(&name.as_str()) && !known(name))
        .map(|name| {
            let lack = Lack { service: name.clone(), what: String::new(), writes: false };
            (for_lack(&lack).1, format!("the capability {name}"))
        })
        .collect();
    options.extend(more);
    options
}

/// What was asked for, in words, and what would offer it.
fn for_lack(lack: &Lack) -> (String, String) {
    let Lack { service, what, writes } = lack;
    let offer = |form: String| format!("`--offer {form}`");
    // A program says it: what a shell would take for something else is no part of a command.
    let is_place = what.chars().all(|one| one.is_ascii_alphanumeric() || "_-.:[]*".contains(one));
    match (service.as_str(), what.as_str()) {
        ("listen" | "net", place) if !is_place => {
            let form = if service == "listen" { "listen=ADDRESS:PORT" } else { "net=HOST:PORT" };
            (place.to_owned(), offer(form.to_owned()))
        }
        ("files", "") => ("files".to_owned(), offer("files=DIR".to_owned())),
        ("files", path) => (path.to_owned(), offer(folder("files", path, *writes))),
        ("sqlite3", "" | ":memory:") => ("SQLite".to_owned(), offer("sqlite3".to_owned())),
        ("sqlite3", path) => (format!("the database {path}"), offer(folder("sqlite3", path, *writes))),
        ("listen", "") => ("a socket that listens".to_owned(), offer("listen=ADDRESS:PORT".to_owned())),
        ("listen", place) => (place.to_owned(), offer(format!("listen={place}"))),
        ("net", "") => ("the network".to_owned(), offer("net".to_owned())),
        ("net", place) => {
            let url = match place.rsplit_once(':') {
                Some((host, "443")) => Some(format!("https://{host}")),
                Some((host, "80")) => Some(format!("http://{host}")),
                Some((_, "*")) | None => None,
                Some((host, port)) => Some(format!("http://{host}:{port}")),
            };
            let net = offer(format!("net={place}"));
            let both =
                url.map(|url| format!("{} for its requests, {net} for any connection", offer(format!("http={url}"))));
            (place.to_owned(), both.unwrap_or(net))
        }
        ("http", _) => ("requests".to_owned(), offer("http=URL".to_owned())),
        ("env", _) => ("variables".to_owned(), offer("env=NAME".to_owned())),
        ("process", program) => {
            let what = if program.is_empty() {
                "a program of the machine".to_owned()
            } else {
                format!("the program {program}")
            };
            (
                what,
                "`cloison add process --help` says how it is granted in a cloison.toml, which `--manifest` names"
                    .to_owned(),
            )
        }
        (other, what) => (what.to_owned(), offer(other.to_owned())),
    }
}

/// The folder that a path of the program's is in, as it would be offered: one that is there under that name, or one that is to be found.
fn folder(service: &str, path: &str, writes: bool) -> String {
    let write = if writes { ":rw" } else { "" };
    let folder = Path::new(path).parent().and_then(Path::to_str).unwrap_or("/");
    // What `--offer files=data` shows as /data.
    let first = folder.trim_start_matches('/').split('/').next().unwrap_or_default();
    let plain = |text: &str| text.chars().all(|one| one.is_alphanumeric() || "_-./".contains(one));
    match folder {
        "/" => format!("{service}=DIR{write}@/"),
        folder if !first.is_empty() && plain(folder) && Path::new(first).is_dir() => {
            format!("{service}={first}{write}")
        }
        folder if plain(folder) && Path::new(folder).is_dir() => format!("{service}={folder}{write}"),
        folder if plain(folder) => format!("{service}=DIR{write}@{folder}"),
        _ => format!("{service}=DIR{write}@/PLACE"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(offers: &[&str]) -> anyhow::Result<String> {
        let offers: Vec<_> = offers.iter().map(|offer| (*offer).to_owned()).collect();
        let services = read(&offers, Path::new("."))?;
        Ok(services.iter().map(|one| format!("[{}]\n{}", one.service, one.lines)).collect())
    }

    #[test]
    fn what_is_offered_is_what_was_said() {
        assert_eq!(
            offered(&[
                "http=https://a.example/v1",
                "http=http://localhost:8000",
                "net",
                "listen=127.0.0.1:0",
                "log",
                "sqlite3",
                "env=LANG"
            ])
            .unwrap(),
            "[env]\nzone = \"env\"\npass = [\n    \"LANG\",\n]\n\
             [http]\nzone = \"http\"\nallow = [\n    \"* https://a.example/v1\",\n    \"* https://a.example/v1/*\",\n    \"* http://localhost:8000/*\",\n]\n\
             [log]\nzone = \"log\"\n\
             [net]\nzone = \"net\"\nconnect = [\n    \"*:*\",\n]\nlisten = [\n    \"127.0.0.1:0\",\n]\n\
             [sqlite3]\nzone = \"sqlite3\"\n"
        );
        let text = offered(&["files=src", "files=src:rw@/out", "sqlite3=/tmp:rw"]).unwrap();
        for root in [
            "{ at = \"/src\", path = \"src\", allow = [\"read\", \"list\"] }",
            "{ at = \"/out\", path = \"src\", allow = [\"read\", \"list\", \"write\", \"create\", \"delete\"] }",
            "{ at = \"/tmp\", path = \"/tmp\", allow = [\"read\", \"write\", \"create\", \"delete\"] }",
        ] {
            assert!(text.contains(root), "{root}\n{text}");
        }
    }

    #[test]
    fn nothing_is_offered_that_nobody_has_said() {
        for (offer, hint) in [
            ("files", "files=DIR"),
            ("http", "https://"),
            ("env", "env=LANG"),
            ("process", "cloison add process"),
            ("file=src", "did you mean `files`?"),
            ("files=no-such-folder", "No such file"),
            ("files=Cargo.toml", "no folder"),
            ("net=nowhere", "no place"),
            ("http=ftp://a.example", "hint"),
        ] {
            let error = format!("{:#}", offered(&[offer]).unwrap_err());
            assert!(error.contains(hint), "{offer}: {error}");
        }
    }

    #[test]
    fn what_was_asked_for_in_vain_names_the_option_that_offers_it() {
        let lack = |service: &str, what: &str, writes| Lack { service: service.into(), what: what.into(), writes };
        for (lack, option) in [
            (lack("files", "/etc/hosts", false), "`--offer files=/etc`"),
            (lack("files", "/src/main.rs", true), "`--offer files=src:rw`"),
            (lack("files", "/no/such/a", false), "`--offer files=DIR@/no/such`"),
            (lack("files", "/a", true), "`--offer files=DIR:rw@/`"),
            (lack("sqlite3", ":memory:", true), "`--offer sqlite3`"),
            (lack("sqlite3", "/src/a.db", true), "`--offer sqlite3=src:rw`"),
            (
                lack("net", "a.example:443", false),
                "`--offer http=https://a.example` for its requests, `--offer net=a.example:443` for any connection",
            ),
            (lack("net", "", false), "`--offer net`"),
            (lack("listen", "127.0.0.1:80", false), "`--offer listen=127.0.0.1:80`"),
        ] {
            assert_eq!(for_lack(&lack).1, option);
        }
        let missing = ["log".to_owned(), "mine".to_owned()];
        let options = for_lacks(std::iter::empty(), missing.iter());
        assert_eq!(options.keys().collect::<Vec<_>>(), ["`--offer log`"]);
    }
}
