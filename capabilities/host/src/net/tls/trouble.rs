//! What goes wrong with TLS, as error numbers and sentences.

use super::der;
use crate::net::failure::Failure;
use rustix::io::Errno;
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, Error};

/// OpenSSL's numbers of what can be wrong with a certificate.
pub(super) const UNSPECIFIED: i32 = 1;
const SIGNATURE: i32 = 7;
const NOT_YET_VALID: i32 = 9;
const EXPIRED: i32 = 10;
const SELF_SIGNED: i32 = 18;
const SELF_SIGNED_IN_CHAIN: i32 = 19;
const NO_LOCAL_ISSUER: i32 = 20;
const REVOKED: i32 = 23;
const PURPOSE: i32 = 26;
const HOST_NAME: i32 = 62;

/// OpenSSL's number and words for why a chain is not taken.
pub(super) fn verdict(error: &CertificateError, chain: &[CertificateDer<'_>]) -> (i32, String) {
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
        CertificateError::UnknownIssuer => match chain {
            [leaf, ..] if der::is_self_issued(leaf) => known(SELF_SIGNED, "self-signed certificate"),
            [_, rest @ ..] if rest.iter().any(|one| der::is_self_issued(one)) => {
                known(SELF_SIGNED_IN_CHAIN, "self-signed certificate in certificate chain")
            }
            _ => known(NO_LOCAL_ISSUER, "unable to get local issuer certificate"),
        },
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
pub(super) fn failure(error: &Error, chain: &[CertificateDer<'_>]) -> (Failure, i32) {
    match error {
        Error::InvalidCertificate(error) => {
            let (number, words) = verdict(error, chain);
            (Failure::new(Errno::KEYREJECTED, format!("certificate verify failed: {words}")), number)
        }
        other => (Failure::new(Errno::PROTO, format!("TLS: {other}")), 0),
    }
}

/// The peer went away in the middle.
pub(super) fn end_of_file() -> Failure {
    Failure::new(Errno::CONNABORTED, "TLS: the peer has ended the connection without a farewell")
}
