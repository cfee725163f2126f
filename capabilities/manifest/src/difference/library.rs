//! What may be called, on which terms, and what a library's zone may do.

use super::{DeclaredCapability, Findings, bounds, named, plain};
use crate::application::{Allow, VersionRequest};
use crate::explain;
use cloison_contract::grant::{Bound, Grant, Quota};
use cloison_contract::interface::{FileRule, Function, Interface, Library, LibraryLocation, Sandbox};
use cloison_contract::types::{Definition, Location};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Which file is loaded: of two manifests that lie elsewhere, the same path is another file.
#[derive(Eq, PartialEq)]
pub(super) enum DeclaredFile {
    Found(String),
    At(PathBuf),
}

pub(super) fn file(of: &DeclaredCapability<'_>) -> DeclaredFile {
    file_beside(of.interface, &beside(of))
}

fn file_beside(interface: &Interface, beside: &Path) -> DeclaredFile {
    match &interface.library.location {
        LibraryLocation::Host(name) | LibraryLocation::Soname(name) => DeclaredFile::Found(name.clone()),
        LibraryLocation::Path(path) => DeclaredFile::At(beside.join(plain(path))),
    }
}

/// A zone as one capability has it.
pub(super) struct ZoneTerms<'a> {
    pub(super) interface: &'a Interface,
    pub(super) grant: &'a Grant,
    /// The folder of its manifest.
    pub(super) beside: PathBuf,
}

impl<'a> ZoneTerms<'a> {
    fn of(capability: &'a DeclaredCapability<'_>) -> Self {
        Self { interface: capability.interface, grant: capability.grant, beside: beside(capability) }
    }
}

/// What another manifest, or another library, of a zone that runs lets it do.
pub(super) fn replaced(findings: &mut Findings, old: &ZoneTerms<'_>, new: &ZoneTerms<'_>) {
    if file_beside(old.interface, &old.beside) != file_beside(new.interface, &new.beside) {
        let [is, was] = [new, old].map(|of| of.interface.library.location.text());
        findings.more(format!("load {is} (was {was})"));
    }
    zones(findings, old, new);
}

/// The folder of the zone's manifest, as `cloison.toml` has it.
fn beside(of: &DeclaredCapability<'_>) -> PathBuf {
    plain(&of.request.zone.text).parent().unwrap_or(Path::new("")).to_owned()
}

/// The version of the interface, and which ones would do.
pub(super) fn versions(findings: &mut Findings, old: &DeclaredCapability<'_>, asked: Option<&VersionRequest>) {
    let words = |request: &VersionRequest| format!("versions {} of its interface", request.wanted.words());
    match (&old.request.version, asked) {
        (None, None) => {}
        (Some(old), None) => findings.more(format!("take every version of its interface (was {})", old.wanted.words())),
        (None, Some(new)) => findings.less(format!("take only {}", words(new))),
        (Some(old), Some(new)) if old.wanted.words() == new.wanted.words() => {}
        (Some(old), Some(new)) => {
            let what = format!("take {} (was {})", words(new), old.wanted.words());
            findings.narrowed(new.wanted.is_within(&old.wanted), what);
        }
    }
}

/// The functions.
pub(super) fn allowed(
    findings: &mut Findings,
    old: &DeclaredCapability<'_>,
    new: &DeclaredCapability<'_>,
    allow: &Allow,
) {
    let (before, after) = (explain::granted(old.interface, old.grant), explain::granted(new.interface, new.grant));
    let without = |list: &[String], other: &[String]| -> Vec<String> {
        list.iter().filter(|name| !other.contains(name)).cloned().collect()
    };
    let (added, gone) = (without(&after, &before), without(&before, &after));
    if !added.is_empty() {
        findings.more(explain::call(&named(&added), new.interface));
    }
    if !gone.is_empty() {
        findings.lost(explain::call(&named(&gone), old.interface));
    }
    let later = |of: &DeclaredCapability<'_>| {
        format!("call whatever more of {} its manifest comes to offer", of.interface.library.location.text())
    };
    match (&old.request.allow, allow) {
        (Allow::All, Allow::Functions(_)) => findings.lost(later(old)),
        (Allow::Functions(_), Allow::All) => findings.more(later(new)),
        (Allow::All, Allow::All) | (Allow::Functions(_), Allow::Functions(_)) => {}
    }
}

/// `where`, what is counted, and what its holders may not do.
pub(super) fn terms(findings: &mut Findings, old: &DeclaredCapability<'_>, new: &DeclaredCapability<'_>) {
    // When it ends is said by `expires`.
    let Grant { functions, bounds: _, quota, expires_ns: _, personal, quiet } = new.grant;
    for id in functions {
        let Some(function) = new.interface.functions.get(id.0 as usize) else { continue };
        let Some((before, _)) = old.interface.function(&function.name).filter(|(id, _)| old.grant.allows(*id)) else {
            continue;
        };
        let (before, after): (Vec<_>, Vec<_>) =
            (old.grant.bounds_of(before).collect(), new.grant.bounds_of(*id).collect());
        conditions(findings, &function.name, (old.interface, &before), (new.interface, &after));
    }
    counts(findings, &old.grant.quota, quota);
    kept(findings, (old.grant.personal, old.grant.quiet), (*personal, *quiet));
    let (before, after) = (old.request.expires, new.request.expires);
    findings.terms(before, after, |new, old| new <= old, explain::for_so_long);
}

/// What is counted.
pub(super) fn counts(findings: &mut Findings, old: &Quota, new: &Quota) {
    let Quota { rate, calls, bytes, cpu_ns } = new;
    findings.rate(old.rate, *rate);
    findings.terms(old.calls, *calls, |new, old| new <= old, explain::calls);
    findings.terms(old.bytes, *bytes, |new, old| new <= old, explain::carried);
    findings.terms(old.cpu_ns, *cpu_ns, |new, old| new <= old, explain::processor);
}

/// What holders may not do: whether it is personal, and whether it is quiet.
pub(super) fn kept(findings: &mut Findings, old: (bool, bool), new: (bool, bool)) {
    for (was, is, what) in [(old.0, new.0, "give it to other processes"), (old.1, new.1, "pass callables")] {
        match (was, is) {
            (true, false) => findings.more(what.to_owned()),
            (false, true) => findings.lost(what.to_owned()),
            (true, true) | (false, false) => {}
        }
    }
}

/// What must hold for the arguments of one function.
pub(super) fn conditions(
    findings: &mut Findings,
    function: &str,
    old: (&Interface, &[&Bound]),
    new: (&Interface, &[&Bound]),
) {
    let text = |interface: &Interface, bound: &Bound| described(interface, &bound.expression);
    let (before, after): (Vec<_>, Vec<_>) = (
        old.1.iter().map(|bound| text(old.0, bound)).collect(),
        new.1.iter().map(|bound| text(new.0, bound)).collect(),
    );
    if before == after {
        return;
    }
    let said = |bounds: &[&Bound]| {
        let texts: Vec<_> = bounds.iter().map(|bound| bound.text.as_str()).collect();
        explain::and(&texts)
    };
    let known: Vec<_> = new.1.iter().map(|bound| &bound.expression).collect();
    // Which side an expression is of is known by where it stands: what is asked about is the old one's.
    let same = |one: &_, other: &_| described(new.0, one) == described(old.0, other);
    let within = old.1.iter().all(|bound| bounds::follows(&bound.expression, &known, &same));
    let what = match (old.1, new.1) {
        (was, []) => format!("{function} without the condition {}", said(was)),
        ([], is) => explain::only_if(function, &said(is)),
        (was, is) => format!("{} (was {})", explain::only_if(function, &said(is)), said(was)),
    };
    findings.narrowed(within, what);
}

/// What a zone's manifest says of it.
pub(super) fn compare(findings: &mut Findings, old: &DeclaredCapability<'_>, new: &DeclaredCapability<'_>) {
    zones(findings, &ZoneTerms::of(old), &ZoneTerms::of(new));
}

fn zones(findings: &mut Findings, old: &ZoneTerms<'_>, new: &ZoneTerms<'_>) {
    let Interface { name: _, version, doc: _, source: _, library, sandbox, types, exceptions, constants, functions: _ } =
        new.interface;
    self::library(findings, new.interface, &old.interface.library, library);
    descriptions(findings, old, new);
    for kind in types {
        let before = old.interface.types.iter().find(|other| other.name == kind.name);
        if before.is_some_and(|before| definition(old.interface, before) != definition(new.interface, kind)) {
            findings.more(format!("use the type {} as it is described now", kind.name));
        }
    }
    let placed = |of: &ZoneTerms<'_>, sandbox: &Sandbox| {
        // A place that stands for the folder, also if that is the application's own.
        sandbox.clone().placed(&Path::new(".").join(&of.beside).display().to_string())
    };
    self::sandbox(findings, new.interface, placed(old, &old.interface.sandbox), placed(new, sandbox));
    if old.interface.version != *version {
        findings.other(format!("its interface has version {version} (was {})", old.interface.version));
    }
    if old.interface.constants != *constants || old.interface.exceptions != *exceptions {
        findings.other("its interface has other constants or exceptions".to_owned());
    }
}

fn library(findings: &mut Findings, interface: &Interface, old: &Library, new: &Library) {
    // What it is called has been compared: it is the same file.
    let Library { location, sha256, needs, preload, declared: _ } = new;
    let name = location.text();
    let digests = |list: &[String]| explain::and(&list.iter().map(String::as_str).collect::<Vec<_>>());
    match (&old.sha256[..], &sha256[..]) {
        (was, is) if was == is => {}
        (was, []) => findings.more(format!("load any file as {name} (was one with the digest {})", digests(was))),
        ([], is) => findings.less(format!("load only a file with the digest {} as {name}", digests(is))),
        (was, is) => {
            let what = format!("load a file with the digest {} as {name} (was {})", digests(is), digests(was));
            findings.narrowed(is.iter().all(|digest| was.contains(digest)), what);
        }
    }
    for (old, new) in [(&old.needs, needs), (&old.preload, preload)] {
        findings.list(old, new, String::eq, |file| explain::load(file, interface));
        let common = |list: &[String], other: &[String]| -> Vec<String> {
            list.iter().filter(|file| other.contains(file)).cloned().collect()
        };
        // Whichever is loaded first may take the place of another one's functions.
        if common(old, new) != common(new, old) {
            findings.more(format!("have {name} load these in this order: {}", named(new)));
        }
    }
}

/// Functions that both manifests have, and describe in different ways.
fn descriptions(findings: &mut Findings, old: &ZoneTerms<'_>, new: &ZoneTerms<'_>) {
    let used = used(new);
    for function in &new.interface.functions {
        let Some((before, other)) = old.interface.function(&function.name) else { continue };
        if self::function(old.interface, other) == self::function(new.interface, function) {
            continue;
        }
        let now = match (&other.declaration, &function.declaration) {
            (was, is) if was == is => "as it is described now".to_owned(),
            (was, is) => format!("as `{is}` (was `{was}`)"),
        };
        let granted = new.interface.function(&function.name).is_some_and(|(id, _)| new.grant.allows(id));
        match (granted, old.grant.allows(before)) {
            (true, true) => findings.more(format!("{}, {now}", explain::call(&function.name, new.interface))),
            // Of one that could not be called before, it is said that it can be.
            (true, false) => {}
            (false, _) if function.internal || used.contains(&function.name) => {
                findings.more(format!("have the zone call {} by itself, {now}", function.name));
            }
            (false, _) => {}
        }
    }
}

/// The functions that others name: to free, to explain a failure, in an expression.
fn used(of: &ZoneTerms<'_>) -> BTreeSet<String> {
    let interface = of.interface;
    let functions = interface.functions.iter().map(|function| self::function(interface, function));
    let types = interface.types.iter().map(|kind| definition(interface, kind));
    let bounds = of.grant.bounds.iter().map(|(_, bound)| described(interface, &bound.expression));
    let all: Vec<_> = functions.chain(types).chain(bounds).collect();
    let names = all.iter().flat_map(|text| text.split(FUNCTION).skip(1)).filter_map(|rest| rest.split_once(')'));
    names.map(|(name, _)| name.to_owned()).collect()
}

/// All that counts of a function.
fn function(interface: &Interface, function: &Function) -> String {
    let plain = Function { declaration: String::new(), doc: None, declared: Location::default(), ..function.clone() };
    described(interface, &plain)
}

/// All that counts of a type.
fn definition(interface: &Interface, definition: &Definition) -> String {
    let plain =
        Definition { declaration: String::new(), doc: None, declared: Location::default(), ..definition.clone() };
    described(interface, &plain)
}

const FUNCTION: &str = "FunctionId(";
const TYPE: &str = "TypeId(";

/// Whether a bound that was read anew for another interface asks for what it asked for: a constant in it may have another value there, or a
/// name be a function's.
pub(super) fn means_the_same(old: (&Interface, &Bound), new: (&Interface, &Bound)) -> bool {
    described(old.0, &old.1.expression) == described(new.0, &new.1.expression)
}

/// All fields of it, functions and types by their names: what stands elsewhere in another manifest is the same.
fn described(interface: &Interface, of: &impl std::fmt::Debug) -> String {
    let text = format!("{of:?}");
    let by_name = |text: String, what: &str, name: &dyn Fn(usize) -> Option<String>| {
        let mut parts = text.split(what);
        let mut named = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let found = part.split_once(')').and_then(|(id, rest)| Some((name(id.parse().ok()?)?, rest)));
            match found {
                Some((name, rest)) => named.extend([what, &name, ")", rest]),
                None => named.extend([what, part]),
            }
        }
        named
    };
    let function = |id: usize| interface.functions.get(id).map(|function| function.name.clone());
    let kind = |id: usize| interface.types.get(id).map(|kind| kind.name.clone());
    by_name(by_name(text, FUNCTION, &function), TYPE, &kind)
}

fn sandbox(findings: &mut Findings, interface: &Interface, old: Sandbox, new: Sandbox) {
    findings.measures("sandbox", explain::sandbox_measures(&old), explain::sandbox_measures(&new));
    let Sandbox {
        // The numbers are compared above.
        memory_bytes: _,
        deadline: _,
        callables: _,
        processes: _,
        descriptors: _,
        file_size_bytes: _,
        call_bytes: _,
        threads: _,
        instances,
        files,
        connect,
        // What a grant needs of it is among the others.
        needed: _,
        environment,
        scratch_bytes,
        // No manifest has them.
        roots: _,
        may_be_missing,
    } = new;
    if old.instances != instances {
        // One for all shares what it keeps; one for each takes as much as all of them together.
        let [is, was] = [instances, old.instances].map(explain::instances);
        findings.more(format!("sandbox: {}: {is} (was {was})", explain::INSTANCES));
    }
    let covers = |outer: &FileRule, inner: &FileRule| outer.path == inner.path && (outer.write || !inner.write);
    findings.list(&old.files, &files, covers, |rule| explain::open(rule, interface));
    findings.list(&old.connect, &connect, u16::eq, |port| explain::connect(*port, interface));
    let name = interface.library.location.text();
    for (variable, value) in environment.iter().filter(|entry| !old.environment.contains(entry)) {
        findings.more(format!("have {name} find {variable}={value} in its environment"));
    }
    let gone = old.environment.iter().filter(|(name, _)| !environment.iter().any(|(other, _)| other == name));
    for (variable, _) in gone {
        // It may have forbidden something.
        findings.more(format!("have {name} not find {variable} in its environment"));
    }
    findings.amount(old.scratch_bytes, scratch_bytes, |bytes| explain::keep(bytes, interface));
    findings.list(&old.may_be_missing, &may_be_missing, String::eq, |layer| {
        format!("have {name} run without the layer {layer} of the sandbox where the kernel has not got it")
    });
}
