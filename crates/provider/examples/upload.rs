//! A disk written into a snapshot, and nothing else: what `cargo xtask bench aws` measures.
//!
//! `upload URL FOLDER NAME DISK`: the folder keeps which blocks each snapshot has, so that the next disk
//! is a difference to the one before.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for a benchmark"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::{Event, EventSink};
use goldsmith_core::failure::Failure;
use goldsmith_core::ledger::{Resource, ResourceKind};
use goldsmith_provider::aws::snapshot::{self, Blocks, Encryption, Job};
use goldsmith_provider::aws::{Aws, Settings};
use goldsmith_testing::aws::ACCOUNT;
use goldsmith_testing::clock::RealClock;
use goldsmith_testing::ledger::Notes;

/// Says why something is waited for.
struct Said;

impl EventSink for Said {
    fn emit(&self, event: Event) {
        if let Event::Note { text } | Event::Warning { text } = event {
            eprintln!("{text}");
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    let [url, folder, name, disk] = words.as_slice() else {
        return Err("upload URL FOLDER NAME DISK".into());
    };
    let written = upload(url, Path::new(folder), name, Path::new(disk));
    let written = written.map_err(|error| error.to_string())?;
    println!("{} {}", written.id, written.sent);
    Ok(())
}

fn upload(
    url: &str,
    folder: &Path,
    name: &str,
    disk: &Path,
) -> Result<snapshot::Written, Box<dyn Failure>> {
    let variables = [
        ("AWS_ACCESS_KEY_ID", "bench"),
        ("AWS_SECRET_ACCESS_KEY", "bench"),
        ("AWS_ENDPOINT_URL", url),
    ];
    let variables: BTreeMap<String, String> = variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let settings = Settings::from_env(&variables, goldsmith_provider::Settings::default());
    let aws = Aws::new(settings).at("us-east-1", None);
    let cx = Cx::new(Arc::new(RealClock), Arc::new(Said));
    let blocks = Blocks::of(&cx, disk)?;
    let job = Job {
        aws: &aws,
        disk,
        blocks: &blocks,
        description: name,
        tags: &BTreeMap::new(),
        encryption: &Encryption::Account,
        folder,
        ledger: &Notes::default(),
        resource: &Resource {
            provider: "aws".to_owned(),
            account: ACCOUNT.to_owned(),
            region: "us-east-1".to_owned(),
            kind: ResourceKind::Snapshot,
            operation: name.to_owned(),
            id: None,
            owner: "bench".to_owned(),
        },
    };
    snapshot::write(&cx, &job)
}
