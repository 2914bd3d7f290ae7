//! Registries of packages and of container images.

use goldsmith_core::finding::Severity::{Critical, High};

use super::{Candidate, Detector, Verdict, assigned, token};
use crate::secret::validate::base64;

pub(super) const TABLE: &[Detector] = &[
    token(
        "npm-token",
        "a token of npm",
        Critical,
        &["npm_"],
        r"\b(npm_[A-Za-z0-9]{36})\b",
    )
    .entropy(3.5),
    token(
        "npmrc-token",
        "a token in an npm configuration",
        High,
        &["_authToken", ":_auth", "_password"],
        r#":(?:_authToken|_auth|_password)\s{0,3}=\s{0,3}"?([\w+/=-]{12,512})"#,
    )
    .reach(1, 640)
    .entropy(3.0)
    .text(),
    token(
        "pypi-token",
        "an upload token of PyPI",
        Critical,
        &["pypi-AgE"],
        r"\b(pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[\w-]{50,400})",
    )
    .entropy(3.5),
    token(
        "rubygems-token",
        "a token of RubyGems",
        High,
        &["rubygems_"],
        r"\b(rubygems_[a-f0-9]{48})\b",
    )
    .entropy(3.0),
    token(
        "clojars-token",
        "a token of Clojars",
        High,
        &["CLOJARS_"],
        r"\b(CLOJARS_[a-z0-9]{60})\b",
    )
    .entropy(3.0),
    token(
        "crates-io-token",
        "a token of crates.io",
        Critical,
        &["cio"],
        r"\b(cio[A-Za-z0-9]{32})\b",
    )
    .entropy(4.0),
    token(
        "nuget-key",
        "an API key of NuGet",
        High,
        &["oy2"],
        r"\b(oy2[a-z0-9]{43})\b",
    )
    .entropy(3.5),
    token(
        "packagist-token",
        "a token of Packagist",
        High,
        &["packagist_"],
        r"\b(packagist_[ou][ru]t_[a-f0-9]{68})\b",
    )
    .entropy(3.0),
    token(
        "docker-hub-token",
        "a token of Docker Hub",
        Critical,
        &["dckr_pat_", "dckr_oat_"],
        r"\b(dckr_[po]at_[\w-]{27,32})(?:[^\w-]|\z)",
    )
    .entropy(3.5),
    // What `docker login` writes: name and password in base64.
    token(
        "docker-auth",
        "a password of a container registry",
        Critical,
        &["\"auth\""],
        r#""auth"\s{0,4}:\s{0,4}"([A-Za-z0-9+/]{8,2000}={0,2})""#,
    )
    .text()
    .reach(0, 2048)
    .validate(is_name_and_password),
    token(
        "docker-identity-token",
        "an identity token of a container registry",
        High,
        &["\"identitytoken\"", "\"registrytoken\""],
        r#""(?:identity|registry)token"\s{0,4}:\s{0,4}"([\w.+/=-]{20,2000})""#,
    )
    .text()
    .reach(0, 2048)
    .entropy(3.5),
    token(
        "artifactory-key",
        "an API key of Artifactory",
        High,
        &["AKCp"],
        r"\b(AKCp[A-Za-z0-9]{69})\b",
    )
    .entropy(4.0),
    token(
        "artifactory-reference-token",
        "a reference token of Artifactory",
        High,
        &["cmVmd"],
        r"\b(cmVmd[A-Za-z0-9]{59})\b",
    )
    .entropy(4.0),
    assigned(
        "artifactory-password",
        "a password of Artifactory",
        &["artifactory", "jfrog"],
        r"(?:artifactory|jfrog)[\w.-]{0,20}(?:key|token|password)",
        r"[A-Za-z0-9]{64,73}",
    ),
    token(
        "cloudsmith-key",
        "a key of Cloudsmith",
        High,
        &["csky_", "csa_"],
        r"\b(cs(?:ky|a)_[a-z0-9]{36,48})\b",
    )
    .entropy(3.5),
    token(
        "hex-key",
        "a key of Hex",
        High,
        &["hex_"],
        r"\b(hex_[a-f0-9]{40})\b",
    )
    .entropy(3.5),
];

fn is_name_and_password(candidate: &Candidate<'_>) -> Verdict {
    let plain = base64(candidate.secret).unwrap_or_default();
    let Some(at) = plain.iter().position(|byte| *byte == b':') else {
        return Verdict::No;
    };
    let is_text = plain.iter().all(|byte| (0x20..0x7f).contains(byte));
    Verdict::when(is_text && at > 0 && plain.len() > at + 1)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::super::tests::{ALNUM, HEX, LOWER, found, made, nothing};

    #[test]
    fn keys() {
        found("npm-token", &format!("np{}_{}", "m", made(ALNUM, 36)));
        found(
            "npmrc-token",
            &format!("//registry.corp/:_authToken={}\n", made(HEX, 36)),
        );
        found(
            "pypi-token",
            &format!("password = py{}-AgEIcHlwaS5vcmc{}", "pi", made(ALNUM, 120)),
        );
        found(
            "rubygems-token",
            &format!(":rubygems_api_key: ruby{}_{}", "gems", made(HEX, 48)),
        );
        found(
            "crates-io-token",
            &format!("token = \"ci{}{}\"", "o", made(ALNUM, 32)),
        );
        found("nuget-key", &format!("oy{}{}", 2, made(LOWER, 43)));
        found(
            "docker-hub-token",
            &format!("dc{}_pat_{}", "kr", made(ALNUM, 27)),
        );
        let auth = STANDARD.encode(format!("robot:{}", made(ALNUM, 20)));
        found(
            "docker-auth",
            &format!("{{\"auths\": {{\"hub\": {{\"auth\": \"{auth}\"}}}}}}"),
        );
        found("artifactory-key", &format!("AK{}{}", "Cp", made(ALNUM, 69)));
    }

    #[test]
    fn look_alikes() {
        nothing(&format!("\"auth\": \"{}\"", STANDARD.encode("basic")));
        nothing("//registry/:_authToken=${NPM_TOKEN}\n");
        nothing("npm_config_registry=x npm_lifecycle_event_of_some_package_here");
    }
}
