//! Prefixes, and what they stand for.

use crate::error::ErrorKind;

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Which prefix stands for what, the last binding first.
#[derive(Clone, Debug)]
pub(crate) struct Namespaces {
    /// What stands between a namespace and a name.
    separator: Option<char>,
    /// Prefix and namespace; none for one that is not in force.
    bindings: Vec<(Option<String>, Option<String>)>,
}

impl Namespaces {
    pub(crate) fn new(separator: Option<char>) -> Self {
        Self { separator, bindings: vec![(Some("xml".to_owned()), Some(XML.to_owned()))] }
    }

    pub(crate) fn bind(&mut self, prefix: Option<&str>, uri: &str) -> Result<(), ErrorKind> {
        match prefix {
            Some("xmlns") => return Err(ErrorKind::ReservedPrefixXmlns),
            Some("xml") if uri != XML => return Err(ErrorKind::ReservedPrefixXml),
            Some("xml") => {}
            _ if uri == XML || uri == XMLNS => return Err(ErrorKind::ReservedNamespace),
            Some(_) if uri.is_empty() => return Err(ErrorKind::UndeclaringPrefix),
            _ => {}
        }
        // What separates the parts of a name must not be in one of them.
        if self.separator.is_some_and(|separator| uri.contains(separator) && !may_be_in_uri(separator)) {
            return Err(ErrorKind::Syntax);
        }
        self.bindings.push((prefix.map(str::to_owned), (!uri.is_empty()).then(|| uri.to_owned())));
        Ok(())
    }

    /// Takes back the last binding, and says of which prefix.
    pub(crate) fn unbind(&mut self) -> Option<String> {
        self.bindings.pop().and_then(|(prefix, _)| prefix)
    }

    fn of(&self, prefix: Option<&str>) -> Option<&str> {
        self.bindings.iter().rev().find(|(known, _)| known.as_deref() == prefix).and_then(|(_, uri)| uri.as_deref())
    }

    /// Namespace, separator, name and, if asked for, separator and prefix. Attributes without a prefix are in no namespace.
    pub(crate) fn resolve(&self, name: &str, attribute: bool, prefixes: bool) -> Result<String, ErrorKind> {
        let (prefix, local) = match name.split_once(':') {
            Some((prefix, local)) => (Some(prefix), local),
            None => (None, name),
        };
        let uri = match prefix {
            None if attribute => None,
            None => self.of(None),
            Some("xmlns") => return Err(ErrorKind::UnboundPrefix),
            Some(prefix) => Some(self.of(Some(prefix)).ok_or(ErrorKind::UnboundPrefix)?),
        };
        let Some(uri) = uri else { return Ok(local.to_owned()) };
        let mut full = String::with_capacity(uri.len() + name.len() + 2);
        full.push_str(uri);
        full.extend(self.separator);
        full.push_str(local);
        if let (true, Some(prefix)) = (prefixes, prefix) {
            full.extend(self.separator);
            full.push_str(prefix);
        }
        Ok(full)
    }
}

/// Expat lets a separator be part of a namespace if RFC 3986 does.
fn may_be_in_uri(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(character)
}
