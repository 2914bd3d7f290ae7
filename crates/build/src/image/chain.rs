//! The layers of a recipe: those of its packages, then one for each step of its components.

use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::Source;
use goldsmith_plan::lock::{Section, Why};
use goldsmith_store::StoreError;

use super::{BuildError, Job, Times, inputs, parent, steps};
use crate::bootstrap::{self, BootstrapSpec, LockedPackage};
use crate::document::Loaded;
use crate::layer::{Stack, Wanted};
use crate::record::StepRecord;

/// The root by its label, which is true of every disk made here: the disk's own table, with its
/// identifiers, replaces this one.
pub(super) const FSTAB: &str = "LABEL=root / ext4 rw,errors=remount-ro 0 1\n";

/// Phases of documents that make an image.
pub(super) const PHASES: [&str; 2] = ["build", "validate"];

/// A recipe of a project, as whose the store keeps layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    place: PathBuf,
    name: String,
}

impl Owner {
    /// Of a recipe of the project in this directory.
    pub fn new(project: &Path, recipe: &str) -> Self {
        let place = project
            .canonicalize()
            .unwrap_or_else(|_| project.to_owned());
        let words = format!("{}\n{recipe}", place.to_string_lossy());
        Self {
            name: Sha256::of(words.as_bytes()).short(),
            place,
        }
    }

    /// The name of what its last image was made of.
    pub(super) fn done(&self) -> String {
        self.name.clone()
    }

    /// The name of what it was last tried to be made of.
    pub(super) fn tried(&self) -> String {
        format!("{}.tried", self.name)
    }
}

/// Makes the layers that are not kept; gives what came of the steps.
pub(super) fn make(
    cx: &Cx,
    stack: &mut Stack<'_>,
    job: &Job<'_>,
    times: &mut Times,
) -> Result<Vec<StepRecord>, BuildError> {
    let made = bootstrap_and_steps(cx, stack, job, times);
    // Also of a build that failed: the next one begins where it ended.
    let remembered = remember(stack, job, &job.owner.tried());
    let steps = made?;
    remembered?;
    remember(stack, job, &job.owner.done())?;
    Ok(steps)
}

fn bootstrap_and_steps(
    cx: &Cx,
    stack: &mut Stack<'_>,
    job: &Job<'_>,
    times: &mut Times,
) -> Result<Vec<StepRecord>, BuildError> {
    match &job.section.parent {
        None => {
            let packages = packages(job.section);
            let spec = spec(job, &packages);
            for took in bottom(cx, stack, &spec, apt_sources(job).as_deref())? {
                times.add_with_programs(took.name, took.time, took.cpu);
            }
        }
        Some(parent) => {
            if let Some(time) = parent::layer(cx, stack, job, parent)? {
                times.add("start from parent", time);
            }
            let packages = packages(job.section);
            if !packages.is_empty()
                && let Some(took) = bootstrap::add(cx, stack, &spec(job, &packages))?
            {
                times.add_with_programs(took.name, took.time, took.cpu);
            }
        }
    }
    let mut records = Vec::new();
    for (loaded, name) in used(job.documents) {
        records.extend(steps::run(cx, stack, job, loaded, &name, times)?);
    }
    Ok(records)
}

/// The layers of the packages of a section, which every recipe with the same ones shares.
pub(crate) fn base(
    cx: &Cx,
    stack: &mut Stack<'_>,
    section: &Section,
    apt_sources: Option<&str>,
) -> Result<bootstrap::Times, BuildError> {
    let packages = packages(section);
    bottom(cx, stack, &of_section(section, &packages), apt_sources)
}

fn bottom(
    cx: &Cx,
    stack: &mut Stack<'_>,
    spec: &BootstrapSpec<'_>,
    apt_sources: Option<&str>,
) -> Result<bootstrap::Times, BuildError> {
    let times = bootstrap::bootstrap(cx, stack, spec)?;
    bootstrap::finish(cx, stack, apt_sources)?;
    let kept = stack.layers().iter().filter(|layer| layer.was_kept).count();
    if kept > 0 {
        let all = stack.layers().len();
        cx.note(format!(
            "{kept} of the {all} layers of the packages are kept"
        ));
    }
    Ok(times)
}

/// Writes down which layers are there.
fn remember(stack: &Stack<'_>, job: &Job<'_>, owner: &str) -> Result<(), StoreError> {
    let names = stack.kept();
    stack.store().set_chain(owner, &job.owner.place, &names)
}

/// What the layers below the components are functions of.
pub(super) fn bootstrap_layers(job: &Job<'_>) -> Vec<Wanted> {
    let section = job.section;
    match &section.parent {
        None => {
            let packages = packages(section);
            let mut wanted = bootstrap::wanted(&of_section(section, &packages)).to_vec();
            wanted.push(bootstrap::base_wanted(apt_sources(job).as_deref()));
            wanted
        }
        Some(parent) => {
            let mut wanted = vec![parent::wanted(parent, section.epoch)];
            let packages = packages(section);
            if !packages.is_empty() {
                wanted.push(bootstrap::added_wanted(&of_section(section, &packages)));
            }
            wanted
        }
    }
}

fn packages(section: &Section) -> Vec<LockedPackage> {
    section
        .packages
        .iter()
        .map(|package| LockedPackage {
            name: format!("{}:{}", package.name, package.arch),
            sha256: package.sha256,
            automatic: matches!(package.why, Why::NeededBy(_) | Why::Related),
        })
        .collect()
}

fn spec<'a>(job: &'a Job<'_>, packages: &'a [LockedPackage]) -> BootstrapSpec<'a> {
    BootstrapSpec {
        on_failure: job.on_failure,
        ..of_section(job.section, packages)
    }
}

fn of_section<'a>(section: &'a Section, packages: &'a [LockedPackage]) -> BootstrapSpec<'a> {
    BootstrapSpec {
        packages,
        architecture: section.arch(),
        epoch: section.epoch,
        fstab: Some(FSTAB),
        on_failure: None,
    }
}

/// Where the image's own apt gets packages from; an image on another one has what that has.
fn apt_sources(job: &Job<'_>) -> Option<String> {
    match &job.recipe.source {
        Source::Debian(source) => inputs::apt_sources(source),
        Source::Image(_) | Source::Disk(_) | Source::Ami(_) => None,
    }
}

/// The documents that have something to do, each with a name of its own: that of a document used
/// for the second time has a number.
pub(super) fn used(documents: &[Loaded]) -> impl Iterator<Item = (&Loaded, String)> {
    let with_work = |loaded: &&Loaded| PHASES.iter().any(|phase| loaded.has_phase(phase));
    documents
        .iter()
        .enumerate()
        .filter(move |(_, loaded)| with_work(loaded))
        .map(|(at, loaded)| {
            let before = documents[..at].iter();
            let name = match before.filter(|other| other.path == loaded.path).count() {
                0 => loaded.path.clone(),
                times => format!("{} ({})", loaded.path, times + 1),
            };
            (loaded, name)
        })
}
