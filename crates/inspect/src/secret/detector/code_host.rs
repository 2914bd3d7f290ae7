//! Hosts of source code and what builds on them.

use goldsmith_core::finding::Severity::{Critical, High, Medium};

use super::{Candidate, Detector, Verdict, assigned, token};
use crate::secret::validate::base62_crc32;

pub(super) const TABLE: &[Detector] = &[
    // The last six letters are the CRC-32 of the thirty before them.
    token(
        "github-token",
        "a token of GitHub",
        Critical,
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        r"\b(gh[pousr]_[A-Za-z0-9]{36})\b",
    )
    .entropy(3.0)
    .validate(has_checksum),
    token(
        "github-fine-grained-token",
        "a fine-grained token of GitHub",
        Critical,
        &["github_pat_"],
        r"\b(github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b",
    )
    .entropy(3.0),
    token(
        "gitlab-token",
        "a token of GitLab",
        Critical,
        &[
            "glpat-", "glptt-", "gldt-", "glrt-", "glcbt-", "glft-", "glimt-", "glagent-",
            "gloas-", "glsoat-", "glffct-", "glwt-",
        ],
        r"\b(gl(?:pat|ptt|dt|rt|cbt|ft|imt|agent|oas|soat|ffct|wt)-[\w.-]{20,70})",
    )
    .entropy(3.0),
    token(
        "gitlab-runner-registration",
        "a registration token of GitLab runners",
        High,
        &["GR1348941"],
        r"\b(GR1348941[\w-]{20})(?:[^\w-]|\z)",
    )
    .entropy(3.0),
    token(
        "bitbucket-app-password",
        "an app password of Bitbucket",
        High,
        &["ATBB"],
        r"\b(ATBB[A-Za-z0-9]{28,36})\b",
    )
    .entropy(3.5),
    token(
        "atlassian-token",
        "a token of Atlassian",
        High,
        &["ATATT3", "ATCTT3"],
        r"\b(AT[AC]TT3[\w=-]{60,200})",
    )
    .entropy(3.5),
    assigned(
        "bitbucket-secret",
        "a client secret of Bitbucket",
        &["bitbucket"],
        r"bitbucket[\w.-]{0,20}(?:secret|key|password)",
        r"[\w=-]{32,64}",
    ),
    token(
        "sourcegraph-token",
        "a token of Sourcegraph",
        High,
        &["sgp_"],
        r"\b(sgp_(?:(?:[a-f0-9]{16}|local)_)?[a-f0-9]{40})\b",
    )
    .entropy(3.0),
    token(
        "circleci-token",
        "a token of CircleCI",
        High,
        &["CCIPAT_", "CCIPRJ_"],
        r"\b(CCI(?:PAT|PRJ)_[A-Za-z0-9]{22}_[a-f0-9]{40})\b",
    )
    .entropy(3.0),
    token(
        "buildkite-token",
        "a token of Buildkite",
        High,
        &["bkua_", "bkct_", "bkaj_"],
        r"\b(bk(?:ua|ct|aj)_[a-f0-9]{40})\b",
    )
    .entropy(3.0),
    assigned(
        "travis-token",
        "a token of Travis CI",
        &["travis"],
        "travis",
        r"[A-Za-z0-9_-]{22}",
    ),
    assigned(
        "drone-token",
        "a token of Drone",
        &["drone_"],
        "drone_",
        r"[A-Za-z0-9]{32}",
    ),
    assigned(
        "jenkins-token",
        "a token of Jenkins",
        &["jenkins"],
        "jenkins",
        r"11[0-9a-f]{32}",
    ),
    assigned(
        "codecov-token",
        "a token of Codecov",
        &["codecov"],
        "codecov",
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[a-z0-9]{32}",
    ),
    token(
        "sonar-token",
        "a token of SonarQube",
        Medium,
        &["squ_", "sqp_", "sqa_"],
        r"\b(sq[upa]_[a-f0-9]{40})\b",
    )
    .entropy(3.0),
    token(
        "snyk-token",
        "a token of Snyk",
        High,
        &["snyk_uat.", "snyk_sat."],
        r"\b(snyk_[us]at\.[a-z0-9]{8}\.[\w.-]{40,200})",
    )
    .entropy(3.0),
    token(
        "octopus-key",
        "an API key of Octopus Deploy",
        High,
        &["API-"],
        r"\b(API-[A-Z0-9]{26})\b",
    )
    .entropy(3.8)
    .text(),
    token(
        "harness-token",
        "a token of Harness",
        High,
        &["pat.", "sat."],
        r"\b([ps]at\.[\w-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20})\b",
    )
    .entropy(3.5),
];

fn has_checksum(candidate: &Candidate<'_>) -> Verdict {
    let text = &candidate.secret[4..];
    let (random, sum) = text.split_at(text.len() - 6);
    Verdict::when(base62_crc32(random) == sum)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ALNUM, HEX, UPPER, found, made, nothing};
    use super::base62_crc32;

    #[test]
    fn keys() {
        let random = made(ALNUM, 30);
        let sum = String::from_utf8(base62_crc32(random.as_bytes()).to_vec()).unwrap();
        for kind in ["p", "o", "u", "s", "r"] {
            found("github-token", &format!("token gh{kind}_{random}{sum}\n"));
        }
        // A digit off: a slip of the pen, or a made-up one.
        nothing(&format!("token gh{}_{random}{}", "p", "000000"));
        found(
            "github-fine-grained-token",
            &format!("git{}_pat_{}_{}", "hub", made(ALNUM, 22), made(ALNUM, 59)),
        );
        found("gitlab-token", &format!("gl{}-{}", "pat", made(ALNUM, 20)));
        found(
            "gitlab-runner-registration",
            &format!("GR{}{}", 1_348_941, made(ALNUM, 20)),
        );
        found(
            "atlassian-token",
            &format!("AT{}3{}", "ATT", made(ALNUM, 186)),
        );
        found(
            "bitbucket-app-password",
            &format!("AT{}{}", "BB", made(ALNUM, 32)),
        );
        found(
            "circleci-token",
            &format!("CCI{}_{}_{}", "PAT", made(ALNUM, 22), made(HEX, 40)),
        );
        found("buildkite-token", &format!("bk{}_{}", "ua", made(HEX, 40)));
        found("sourcegraph-token", &format!("sg{}_{}", "p", made(HEX, 40)));
        found("sonar-token", &format!("sq{}_{}", "u", made(HEX, 40)));
        found("octopus-key", &format!("AP{}-{}", "I", made(UPPER, 26)));
        found(
            "jenkins-token",
            &format!("JENKINS_TOKEN=11{}", made(HEX, 32)),
        );
    }

    #[test]
    fn look_alikes() {
        nothing(&format!("ghp_{}", "x".repeat(36)));
        nothing("glpat-xxxxxxxxxxxxxxxxxxxx");
        nothing("glpat-your-token-goes-here");
        nothing("API-KEY");
    }
}
