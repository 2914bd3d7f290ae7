//! `goldsmith scan`: what is in an image, and what is wrong with it.

mod difference;
mod policy;
mod verdict;

use std::fmt::Write as _;
use std::fs;
use std::num::NonZero;
use std::path::PathBuf;

use goldsmith_advisory::external;
use goldsmith_advisory::stock::Stock;
use goldsmith_build::record::{Images, RecordError};
use goldsmith_core::finding::{Finding, Kind, Place, Severity};
use goldsmith_core::inventory::{Ecosystem, Inventory};
use goldsmith_inspect::scan::{self, Engine, Leaks, Packages, format};
use goldsmith_inspect::snapshot::Snapshot;
use goldsmith_inspect::view::open::{Opened, open};

use crate::app::App;
use crate::args::Outcome;
use crate::escape::escape;
use crate::output::table;
use crate::project;
use crate::report::CmdError;

/// Rows of one rule that are shown without `--all`.
const ROWS: usize = 5;

/// Show what is in an image, and what is wrong with it, without starting or mounting it
///
/// Opens images of this machine, and anybody's: raw disks, qcow2, VMDK, OVA, VHD, VHDX, disks in
/// `tar.gz` (GCE) or compressed by gzip, xz or zstd, archives of a root file system, folders.
///
/// Packages are held against the feeds of this machine (`goldsmith feed`), and what is found against
/// the `scan` block of a pipeline: that of `--pipeline`, else that of the image's recipe in the
/// project. Exits with 5 when the policy says no; without any policy nothing is decided.
///
/// Example: goldsmith scan web@1.4.0 --report html=scan.html
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An image (`web`, `web@1.4.0`, `web@1.4.0/2`), or a file or folder with one
    image: String,
    /// Show all of long lists, every package, and findings that are only told
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    policy: policy::PolicyArgs,
    /// Write a report as well: `html=FILE`, `sarif=FILE`, `junit=FILE`, `json=FILE`, or
    /// `openvex=FILE` of what is accepted
    #[arg(long, value_name = "FORM=FILE")]
    report: Vec<String>,
    /// Say where the result of another scanner differs, and why: JSON of trivy, grype, osv-scanner
    /// or Amazon Inspector, XCCDF or ARF of OpenSCAP
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// Hold the packages that the last scan of this image found against the feeds of today, without
    /// opening the disk
    #[arg(long)]
    again: bool,
}

/// What is looked at.
struct Target {
    name: String,
    path: PathBuf,
    /// Of an image of this machine, its recipe.
    recipe: Option<String>,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let target = target(app, &args.image)?;
    let policy = policy::find(app, &args.policy, target.recipe.as_deref())?;
    let reports = verdict::Reports::parse(&args.report)?;
    let other = args.compare.as_deref();
    let other = other.map(|path| difference::read(app, path)).transpose()?;
    if args.again {
        return again(args, app, &target, &policy, &reports, other.as_ref());
    }
    let opened = open(&target.path, &app.home()?, &app.cx)?;
    let (inventory, findings) = look(app, &opened)?;
    let stock = Stock::of(&inventory);
    if target.recipe.is_some() {
        keep(&target, &stock)?;
    }
    let judged = verdict::judge(app, &policy, &stock, findings)?;
    let findings = judged.findings();
    let json = || {
        let report = format::report(&target.name, &opened.form, &inventory, &findings);
        difference::complete(judged.complete(report), &findings, other.as_ref())
    };
    let (shown, vulnerable): (Vec<Finding>, Vec<Finding>) = findings
        .iter()
        .cloned()
        .partition(|finding| finding.kind != Kind::Vulnerability);
    let mut said = text(&target, &opened, &inventory, &shown, args.all);
    if !vulnerable.is_empty() {
        said.push_str(&judged.updates(args.all));
    }
    if let Some(other) = &other {
        said.push_str(&difference::text(&findings, other, args.all));
    }
    said.push_str(&judged.decision());
    reports.write(app, &target.name, &judged, &json)?;
    app.output.result(&said, json);
    Ok(judged.outcome())
}

/// Where the packages of an image stand beside its disk.
fn kept(target: &Target) -> PathBuf {
    target.path.with_file_name("packages.stock")
}

/// Keeps the packages for scans that do without the disk.
fn keep(target: &Target, stock: &Stock) -> Result<(), CmdError> {
    let path = kept(target);
    project::replace_file(&path, stock.encode().as_bytes())
        .map_err(|e| CmdError::io(format!("cannot write `{}`", path.display()), &e))
}

/// A scan by what the last one found: packages only.
fn again(
    args: &Args,
    app: &App,
    target: &Target,
    policy: &policy::Policy,
    reports: &verdict::Reports,
    other: Option<&external::Foreign>,
) -> Result<Outcome, CmdError> {
    let path = kept(target);
    let text = fs::read_to_string(&path).map_err(|_| {
        CmdError::usage(format!("no scan of {} is kept", target.name))
            .hint("scan it once without `--again`; files and folders are scanned as they are")
    })?;
    let stock =
        Stock::decode(&text).map_err(|e| CmdError::config(format!("`{}`: {e}", path.display())))?;
    let judged = verdict::judge(app, policy, &stock, Vec::new())?;
    let findings = judged.findings();
    let json = || {
        let report = format::report(
            &target.name,
            "kept list of packages",
            &Inventory::default(),
            &findings,
        );
        difference::complete(judged.complete(report), &findings, other)
    };
    let mut said = format!(
        "{}: {} packages of the last scan\n",
        target.name,
        stock.items.len()
    );
    said.push_str(&judged.updates(args.all));
    if let Some(other) = other {
        said.push_str(&difference::text(&findings, other, args.all));
    }
    said.push_str(&judged.decision());
    reports.write(app, &target.name, &judged, &json)?;
    app.output.result(&said, json);
    Ok(judged.outcome())
}

/// An image by its name; what is none may be a file or a folder.
fn target(app: &App, wanted: &str) -> Result<Target, CmdError> {
    match Images::new(&app.home()?).find(wanted) {
        Ok(image) => Ok(Target {
            name: image.title(),
            path: image.path("disk.raw"),
            recipe: Some(image.record.name.clone()),
        }),
        Err(error @ RecordError::Unknown { .. }) => {
            let path = app.env.working_directory.join(wanted);
            if path.exists() {
                let name = wanted.to_owned();
                return Ok(Target {
                    name,
                    path,
                    recipe: None,
                });
            }
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Runs every engine.
fn look(app: &App, opened: &Opened) -> Result<(Inventory, Vec<Finding>), CmdError> {
    let phase = app.cx.phase("scan", None);
    let snapshot = Snapshot::take(&*opened.view, &app.cx)?;
    let (packages, leaks) = (Packages::default(), Leaks::default());
    let engines: [&dyn Engine; 2] = [&packages, &leaks];
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
    Ok((inventory, findings))
}

fn text(
    target: &Target,
    opened: &Opened,
    inventory: &Inventory,
    findings: &[Finding],
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
