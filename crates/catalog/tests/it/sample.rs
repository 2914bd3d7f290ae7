//! Images, changes and batches to fill a catalog with.

use goldsmith_core::catalog::{
    ArtifactRow, Batch, Catalog, Change, CopyRow, Entry, ImageFilter, NewImage, NewRun, RunId,
    RunPart, Seq, StatementRow,
};
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::{ImageId, ImageState};

pub(crate) fn id(text: &str) -> ImageId {
    text.parse().unwrap()
}

/// An image made at a time, in seconds since 1970-01-01 UTC.
pub(crate) fn image(text: &str, unix: i64) -> NewImage {
    let id = id(text);
    let digest = Sha256::of(id.to_string().as_bytes());
    NewImage {
        purpose: id.name.clone(),
        os: "debian-12".to_owned(),
        arch: "amd64".to_owned(),
        key: Sha256::of(digest.as_bytes()),
        digest,
        parent: None,
        artifacts: vec![ArtifactRow {
            file: "disk.raw".to_owned(),
            format: "raw".to_owned(),
            digest,
            size_bytes: 8 << 30,
        }],
        created_unix: unix,
        id,
    }
}

pub(crate) fn batch(changes: Vec<Change>) -> Batch {
    Batch {
        actor: "ann@example.com".to_owned(),
        unix: 1_800_000_000,
        changes,
        ..Batch::default()
    }
}

/// Keeps changes that are in order.
pub(crate) fn keep(catalog: &dyn Catalog, changes: Vec<Change>) {
    catalog.keep(&batch(changes)).unwrap();
}

pub(crate) fn enter(catalog: &dyn Catalog, images: &[NewImage]) {
    keep(catalog, images.iter().cloned().map(Change::Image).collect());
}

pub(crate) fn state(text: &str, to: ImageState) -> Change {
    Change::State {
        image: id(text),
        to,
        reason: format!("to be {}", to.name()),
    }
}

/// The steps of an image that was built, until it may be used.
pub(crate) fn approve(text: &str) -> Vec<Change> {
    [ImageState::Testing, ImageState::Approved]
        .map(|to| state(text, to))
        .to_vec()
}

pub(crate) fn tag(text: &str, name: &str, value: Option<&str>) -> Change {
    Change::Tag {
        image: id(text),
        name: name.to_owned(),
        value: value.map(str::to_owned),
    }
}

pub(crate) fn channel(channel: &str, image: &str) -> Change {
    let image = id(image);
    Change::Channel {
        family: image.name.clone(),
        channel: channel.to_owned(),
        image: Some(image),
        reason: "good enough".to_owned(),
    }
}

pub(crate) fn copy(text: &str, target: &str, name: &str) -> CopyRow {
    CopyRow {
        image: id(text),
        target: target.to_owned(),
        name: name.to_owned(),
        location: format!("/images/{name}.qcow2"),
        format: "qcow2".to_owned(),
        digest: Some(Sha256::of(name.as_bytes())),
        unix: 1_800_000_001,
        is_there: true,
    }
}

pub(crate) fn statement(text: &str, says: &str) -> StatementRow {
    let envelope = format!("{{\"payload\":\"{says}\"}}");
    StatementRow {
        image: id(text),
        predicate_type: "https://slsa.dev/provenance/v1".to_owned(),
        digest: Sha256::of(envelope.as_bytes()),
        envelope,
        unix: 1_800_000_002,
    }
}

pub(crate) fn new_run(pipeline: &str) -> NewRun {
    NewRun {
        pipeline: pipeline.to_owned(),
        actor: "ann@example.com".to_owned(),
        trigger: "person".to_owned(),
        unix: 1_800_000_000,
    }
}

/// Entries of a run's journal that say these words.
pub(crate) fn part(run: RunId, after: Seq, words: &[&str]) -> RunPart {
    RunPart {
        run,
        after,
        entries: words
            .iter()
            .map(|word| Entry {
                unix: 1_800_000_003,
                body: format!("{{\"word\":\"{word}\"}}"),
            })
            .collect(),
        status: None,
        image: None,
    }
}

/// Something in every table: an image that went the whole way and one that did not, a run that
/// ended and one that did not, messages that were delivered, are waiting and were given up.
pub(crate) fn fill(catalog: &dyn Catalog) {
    use goldsmith_core::catalog::{Delivery, NewMessage, RunStatus};
    let base = image("base@1.0.0/1", 1_790_000_000);
    let mut web = image("web@1.4.0/3", 1_790_000_100);
    web.parent = Some(base.id.clone());
    let run = catalog.begin_run(&new_run("web")).unwrap();
    catalog.begin_run(&new_run("base")).unwrap();
    let mut changes = vec![Change::Image(base), Change::Image(web)];
    changes.extend(approve("web@1.4.0/3"));
    changes.extend([
        tag("web@1.4.0/3", "team", Some("platform")),
        tag("web@1.4.0/3", "gone", Some("soon")),
        tag("web@1.4.0/3", "gone", None),
        Change::Copy(copy("web@1.4.0/3", "local/lab", "web-debian-12-1.4.0")),
        Change::Statement(statement("web@1.4.0/3", "built")),
        channel("production", "web@1.4.0/3"),
        Change::Noted {
            action: "approve".to_owned(),
            subject: "web 1.4.0/3".to_owned(),
            detail: "{\"reason\":\"looked at it\"}".to_owned(),
        },
    ]);
    let mut whole = batch(changes);
    whole.run = Some(RunPart {
        status: Some((RunStatus::Done, String::new())),
        image: Some(id("web@1.4.0/3")),
        ..part(run, 0, &["begun", "done"])
    });
    whole.messages = ["one", "two", "three"]
        .map(|word| NewMessage {
            notifier: "webhook/chat".to_owned(),
            body: format!("{{\"word\":\"{word}\"}}"),
        })
        .to_vec();
    assert_eq!(catalog.keep(&whole).unwrap(), 2);
    catalog.delivered(1, &Delivery::Done).unwrap();
    let error = "nobody there".to_owned();
    catalog.delivered(2, &Delivery::GivenUp { error }).unwrap();
}

/// All that a catalog says, as text: two that say the same are equal.
pub(crate) fn portrait(catalog: &dyn Catalog) -> String {
    let mut text = String::new();
    let mut say = |what: &dyn std::fmt::Debug| text.push_str(&format!("{what:#?}\n"));
    for row in catalog
        .images(&ImageFilter::default(), None, 1_000)
        .unwrap()
    {
        say(&catalog.copies(&row.made.id).unwrap());
        say(&catalog.statements(&row.made.id).unwrap());
        say(&catalog.channel_history(&row.made.id.name, None).unwrap());
        say(&row);
    }
    for run in catalog.runs(None, 1_000).unwrap() {
        say(&catalog.journal(run.id).unwrap());
        say(&run);
    }
    say(&catalog.audit(None, 0, 1_000).unwrap());
    say(&catalog.messages(i64::MAX, 1_000).unwrap());
    text
}
