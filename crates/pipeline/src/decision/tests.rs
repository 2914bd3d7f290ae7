use std::time::Duration;

use super::*;

fn spec(required: u32) -> ApprovalSpec {
    ApprovalSpec {
        required,
        approvers: vec!["ann@x.org".into(), "bob@x.org".into(), "cy@x.org".into()],
        expires: Some(Duration::from_secs(100)),
        auto: None,
    }
}

fn say(by: &str, approves: bool, unix: i64) -> (Decision, String) {
    let image = "web@1.0.0/1".parse().unwrap();
    let reason = if by.starts_with("mute") {
        ""
    } else {
        "looked at it"
    };
    (
        Decision::on(&image, by, approves, reason, unix),
        "key".to_owned(),
    )
}

fn check(required: u32, decisions: &[(Decision, String)], expected: &str) {
    let barred = [("bob@x.org".to_owned(), "wrote the change")].into();
    let owners = [("cy@x.org".to_owned(), "key of cy".to_owned())].into();
    let found = match decide(&spec(required), &owners, decisions, &barred, 50) {
        Standing::Approved { why } => format!("yes: {why}"),
        Standing::Rejected { why } => format!("no: {why}"),
        Standing::Open { why } => format!("open: {why}"),
    };
    assert_eq!(found, expected);
}

#[test]
fn a_quorum_of_approvers() {
    check(1, &[], "open: 0 of 1 approvals");
    check(
        1,
        &[say("ann@x.org", true, 0)],
        "yes: approved by ann@x.org: looked at it",
    );
    check(
        1,
        &[say("Ann@X.org", true, 0)],
        "yes: approved by Ann@X.org: looked at it",
    );
    // Twice the same person is one.
    check(
        2,
        &[say("ann@x.org", true, 0), say("ann@x.org", true, 1)],
        "open: 1 of 2 approvals",
    );
    let mut of_cy = say("cy@x.org", true, 0);
    of_cy.1 = "key of cy".to_owned();
    check(
        2,
        &[say("ann@x.org", true, 0), of_cy],
        "yes: approved by ann@x.org: looked at it; cy@x.org: looked at it",
    );
}

#[test]
fn what_does_not_count() {
    check(
        1,
        &[say("eve@x.org", true, 0)],
        "open: 0 of 1 approvals; not counted: eve@x.org is not one of the approvers",
    );
    check(
        1,
        &[say("bob@x.org", true, 0)],
        "open: 0 of 1 approvals; not counted: bob@x.org wrote the change",
    );
    check(
        1,
        &[say("cy@x.org", true, 0)],
        "open: 0 of 1 approvals; not counted: cy@x.org has a key, and this was signed with another",
    );
    check(
        1,
        &[say("ann@x.org", true, -60)],
        "open: 0 of 1 approvals; not counted: ann@x.org approved too long ago",
    );
    let mut over = say("ann@x.org", true, 0);
    over.0.expires_unix = Some(10);
    check(
        1,
        &[over],
        "open: 0 of 1 approvals; not counted: ann@x.org approved too long ago",
    );
    let mut silent = say("ann@x.org", true, 0);
    silent.0.reason = " ".to_owned();
    check(
        1,
        &[silent],
        "open: 0 of 1 approvals; not counted: ann@x.org gave no reason",
    );
}

#[test]
fn a_no_stops_and_can_be_taken_back() {
    let (yes, no) = (say("ann@x.org", true, 0), say("ann@x.org", false, 1));
    check(
        1,
        &[yes.clone(), no.clone()],
        "no: rejected by ann@x.org: looked at it",
    );
    check(1, &[no, yes], "yes: approved by ann@x.org: looked at it");
    // Who may not approve may reject.
    check(
        1,
        &[say("ann@x.org", true, 0), say("bob@x.org", false, 1)],
        "no: rejected by bob@x.org: looked at it",
    );
}
