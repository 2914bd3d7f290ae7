//! The build: from a locked recipe to an image with its record.
//!
//! ```text
//! store ── packages ──► bootstrap ──► components ──► sanitize ──► assemble ──► verify ──► record
//!          (fetched)      tree          same sandbox    evidence    disk.raw     read back   images/
//! ```
//!
//! Everything stands in scratch directories of the store until the last step, which makes it an
//! image by one rename: whatever ends the build before leaves no image.

mod error;
mod inputs;
mod loader;

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use goldsmith_component::Services;
use goldsmith_component::machine::Tree as TreeMachine;
use goldsmith_component::run::{StepStatus, run_document};
use goldsmith_core::cx::Cx;
use goldsmith_core::recipe::{Firmware, Recipe, Source};
use goldsmith_disk::boot::config::fstab;
use goldsmith_disk::id::Ids;
use goldsmith_disk::image::Architecture;
use goldsmith_inspect::sanitize::{self, Mode, Report, Settings, Severity};
use goldsmith_inspect::verify::verify_disk;
use goldsmith_plan::key::{self, Inputs};
use goldsmith_plan::lock::{Lock, Section, Why};
use goldsmith_store::Store;

use crate::assemble::{self, Options, Request};
use crate::bootstrap::{self, BootstrapSpec, Finish, LockedPackage, Tree};
use crate::document::Loaded;
use crate::record::{Artifact, Image, Images, PhaseTime, Record, StepRecord};

pub use error::BuildError;
pub use inputs::{inputs, salt};

/// The plain SHA-256 costs by the size of the disk; beyond this only the disk digest is computed.
const PLAIN_DIGEST_UP_TO: u64 = 4 << 30;

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
    let mut times = Times::default();
    let tree = make_tree(cx, store, job, &mut times)?;
    let steps = run_components(cx, job, &tree, &mut times)?;
    let output = store.scratch("image")?;
    let folder = output.path().join("image");
    fs::create_dir(&folder).map_err(BuildError::io("create", &folder))?;

    let settings = Settings::default();
    let phase = cx.phase("sanitize", None);
    let evidence = sanitize::sanitize(&tree.sandbox.tree(), &settings, Mode::Apply, cx)?;
    times.add("sanitize", phase.finish(evidence.summary()));
    write_report(&folder.join("sanitize.json"), &evidence)?;
    check_clean("the tree", &evidence)?;

    let started = cx.clock().monotonic();
    let artifact = write_disk(cx, store, job, &tree, &folder)?;
    times.add("write disk", cx.clock().monotonic().saturating_sub(started));
    let packages = tree.packages.len();
    drop(tree);

    let phase = cx.phase("verify disk", None);
    let verified = verify_disk(&folder.join(&artifact.file), &settings, cx)?;
    times.add("verify disk", phase.finish(verified.summary()));
    write_report(&folder.join("verify.json"), &verified)?;
    check_clean("the finished disk", &verified)?;
    let lock = Lock {
        recipes: [(job.recipe.name.clone(), job.section.clone())].into(),
    };
    write(&folder.join("goldsmith.lock"), lock.to_text().as_bytes())?;

    let mut record = Record::new(&job.recipe.name, job.inputs.key());
    record.purpose.clone_from(&job.recipe.purpose);
    record.arch.clone_from(&job.section.request.arch);
    record.boot.clone_from(&job.recipe.disk.boot);
    record.created_unix = cx.clock().unix_seconds();
    record.epoch_unix = job.section.epoch;
    record.inputs = job.inputs.clone();
    record.artifacts = vec![artifact];
    record.packages = packages;
    record.phases = times.0;
    record.steps = steps;
    cx.cancel.check()?;
    Ok(images.publish(&folder, job.recipe.version, record)?)
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

/// Wall times by phase, in order.
#[derive(Debug, Default)]
struct Times(Vec<PhaseTime>);

impl Times {
    fn add(&mut self, name: &str, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.0.push(PhaseTime {
            name: name.to_owned(),
            ms,
        });
    }
}

fn make_tree(cx: &Cx, store: &Store, job: &Job<'_>, times: &mut Times) -> Result<Tree, BuildError> {
    let packages: Vec<LockedPackage> = job
        .section
        .packages
        .iter()
        .map(|package| LockedPackage {
            sha256: package.sha256,
            automatic: matches!(package.why, Why::NeededBy(_) | Why::Related),
        })
        .collect();
    // The disk's own lines come later; the initramfs has to know of them already.
    let ids = Ids::derive(job.inputs.key().as_bytes());
    let fstab = fstab(&ids, job.recipe.disk.boot.contains(&Firmware::Uefi), "");
    let spec = BootstrapSpec {
        packages: &packages,
        architecture: &job.section.request.arch,
        epoch: job.section.epoch,
        hostname: &job.recipe.name,
        fstab: Some(&fstab),
    };
    let tree = bootstrap::bootstrap(cx, store, &spec)?;
    for (name, time) in &tree.times {
        times.add(name, *time);
    }
    let Source::Debian(source) = &job.recipe.source else {
        return Err(BuildError::Source {
            name: job.recipe.name.clone(),
        });
    };
    let apt_sources = inputs::apt_sources(source);
    bootstrap::finish(
        cx,
        &tree,
        &Finish {
            hostname: &job.recipe.name,
            apt_sources: apt_sources.as_deref(),
        },
    )?;
    Ok(tree)
}

/// Runs `build`, then `validate`, of every document, in the order of the recipe.
fn run_components(
    cx: &Cx,
    job: &Job<'_>,
    tree: &Tree,
    times: &mut Times,
) -> Result<Vec<StepRecord>, BuildError> {
    let machine = TreeMachine::new(&tree.sandbox);
    let mut steps = Vec::new();
    for name in ["build", "validate"] {
        for loaded in job.documents.iter().filter(|loaded| loaded.has_phase(name)) {
            let title = format!("{} {name}", loaded.document.name());
            let phase = cx.phase(title.clone(), None);
            let report = run_document(
                cx,
                &loaded.document,
                &loaded.parameters,
                &[name],
                &machine,
                &job.services,
            )?
            .check()?;
            times.add(
                &title,
                phase.finish(format!("{} steps", report.steps.len())),
            );
            steps.extend(report.steps.into_iter().map(|step| StepRecord {
                document: loaded.path.clone(),
                phase: step.phase,
                step: step.step,
                action: step.action,
                status: status(step.status).to_owned(),
                attempts: step.attempts,
                ms: u64::try_from(step.duration.as_millis()).unwrap_or(u64::MAX),
            }));
        }
    }
    Ok(steps)
}

fn status(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Success => "succeeded",
        StepStatus::Skipped => "skipped",
        StepStatus::Failed => "failed",
        StepStatus::IgnoredFailure => "failed, ignored",
    }
}

fn write_disk(
    cx: &Cx,
    store: &Store,
    job: &Job<'_>,
    tree: &Tree,
    folder: &Path,
) -> Result<Artifact, BuildError> {
    let architecture = match job.section.request.arch.as_str() {
        "arm64" => Architecture::Arm64,
        _ => Architecture::X86_64,
    };
    let loader = loader::files(cx, store, &job.section.boot, &tree.packages)?;
    let request = Request {
        tree: tree.sandbox.tree_fd(),
        boot_files: loader.directory(),
        disk: &job.recipe.disk,
        architecture,
        seed: job.inputs.key(),
        epoch: u32::try_from(job.section.epoch).unwrap_or(u32::MAX),
    };
    let path = folder.join("disk.raw");
    let file = File::create(&path).map_err(BuildError::io("create", &path))?;
    let options = Options {
        plain_digest_up_to: PLAIN_DIGEST_UP_TO,
        sync: false,
    };
    let written = assemble::assemble(cx, &request, &file, options)?;
    Ok(Artifact {
        file: "disk.raw".to_owned(),
        kind: "raw".to_owned(),
        size_bytes: written.size,
        allocated_bytes: written.allocated,
        digest: written.digest,
        sha256: written.sha256,
    })
}
