//! The build: from a locked recipe to an image with its record.
//!
//! ```text
//! store ── packages ──► bootstrap ──► steps ──► sanitize ──► assemble ──► verify ──► record
//!          (fetched)     └─ a layer each ─┘     evidence    disk.raw     read back   images/
//! ```
//!
//! A layer that the store has is not made again ([`crate::layer`]). What comes after the layers
//! stands in scratch directories of the store until the last step, which makes it an image by one
//! rename: whatever ends the build before leaves no image.

mod chain;
mod disk;
mod error;
mod forecast;
mod inputs;
pub mod instance;
mod known;
mod lazy;
mod loader;
mod parent;
mod steps;
mod title;
mod top;

use std::fs;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;
use std::time::Duration;

use goldsmith_component::Services;
use goldsmith_core::cx::Cx;
use goldsmith_core::recipe::Recipe;
use goldsmith_inspect::sanitize::{Report, Settings, Severity};
use goldsmith_inspect::sbom::{self, Form, Subject};
use goldsmith_inspect::scan::{self, ScanError};
use goldsmith_inspect::snapshot::Snapshot;
use goldsmith_inspect::verify::verify_opened;
use goldsmith_inspect::view::disk::DiskView;
use goldsmith_plan::key::{self, Inputs, Salt};
use goldsmith_plan::lock::{Lock, Section};
use goldsmith_store::Store;

use crate::assemble::contents::read_file;
use crate::document::Loaded;
use crate::layer::{Anew, Layer, Stack};
use crate::on_failure::OnFailure;
use crate::record::{Image, Images, PhaseTime, Record};
use known::KnownInStore;
use top::Top;

pub use chain::Owner;
pub(crate) use chain::base;
pub use error::BuildError;
pub use forecast::{Because, Forecast, Verdict, forecast};
pub(crate) use inputs::apt_sources;
pub use inputs::{inputs, salt};
pub use title::{StepError, find_step, step_titles};

/// The file of an image that lists its software.
pub const BILL: &str = "sbom.cdx.json";

/// What to build.
#[derive(Debug)]
pub struct Job<'a> {
    /// What the user asked for.
    pub recipe: &'a Recipe,
    /// What that is, by digest.
    pub section: &'a Section,
    /// The documents of its components, in the order of the recipe.
    pub documents: &'a [Loaded],
    /// Everything the image is a function of.
    pub inputs: Inputs,
    /// What secrets go into keys with.
    pub salt: Salt,
    /// The directory of the project, where the disk is that it starts from, if it starts from one.
    pub project: &'a Path,
    /// Where the image is that it starts from, if it starts from one.
    pub parents: &'a Images,
    /// Whose layers these are: kept as long as the project is there.
    pub owner: Owner,
    /// Which layers are made anew.
    pub anew: Anew,
    /// Who gets to see the tree when a step or a package's script has failed.
    pub on_failure: Option<&'a dyn OnFailure>,
    /// Whether the record is to have the plain SHA-256 of the disk besides the disk digest: it
    /// costs by the size of the disk, and nothing here needs it.
    pub wants_sha256: bool,
    /// What the documents may ask for: see [`crate::services`].
    pub services: Services<'a>,
}

/// What a build would do.
#[derive(Debug)]
pub enum Need {
    /// This image has the same inputs and is whole: nothing to do.
    Nothing(Box<Image>),
    /// What changed since the newest image, a line each; empty when there is none.
    Build(Vec<String>),
}

/// Decides whether there is anything to build, without building.
pub fn need(images: &Images, job: &Job<'_>) -> Result<Need, BuildError> {
    let key = job.inputs.key();
    let of_recipe = images.of(&job.recipe.name)?;
    let newest = of_recipe.last().cloned();
    if let Some(image) = of_recipe
        .into_iter()
        .rev()
        .find(|image| image.record.key == key)
    {
        if image.is_whole() {
            return Ok(Need::Nothing(Box::new(image)));
        }
        return Ok(Need::Build(vec![format!(
            "the disk of {} is gone or cut short",
            image.title()
        )]));
    }
    Ok(Need::Build(newest.map_or_else(Vec::new, |image| {
        key::explain(&image.record.inputs, &job.inputs)
    })))
}

/// Builds the image. Every package of the lock must be in the store.
pub fn build(cx: &Cx, store: &Store, images: &Images, job: &Job<'_>) -> Result<Image, BuildError> {
    let began = cx.clock().monotonic();
    let mut times = Times::default();
    parent::check(cx, store, job)?;
    let mut stack = Stack::new(store, job.section.epoch, job.anew.clone());
    let steps = chain::make(cx, &mut stack, job, &mut times)?;
    let output = store.scratch("image")?;
    let folder = output.path().join("image");
    fs::create_dir(&folder).map_err(BuildError::io("create", &folder))?;

    let settings = Settings::default();
    let merged = times.of(cx, "merge layers", || stack.merged())?;
    let phase = cx.phase("sanitize", None);
    let known = KnownInStore::new(cx, store);
    let top = Top::sanitized(cx, &stack, merged, &settings, &known)?;
    times.add("sanitize", phase.finish(top.evidence.summary()));
    write_report(&folder.join("sanitize.json"), &top.evidence)?;
    check_clean("the tree", &top.evidence)?;

    let packages = packages(job.section, &top)?;
    let artifact = disk::write(cx, &stack, job, top, &folder, &mut times)?;

    let phase = cx.phase("verify disk", None);
    let view = DiskView::open(&folder.join(&artifact.file)).map_err(ScanError::from)?;
    let snapshot = Snapshot::take(&view, cx).map_err(ScanError::from)?;
    let snapshot = snapshot.with_known(&known);
    let sha256 = artifact.sha256.map(|sha256| sha256.to_string());
    // The image's version is known only when it is published.
    let subject = Subject {
        name: &job.recipe.name,
        version: None,
        sha256: sha256.as_deref(),
        epoch: Some(job.section.epoch),
        files: None,
    };
    // Both wait for the disk more than they work.
    let (verified, bill) = thread::scope(|scope| {
        let bill = scope.spawn(|| bill_of_materials(cx, &subject, &snapshot));
        let verified = verify_opened(&view, &snapshot, &settings, cx);
        let bill = bill.join();
        (verified, bill.unwrap_or_else(|panic| resume_unwind(panic)))
    });
    let (verified, bill) = (verified?, bill?);
    times.add("verify disk", phase.finish(verified.summary()));
    write(&folder.join(BILL), bill.as_bytes())?;
    write_report(&folder.join("verify.json"), &verified)?;
    check_clean("the finished disk", &verified)?;
    let lock = Lock {
        recipes: [(job.recipe.name.clone(), job.section.clone())].into(),
    };
    write(&folder.join("goldsmith.lock"), lock.to_text().as_bytes())?;

    let mut record = Record::new(&job.recipe.name, job.inputs.key());
    record.purpose.clone_from(&job.recipe.purpose);
    job.section.arch().clone_into(&mut record.arch);
    record.boot.clone_from(&job.recipe.disk.boot);
    record.created_unix = cx.clock().unix_seconds();
    record.epoch_unix = job.section.epoch;
    record.inputs = job.inputs.clone();
    record.artifacts = vec![artifact];
    record.packages = packages;
    record.parent = job.section.parent.as_ref().map(Into::into);
    times.rest(cx.clock().monotonic().saturating_sub(began));
    record.phases = times.0;
    record.steps = steps;
    if stack.layers().iter().all(Layer::is_kept) {
        record.layers = stack.kept();
    }
    cx.cancel.check()?;
    Ok(images.publish(&folder, job.recipe.version, record)?)
}

/// What is on the disk, by its own databases and files.
fn bill_of_materials(
    cx: &Cx,
    subject: &Subject<'_>,
    snapshot: &Snapshot<'_>,
) -> Result<String, BuildError> {
    let threads = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let inventory = scan::software(cx, snapshot, threads)?;
    Ok(sbom::write(&inventory, Form::CycloneDx, subject))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    fs::write(path, bytes).map_err(BuildError::io("write", path))
}

fn write_report(path: &Path, report: &Report) -> Result<(), BuildError> {
    let text = serde_json::to_string_pretty(report).expect("a report holds text and numbers only");
    write(path, format!("{text}\n").as_bytes())
}

/// An image with something in it that must not be is no image.
fn check_clean(what: &'static str, report: &Report) -> Result<(), BuildError> {
    if report.passed {
        return Ok(());
    }
    let is_failure = |severity| severity == Severity::Fail;
    let findings = report
        .findings()
        .filter(|(_, row)| {
            is_failure(row.severity) && (report.pass != "sanitize" || row.action == "report")
        })
        .map(|(rule, row)| format!("{}: {} {}", rule.id, row.path, row.note))
        .collect();
    Err(BuildError::Unclean { what, findings })
}

/// How many packages are installed; of what came with a parent only the tree's own dpkg knows.
fn packages(section: &Section, top: &Top) -> Result<usize, BuildError> {
    const STATUS: &str = "var/lib/dpkg/status";
    if section.parent.is_none() {
        return Ok(section.packages.len());
    }
    let status = read_file(top.sandbox.tree_fd(), STATUS);
    let status = status.map_err(BuildError::io("read", Path::new(STATUS)))?;
    let status = String::from_utf8_lossy(&status.unwrap_or_default()).into_owned();
    let is_installed = |line: &&str| line.starts_with("Status: ") && line.ends_with(" installed");
    Ok(status.lines().filter(is_installed).count())
}

/// Wall times by phase, in order.
#[derive(Debug, Default)]
struct Times(Vec<PhaseTime>);

impl Times {
    fn add(&mut self, name: &str, time: Duration) {
        self.add_with_programs(name, time, Duration::ZERO);
    }

    /// Adds how long some work takes.
    fn of<T>(&mut self, cx: &Cx, name: &str, work: impl FnOnce() -> T) -> T {
        let started = cx.clock().monotonic();
        let result = work();
        self.add(name, cx.clock().monotonic().saturating_sub(started));
        result
    }

    /// Adds what a build that took this long did besides.
    fn rest(&mut self, all: Duration) {
        let known = self.0.iter().map(|phase| phase.ms).sum();
        self.add("other", all.saturating_sub(Duration::from_millis(known)));
    }

    /// As [`Self::add`]; `cpu` is the processor time of programs that it waited for.
    fn add_with_programs(&mut self, name: &str, time: Duration, cpu: Duration) {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.0.push(PhaseTime {
            name: name.to_owned(),
            ms: ms(time),
            cpu_ms: ms(cpu),
        });
    }
}
