//! `goldsmith scan`: what is in an image, and what is wrong with it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZero;
use std::path::PathBuf;

use goldsmith_build::record::{Images, RecordError};
use goldsmith_core::finding::{Finding, Kind, Place, Severity};
use goldsmith_core::inventory::{Ecosystem, Inventory};
use goldsmith_inspect::harden::{self, Profile};
use goldsmith_inspect::scan::{self, Engine, Hardening, Leaks, Packages, Secrets, format};
use goldsmith_inspect::snapshot::Snapshot;
use goldsmith_inspect::view::open::{Opened, open};

use crate::app::App;
use crate::args::Outcome;
use crate::escape::escape;
use crate::output::table;
use crate::report::CmdError;

/// Rows of one rule that are shown without `--all`.
const ROWS: usize = 5;

/// Show what is in an image, and what is wrong with it, without starting or mounting it
///
/// Opens images of this machine, and anybody's: raw disks, qcow2, VMDK, OVA, VHD, VHDX, disks in
/// `tar.gz` (GCE) or compressed by gzip, xz or zstd, archives of a root file system, folders.
///
/// Example: goldsmith scan web@1.4.0
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An image (`web`, `web@1.4.0`, `web@1.4.0/2`), or a file or folder with one
    image: String,
    /// Show all of long lists, every package, and findings that are only told
    #[arg(long)]
    all: bool,
    /// Hold the image to a hardening profile: cis-1, cis-2, stig-low, stig-medium, stig-high
    #[arg(long, value_parser = profile)]
    profile: Option<Profile>,
}

fn profile(word: &str) -> Result<Profile, String> {
    Profile::of_word(word).ok_or_else(|| {
        let words = Profile::ALL.map(Profile::word);
        format!("the profiles are {}", words.join(", "))
    })
}

/// What is looked at.
struct Target {
    name: String,
    path: PathBuf,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let target = target(app, &args.image)?;
    let opened = open(&target.path, &app.home()?, &app.cx)?;
    let (inventory, findings, hardening) = look(app, &opened, args.profile)?;
    app.output.result(
        &text(
            &target,
            &opened,
            &inventory,
            &findings,
            hardening.as_ref(),
            args.all,
        ),
        || {
            let mut report = format::report(&target.name, &opened.form, &inventory, &findings);
            if let Some(hardening) = &hardening {
                report["hardening"] = format::hardening(hardening);
            }
            report
        },
    );
    Ok(Outcome::Done)
}

/// An image by its name; what is none may be a file or a folder.
fn target(app: &App, wanted: &str) -> Result<Target, CmdError> {
    match Images::new(&app.home()?).find(wanted) {
        Ok(image) => Ok(Target {
            name: image.title(),
            path: image.path("disk.raw"),
        }),
        Err(error @ RecordError::Unknown { .. }) => {
            let path = app.env.working_directory.join(wanted);
            if path.exists() {
                let name = wanted.to_owned();
                return Ok(Target { name, path });
            }
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Runs every engine.
fn look(
    app: &App,
    opened: &Opened,
    profile: Option<Profile>,
) -> Result<(Inventory, Vec<Finding>, Option<harden::Report>), CmdError> {
    let phase = app.cx.phase("scan", None);
    let snapshot = Snapshot::take(&*opened.view, &app.cx)?;
    let (packages, leaks) = (Packages::default(), Leaks::default());
    let hardening = profile.map(|profile| Hardening::new(profile, BTreeMap::new()));
    let mut engines: Vec<&dyn Engine> = vec![&packages, &leaks, &Secrets];
    engines.extend(hardening.iter().map(|engine| -> &dyn Engine { engine }));
    let threads = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let mut findings = scan::scan(&app.cx, &snapshot, &engines, threads)?;
    let unread = opened.unread.iter();
    findings.extend(unread.map(|why| scan::unread(Place::Image, why)));
    let inventory = packages.inventory(&snapshot)?;
    phase.finish(format!(
        "{} files, {} packages, {} findings",
        snapshot.nodes().len(),
        inventory.packages.len(),
        findings.len()
    ));
    let hardening = hardening.and_then(|engine| engine.report().cloned());
    Ok((inventory, findings, hardening))
}

fn text(
    target: &Target,
    opened: &Opened,
    inventory: &Inventory,
    findings: &[Finding],
    hardening: Option<&harden::Report>,
    is_all: bool,
) -> String {
    let system = inventory.distribution.as_ref();
    let system = system.map_or("unknown system", |found| &found.title);
    let mut text = format!("{}: {}, {system}\n", target.name, opened.form);
    for ecosystem in Ecosystem::ALL {
        let of = inventory
            .packages
            .iter()
            .filter(|p| p.ecosystem == ecosystem);
        match of.clone().count() {
            0 => {}
            count => {
                let _ = writeln!(text, "  {count:>6} {ecosystem} packages");
            }
        }
        if is_all {
            for package in of {
                let arch = package.arch.as_deref().unwrap_or_default();
                let _ = writeln!(text, "         {} {} {arch}", package.name, package.version);
            }
        }
    }
    text = escape(&text);
    if let Some(report) = hardening {
        let [passed, failed, other, waived] = report.counts();
        let _ = writeln!(
            text,
            "  {}: {} % ({passed} of {} checks passed, {other} do not apply, {waived} waived)",
            report.profile.word(),
            report.score(),
            passed + failed,
        );
    }
    let is_shown = |finding: &&Finding| is_all || finding.severity > Severity::Negligible;
    for kind in Kind::ALL {
        let of: Vec<&Finding> = findings
            .iter()
            .filter(|f| f.kind == kind)
            .filter(is_shown)
            .collect();
        if of.is_empty() {
            continue;
        }
        text.push('\n');
        text.push_str(&table(
            ["SEVERITY", "ID", "WHERE", kind.word()],
            rows(&of, is_all),
        ));
    }
    let hidden = findings.iter().filter(|finding| !is_shown(finding)).count();
    let shown = findings.len() - hidden;
    let _ = write!(text, "\n{shown} findings");
    if hidden > 0 {
        let _ = write!(text, ", {hidden} more that are only told (`--all`)");
    }
    text.push('\n');
    text
}

fn rows(findings: &[&Finding], is_all: bool) -> Vec<[String; 4]> {
    let mut rows = Vec::new();
    for same in findings.chunk_by(|a, b| (&a.id, a.severity) == (&b.id, b.severity)) {
        let most = if is_all { usize::MAX } else { ROWS };
        for finding in same.iter().take(most) {
            rows.push([
                finding.severity.to_string(),
                finding.id.clone(),
                place(&finding.place),
                finding.title.clone(),
            ]);
        }
        if let Some(more) = same.len().checked_sub(most).filter(|more| *more > 0) {
            let first = same[0];
            let more = format!("{more} more (`--all`)");
            rows.push([
                first.severity.to_string(),
                first.id.clone(),
                more,
                String::new(),
            ]);
        }
    }
    rows
}

fn place(place: &Place) -> String {
    match place {
        Place::Package { name, version, .. } => format!("{name} {version}"),
        Place::File { path, line, entry } => {
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            let entry = entry.as_ref().map(|entry| format!(" `{entry}`"));
            format!("{path}{line}{}", entry.unwrap_or_default())
        }
        Place::Disk { offset } => format!("byte {offset} of the disk"),
        Place::Image => "the image".to_owned(),
    }
}
