//! The few parts of a certificate (X.509, RFC 5280) that rustls does not tell of. Who cannot be read says nothing: no part is trusted
//! because of what is read here, but for the time of a certificate that is trusted as a whole.

/// What stands in a certificate.
struct Parts<'a> {
    issuer: &'a [u8],
    subject: &'a [u8],
    validity: &'a [u8],
}

/// Whether it says of itself that it has signed itself.
pub(super) fn is_self_issued(certificate: &[u8]) -> bool {
    parts(certificate).is_some_and(|parts| parts.issuer == parts.subject)
}

/// From when until when it is valid, in seconds since 1970, both included.
pub(super) fn validity(certificate: &[u8]) -> Option<(u64, u64)> {
    let validity = parts(certificate)?.validity;
    let (SEQUENCE, times, _) = element(validity)? else { return None };
    let (kind, from, rest) = element(times)?;
    let from = time(kind, from)?;
    let (kind, until, _) = element(rest)?;
    Some((from, time(kind, until)?))
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

fn parts(certificate: &[u8]) -> Option<Parts<'_>> {
    let (SEQUENCE, signed, _) = element(certificate)? else { return None };
    let (SEQUENCE, mut rest, _) = element(signed)? else { return None };
    if rest.first() == Some(&VERSION) {
        rest = element(rest)?.2;
    }
    let serial = element(rest)?.2;
    let algorithm = element(serial)?.2;
    let after = |from: &'_ [u8]| element(from).map(|(.., rest)| from.len() - rest.len());
    let (issuer, rest) = algorithm.split_at_checked(after(algorithm)?)?;
    let (validity, rest) = rest.split_at_checked(after(rest)?)?;
    let (subject, _) = rest.split_at_checked(after(rest)?)?;
    Some(Parts { issuer, subject, validity })
}

/// Its tag, its contents, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, first, rest @ ..] = bytes else { return None };
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        long @ 0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(long - 0x80))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((*tag, contents, rest))
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`
fn time(kind: u8, text: &[u8]) -> Option<u64> {
    let (years, rest) = match kind {
        UTC_TIME if text.len() == 13 => text.split_at(2),
        GENERALIZED_TIME if text.len() == 15 => text.split_at(4),
        _ => return None,
    };
    let (digits, b"Z") = rest.split_at(10) else { return None };
    let number = |text: &[u8]| {
        text.iter().try_fold(0_u64, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u64::from(digit - b'0')))
    };
    let year = match number(years)? {
        year if kind == GENERALIZED_TIME => year,
        year if year < 50 => 2000 + year,
        year => 1900 + year,
    };
    let mut pairs = digits.chunks_exact(2).map(number);
    let mut next = || pairs.next().flatten();
    let (month, day, hour, minute, second) = (next()?, next()?, next()?, next()?, next()?);
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 59
    {
        return None;
    }
    // Days since 1970, counted from a year that begins in March.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * years + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_in_seconds() {
        for (kind, text, seconds) in [
            (UTC_TIME, "700101000000Z", Some(0)),
            (UTC_TIME, "000229123456Z", Some(951_827_696)),
            (GENERALIZED_TIME, "20261129181347Z", Some(1_795_976_027)),
            (GENERALIZED_TIME, "20991231235959Z", Some(4_102_444_799)),
            (GENERALIZED_TIME, "19691231235959Z", None),
            (GENERALIZED_TIME, "20261329181347Z", None),
            (GENERALIZED_TIME, "2026112918134xZ", None),
            (UTC_TIME, "20261129181347Z", None),
            (UTC_TIME, "7001010000000", None),
            (0x04, "700101000000Z", None),
        ] {
            assert_eq!(time(kind, text.as_bytes()), seconds, "{text}");
        }
    }

    #[test]
    fn whatever_bytes_there_are() {
        let certified = rcgen::generate_simple_self_signed(vec!["a.example".to_owned()]).unwrap();
        let whole = certified.cert.der();
        assert!(is_self_issued(whole));
        let (from, until) = validity(whole).unwrap();
        assert!(from < 1_795_976_027 && until > 1_795_976_027, "{from} {until}");
        for length in 0..whole.len().min(200) {
            assert!(!is_self_issued(&whole[..length]) && validity(&whole[..length]).is_none());
        }
        for at in 0..200 {
            for bit in 0..8 {
                let mut wrong = whole.to_vec();
                wrong[at] ^= 1 << bit;
                let _ = (is_self_issued(&wrong), validity(&wrong));
            }
        }
    }
}
