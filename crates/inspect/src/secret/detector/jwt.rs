//! JSON web tokens: header and body must be JSON, and the header must name a signature.

use goldsmith_core::finding::Severity::{High, Medium};

use super::{Candidate, Detector, Verdict, token};
use crate::secret::validate::base64;

pub(super) const TABLE: &[Detector] = &[token(
    "jwt",
    "a JSON web token",
    Medium,
    &["eyJ"],
    r"\b(eyJ[\w-]{8,}={0,2}\.eyJ[\w-]{8,}={0,2}\.[\w-]{20,})",
)
.entropy(4.0)
.reach(0, 10_000)
.validate(is_signed)];

fn is_signed(candidate: &Candidate<'_>) -> Verdict {
    let mut parts = candidate.secret.split(|byte| *byte == b'.');
    let mut json =
        || -> Option<serde_json::Value> { serde_json::from_slice(&base64(parts.next()?)?).ok() };
    let (Some(header), Some(body)) = (json(), json()) else {
        return Verdict::No;
    };
    match header.get("alg").and_then(|alg| alg.as_str()) {
        None | Some("none") => return Verdict::No,
        Some(_) => {}
    }
    let issuer = body
        .get("iss")
        .and_then(|iss| iss.as_str())
        .unwrap_or_default();
    if issuer == "kubernetes/serviceaccount" {
        return Verdict::As(High, "a token of a Kubernetes service account");
    }
    // jwt.io's own sample is in half of all manuals.
    let is_sample = body.get("name").is_some_and(|name| name == "John Doe");
    Verdict::when(body.is_object() && !is_sample)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
    use goldsmith_core::finding::Severity;

    use super::super::tests::{ALNUM, found, hits, made, nothing};

    fn jwt(header: &str, body: &str) -> String {
        format!(
            "{}.{}.{}",
            B64.encode(header),
            B64.encode(body),
            made(ALNUM, 43)
        )
    }

    #[test]
    fn tokens() {
        let header = r#"{"alg":"HS256","typ":"JWT"}"#;
        found(
            "jwt",
            &format!(
                "Cookie: session={};",
                jwt(header, r#"{"sub":"42","role":"admin"}"#)
            ),
        );
        let account = jwt(header, r#"{"iss":"kubernetes/serviceaccount","sub":"a"}"#);
        assert_eq!(hits(account.as_bytes())[0].severity, Severity::High);
    }

    #[test]
    fn look_alikes() {
        nothing(&jwt(r#"{"alg":"none"}"#, r#"{"sub":"42"}"#));
        nothing(&jwt(
            r#"{"alg":"HS256"}"#,
            r#"{"sub":"1234567890","name":"John Doe"}"#,
        ));
        nothing(&jwt(r#"{"version":3,"file":"a.js"}"#, r#"{"sources":[]}"#));
        nothing(&format!(
            "eyJ{}.eyJ{}.{}",
            made(ALNUM, 20),
            made(ALNUM, 20),
            made(ALNUM, 43)
        ));
    }
}
