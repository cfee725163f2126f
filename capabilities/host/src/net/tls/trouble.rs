//! What goes wrong with TLS, as error numbers and sentences.

use super::der;
use crate::net::failure::NetFailure;
use rustix::io::Errno;
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, Error, OtherError};
use std::sync::Arc;

/// OpenSSL's numbers of what can be wrong with a certificate.
const UNSPECIFIED: i32 = 1;
const SIGNATURE: i32 = 7;
const NOT_YET_VALID: i32 = 9;
const EXPIRED: i32 = 10;
const SELF_SIGNED: i32 = 18;
const SELF_SIGNED_IN_CHAIN: i32 = 19;
const NO_LOCAL_ISSUER: i32 = 20;
const REVOKED: i32 = 23;
const PURPOSE: i32 = 26;
const HOST_NAME: i32 = 62;

/// Nobody who is trusted has signed it, but it itself has: what OpenSSL tells apart, and rustls does not.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(super) enum SelfSigned {
    #[error("self-signed certificate")]
    Leaf,
    #[error("self-signed certificate in certificate chain")]
    Chain,
}

impl SelfSigned {
    fn number(self) -> i32 {
        match self {
            Self::Leaf => SELF_SIGNED,
            Self::Chain => SELF_SIGNED_IN_CHAIN,
        }
    }

    /// The same error, with more to say if there is more.
    pub(super) fn explain(error: Error, leaf: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Error {
        let which = match error {
            // The other one: it says that it may sign others, so that nobody else would take it for a server.
            Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_))
                if der::is_self_issued(leaf) =>
            {
                Self::Leaf
            }
            Error::InvalidCertificate(CertificateError::UnknownIssuer)
                if others.iter().any(|one| der::is_self_issued(one)) =>
            {
                Self::Chain
            }
            other => return other,
        };
        CertificateError::Other(OtherError(Arc::new(which))).into()
    }
}

/// OpenSSL's number and words for why a chain is not taken.
fn verdict(error: &CertificateError) -> (i32, String) {
    let known = |number, words: &str| (number, words.to_owned());
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            known(EXPIRED, "certificate has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            known(NOT_YET_VALID, "certificate is not yet valid")
        }
        CertificateError::Revoked => known(REVOKED, "certificate revoked"),
        CertificateError::BadSignature => known(SIGNATURE, "certificate signature failure"),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            known(PURPOSE, "unsuitable certificate purpose")
        }
        CertificateError::UnknownIssuer => known(NO_LOCAL_ISSUER, "unable to get local issuer certificate"),
        CertificateError::Other(OtherError(other)) if let Some(self_signed) = other.downcast_ref::<SelfSigned>() => {
            (self_signed.number(), self_signed.to_string())
        }
        CertificateError::NotValidForName => {
            known(HOST_NAME, "Hostname mismatch, certificate is not valid for this name")
        }
        CertificateError::NotValidForNameContext { expected, .. } => {
            (HOST_NAME, format!("Hostname mismatch, certificate is not valid for '{}'", expected.to_str()))
        }
        other => (UNSPECIFIED, other.to_string()),
    }
}

/// The error of a call, and OpenSSL's number if it is about a certificate.
pub(super) fn failure(error: &Error) -> (NetFailure, i32) {
    match error {
        Error::InvalidCertificate(error) => {
            let (number, words) = verdict(error);
            (NetFailure::new(Errno::KEYREJECTED, format!("certificate verify failed: {words}")), number)
        }
        other => (NetFailure::new(Errno::PROTO, format!("TLS: {other}")), 0),
    }
}

/// The peer went away in the middle.
pub(super) fn end_of_file() -> NetFailure {
    NetFailure::new(Errno::CONNABORTED, "TLS: the peer has ended the connection without a farewell")
}
