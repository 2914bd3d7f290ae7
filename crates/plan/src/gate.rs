//! Whether an image may enter a channel: which evidence the channel asks for, and which is there.
//!
//! A gate reads statements, never logs: what nobody signed, or what is about another disk, is not
//! there. Pure: the same evidence gives the same verdict.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::Pipeline;
use jiff::Timestamp;

/// What a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// How it was made.
    Build,
    /// That it boots and does what it should.
    Test,
    /// What is in it.
    Sbom,
    /// What is wrong with that.
    Vulnerabilities,
    /// That people agree.
    Approval,
}

impl Kind {
    /// Every one, in the order of a run.
    pub const ALL: [Self; 5] = [
        Self::Build,
        Self::Test,
        Self::Sbom,
        Self::Vulnerabilities,
        Self::Approval,
    ];

    /// One word, in records and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Test => "test",
            Self::Sbom => "sbom",
            Self::Vulnerabilities => "vulnerabilities",
            Self::Approval => "approval",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A statement, as far as a gate looks at it.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Of the statement itself.
    pub id: Sha256,
    /// What it is about.
    pub kind: Kind,
    /// The disk it is about.
    pub subject: Sha256,
    /// Whether its signature is right, and by a key that may sign such.
    pub is_trusted: bool,
    /// What it says: whether that is good enough. Of a build and a bill of materials: that it is there.
    pub has_passed: bool,
    /// When it was made.
    pub at: Timestamp,
}

/// What a channel asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Name of the channel.
    pub channel: String,
    /// What has to be there.
    pub asks: BTreeSet<Kind>,
    /// The oldest that a report of vulnerabilities may be; `None`: any age.
    pub max_report_age: Option<Duration>,
}

impl Gate {
    /// The gate of a channel, by what the pipeline does. `dev` takes whatever was built. `staging`
    /// takes what was also tested, inventoried, and scanned where the pipeline scans. Any other
    /// channel takes what was also approved, where the pipeline asks people.
    pub fn of(channel: &str, pipeline: &Pipeline) -> Self {
        let is_tested = pipeline.tests.iter().any(|test| !test.skip);
        let asks = Kind::ALL.into_iter().filter(|kind| match (channel, kind) {
            (_, Kind::Build) => true,
            ("dev", _) => false,
            (_, Kind::Test) => is_tested,
            (_, Kind::Sbom) => true,
            (_, Kind::Vulnerabilities) => pipeline.scan.is_some(),
            ("staging", Kind::Approval) => false,
            (_, Kind::Approval) => pipeline.approval.is_some(),
        });
        Self {
            channel: channel.to_owned(),
            asks: asks.collect(),
            max_report_age: pipeline.scan.as_ref().map(|scan| scan.max_feed_age),
        }
    }
}

/// What was found of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which kind.
    pub kind: Kind,
    /// Whether the channel asks for it.
    pub is_asked: bool,
    /// Whether it is there and good enough.
    pub is_met: bool,
    /// What was found, for people.
    pub text: String,
    /// The statement that decided.
    pub by: Option<Sha256>,
}

/// What a gate comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Name of the channel.
    pub channel: String,
    /// Whether the image may enter it.
    pub is_open: bool,
    /// Of each kind, in the order of a run.
    pub rules: Vec<Rule>,
}

impl Verdict {
    /// What stands in the way.
    pub fn obstacles(&self) -> impl Iterator<Item = &Rule> {
        self.rules
            .iter()
            .filter(|rule| rule.is_asked && !rule.is_met)
    }
}

/// Decides whether the image with this disk may enter the channel.
pub fn decide(gate: &Gate, disk: Sha256, evidence: &[Evidence], now: Timestamp) -> Verdict {
    let rules: Vec<Rule> = Kind::ALL
        .into_iter()
        .map(|kind| rule(gate, kind, disk, evidence, now))
        .collect();
    Verdict {
        channel: gate.channel.clone(),
        is_open: rules.iter().all(|rule| rule.is_met || !rule.is_asked),
        rules,
    }
}

fn rule(gate: &Gate, kind: Kind, disk: Sha256, evidence: &[Evidence], now: Timestamp) -> Rule {
    let of_kind = || evidence.iter().filter(|one| one.kind == kind);
    // The newest statement counts: a test that fails when it is repeated has failed.
    let newest = of_kind()
        .filter(|one| one.subject == disk && one.is_trusted && one.at <= now)
        .max_by_key(|one| (one.at, one.id));
    let is_old = |one: &Evidence| {
        let age: Result<Duration, _> = now.duration_since(one.at).try_into();
        kind == Kind::Vulnerabilities
            && gate
                .max_report_age
                .is_some_and(|most| age.is_ok_and(|age| age > most))
    };
    let (is_met, text) = match newest {
        Some(one) if !one.has_passed => (false, "it says no"),
        Some(one) if is_old(one) => (false, "it is too old"),
        Some(_) => (true, "it is there"),
        None if of_kind().any(|one| one.subject == disk && !one.is_trusted) => {
            (false, "its signature is not one that counts")
        }
        None if of_kind().any(|one| one.subject != disk) => (false, "it is about another disk"),
        None if of_kind().next().is_some() => (false, "it was made in the future"),
        None => (false, "it is missing"),
    };
    Rule {
        kind,
        is_asked: gate.asks.contains(&kind),
        is_met,
        text: text.to_owned(),
        by: newest.map(|one| one.id),
    }
}

#[cfg(test)]
mod tests {
    use goldsmith_core::diagnostic::{SourceFile, Span};
    use goldsmith_core::recipe::{ApprovalSpec, OnFailure, ScanSpec, Test, TestSpec};

    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn pipeline() -> Pipeline {
        let span = Span::new(&SourceFile::new("", ""), 0..0);
        Pipeline {
            name: "web".to_owned(),
            span: span.clone(),
            recipe: "web".to_owned(),
            schedule: None,
            test: TestSpec::default(),
            tests: vec![Test {
                name: "boot".to_owned(),
                span,
                spec: TestSpec::default(),
                components: Vec::new(),
                parallel_group: None,
                on_failure: OnFailure::Abort,
                skip: false,
            }],
            scan: Some(ScanSpec::default()),
            steps: Vec::new(),
            approval: Some(ApprovalSpec {
                required: 1,
                approvers: vec!["ann@x.y".to_owned()],
                expires: None,
                auto: None,
            }),
            distribution: None,
            audit: None,
            lifecycle: None,
            notify: Vec::new(),
        }
    }

    fn all() -> Vec<Evidence> {
        let of = |kind: Kind| Evidence {
            id: Sha256::of(kind.word().as_bytes()),
            kind,
            subject: Sha256::of(b"disk"),
            is_trusted: true,
            has_passed: true,
            at: time("2026-03-01T00:00:00Z"),
        };
        Kind::ALL.map(of).into()
    }

    fn decided(channel: &str, evidence: &[Evidence]) -> Verdict {
        let gate = Gate::of(channel, &pipeline());
        decide(
            &gate,
            Sha256::of(b"disk"),
            evidence,
            time("2026-03-02T00:00:00Z"),
        )
    }

    fn obstacles(channel: &str, evidence: &[Evidence]) -> Vec<String> {
        let verdict = decided(channel, evidence);
        let found: Vec<String> = verdict
            .obstacles()
            .map(|rule| format!("{}: {}", rule.kind, rule.text))
            .collect();
        assert_eq!(verdict.is_open, found.is_empty());
        found
    }

    #[test]
    fn channels_ask_for_more_and_more() {
        assert!(obstacles("production", &all()).is_empty());
        let of = |kinds: &[Kind]| -> Vec<Evidence> {
            all()
                .into_iter()
                .filter(|one| kinds.contains(&one.kind))
                .collect()
        };
        let built = of(&[Kind::Build]);
        assert!(obstacles("dev", &built).is_empty());
        assert_eq!(obstacles("dev", &[]), ["build: it is missing"]);
        assert_eq!(
            obstacles("staging", &built),
            [
                "test: it is missing",
                "sbom: it is missing",
                "vulnerabilities: it is missing"
            ]
        );
        let scanned = of(&Kind::ALL[..4]);
        assert!(obstacles("staging", &scanned).is_empty());
        assert_eq!(
            obstacles("production", &scanned),
            ["approval: it is missing"]
        );
    }

    #[test]
    fn what_a_pipeline_does_not_do_is_not_asked_for() {
        let mut pipeline = pipeline();
        (pipeline.scan, pipeline.approval) = (None, None);
        pipeline.tests[0].skip = true;
        let gate = Gate::of("production", &pipeline);
        assert_eq!(gate.asks, [Kind::Build, Kind::Sbom].into());
    }

    #[test]
    fn evidence_that_does_not_count() {
        let changed = |kind: Kind, change: fn(&mut Evidence)| {
            let mut evidence = all();
            change(evidence.iter_mut().find(|one| one.kind == kind).unwrap());
            obstacles("production", &evidence)
        };
        assert_eq!(
            changed(Kind::Test, |one| one.has_passed = false),
            ["test: it says no"]
        );
        assert_eq!(
            changed(Kind::Sbom, |one| one.subject = Sha256::of(b"x")),
            ["sbom: it is about another disk"]
        );
        assert_eq!(
            changed(Kind::Build, |one| one.is_trusted = false),
            ["build: its signature is not one that counts"]
        );
        assert_eq!(
            changed(Kind::Approval, |one| one.at = time("2027-01-01T00:00:00Z")),
            ["approval: it was made in the future"]
        );
        assert_eq!(
            changed(Kind::Vulnerabilities, |one| one.at =
                time("2026-02-01T00:00:00Z")),
            ["vulnerabilities: it is too old"]
        );
        // Only reports of vulnerabilities grow old.
        assert!(changed(Kind::Test, |one| one.at = time("2020-02-01T00:00:00Z")).is_empty());
    }

    #[test]
    fn the_newest_counts() {
        let mut evidence = all();
        let mut again = evidence[1].clone();
        (again.has_passed, again.at) = (false, time("2026-03-01T10:00:00Z"));
        again.id = Sha256::of(b"again");
        evidence.insert(0, again);
        assert_eq!(obstacles("staging", &evidence), ["test: it says no"]);
        // What nobody may sign takes nothing away.
        evidence[0].is_trusted = false;
        assert!(obstacles("staging", &evidence).is_empty());
        let verdict = decided("staging", &evidence);
        assert_eq!(verdict.rules[1].by, Some(Sha256::of(b"test")));
    }
}
