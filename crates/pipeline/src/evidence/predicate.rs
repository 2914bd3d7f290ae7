//! What is stated: a function for each kind, with the URI of its form.

use goldsmith_core::finding::Severity;
use goldsmith_core::image::ImageId;
use serde_json::{Value, json};

use crate::port::{Flaw, Made, Scanned, Tested};

/// SLSA provenance, version 1.
pub const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
/// in-toto test result, version 0.1.
pub const TEST: &str = "https://in-toto.io/attestation/test-result/v0.1";
/// A `CycloneDX` bill of materials.
pub const BILL: &str = "https://cyclonedx.org/bom";
/// in-toto vulnerability scan, version 0.1.
pub const VULNERABILITIES: &str = "https://in-toto.io/attestation/vulns/v0.1";
/// A person's decision; ours.
pub const APPROVAL: &str = "urn:goldsmith:approval:v1";
/// What builds: ours.
const BUILDER: &str = "urn:goldsmith:builder:v1";
/// How it builds: ours.
const BUILD_TYPE: &str = "urn:goldsmith:build:v1";

/// A kind of statement, in a word.
pub fn word(predicate_type: &str) -> &str {
    match predicate_type {
        PROVENANCE => "provenance",
        TEST => "test",
        BILL => "sbom",
        VULNERABILITIES => "vulnerabilities",
        APPROVAL => "approval",
        other => other,
    }
}

/// How an image was built: everything that decides its bytes.
pub fn provenance(made: &Made, run: &str, starter: &str, version: &str) -> Value {
    let inputs =
        made.origin.inputs.iter().map(
            |input| json!({ "uri": input.uri, "digest": { "sha256": input.sha256.to_string() } }),
        );
    let mut metadata = json!({ "invocationId": run });
    if let Some((begun, ended)) = made.origin.times {
        metadata["startedOn"] = timestamp(begun).into();
        metadata["finishedOn"] = timestamp(ended).into();
    }
    json!({
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": { "recipe": made.image.id.name, "version": made.image.id.version.to_string(), "parameters": made.origin.parameters },
            "internalParameters": { "key": made.image.key.to_string(), "arch": made.image.arch,
                "startedBy": starter, "authors": made.origin.authors },
            "resolvedDependencies": inputs.collect::<Vec<_>>(),
        },
        "runDetails": { "builder": { "id": BUILDER, "version": { "goldsmith": version } }, "metadata": metadata },
    })
}

/// What a test found.
pub fn test(tested: &Tested, name: &str) -> Value {
    json!({
        "result": if tested.failed.is_empty() { "PASSED" } else { "FAILED" },
        "configuration": tested.how.iter().map(|how| json!({ "name": format!("boot {how}") })).collect::<Vec<_>>(),
        "test": name,
        "passedTests": tested.passed,
        "warnedTests": [],
        "failedTests": tested.failed,
    })
}

/// What a scan found.
pub fn vulnerabilities(scanned: &Scanned, version: &str, unix: i64) -> Value {
    let findings = scanned.findings.iter();
    let mut scanner = json!({
        "uri": "urn:goldsmith:scan:v1",
        "version": version,
        "result": findings.map(flaw).collect::<Vec<_>>(),
    });
    if let Some((feed, age)) = &scanned.feed {
        let updated = timestamp(unix.saturating_sub(*age));
        scanner["db"] = json!({ "uri": feed, "lastUpdate": updated });
    }
    json!({
        "scanner": scanner,
        "metadata": { "scanStartedOn": timestamp(unix), "scanFinishedOn": timestamp(unix) },
        "counts": scanned.counts,
        "refused": scanned.refused,
    })
}

/// One result. The form wants a list of severities, each with who rated it; what nobody rated has
/// none.
fn flaw(flaw: &Flaw) -> Value {
    let rated = (flaw.severity != Severity::Unknown)
        .then(|| json!({ "method": "goldsmith", "score": flaw.severity.word() }));
    json!({ "id": flaw.id, "severity": rated.into_iter().collect::<Vec<_>>() })
}

/// What a person decided of an image.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Decision {
    /// The image, as it is shown.
    pub image: String,
    /// Who: an address.
    pub by: String,
    /// Whether they approve; else they reject.
    pub approves: bool,
    /// Why.
    pub reason: String,
    /// When, in seconds since 1970-01-01 UTC.
    pub unix: i64,
}

impl Decision {
    /// A decision on an image.
    pub fn on(image: &ImageId, by: &str, approves: bool, reason: &str, unix: i64) -> Self {
        Self {
            image: image.to_string(),
            by: by.to_owned(),
            approves,
            reason: reason.to_owned(),
            unix,
        }
    }
}

/// RFC 3339, UTC.
pub fn timestamp(unix: i64) -> String {
    jiff::Timestamp::from_second(unix).map_or_else(|_| unix.to_string(), |time| time.to_string())
}
