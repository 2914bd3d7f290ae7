//! Amazon Web Services.

use goldsmith_core::finding::Severity::{Critical, High};

use super::{Candidate, Detector, Verdict, assigned, token};

pub(super) const TABLE: &[Detector] = &[
    // Four letters for the kind of key, then base32: 1, 8, 9 and 0 are not in it.
    token(
        "aws-access-key-id",
        "an access key id of AWS",
        High,
        &["AKIA", "ASIA", "ABIA", "ACCA"],
        r"\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b",
    )
    .entropy(3.0),
    assigned(
        "aws-secret-access-key",
        "a secret access key of AWS",
        &["secret_access_key", "secretaccesskey", "secretAccessKey", "secret-access-key", "secret_key", "secretKey", "aws_secret"],
        r"(?:aws[_.-]?)?secret[_.-]?(?:access)?[_.-]?key",
        r"[A-Za-z0-9/+]{40}",
    )
    .severity(Critical)
    .entropy(3.8)
    .validate(is_mixed),
    // The two of them side by side, as in the file that the console hands out.
    token(
        "aws-key-pair",
        "an access key of AWS with its secret",
        Critical,
        &["AKIA", "ASIA"],
        r#"\b(?:AKIA|ASIA)[A-Z2-7]{16}["']?[ \t]{0,3}[,:;|\t ][ \t]{0,3}["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|\z)"#,
    )
    .entropy(3.8)
    .text()
    .validate(is_mixed),
    assigned(
        "aws-session-token",
        "a session token of AWS",
        &["session_token", "sessiontoken", "sessionToken", "security_token"],
        r"(?:aws[_.-]?)?(?:session|security)[_.-]?token",
        r"[A-Za-z0-9/+]{100,1200}={0,2}",
    )
    .reach(0, 1400)
    .entropy(4.0),
    token(
        "aws-bedrock-key",
        "an API key of Amazon Bedrock",
        High,
        &["ABSK"],
        r"\b(ABSK[A-Za-z0-9+/]{100,270}={0,2})",
    )
    .entropy(4.0),
    token(
        "aws-mws-key",
        "a key of Amazon Marketplace",
        High,
        &["amzn.mws."],
        r"\b(amzn\.mws\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b",
    ),
];

/// Forty letters of one case or hexadecimal digits are a digest, not a key.
fn is_mixed(candidate: &Candidate<'_>) -> Verdict {
    let has = |is: fn(&u8) -> bool| candidate.secret.iter().any(is);
    Verdict::when(
        has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit),
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ALNUM, BASE32, HEX, found, made, nothing};

    #[test]
    fn keys() {
        let id = format!("AK{}{}", "IA", made(BASE32, 16));
        let secret = made(ALNUM, 40);
        found("aws-access-key-id", &format!("id={id}\n"));
        found("aws-access-key-id", &format!("\0\x01{id}\0"));
        found(
            "aws-secret-access-key",
            &format!("aws_secret_access_key = {secret}\n"),
        );
        found(
            "aws-secret-access-key",
            &format!("\"SecretAccessKey\": \"{secret}\","),
        );
        found("aws-key-pair", &format!("{id},{secret}\r\n"));
        found(
            "aws-session-token",
            &format!("AWS_SESSION_TOKEN={}\n", made(ALNUM, 300)),
        );
        found(
            "aws-bedrock-key",
            &format!("AB{}{}", "SK", made(ALNUM, 128)),
        );
    }

    #[test]
    fn look_alikes() {
        // The key of Amazon's own pages, a digit that base32 lacks, a digest.
        nothing(&format!("AK{}IOSFODNN7{}\n", "IA", "EXAMPLE"));
        nothing(&format!("AK{}{}1\n", "IA", made(BASE32, 15)));
        nothing(&format!("x{}{}", "AKIA", made(BASE32, 16)));
        nothing(&format!("secret_key = {}\n", "0".repeat(40)));
        nothing(&format!("secret_key_sum: {}\n", made(HEX, 40)));
        nothing(&format!(
            "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY{}KEY\n",
            "EXAMPLE"
        ));
    }
}
