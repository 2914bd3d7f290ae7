use goldsmith_core::ledger::ResourceKind as Kind;

use super::*;

fn thing(kind: Kind, operation: &str, id: Option<&str>) -> Resource {
    Resource {
        provider: "aws".to_owned(),
        account: "111122223333".to_owned(),
        region: "eu-north-1".to_owned(),
        kind,
        operation: operation.to_owned(),
        id: id.map(str::to_owned),
        owner: "aws/eu web-1".to_owned(),
    }
}

fn dead(resource: Resource) -> Entry {
    Entry {
        resource,
        is_being_made: false,
    }
}

fn alive(resource: Resource) -> Entry {
    Entry {
        resource,
        is_being_made: true,
    }
}

/// What a plan comes to: operation, id and verdict of each.
fn check(
    ledger: &[Entry],
    found: &[Resource],
    expected: &[(&str, Option<&str>, Result<Why, Keep>)],
) {
    let copies = BTreeMap::from([(
        ("eu-north-1".to_owned(), "ami-ours".to_owned()),
        "web 1.0.0/1".to_owned(),
    )]);
    let decisions = plan(ledger, found, &copies);
    let decisions: Vec<_> = decisions
        .iter()
        .map(|it| {
            let Resource { operation, id, .. } = &it.resource;
            (operation.as_str(), id.as_deref(), it.verdict.clone())
        })
        .collect();
    assert_eq!(decisions, expected);
}

#[test]
fn what_the_ledger_knows() {
    let snapshot = thing(Kind::Snapshot, "a", None);
    check(
        &[dead(snapshot.clone())],
        &[],
        &[("a", None, Ok(Why::Begun))],
    );
    check(
        &[alive(snapshot.clone())],
        &[],
        &[("a", None, Err(Keep::BeingMade))],
    );
    // Found as well it is one thing, with the id that is known now.
    let found = thing(Kind::Snapshot, "a", Some("snap-1"));
    check(
        &[dead(snapshot)],
        &[found],
        &[("a", Some("snap-1"), Ok(Why::Begun))],
    );
}

/// A copy of an image is found as an image.
#[test]
fn copies_and_images_are_one() {
    let copy = thing(Kind::Copy, "a", None);
    let image = thing(Kind::Image, "a", Some("ami-1"));
    check(
        &[dead(copy)],
        &[image],
        &[("a", Some("ami-1"), Ok(Why::Begun))],
    );
}

#[test]
fn what_no_ledger_knows() {
    let snapshot = thing(Kind::Snapshot, "a", Some("snap-1"));
    let expected = [("a", Some("snap-1"), Ok(Why::Unknown))];
    check(&[], std::slice::from_ref(&snapshot), &expected);
    // Without a tag that says the operation, two things are two.
    let mut bare = [snapshot.clone(), snapshot];
    bare[0].operation.clear();
    bare[1].operation.clear();
    bare[1].id = Some("snap-2".to_owned());
    let expected = [
        ("", Some("snap-1"), Ok(Why::Unknown)),
        ("", Some("snap-2"), Ok(Why::Unknown)),
    ];
    check(&[], &bare, &expected);
}

/// What is made for one image stays together while any of it is being made.
#[test]
fn what_is_made_for_the_same() {
    let snapshot = thing(Kind::Snapshot, "a", Some("snap-1"));
    let image = thing(Kind::Image, "b", None);
    let expected = [
        ("b", None, Err(Keep::BeingMade)),
        ("a", Some("snap-1"), Err(Keep::BeingMade)),
    ];
    check(&[dead(snapshot), alive(image)], &[], &expected);
}

#[test]
fn copies_of_the_catalog() {
    let image = thing(Kind::Image, "a", Some("ami-ours"));
    let expected = Err(Keep::Copy("web 1.0.0/1".to_owned()));
    check(
        &[],
        std::slice::from_ref(&image),
        &[("a", Some("ami-ours"), expected.clone())],
    );
    check(
        &[dead(image.clone())],
        &[],
        &[("a", Some("ami-ours"), expected)],
    );
    // The same id in another region is another thing.
    let mut elsewhere = image;
    elsewhere.region = "eu-west-1".to_owned();
    check(
        &[],
        &[elsewhere],
        &[("a", Some("ami-ours"), Ok(Why::Unknown))],
    );
}

#[test]
fn what_uses_others_goes_first() {
    let kinds = [
        Kind::KeyPair,
        Kind::SecurityGroup,
        Kind::Snapshot,
        Kind::Image,
        Kind::Instance,
    ];
    let found = kinds.map(|kind| thing(kind, kind.word(), None));
    let order: Vec<_> = plan(&[], &found, &BTreeMap::new())
        .into_iter()
        .map(|it| it.resource.kind)
        .collect();
    let mut expected = kinds;
    expected.reverse();
    assert_eq!(order, expected);
}
