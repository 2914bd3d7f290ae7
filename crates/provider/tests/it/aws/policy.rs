//! The least policy of `docs/aws.md` against the calls that the program can make.

use std::collections::BTreeSet;
use std::path::Path;

use goldsmith_provider::aws::api::{Operation, operations};

/// The actions that a policy has to allow for an operation.
fn actions(operation: &Operation) -> Vec<String> {
    let service = operation.service.name();
    let names: &[&str] = match operation.name {
        "HeadObject" => &["GetObject"],
        "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" => &["PutObject"],
        "ListMultipartUploads" => &["ListBucketMultipartUploads"],
        "ListObjectsV2" => &["ListBucket"],
        name => &[name],
    };
    names
        .iter()
        .map(|name| format!("{service}:{name}"))
        .collect()
}

#[test]
fn the_least_policy_is_what_is_called() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/aws.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("| action | why |\n|---|---|\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let mut stated = BTreeSet::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [actions, why] = &cells[..] else {
            panic!("{row}");
        };
        assert!(!why.is_empty(), "{row}");
        for action in actions.split(", ") {
            let action = action.trim_matches('`').to_owned();
            assert!(stated.insert(action.clone()), "{action} stands twice");
        }
    }
    let mut called: BTreeSet<String> = operations().flat_map(actions).collect();
    // The connection of a session is signed, and is no operation of any model.
    called.insert("ssmmessages:OpenDataChannel".to_owned());
    assert_eq!(stated, called);
}
