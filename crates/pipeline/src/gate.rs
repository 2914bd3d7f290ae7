//! What is stated of an image, weighed for a channel. The rules are those of `plan::gate`; here
//! envelopes become the evidence that they decide over.

use goldsmith_core::catalog::StatementRow;
use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::{OnFailure, Pipeline};
use goldsmith_plan::gate::{self, Evidence, Gate, Kind, Verdict};
use jiff::Timestamp;

use crate::evidence::verify::{self, verify};
use crate::evidence::{PublicKey, Statement, predicate};

/// Whether an image may enter a channel. `is_approved`: people, or the policy in their place, have
/// said yes, which the catalog knows.
pub fn verdict(
    pipeline: &Pipeline,
    channel: &str,
    rows: &[StatementRow],
    keys: &[PublicKey],
    disk: Sha256,
    is_approved: bool,
    now: i64,
) -> Verdict {
    let mut evidence = Vec::new();
    let mut tests: Vec<(&StatementRow, Statement)> = Vec::new();
    for row in rows {
        let Some(kind) = kind(&row.predicate_type) else {
            continue;
        };
        let mut checked = verify(disk, &[row.envelope.as_str()], keys, &[]);
        let checked = checked.swap_remove(0);
        let is_trusted = matches!(checked.verdict, verify::Verdict::Good { .. });
        match checked.statement {
            Some(statement) if kind == Kind::Test => tests.push((row, statement)),
            statement => evidence.push(Evidence {
                id: row.digest,
                kind,
                // What cannot be believed says nothing of another disk either.
                subject: disk,
                is_trusted,
                has_passed: statement.is_some_and(|it| passes(kind, &it)),
                at: moment(row.unix),
            }),
        }
    }
    evidence.extend(of_tests(pipeline, &tests, disk));
    if is_approved {
        evidence.push(Evidence {
            id: disk,
            kind: Kind::Approval,
            subject: disk,
            is_trusted: true,
            has_passed: true,
            at: moment(now),
        });
    }
    gate::decide(&Gate::of(channel, pipeline), disk, &evidence, moment(now))
}

/// What stands in the way, a line each.
pub fn obstacles(verdict: &Verdict) -> Vec<String> {
    let obstacles = verdict.obstacles();
    obstacles
        .map(|rule| format!("{}: {}", rule.kind, rule.text))
        .collect()
}

fn moment(unix: i64) -> Timestamp {
    Timestamp::from_second(unix).unwrap_or_default()
}

fn kind(predicate_type: &str) -> Option<Kind> {
    Some(match predicate_type {
        predicate::PROVENANCE => Kind::Build,
        predicate::BILL => Kind::Sbom,
        predicate::TEST => Kind::Test,
        predicate::VULNERABILITIES => Kind::Vulnerabilities,
        _ => return None,
    })
}

fn passes(kind: Kind, statement: &Statement) -> bool {
    let refused = &statement.predicate["refused"];
    kind != Kind::Vulnerabilities || refused.as_array().is_some_and(Vec::is_empty)
}

/// All tests together are one piece of evidence: it passes when the newest statement of each test
/// that may end a run says so.
fn of_tests(
    pipeline: &Pipeline,
    stated: &[(&StatementRow, Statement)],
    disk: Sha256,
) -> Option<Evidence> {
    let newest = stated
        .iter()
        .map(|(row, _)| row)
        .max_by_key(|row| row.unix)?;
    let must = pipeline.tests.iter();
    let must = must.filter(|test| !test.skip && test.on_failure == OnFailure::Abort);
    let has_passed = must.map(|test| &test.name).all(|name| {
        let of = stated
            .iter()
            .filter(|(_, it)| it.predicate["test"] == **name);
        // Of one second the later line counts.
        let last = of.max_by_key(|(row, _)| row.unix);
        last.is_some_and(|(_, it)| it.predicate["result"] == "PASSED")
    });
    Some(Evidence {
        id: newest.digest,
        kind: Kind::Test,
        subject: disk,
        is_trusted: true,
        has_passed,
        at: moment(newest.unix),
    })
}
