//! How connections are to be.

use super::verify::ServerVerifier;
use crate::net::failure::NetFailure;
use rustix::io::Errno;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use std::sync::Arc;

/// What a client of the service asks for.
#[derive(Debug, Default)]
pub(in crate::net) struct ContextSettings<'a> {
    pub(in crate::net) server: bool,
    /// 0 to trust whoever it is, 1 to ask, 2 to insist.
    pub(in crate::net) verify: i32,
    pub(in crate::net) check_name: bool,
    /// Those whom the machine trusts, if they are to be trusted.
    pub(in crate::net) machine: Option<&'a RootCertStore>,
    pub(in crate::net) oldest: i32,
    pub(in crate::net) newest: i32,
    pub(in crate::net) roots: &'a [u8],
    pub(in crate::net) chain: &'a [u8],
    pub(in crate::net) key: &'a [u8],
    pub(in crate::net) alpn: &'a [u8],
}

/// How connections are to be, ready to be used by many.
#[derive(Debug)]
pub(in crate::net) enum TlsContext {
    Client(Arc<ClientConfig>),
    Server(Arc<ServerConfig>),
}

fn invalid(text: impl Into<String>) -> NetFailure {
    NetFailure::new(Errno::INVAL, text)
}

/// What is the matter with a configuration, in rustls's words.
fn refused(error: rustls::Error) -> NetFailure {
    invalid(format!("TLS: {error}"))
}

impl TlsContext {
    pub(in crate::net) fn new(settings: &ContextSettings<'_>) -> Result<Self, NetFailure> {
        let provider = Arc::new(ring::default_provider());
        let versions = versions(settings.oldest, settings.newest)?;
        let named = certificates(settings.roots, "roots")?;
        let mut roots = settings.machine.cloned().unwrap_or_else(RootCertStore::empty);
        // One that cannot be a root may be shown by the peer itself.
        roots.add_parsable_certificates(named.iter().cloned());
        let roots = Arc::new(roots);
        let own = own(settings)?;
        let alpn = protocols(settings.alpn)?;
        if settings.server {
            return Self::server(settings, provider, &versions, roots, own, alpn);
        }
        if settings.verify > 0 && roots.is_empty() && named.is_empty() {
            return Err(invalid("TLS: nobody is trusted who could vouch for a server: give `roots`"));
        }
        let verifier = ServerVerifier {
            roots,
            named,
            trusted: settings.verify > 0,
            for_name: settings.verify > 0 && settings.check_name,
            algorithms: provider.signature_verification_algorithms,
        };
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_protocol_versions(&versions).map_err(refused)?;
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match own {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(refused)?,
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = alpn;
        Ok(Self::Client(Arc::new(config)))
    }

    fn server(
        settings: &ContextSettings<'_>,
        provider: Arc<CryptoProvider>,
        versions: &[&'static SupportedProtocolVersion],
        roots: Arc<RootCertStore>,
        own: Option<Own>,
        alpn: Vec<Vec<u8>>,
    ) -> Result<Self, NetFailure> {
        let Some((chain, key)) = own else {
            return Err(invalid("TLS: a server has a certificate: give `chain` and `key`"));
        };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(versions).map_err(refused)?;
        let builder = match settings.verify {
            0 => builder.with_no_client_auth(),
            insists => {
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                let verifier = if insists == 1 { verifier.allow_unauthenticated() } else { verifier };
                let verifier = verifier.build().map_err(|error| invalid(format!("TLS: {error}")))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder.with_single_cert(chain, key).map_err(refused)?;
        config.alpn_protocols = alpn;
        Ok(Self::Server(Arc::new(config)))
    }
}

/// Certificates and a key.
type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn own(settings: &ContextSettings<'_>) -> Result<Option<Own>, NetFailure> {
    if settings.chain.is_empty() && settings.key.is_empty() {
        return Ok(None);
    }
    let chain = certificates(settings.chain, "chain")?;
    if chain.is_empty() {
        return Err(invalid("TLS: there is no certificate in `chain`"));
    }
    // Both may stand in one file.
    let text = if settings.key.is_empty() { settings.chain } else { settings.key };
    let key = PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        _ if contains(text, b"ENCRYPTED") => invalid("TLS: the key is encrypted, which is not supported"),
        error => invalid(format!("TLS: `key` holds no private key: {error}")),
    })?;
    Ok(Some((chain, key)))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// The certificates of a text; none in an empty one.
fn certificates(text: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, NetFailure> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    match found {
        Ok(found) if found.is_empty() && !text.is_empty() => {
            Err(invalid(format!("TLS: there is no certificate in `{what}`, which is to be PEM")))
        }
        Ok(found) => Ok(found),
        Err(error) => Err(invalid(format!("TLS: `{what}` is not PEM: {error}"))),
    }
}

/// Whom a machine trusts, of those that can be understood.
pub(in crate::net) fn machine_roots(text: &[u8]) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(text).filter_map(Result::ok));
    roots
}

fn versions(oldest: i32, newest: i32) -> Result<Vec<&'static SupportedProtocolVersion>, NetFailure> {
    let wanted = |version: &&SupportedProtocolVersion| {
        let number = i32::from(u16::from(version.version));
        oldest <= number && number <= newest
    };
    let found: Vec<_> = [&TLS13, &TLS12].into_iter().filter(wanted).collect();
    match found.is_empty() {
        true => Err(invalid("TLS: there are versions 1.2 (0x303) and 1.3 (0x304)")),
        false => Ok(found),
    }
}

/// HostNames with a byte of length before each.
fn protocols(mut bytes: &[u8]) -> Result<Vec<Vec<u8>>, NetFailure> {
    let mut names = Vec::new();
    while let Some((length, rest)) = bytes.split_first() {
        let Some((name, rest)) = rest.split_at_checked(usize::from(*length)).filter(|(name, _)| !name.is_empty())
        else {
            return Err(invalid("TLS: `alpn` has a byte of length before each name"));
        };
        names.push(name.to_vec());
        bytes = rest;
    }
    Ok(names)
}
