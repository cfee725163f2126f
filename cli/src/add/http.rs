//! `cloison add http`.

use super::document::{self, Document, quoted};
use super::target::EditedManifest;
use super::{Addition, CommonArguments, service};
use anyhow::{Context, bail};
use cloison_contract::host::HostService;
use cloison_contract::host::http::{HttpRule, HttpService};
use cloison_manifest::application::{SecretSource, ServiceRequest};
use std::path::Path;
use toml_edit::{Item, TableLike, Value};

/// Let the program make requests of a server, with a secret if need be that it never sees
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("methods").required(true).multiple(true))]
#[command(after_help = "Examples:
  cloison add http https://api.example.com/v1/ --get           # everything below
  cloison add http https://api.example.com/v1/items --post     # that alone
  cloison add http https://api.example.com/v1/ --get --secret Authorization=env:API_KEY --prefix 'Bearer '
  cloison add http https://api.example.com/ --get --secret X-Api-Key=file:key.txt

Requests of one host make one capability, so that a secret goes to no other.")]
pub struct HttpArguments {
    /// What may be requested; with a `/` at its end everything below
    url: String,
    /// GET, to read
    #[arg(long, group = "methods")]
    get: bool,
    /// HEAD
    #[arg(long, group = "methods")]
    head: bool,
    /// POST, to send something
    #[arg(long, group = "methods")]
    post: bool,
    /// PUT
    #[arg(long, group = "methods")]
    put: bool,
    /// PATCH
    #[arg(long, group = "methods")]
    patch: bool,
    /// DELETE
    #[arg(long, group = "methods")]
    delete: bool,
    /// Every method
    #[arg(long, group = "methods")]
    any: bool,
    /// A header that the service adds: from a variable (HEADER=env:NAME) or a file (HEADER=file:PATH)
    #[arg(long, value_name = "HEADER=FROM")]
    secret: Option<String>,
    /// What stands before the secret, as in "Bearer "
    #[arg(long, value_name = "TEXT", requires = "secret")]
    prefix: Option<String>,
    #[command(flatten)]
    common: CommonArguments,
}

const SERVICE: &str = "http";

/// A secret as it was asked for.
struct Asked {
    header: String,
    /// As `from` has it.
    from: String,
}

impl Addition for HttpArguments {
    fn common(&self) -> &CommonArguments {
        &self.common
    }

    fn add(&self, target: &EditedManifest, document: &mut Document) -> anyhow::Result<String> {
        let rules = self.rules()?;
        let Some(first) = rules.first() else { bail!("no method") };
        let texts: Vec<_> = rules.iter().map(ToString::to_string).collect();
        let secret = self.secret.as_deref().map(|text| asked(target, text)).transpose()?;
        let name = self.capability(target, first)?;
        let Some((service, sources)) = there(target, &name) else {
            let mut lines = format!("zone = \"{SERVICE}\"\nallow = {}\n", service::array(&texts));
            if let Some(secret) = &secret {
                lines += &format!("secret = {}\n", self.table(secret, &[]));
            }
            document.insert(&name, &lines)?;
            return Ok(name);
        };
        let elsewhere = service.rules.iter().any(|rule| rule.host != first.host);
        let knows = service.rules.iter().any(|rule| rule.host == first.host);
        // Nobody has asked for the secrets to go to one more server.
        if !knows && service.secrets.iter().any(|secret| secret.is_for_some_of(&first.host)) {
            bail!(
                "a secret of {name} would go to {} as well\nhint: `--name` takes another name, or say in the file to which `hosts` it goes",
                first.host
            );
        }
        let table = document.capability(&name).context("the capability is nowhere")?;
        service::extend(table, "allow", &texts)?;
        if let Some(secret) = &secret {
            let same = |header: &str| header.eq_ignore_ascii_case(&secret.header);
            let known = service
                .secrets
                .iter()
                .zip(&sources)
                .filter(|(one, _)| same(&one.header) && one.is_for(&first.host.to_string()));
            let known: Vec<_> = known.collect();
            match known[..] {
                [] => {
                    let hosts = if elsewhere { vec![first.host.to_string()] } else { Vec::new() };
                    push_secret(table, &self.table(secret, &hosts))?;
                }
                [(one, from), ..]
                    if *from == secret.from && self.prefix.as_deref().unwrap_or_default() == one.prefix => {}
                _ => bail!("{name} has a secret for {} already, and from somewhere else", secret.header),
            }
        }
        Ok(name)
    }
}

impl HttpArguments {
    fn rules(&self) -> anyhow::Result<Vec<HttpRule>> {
        let said = [
            ("GET", self.get),
            ("HEAD", self.head),
            ("POST", self.post),
            ("PUT", self.put),
            ("PATCH", self.patch),
            ("DELETE", self.delete),
        ];
        let methods: Vec<_> = match self.any {
            true => vec!["*"],
            false => said.into_iter().filter(|(_, said)| *said).map(|(method, _)| method).collect(),
        };
        let below = if self.url.ends_with('/') { "*" } else { "" };
        let rule = |method: &str| match format!("{method} {}{below}", self.url).parse::<HttpRule>() {
            Ok(rule) => Ok(rule),
            Err(wrong) => Err(anyhow::anyhow!("{}\nhint: {}", wrong.message, wrong.hint)),
        };
        methods.into_iter().map(rule).collect()
    }

    /// The capability that is about that server already, or a new one.
    fn capability(&self, target: &EditedManifest, rule: &HttpRule) -> anyhow::Result<String> {
        if let Some(name) = &self.common.name {
            return service::capability(target, SERVICE, Some(name));
        }
        let all = target.application.capabilities.iter();
        let about = all.filter(|(_, request)| match request.service.as_ref().map(|request| &request.service) {
            Some(HostService::Http(http)) => {
                http.rules.iter().any(|other| other.host == rule.host && other.port == rule.port)
            }
            _ => false,
        });
        let about: Vec<_> = about.map(|(name, _)| name.clone()).collect();
        match &about[..] {
            [one] => Ok(one.clone()),
            [] => {
                let host = rule.host.to_string();
                match target.application.capabilities.contains_key(&host) {
                    true => bail!("{host} is a capability already\nhint: `--name` takes another name"),
                    false => Ok(host),
                }
            }
            _ => bail!(
                "there are several capabilities of {}: {}\nhint: `--name` says which",
                rule.host,
                about.join(", ")
            ),
        }
    }

    /// A secret as the manifest has it.
    fn table(&self, secret: &Asked, hosts: &[String]) -> String {
        let mut text = format!("{{ header = {}, from = {}", quoted(&secret.header), quoted(&secret.from));
        if let Some(prefix) = &self.prefix {
            text += &format!(", prefix = {}", quoted(prefix));
        }
        if !hosts.is_empty() {
            text += &format!(", hosts = {}", service::array(hosts));
        }
        text + " }"
    }
}

/// `HEADER=env:NAME`, `HEADER=file:PATH`
fn asked(target: &EditedManifest, text: &str) -> anyhow::Result<Asked> {
    let parts = text.split_once('=').and_then(|(header, from)| Some((header, from.split_once(':')?)));
    // It may be the secret itself, which is not said once more.
    let Some((header, (kind @ ("env" | "file"), what))) = parts else {
        bail!(
            "`--secret` says where a secret comes from, and never the secret\nhint: HEADER=env:NAME or HEADER=file:PATH"
        )
    };
    let from = match kind {
        "file" => format!("file:{}", target.path(Path::new(what))?),
        _ => format!("env:{what}"),
    };
    Ok(Asked { header: header.to_owned(), from })
}

/// What the capability of that name gives already, and where its secrets come from.
fn there(target: &EditedManifest, name: &str) -> Option<(HttpService, Vec<String>)> {
    let ServiceRequest { service, secrets, .. } = target.application.capabilities.get(name)?.service.as_ref()?;
    let HostService::Http(http) = service else { return None };
    let from = |source: &SecretSource| match source {
        SecretSource::Environment(name) => format!("env:{}", name.text),
        SecretSource::File(path) => format!("file:{}", path.text),
    };
    Some((http.clone(), secrets.iter().map(from).collect()))
}

/// One more secret, beside the one or the several that there are.
fn push_secret(table: &mut dyn TableLike, secret: &str) -> anyhow::Result<()> {
    let Some(item) = table.get_mut("secret") else { return document::insert_value(table, "secret", secret) };
    match item {
        Item::Value(Value::Array(secrets)) => document::push(secrets, secret.parse()?),
        Item::Value(Value::InlineTable(one)) => {
            let mut first = one.clone();
            first.decor_mut().clear();
            document::replace_value(item, &format!("[{first}, {secret}]"))?;
        }
        _ => bail!("`secret` is a table of its own\nhint: write `secret = [{{ … }}, {{ … }}]` for several"),
    }
    Ok(())
}
