//! The frame of a signed text (RFC 9580 section 7), read strictly: one text, one block of
//! signatures, and nothing else in the file. What is hashed is what is parsed later.

use pgp::armor::Dearmor;
use pgp::packet::{Packet, PacketParser, Signature};

use super::ReleaseError;

const BEGIN_TEXT: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const BEGIN_SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END_SIGNATURE: &str = "-----END PGP SIGNATURE-----";
/// More signatures than any archive has.
const MAX_SIGNATURES: usize = 32;

/// A signed text, nothing verified yet.
#[derive(Debug)]
pub(super) struct Signed<'a> {
    /// The lines of the text without dash escapes and without white space at their ends.
    pub(super) lines: Vec<&'a str>,
    /// All signatures over it.
    pub(super) signatures: Vec<Signature>,
}

impl Signed<'_> {
    /// The bytes that the signatures are over.
    pub(super) fn hashed(&self) -> String {
        self.lines.join("\r\n")
    }
}

/// Splits a signed text.
pub(super) fn split(bytes: &[u8]) -> Result<Signed<'_>, ReleaseError> {
    let malformed = |what: &str| ReleaseError::Malformed(what.to_owned());
    let text = str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8"))?;
    let mut lines = text
        .split('\n')
        .map(|line| line.trim_end_matches([' ', '\t', '\r']));
    if lines.next() != Some(BEGIN_TEXT) {
        return Err(if text.contains(BEGIN_TEXT) {
            ReleaseError::Outside
        } else {
            ReleaseError::MissingSignature
        });
    }
    for header in lines.by_ref().take_while(|line| !line.is_empty()) {
        // Other headers could make two readers see two texts.
        if !header.starts_with("Hash: ") {
            return Err(malformed("it has a header other than `Hash`"));
        }
    }
    let mut signed = Vec::new();
    loop {
        let line = lines.next().ok_or(ReleaseError::MissingSignature)?;
        if line == BEGIN_SIGNATURE {
            break;
        }
        let plain = match line.strip_prefix('-') {
            Some(escaped) => escaped
                .strip_prefix(' ')
                .ok_or_else(|| malformed("it has a line with an unescaped dash"))?,
            None => line,
        };
        if plain.bytes().any(|b| b.is_ascii_control() && b != b'\t') {
            return Err(malformed("it has control characters"));
        }
        signed.push(plain);
    }
    let mut armor = format!("{BEGIN_SIGNATURE}\n");
    loop {
        let line = lines
            .next()
            .ok_or_else(|| malformed("its signature has no end"))?;
        armor.push_str(line);
        armor.push('\n');
        if line == END_SIGNATURE {
            break;
        }
    }
    if lines.any(|line| !line.is_empty()) {
        return Err(ReleaseError::Outside);
    }
    Ok(Signed {
        lines: signed,
        signatures: signatures(&armor)?,
    })
}

fn signatures(armor: &str) -> Result<Vec<Signature>, ReleaseError> {
    let malformed = |what: String| ReleaseError::Malformed(what);
    let packets = PacketParser::new(std::io::BufReader::new(Dearmor::new(armor.as_bytes())));
    let mut signatures = Vec::new();
    for packet in packets {
        match packet {
            Ok(Packet::Signature(signature)) if signatures.len() < MAX_SIGNATURES => {
                signatures.push(signature);
            }
            Ok(Packet::Signature(_)) => return Err(malformed("too many signatures".to_owned())),
            Ok(_) => {
                return Err(malformed(
                    "its signature block has something else".to_owned(),
                ));
            }
            Err(error) => {
                return Err(malformed(format!("its signature cannot be read: {error}")));
            }
        }
    }
    if signatures.is_empty() {
        return Err(ReleaseError::MissingSignature);
    }
    Ok(signatures)
}
