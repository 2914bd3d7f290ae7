//! Statements as `securesystemslib` (envelopes, signatures) and `in-toto-attestation` (forms)
//! read them: what they believe and what they refuse.

use goldsmith_core::catalog::NewImage;
use goldsmith_core::digest::Sha256;
use goldsmith_core::finding::Severity;
use goldsmith_core::image::ImageId;
use goldsmith_pipeline::evidence::predicate::{self, Decision};
use goldsmith_pipeline::evidence::{SigningKey, Statement};
use goldsmith_pipeline::port::{Flaw, Input, Made, Origin, Scanned, Tested};
use serde_json::{Value, json};

use super::python;

/// Reads a key in PEM and envelopes: of each what is stated, or why it is not to be believed.
const VERIFY: &str = "
import hashlib, json, sys
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from google.protobuf import json_format, timestamp_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

key = load_pem_public_key(open(sys.argv[1], 'rb').read())
keyid = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
key = SSlibKey.from_crypto(key, keyid)

def provenance(predicate):
    read = json_format.ParseDict(predicate, provenance_pb2.Provenance())
    assert read.build_definition.build_type and read.run_details.builder.id
    assert all(len(one.digest['sha256']) == 64 for one in read.build_definition.resolved_dependencies)
    return f'{len(read.build_definition.resolved_dependencies)} inputs {read.run_details.metadata.started_on.ToJsonString()}'

def test(predicate):
    # The specification lets a producer add fields; ours names the block.
    assert set(predicate) - {f.json_name for f in test_result_pb2.TestResult.DESCRIPTOR.fields} == {'test'}
    read = json_format.ParseDict(predicate, test_result_pb2.TestResult(), ignore_unknown_fields=True)
    assert read.result in ('PASSED', 'WARNED', 'FAILED') and len(read.configuration)
    return f'{read.result} {list(read.passed_tests)} {list(read.failed_tests)}'

def vulns(predicate):
    # The package has no class for it: the required fields of spec/predicates/vulns.md.
    for text in (predicate['scanner']['db']['lastUpdate'], predicate['metadata']['scanStartedOn'], predicate['metadata']['scanFinishedOn']):
        timestamp_pb2.Timestamp().FromJsonString(text)
    assert predicate['scanner']['uri']
    def rated(one):
        assert all(set(rating) == {'method', 'score'} for rating in one['severity'])
        return ' '.join([one['id'], *(rating['score'] for rating in one['severity'])])
    return ', '.join(rated(one) for one in predicate['scanner']['result'])

forms = {
    'https://slsa.dev/provenance/v1': provenance,
    'https://in-toto.io/attestation/test-result/v0.1': test,
    'https://in-toto.io/attestation/vulns/v0.1': vulns,
}
for path in sys.argv[2:]:
    envelope = Envelope.from_dict(json.load(open(path)))
    try:
        envelope.verify([key], 1)
    except VerificationError:
        print('refused')
        continue
    assert envelope.payload_type == 'application/vnd.in-toto+json'
    pb = json_format.Parse(envelope.payload, statement_pb2.Statement())
    Statement.copy_from_pb(pb).validate()
    predicate = json.loads(envelope.payload)['predicate']
    kind = pb.predicate_type
    print(pb.subject[0].name, pb.subject[0].digest['goldsmithDisk'][:8], kind.split('/', 3)[-1], forms[kind](predicate) if kind in forms else '')
";

fn image() -> ImageId {
    "web@1.4.0/3".parse().unwrap()
}

/// The predicate of each kind, as the stages make them.
fn predicates() -> Vec<(&'static str, Value)> {
    let input = |uri: &str| Input {
        uri: uri.to_owned(),
        sha256: Sha256::of(uri.as_bytes()),
    };
    let made = Made {
        image: NewImage {
            id: image(),
            purpose: "web".to_owned(),
            os: "debian-12".to_owned(),
            arch: "amd64".to_owned(),
            key: Sha256::of(b"key"),
            digest: Sha256::of(b"disk"),
            parent: None,
            artifacts: Vec::new(),
            created_unix: 1_795_464_060,
        },
        is_new: true,
        origin: Origin {
            authors: Vec::new(),
            parameters: [("team".to_owned(), "shop".to_owned())].into(),
            inputs: vec![
                input("pkg:deb/debian/bash@5.2.15-2+b7?arch=amd64"),
                input("file:components/web.yaml"),
            ],
            times: Some((1_795_464_000, 1_795_464_060)),
        },
        bill: None,
    };
    let tested = Tested {
        passed: vec!["boots".to_owned()],
        failed: vec!["ssh: no answer".to_owned()],
        how: vec!["bios".to_owned(), "uefi".to_owned()],
    };
    let scanned = Scanned {
        findings: vec![
            Flaw {
                id: "CVE-2026-1".to_owned(),
                severity: Severity::High,
            },
            Flaw {
                id: "CVE-2026-2".to_owned(),
                severity: Severity::Unknown,
            },
        ],
        counts: [("high".to_owned(), 1)].into(),
        feed: Some(("debian 7".to_owned(), 3_600)),
        ..Scanned::default()
    };
    let decision = Decision::on(&image(), "eve@shop.test", true, "fine", 1_795_464_000);
    vec![
        (
            predicate::PROVENANCE,
            predicate::provenance(&made, "urn:goldsmith:run:7", "ann@example.com", "0.1.0"),
        ),
        (predicate::TEST, predicate::test(&tested, "smoke")),
        (
            predicate::VULNERABILITIES,
            predicate::vulnerabilities(&scanned, "0.1.0", 1_795_464_000),
        ),
        (
            predicate::BILL,
            json!({ "bomFormat": "CycloneDX", "specVersion": "1.6" }),
        ),
        (predicate::APPROVAL, serde_json::to_value(decision).unwrap()),
    ]
}

fn signed(key: &SigningKey) -> Vec<String> {
    let sign = |(kind, predicate)| {
        let disk = Sha256::of(b"disk");
        let statement = Statement::new(&image(), disk, kind, predicate);
        statement.sign(key).to_text()
    };
    predicates().into_iter().map(sign).collect()
}

fn verified(key: &SigningKey, envelopes: &[String]) -> Vec<String> {
    let mut texts = vec![key.public().to_pem()];
    texts.extend_from_slice(envelopes);
    python(VERIFY, &texts).lines().map(str::to_owned).collect()
}

#[test]
fn others_believe_what_we_state() {
    let key = SigningKey::of_seed([1; 32]);
    let disk = &Sha256::of(b"disk").to_string()[..8];
    let expected = [
        "provenance/v1 2 inputs 2026-11-23T20:00:00Z",
        "attestation/test-result/v0.1 FAILED ['boots'] ['ssh: no answer']",
        "attestation/vulns/v0.1 CVE-2026-1 high, CVE-2026-2",
        "bom ",
        "urn:goldsmith:approval:v1 ",
    ]
    .map(|stated| format!("web 1.4.0/3 {disk} {stated}"));
    assert_eq!(verified(&key, &signed(&key)), expected);
}

#[test]
fn others_refuse_what_we_refuse() {
    let (key, stranger) = (SigningKey::of_seed([1; 32]), SigningKey::of_seed([2; 32]));
    let envelopes = signed(&key);
    assert_eq!(verified(&stranger, &envelopes), vec!["refused"; 5]);
    let bent = |change: &dyn Fn(&mut Value)| {
        let mut envelope: Value = serde_json::from_str(&envelopes[1]).unwrap();
        change(&mut envelope);
        envelope.to_string()
    };
    let other: Value = serde_json::from_str(&envelopes[0]).unwrap();
    let forged: Value = serde_json::from_str(&signed(&stranger)[1]).unwrap();
    let keyid =
        serde_json::from_str::<Value>(&envelopes[0]).unwrap()["signatures"][0]["keyid"].clone();
    let bent = [
        // Another payload below the same signature, and the same bytes said to be something else.
        bent(&|envelope| envelope["payload"] = other["payload"].clone()),
        bent(&|envelope| envelope["payloadType"] = "application/json".into()),
        // Somebody else's signature, under their own name and under ours.
        bent(&|envelope| envelope["signatures"] = forged["signatures"].clone()),
        bent(&|envelope| {
            envelope["signatures"] = forged["signatures"].clone();
            envelope["signatures"][0]["keyid"] = keyid.clone();
        }),
        bent(&|envelope| envelope["signatures"] = json!([])),
    ];
    assert_eq!(verified(&key, &bent), vec!["refused"; 5]);
    let keys = [key.public()];
    for text in &bent {
        let envelope = goldsmith_pipeline::evidence::Envelope::parse(text.as_bytes()).unwrap();
        assert!(Statement::open(&envelope, &keys).is_err(), "{text}");
    }
}
