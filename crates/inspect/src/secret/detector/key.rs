//! Private keys. One that a passphrase protects weighs less; one without a body is text about keys.

use goldsmith_core::finding::Severity::{Critical, High, Medium};

use super::{Candidate, Detector, Verdict, token};
use crate::secret::validate::{base64, base64_start, entropy};

/// No key is longer in its text form: RSA of 16,384 bits.
const REACH: usize = 14 << 10;
/// The least letters of a body: an Ed25519 key in PKCS 8 has 64.
const MIN_BODY: usize = 40;

pub(super) const TABLE: &[Detector] = &[
    // Line ends may be written out (JSON), lines may be indented (YAML).
    token(
        "private-key",
        "a private key",
        Critical,
        &["PRIVATE KEY-----"],
        r#"-----BEGIN (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY-----((?:[A-Za-z0-9+/=\s",:.-]|\\[nr]){60,})"#,
    )
    .reach(48, REACH)
    .validate(pem),
    token(
        "pgp-private-key",
        "a private key of OpenPGP",
        Critical,
        &["PGP PRIVATE KEY BLOCK-----"],
        r"-----BEGIN PGP PRIVATE KEY BLOCK-----((?:[A-Za-z0-9+/=\s:.()@<>-]|\\[nr]){60,})",
    )
    .reach(16, REACH)
    .validate(|c| Verdict::when(base64_start(c.secret).is_some_and(|body| body.len() >= MIN_BODY))),
    token(
        "ssh2-private-key",
        "a private key of SSH",
        High,
        &["SSH2 ENCRYPTED PRIVATE KEY ----"],
        r"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----([^\x00]{60,4000})",
    )
    .reach(16, REACH)
    .validate(|c| Verdict::when(entropy(c.secret) > 4.0)),
    token(
        "putty-private-key",
        "a private key of PuTTY",
        Critical,
        &["PuTTY-User-Key-File-"],
        r"PuTTY-User-Key-File-[23]: ([\w-]{3,40}\r?\nEncryption: [\w-]{3,20}\r?\n)",
    )
    .entropy(1.0)
    .validate(|c| {
        if memchr::memmem::find(c.secret, b"Encryption: none").is_some() {
            Verdict::Yes
        } else {
            Verdict::As(Medium, "an encrypted private key of PuTTY")
        }
    }),
    token("age-secret-key", "a secret key of age", Critical, &["AGE-SECRET-KEY-1"], r"\b(AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})\b").entropy(3.0),
    // `-----BEGIN ` in base64, as in kubeconfig files and Kubernetes secrets.
    token(
        "private-key-base64",
        "a private key in base64",
        Critical,
        &["LS0tLS1CRUdJTi"],
        r"(LS0tLS1CRUdJTi[A-Za-z0-9+/]{80,}={0,2})",
    )
    .reach(0, REACH)
    .validate(|c| {
        let length = c.secret.len() / 4 * 4;
        let plain = base64(&c.secret[..length]).unwrap_or_default();
        Verdict::when(memchr::memmem::find(&plain, b"PRIVATE KEY-----").is_some())
    }),
    token("jwk-private-key", "a private JSON web key", Critical, &["\"d\""], r#""d"\s{0,4}:\s{0,4}"([\w-]{40,700})""#)
        .text()
        .reach(0, 1024)
        .entropy(4.0)
        .validate(|c| Verdict::when(c.is_near("\"kty\"", 2048, 2048))),
    token("minisign-secret-key", "an encrypted secret key of minisign", Medium, &["minisign encrypted secret key", "signify secret key"], r"(?:minisign encrypted secret key|signify secret key)\s{1,4}(R[A-Za-z0-9+/]{100,300}={0,2})").reach(0, 512),
    token("dnssec-private-key", "a private key of DNSSEC", High, &["Private-key-format: "], r"(?s)Private-key-format: v1\.\d\s{1,2}Algorithm: .{1,80}?(?:PrivateKey|PrivateExponent|Key): ([A-Za-z0-9+/]{20,800}={0,2})").reach(0, 2048).text(),
];

fn pem(candidate: &Candidate<'_>) -> Verdict {
    const ENCRYPTED: &str = "an encrypted private key";
    let text = candidate.secret;
    let has = |bytes: &[u8], mark: &[u8]| memchr::memmem::find(bytes, mark).is_some();
    // A manual shows the first line of a key and three dots.
    if has(text, b"...") {
        return Verdict::No;
    }
    if has(candidate.lead, b"ENCRYPTED") || has(text, b"Proc-Type: 4,ENCRYPTED") {
        let is_key = base64_start(text).is_some_and(|body| body.len() >= MIN_BODY);
        return if is_key {
            Verdict::As(Medium, ENCRYPTED)
        } else {
            Verdict::No
        };
    }
    let Some(body) = base64_start(text).filter(|body| body.len() >= MIN_BODY) else {
        return Verdict::No;
    };
    let plain = base64(&body[..body.len() / 4 * 4]).unwrap_or_default();
    if let Some(rest) = plain.strip_prefix(b"openssh-key-v1\0") {
        // The name of the cipher, after its length.
        return match rest.get(4..8) {
            Some(b"none") | None => Verdict::Yes,
            Some(_) => Verdict::As(Medium, ENCRYPTED),
        };
    }
    // DER begins with a sequence; a shuffled body still has the spread of a key.
    Verdict::when(plain.first() == Some(&0x30) || entropy(&body) > 4.2)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use goldsmith_core::finding::Severity;

    use super::super::tests::{ALNUM, found, hits, made, nothing};

    fn pem(kind: &str, body: &str) -> String {
        format!(
            "-----BEGIN {kind}PRIVATE {0}-----\n{body}\n-----END {kind}PRIVATE {0}-----\n",
            "KEY"
        )
    }

    fn lines(letters: usize) -> String {
        let body = format!("MII{}", made(ALNUM, letters - 3));
        body.as_bytes()
            .chunks(64)
            .map(|c| format!("{}\n", String::from_utf8_lossy(c)))
            .collect()
    }

    #[test]
    fn plain_keys() {
        found("private-key", &pem("RSA ", &lines(1600)));
        found("private-key", &pem("EC ", &lines(160)));
        found("private-key", &pem("", &lines(64)));
        // In JSON, with line ends written out; in YAML, indented.
        found(
            "private-key",
            &format!(
                "{{\"key\": \"{}\"}}",
                pem("", &lines(1600)).replace('\n', "\\n")
            ),
        );
        found(
            "private-key",
            &pem("", &lines(1600)).replace('\n', "\n    "),
        );
        let openssh = |cipher: &str| {
            let mut bytes = b"openssh-key-v1\0".to_vec();
            bytes.extend(u32::try_from(cipher.len()).unwrap().to_be_bytes());
            bytes.extend(cipher.as_bytes());
            bytes.extend(made(ALNUM, 300).as_bytes());
            pem("OPENSSH ", &STANDARD.encode(bytes))
        };
        found("private-key", &openssh("none"));
        assert_eq!(
            hits(openssh("aes256-ctr").as_bytes())[0].severity,
            Severity::Medium
        );
        found(
            "pgp-private-key",
            &format!(
                "-----BEGIN PGP PRIVATE {} BLOCK-----\n\nlQ{}\n",
                "KEY",
                made(ALNUM, 200)
            ),
        );
        found(
            "putty-private-key",
            &format!(
                "PuTTY-User-Key-{}-3: ssh-ed25519\r\nEncryption: none\r\n",
                "File"
            ),
        );
        found(
            "private-key-base64",
            &format!(
                "client-key-data: {}\n",
                STANDARD.encode(pem("RSA ", &lines(600)))
            ),
        );
        found(
            "age-secret-key",
            &format!(
                "AGE-SECRET-{}-1{}",
                "KEY",
                made("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)
            ),
        );
        found(
            "jwk-private-key",
            &format!("{{\"kty\":\"EC\",\"d\":\"{}\"}}", made(ALNUM, 43)),
        );
    }

    #[test]
    fn encrypted_keys_weigh_less() {
        let old = format!(
            "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0A1B2C3D4E5F60718293A4B5C6D7E8F9\n\n{}",
            lines(800)
        );
        for text in [pem("RSA ", &old), pem("ENCRYPTED ", &lines(800))] {
            let hits = hits(text.as_bytes());
            assert_eq!(
                (hits.len(), hits[0].severity),
                (1, Severity::Medium),
                "{text}"
            );
        }
    }

    #[test]
    fn look_alikes() {
        nothing(&pem("RSA ", "..."));
        nothing(&pem("RSA ", &format!("{}...\n", lines(64))));
        nothing(&pem("RSA ", &"A".repeat(800)));
        nothing(&format!(
            "looks for -----BEGIN PRIVATE {}----- at the start of the file, then for its end",
            "KEY"
        ));
        nothing(&format!("-----BEGIN PUBLIC {}-----\n{}", "KEY", lines(300)));
        nothing(&format!(
            "\0-----BEGIN OPENSSH PRIVATE {0}-----\0-----END OPENSSH PRIVATE {0}-----\0",
            "KEY"
        ));
        nothing(&STANDARD.encode(format!("-----BEGIN CERTIFI{}-----\n{}", "CATE", lines(300))));
    }
}
