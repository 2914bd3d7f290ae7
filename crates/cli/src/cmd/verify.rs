//! `goldsmith verify`: whether what is stated of an image can be believed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use goldsmith_build::record::{Images, RecordError};
use goldsmith_core::catalog::Catalog as _;
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::Class;
use goldsmith_disk::read::Disk as _;
use goldsmith_disk::sparse::{CHUNK, Chunk, DiskDigest, is_zero};
use goldsmith_inspect::view::file::FileDisk;
use goldsmith_pipeline::decision::{Keys, Signer, said};
use goldsmith_pipeline::evidence::verify::{Checked, EXPECTED, Verdict, verify};

use crate::app::App;
use crate::args::Outcome;
use crate::catalog;
use crate::output::table;
use crate::report::CmdError;
use crate::signing;
use crate::wiring;

/// Check what is stated of an image: who signed it, and that it is about this very disk
///
/// The disk is read and its digest computed; nothing is asked of anybody else. Statements come
/// from the catalog, or from files. Exits with 5 when one is missing, altered, about another disk
/// or signed with a key that the project does not trust (`goldsmith.pub`, `keys/*.pub`), and when a
/// person's decision is signed with a key that is not theirs.
///
/// Example: goldsmith verify web@1.4.0
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An image (`web`, `web@1.4.0`, `web@1.4.0/2`), or a file with a raw disk
    image: String,
    /// Take the statements from these DSSE envelopes instead
    #[arg(long, value_name = "FILE", num_args = 1..)]
    evidence: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let named = catalog::without_channel(app, &args.image)?;
    let found = Images::new(&app.home()?).find(&named);
    let cloud = found.as_ref().ok().and_then(|it| it.record.cloud.clone());
    let path = match found {
        Ok(image) => image.path("disk.raw"),
        Err(error @ RecordError::Unknown { .. }) => {
            let path = app.env.working_directory.join(&args.image);
            if !path.is_file() {
                return Err(error.into());
            }
            path
        }
        Err(error) => return Err(error.into()),
    };
    // The id of an image in a cloud stands for its bytes.
    let disk = match cloud {
        Some(there) => there.digest(),
        None => digest(app, &path)?,
    };
    let mut envelopes = Vec::new();
    for file in &args.evidence {
        let text = fs::read_to_string(app.env.working_directory.join(file))
            .map_err(|e| CmdError::io(format!("cannot read `{}`", file.display()), &e))?;
        envelopes.push(text);
    }
    if args.evidence.is_empty() {
        for image in Images::new(&app.home()?).list()? {
            let entry = image.made();
            if entry.digest == disk {
                let rows = wiring::catalog(app)?.statements(&entry.id)?;
                envelopes.extend(rows.into_iter().map(|row| row.envelope));
            }
        }
    }
    let trusted = signing::trusted(app)?;
    let (owners, files) = (signing::owners(app)?, signing::files(app)?);
    let keys = Keys {
        trusted: &trusted,
        owners: &owners,
    };
    let checked = verify(disk, &envelopes, &trusted, &EXPECTED);
    let rows: Vec<Row> = checked.iter().map(|it| Row::of(it, keys, &files)).collect();
    let is_good = rows.iter().all(|row| row.verdict == "good");
    app.output.result(&text(disk, &rows, is_good), || {
        let rows = rows.iter().map(Row::json);
        serde_json::json!({ "disk": disk.to_string(), "good": is_good, "statements": rows.collect::<Vec<_>>() })
    });
    Ok(if is_good {
        Outcome::Done
    } else {
        Outcome::No(Class::Policy)
    })
}

/// What is said of one statement.
struct Row {
    kind: String,
    verdict: &'static str,
    detail: String,
    /// Identity of the key that signed it, and its file in the project.
    key: Option<(String, String)>,
    /// Of a decision: the person, and whether the key is theirs alone.
    by: Option<(String, bool)>,
}

impl Row {
    fn of(checked: &Checked, keys: Keys<'_>, files: &BTreeMap<String, String>) -> Self {
        let mut row = Self {
            kind: checked.kind.clone(),
            verdict: "MISSING",
            detail: "nothing is stated".to_owned(),
            key: None,
            by: None,
        };
        let key = match &checked.verdict {
            Verdict::Missing => return row,
            Verdict::Bad(why) => {
                (row.verdict, row.detail) = ("BAD", why.clone());
                return row;
            }
            Verdict::Good { by } => by,
        };
        let file = files.get(key).cloned().unwrap_or_default();
        (row.verdict, row.detail) = ("good", format!("signed with {file}, key {}", &key[..16]));
        row.key = Some((key.clone(), file));
        if let Some((decision, signer)) = said(checked, keys) {
            let says = if decision.approves {
                "approves"
            } else {
                "rejects"
            };
            let of_whom = match signer {
                Signer::Own => ", their own",
                Signer::Shared => ": they, or whoever else has that key",
                Signer::Other => {
                    row.verdict = "BAD";
                    ", which is not a key of that person"
                }
            };
            row.detail = format!("{} {says}, {}{of_whom}", decision.by, row.detail);
            row.by = Some((decision.by, signer == Signer::Own));
        }
        row
    }

    fn json(&self) -> serde_json::Value {
        let mut row = serde_json::json!({ "kind": self.kind, "verdict": self.verdict, "detail": self.detail });
        if let Some((key, file)) = &self.key {
            row["key"] = key.as_str().into();
            row["file"] = file.as_str().into();
        }
        if let Some((by, is_own)) = &self.by {
            row["by"] = by.as_str().into();
            row["own_key"] = (*is_own).into();
        }
        row
    }
}

fn text(disk: Sha256, rows: &[Row], is_good: bool) -> String {
    let rows = rows
        .iter()
        .map(|row| [row.kind.clone(), row.verdict.to_owned(), row.detail.clone()]);
    let list = table(["STATEMENT", "VERDICT", ""], rows);
    let verdict = if is_good {
        "every statement is good"
    } else {
        "the evidence is NOT good"
    };
    format!("disk digest {disk}\n\n{list}\n{verdict}\n")
}

/// The digest of a raw disk, as it lies there now.
fn digest(app: &App, path: &Path) -> Result<Sha256, CmdError> {
    let failed = |e: &std::io::Error| CmdError::io(format!("cannot read `{}`", path.display()), e);
    let disk = FileDisk::open(path).map_err(|e| failed(&e))?;
    let size = disk.size();
    let mut digest = DiskDigest::default();
    let mut bytes = vec![0; CHUNK];
    for index in 0..size.div_ceil(CHUNK as u64) {
        app.cx.cancel.check()?;
        let offset = index * CHUNK as u64;
        let length = usize::try_from(size - offset).map_or(CHUNK, |left| left.min(CHUNK));
        bytes.resize(length, 0);
        disk.read_at(offset, &mut bytes).map_err(|e| failed(&e))?;
        if !is_zero(&bytes) {
            let chunk = Chunk { index, bytes };
            digest.add(index, chunk.digest());
            bytes = chunk.bytes;
        }
    }
    Ok(Sha256::from_bytes(digest.finish(size)))
}
