//! `goldsmith scan`: what is in an image, and what is wrong with it.

use std::num::NonZero;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use goldsmith_advisory::external::Foreign;
use goldsmith_advisory::stock::Stock;
use goldsmith_build::record::{Image, Images, Record, RecordError};
use goldsmith_build::source::KernelView;
use goldsmith_core::cloud::CloudImage;
use goldsmith_core::finding::{Finding, Kind, Place};
use goldsmith_core::inventory::Inventory;
use goldsmith_inspect::harden::{self, Profile};
use goldsmith_inspect::sbom::{self, Form, Subject};
use goldsmith_inspect::scan::{self, Engine, Hardening, Leaks, Packages, Secrets, format};
use goldsmith_inspect::snapshot::Snapshot;
use goldsmith_inspect::view::open::{Opened, open};

use crate::app::App;
use crate::args::Outcome;
use crate::catalog;
use crate::project;
use crate::report::CmdError;

mod beside;
mod difference;
mod kept;
mod policy;
mod show;
pub(crate) mod stage;
mod verdict;

/// Show what is in an image, and what is wrong with it, without starting or mounting it
///
/// Opens images of this machine, and anybody's: raw disks, qcow2, VMDK, OVA, VHD, VHDX, disks in
/// `tar.gz` (GCE) or compressed by gzip, xz, zstd or bzip2, archives of a root file system, folders. A
/// root of xfs or btrfs is shown by the kernel, for root only and to this program alone.
///
/// Packages are held against the feeds of this machine (`goldsmith feed`), and what is found against
/// the `scan` block of a pipeline: that of `--pipeline`, else that of the image's recipe in the
/// project. Exits with 5 when the policy says no; without any policy nothing is decided. A bill of
/// materials (`CycloneDX`, SPDX) is held against the feeds as well, without the disk it is of.
///
/// Example: goldsmith scan web@1.4.0 --sbom cyclonedx --output web.cdx.json --report html=scan.html
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An image (`web`, `web@1.4.0`, `web@1.4.0/2`), or a file or folder with one
    image: String,
    /// Write a bill of materials in this form as well (1.6 and 2.3, as JSON)
    #[arg(long, value_parser = PossibleValuesParser::new(["cyclonedx", "spdx"]))]
    sbom: Option<String>,
    /// Where to write it: a file; standard output when not given
    #[arg(short, long, value_name = "FILE", requires = "sbom")]
    output: Option<PathBuf>,
    /// List the files of each package of the system in it
    #[arg(long, requires = "sbom")]
    sbom_files: bool,
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
    #[command(flatten)]
    beside: beside::BesideArgs,
    /// Hold the packages that the last scan of this image found, or its build listed, against the
    /// feeds of today, without opening the disk
    #[arg(long, conflicts_with = "sbom")]
    again: bool,
    /// Hold the image to a hardening profile as well; the policy may name one too
    #[arg(long, value_parser = PossibleValuesParser::new(Profile::ALL.map(Profile::word)))]
    profile: Option<String>,
}

/// What is looked at.
struct Target {
    name: String,
    path: PathBuf,
    /// Of an image of this machine.
    record: Option<Record>,
}

impl Target {
    fn of(image: Image) -> Self {
        Self {
            name: image.title(),
            path: image.path("disk.raw"),
            record: Some(image.record),
        }
    }

    /// Where it is, when there is no disk of it here.
    fn cloud(&self) -> Option<&CloudImage> {
        self.record.as_ref()?.cloud.as_ref()
    }
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let target = target(app, &args.image)?;
    let recipe = target.record.as_ref().map(|record| record.name.as_str());
    let policy = policy::find(app, &args.policy, recipe)?;
    let reports = verdict::Reports::parse(&args.report)?;
    let other = args.compare.as_deref();
    let other = other.map(|path| difference::read(app, path)).transpose()?;
    let say = |form: &str,
               inventory: &Inventory,
               judged: &verdict::Judgement,
               other: Option<&Foreign>,
               hardened: Option<&harden::Report>| {
        let findings = judged.findings();
        let report = format::report(&target.name, form, inventory, &findings);
        let mut json = difference::complete(judged.complete(report), &findings, other);
        if let Some(hardened) = hardened {
            json["hardening"] = format::hardening(hardened);
        }
        reports.write(app, &target.name, judged, &json)?;
        // Vulnerabilities stand by what mends them.
        let (vulnerable, shown): (Vec<Finding>, Vec<Finding>) = findings
            .iter()
            .cloned()
            .partition(|finding| finding.kind == Kind::Vulnerability);
        let mut text = show::text(&target.name, form, inventory, &shown, args.all);
        if !vulnerable.is_empty() {
            text.push_str(&judged.updates(args.all));
        }
        if let Some(other) = other {
            text.push_str(&difference::text(&findings, other, args.all));
        }
        text.push_str(&judged.decision());
        if let Some(hardened) = hardened {
            text.push_str(&show::hardening(hardened));
        }
        Ok::<_, CmdError>((text, json))
    };
    if let Some(kept) = kept::read(&target, args.again)? {
        if let Some(profile) = &args.profile {
            let what = format!("the profile `{profile}` is held against");
            return Err(no_disk(&target, &what));
        }
        let run = beside::run(app, &args.beside, (&target, false), &kept.inventory)?;
        let beyond = run.as_ref().map_or_else(Vec::new, |run| run.beyond(&[]));
        let other = run.or(other);
        let judged = verdict::judge(app, &policy, &kept.stock, beyond)?;
        let (text, json) = say(kept.form, &kept.inventory, &judged, other.as_ref(), None)?;
        if let Some(form) = args.sbom.as_deref().and_then(Form::named) {
            let document = bill(&target, &kept.inventory, form, None);
            return hand_over(args, app, &document, (&text, json)).map(|()| judged.outcome());
        }
        app.output.result(&text, || json);
        return Ok(judged.outcome());
    }
    let scratch = app.home()?;
    let kernel = KernelView {
        scratch: scratch.clone(),
    };
    let opened = open(&target.path, &scratch, Some(&kernel), &app.cx)?;
    let snapshot = Snapshot::take(&*opened.view, &app.cx)?;
    let profile = args.profile.as_ref().or(policy.spec.profile.as_ref());
    let profile = profile.and_then(|word| Profile::of_word(word));
    let hardening = profile.map(Hardening::new);
    let (inventory, mut findings) = look(app, &opened, &snapshot, hardening.as_ref())?;
    let stock = Stock::of(&inventory);
    kept::write(&target, &stock)?;
    let other = match beside::run(app, &args.beside, (&target, true), &inventory)? {
        Some(run) => {
            findings.extend(run.beyond(&findings));
            Some(run)
        }
        None => other,
    };
    let judged = verdict::judge(app, &policy, &stock, findings)?;
    let mut hardened = hardening.and_then(Hardening::into_report);
    if let Some(hardened) = &mut hardened {
        judged.waive(hardened);
    }
    let (other, hardened) = (other.as_ref(), hardened.as_ref());
    let (text, json) = say(&opened.form, &inventory, &judged, other, hardened)?;
    let json = || json;
    let Some(form) = args.sbom.as_deref().and_then(Form::named) else {
        app.output.result(&text, json);
        return Ok(judged.outcome());
    };
    let files = args.sbom_files.then(|| snapshot.system());
    let document = bill(&target, &inventory, form, files);
    hand_over(args, app, &document, (&text, json()))?;
    Ok(judged.outcome())
}

/// Writes the bill of materials where it is wanted, and the result beside it.
fn hand_over(
    args: &Args,
    app: &App,
    document: &str,
    (text, json): (&str, serde_json::Value),
) -> Result<(), CmdError> {
    if let Some(file) = &args.output {
        let path = app.env.working_directory.join(file);
        project::replace_file(&path, document.as_bytes())
            .map_err(|e| CmdError::io(format!("cannot write `{}`", file.display()), &e))?;
        app.output.result(text, || json);
    } else {
        app.output.text(document);
        app.output.result_beside(text, || json);
    }
    Ok(())
}

/// Something is asked of the disk of an image that has none here.
fn no_disk(target: &Target, what: &str) -> CmdError {
    let name = &target.name;
    if target.cloud().is_none() {
        let message = format!("{what} a disk, and of {name} only the packages are known");
        return CmdError::usage(message).hint("scan the image itself");
    }
    let message = format!("{what} a disk, and {name} was made on an instance");
    CmdError::usage(message).hint(
        "its packages are known, and held against the feeds; leaks were looked for on the instance before the image was made: `sanitize.json`, `verify.json` beside its record",
    )
}

/// An image by its name; what is none may be a file or a folder.
fn target(app: &App, wanted: &str) -> Result<Target, CmdError> {
    let named = catalog::without_channel(app, wanted)?;
    match Images::new(&app.home()?).find(&named) {
        Ok(image) => Ok(Target::of(image)),
        Err(error @ RecordError::Unknown { .. }) => {
            let path = app.env.working_directory.join(wanted);
            if !path.exists() {
                return Err(error.into());
            }
            Ok(Target {
                name: wanted.to_owned(),
                path,
                record: None,
            })
        }
        Err(error) => Err(error.into()),
    }
}

/// Runs every engine.
fn look(
    app: &App,
    opened: &Opened,
    snapshot: &Snapshot<'_>,
    hardening: Option<&Hardening>,
) -> Result<(Inventory, Vec<Finding>), CmdError> {
    let phase = app.cx.phase("scan", None);
    let (packages, leaks) = (Packages::default(), Leaks::default());
    let mut engines: Vec<&dyn Engine> = vec![&packages, &leaks, &Secrets];
    engines.extend(hardening.map(|engine| -> &dyn Engine { engine }));
    let threads = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let mut findings = scan::scan(&app.cx, snapshot, &engines, threads)?;
    let unread = opened.unread.iter();
    findings.extend(unread.map(|why| scan::unread(Place::Image, why)));
    let inventory = packages.inventory(snapshot)?;
    phase.finish(format!(
        "{} files, {} packages, {} findings",
        snapshot.nodes().len(),
        inventory.packages.len(),
        findings.len()
    ));
    Ok((inventory, findings))
}

fn bill(
    target: &Target,
    inventory: &Inventory,
    form: Form,
    files: Option<&goldsmith_inspect::inventory::system::System>,
) -> String {
    let record = target.record.as_ref();
    let version = record.map(|record| format!("{}/{}", record.version, record.build));
    let disk = record.and_then(|record| record.artifacts.iter().find(|a| a.kind == "raw"));
    let sha256 = disk
        .and_then(|disk| disk.sha256)
        .map(|sha256| sha256.to_string());
    // The place on this machine says nothing to whoever gets the document.
    let file = target
        .path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let file = file.unwrap_or_else(|| target.name.clone());
    let subject = Subject {
        name: record.map_or(&file, |record| &record.name),
        version: version.as_deref(),
        sha256: sha256.as_deref(),
        epoch: record.map(|record| record.epoch_unix),
        files,
    };
    sbom::write(inventory, form, &subject)
}
