//! Every refusal, and what decisions come to.

use proptest::prelude::*;

use super::*;

const DISK: &[u8] = b"disk";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn spec() -> ApprovalSpec {
    ApprovalSpec {
        required: 2,
        approvers: ["ann@x.y", "ben@x.y", "cat@x.y"].map(str::to_owned).into(),
        expires: Some(Duration::from_hours(24 * 30)),
        auto: None,
    }
}

fn subject() -> Subject {
    Subject {
        digest: Sha256::of(DISK),
        started_by: None,
        written_by: Vec::new(),
        built_by: Vec::new(),
    }
}

fn says(by: &str, voice: Voice, day: u32) -> Statement {
    Statement {
        id: Sha256::of(format!("{by} {voice:?} {day}").as_bytes()),
        by: by.to_owned(),
        voice,
        reason: "I looked at it".to_owned(),
        at: time(&format!("2026-03-{day:02}T12:00:00Z")),
        subject: Sha256::of(DISK),
        is_signed: true,
    }
}

fn now() -> Timestamp {
    time("2026-03-31T00:00:00Z")
}

fn decided(statements: &[Statement]) -> Outcome {
    decide(&spec(), &subject(), statements, &Findings::default(), now())
}

use Voice::{Approve, Reject, Withdraw};

#[test]
fn enough_people() {
    let (ann, ben, cat) = (
        says("ann@x.y", Approve, 10),
        says("Ben@x.y", Approve, 11),
        says("cat@x.y", Approve, 9),
    );
    assert_eq!(decided(&[]).verdict, Verdict::Waiting { missing: 2 });
    assert_eq!(
        decided(std::slice::from_ref(&ann)).verdict,
        Verdict::Waiting { missing: 1 }
    );
    let outcome = decided(&[ben.clone(), ann.clone()]);
    assert_eq!(outcome.verdict, Verdict::Approved);
    assert!(!outcome.is_automatic);
    assert_eq!(outcome.counted.len(), 2);
    assert_eq!(outcome.expires, Some(time("2026-04-09T12:00:00Z")));
    let texts: Vec<&str> = outcome
        .rules
        .iter()
        .map(|rule| rule.text.as_str())
        .collect();
    assert_eq!(
        texts,
        ["nobody said no", "2 of 2 approvals: ann@x.y, Ben@x.y"]
    );
    // A third voice lets the first to end go.
    let outcome = decided(&[ben, ann, cat]);
    assert_eq!(outcome.expires, Some(time("2026-04-09T12:00:00Z")));
}

/// A statement beside a good one: refused by this, and nothing is approved.
fn refused(change: impl Fn(&mut Statement, &mut Subject), expected: Refusal) {
    let mut statement = says("ben@x.y", Approve, 11);
    let mut subject = subject();
    change(&mut statement, &mut subject);
    let statements = [says("ann@x.y", Approve, 10), statement.clone()];
    let outcome = decide(&spec(), &subject, &statements, &Findings::default(), now());
    assert_eq!(
        outcome.verdict,
        Verdict::Waiting { missing: 1 },
        "{expected}"
    );
    assert_eq!(outcome.refused, [(statement.id, expected)]);
    assert!(!outcome.counted.contains(&statement.id));
}

#[test]
fn what_must_be_refused_is() {
    refused(
        |_, subject| subject.started_by = Some("BEN@x.y".to_owned()),
        Refusal::Started,
    );
    refused(
        |_, subject| subject.written_by = vec!["zed@x.y".to_owned(), "ben@x.y".to_owned()],
        Refusal::WroteTheChange,
    );
    refused(
        |_, subject| subject.built_by = vec!["ben@x.y".to_owned()],
        Refusal::Built,
    );
    refused(
        |statement, _| statement.by = "mallory@x.y".to_owned(),
        Refusal::NotAnApprover,
    );
    refused(
        |statement, _| statement.reason = " \n".to_owned(),
        Refusal::NoReason,
    );
    refused(
        |statement, _| statement.is_signed = false,
        Refusal::NotSigned,
    );
    refused(
        |statement, _| statement.subject = Sha256::of(b"another disk"),
        Refusal::OtherImage,
    );
    refused(
        |statement, _| statement.at = time("2026-02-28T23:59:59Z"),
        Refusal::Expired,
    );
    refused(
        |statement, _| statement.at = time("2026-03-31T00:00:01Z"),
        Refusal::OfTheFuture,
    );
}

#[test]
fn one_person_has_one_voice() {
    let (first, again) = (says("ann@x.y", Approve, 10), says("ANN@x.y", Approve, 12));
    let outcome = decided(&[first.clone(), again.clone()]);
    assert_eq!(outcome.verdict, Verdict::Waiting { missing: 1 });
    assert_eq!(outcome.refused, [(first.id, Refusal::Superseded)]);
    assert_eq!(outcome.counted, [again.id]);
    // The same statement, kept twice.
    assert_eq!(decided(&[first.clone(), first]).refused, []);
}

#[test]
fn what_was_said_can_be_taken_back() {
    let (ann, ben) = (says("ann@x.y", Approve, 10), says("ben@x.y", Approve, 11));
    let mut back = says("ann@x.y", Withdraw, 12);
    back.reason = String::new();
    let outcome = decided(&[ann.clone(), ben.clone(), back.clone()]);
    assert_eq!(outcome.verdict, Verdict::Waiting { missing: 1 });
    assert_eq!(outcome.refused, [(ann.id, Refusal::Withdrawn)]);
    // Of others nobody can.
    back.by = "mallory@x.y".to_owned();
    assert_eq!(
        decided(&[ann.clone(), ben.clone(), back]).verdict,
        Verdict::Approved
    );
    // And said anew.
    let back = says("ann@x.y", Withdraw, 12);
    let anew = says("ann@x.y", Approve, 13);
    assert_eq!(decided(&[ann, ben, back, anew]).verdict, Verdict::Approved);
}

#[test]
fn one_who_says_no_is_enough() {
    let yes = [says("ann@x.y", Approve, 10), says("ben@x.y", Approve, 11)];
    let no = says("cat@x.y", Reject, 5);
    let with = |more: &[Statement]| decided(&[&yes[..], more].concat()).verdict;
    assert_eq!(with(std::slice::from_ref(&no)), Verdict::Rejected);
    assert_eq!(
        with(&[no.clone(), says("cat@x.y", Withdraw, 6)]),
        Verdict::Approved
    );
    assert_eq!(
        with(&[no.clone(), says("cat@x.y", Approve, 6)]),
        Verdict::Approved
    );
    // Not anybody, and not without a reason.
    assert_eq!(with(&[says("mallory@x.y", Reject, 5)]), Verdict::Approved);
    let mut silent = no.clone();
    silent.reason = String::new();
    assert_eq!(with(&[silent]), Verdict::Approved);
    // Who built may say no, and an old no is a no.
    let mut subject = subject();
    subject.built_by = vec!["cat@x.y".to_owned()];
    let mut old = no;
    old.at = time("2020-01-01T00:00:00Z");
    let all = [&yes[..], &[old]].concat();
    let outcome = decide(&spec(), &subject, &all, &Findings::default(), now());
    assert_eq!(outcome.verdict, Verdict::Rejected);
}

#[test]
fn a_policy_may_approve() {
    let set = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let auto = ApprovalSpec {
        auto: Some(AutoApproval::NoNewFindings),
        ..spec()
    };
    let check = |found, predecessor, statements: &[Statement], expected, text: &str| {
        let findings = Findings { found, predecessor };
        let outcome = decide(&auto, &subject(), statements, &findings, now());
        assert_eq!(outcome.verdict, expected);
        assert_eq!(outcome.is_automatic, expected == Verdict::Approved);
        assert_eq!(outcome.rules.last().unwrap().text, text);
    };
    let waiting = Verdict::Waiting { missing: 2 };
    let fewer = "no finding that the approved image before it had not";
    check(
        set(&["CVE-1"]),
        set(&["CVE-1", "CVE-2"]),
        &[],
        Verdict::Approved,
        fewer,
    );
    check(
        set(&["CVE-1", "CVE-3"]),
        set(&["CVE-1"]),
        &[],
        waiting,
        "1 new findings, the first is CVE-3",
    );
    check(None, set(&["CVE-1"]), &[], waiting, "it was not scanned");
    check(
        set(&[]),
        None,
        &[],
        waiting,
        "there is no approved image before it to hold it against",
    );
    check(
        set(&[]),
        set(&[]),
        &[says("ann@x.y", Reject, 3)],
        Verdict::Rejected,
        fewer,
    );
    // Where no policy may, none does.
    let findings = Findings {
        found: set(&[]),
        predecessor: set(&[]),
    };
    assert_eq!(
        decide(&spec(), &subject(), &[], &findings, now()).verdict,
        waiting
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nobody but approvers counts; the order of statements does not; every statement is accounted
    /// for once.
    #[test]
    fn decisions(said in prop::collection::vec((0_usize..5, 0_usize..3, 1_u32..29, any::<bool>()), 0..8)) {
        let people = ["ann@x.y", "ben@x.y", "cat@x.y", "dan@x.y", "builder@x.y"];
        let mut statements: Vec<Statement> = said.iter().map(|(who, voice, day, is_signed)| {
            let mut one = says(people[*who], [Approve, Reject, Withdraw][*voice], *day);
            one.is_signed = *is_signed;
            one.id = Sha256::of(format!("{who} {voice} {day} {is_signed}").as_bytes());
            one
        }).collect();
        let mut subject = subject();
        subject.built_by = vec!["ann@x.y".to_owned()];
        let outcome = decide(&spec(), &subject, &statements, &Findings::default(), now());
        statements.reverse();
        let other = decide(&spec(), &subject, &statements, &Findings::default(), now());
        prop_assert_eq!(format!("{outcome:?}"), format!("{other:?}"));
        let of = |id: &Sha256| statements.iter().find(|one| one.id == *id).unwrap();
        for id in &outcome.counted {
            prop_assert!(of(id).is_signed && ["ann@x.y", "ben@x.y", "cat@x.y"].contains(&of(id).by.as_str()));
            prop_assert!(of(id).voice == Reject || of(id).by != "ann@x.y");
            prop_assert!(outcome.refused.iter().all(|(refused, _)| refused != id));
        }
        if outcome.verdict == Verdict::Approved {
            let yes: BTreeSet<&str> = outcome.counted.iter().map(|id| of(id).by.as_str()).collect();
            prop_assert!(yes.len() >= 2);
        }
    }
}
