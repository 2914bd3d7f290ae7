//! Google Cloud and other services of Google.

use goldsmith_core::finding::Severity::{Critical, High, Medium};

use super::{Detector, Verdict, token};

pub(super) const TABLE: &[Detector] = &[
    token(
        "google-api-key",
        "an API key of Google",
        High,
        &["AIza"],
        r"\b(AIza[\w-]{35})(?:[^\w-]|\z)",
    )
    .entropy(3.5),
    token(
        "google-service-account",
        "the key of a service account of Google Cloud",
        Critical,
        &["\"private_key_id\""],
        r#""private_key_id"\s{0,4}:\s{0,4}"([0-9a-f]{40})""#,
    )
    .entropy(3.0)
    .text()
    .validate(|c| Verdict::when(c.is_near("service_account", 4096, 4096))),
    token(
        "google-client-secret",
        "a client secret of Google",
        High,
        &["GOCSPX-"],
        r"\b(GOCSPX-[\w-]{28})(?:[^\w-]|\z)",
    ),
    token(
        "google-access-token",
        "an access token of Google",
        Medium,
        &["ya29."],
        r"\b(ya29\.[\w-]{30,400})",
    )
    .entropy(3.5),
    token(
        "google-refresh-token",
        "a refresh token of Google",
        High,
        &["1//0"],
        r"(?:[^\w/]|\A)(1//0[\w-]{40,180})",
    )
    .entropy(3.5)
    .reach(1, 256),
    token(
        "google-hmac-key",
        "an HMAC key of Google Cloud Storage",
        High,
        &["GOOG1E"],
        r"\b(GOOG1E[A-Z0-9]{55})\b",
    )
    .entropy(3.5),
];

#[cfg(test)]
mod tests {
    use super::super::tests::{ALNUM, HEX, UPPER, found, made, nothing};

    #[test]
    fn keys() {
        found(
            "google-api-key",
            &format!("key=AI{}{}\n", "za", made(ALNUM, 35)),
        );
        let account = format!(
            "{{ \"type\": \"service_account\",\n \"private_key_id\": \"{}\",",
            made(HEX, 40)
        );
        found("google-service-account", &account);
        found(
            "google-client-secret",
            &format!("GOC{}-{}", "SPX", made(ALNUM, 28)),
        );
        found(
            "google-access-token",
            &format!("ya{}.{}", "29", made(ALNUM, 60)),
        );
        found(
            "google-refresh-token",
            &format!("\"1/{}{}\"", "/0", made(ALNUM, 60)),
        );
        found(
            "google-hmac-key",
            &format!("GOO{}{}", "G1E", made(UPPER, 55)),
        );
    }

    #[test]
    fn look_alikes() {
        nothing(&format!("AIza{}", "x".repeat(35)));
        nothing(&format!("AIza{}", made(ALNUM, 60)));
        nothing(&format!(
            "\"private_key_id\": \"{}\" of a demo",
            made(HEX, 40)
        ));
    }
}
