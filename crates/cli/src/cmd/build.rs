//! `goldsmith build`: make the image of a recipe.

mod reproducible;

use std::fmt::Write as _;
use std::time::Duration;

use goldsmith_build::document::Loaded;
use goldsmith_build::image::{self, Job, Need};
use goldsmith_build::layer::Anew;
use goldsmith_build::record::{Image, Images};
use goldsmith_build::repo::Update;
use goldsmith_build::repro;
use goldsmith_core::failure::Class;
use goldsmith_core::recipe::Recipe;
use goldsmith_core::size::{format_bytes, format_duration};
use goldsmith_plan::lock::Section;
use goldsmith_store::Store;

use crate::app::App;
use crate::args::{Outcome, Variables};
use crate::catalog;
use crate::instance;
use crate::job::Bench;
use crate::lockfile;
use crate::project;
use crate::report::CmdError;
use crate::shell::Shell;
use crate::style;
use crate::wiring;

/// Build the image of a recipe: lock, fetch, bootstrap, components, sanitize, disk, verify
///
/// Of several recipes one that another starts from is built before it. A recipe that is not locked yet is locked first; a lock that no longer fits stops the build
/// with exit code 4. With nothing changed there is nothing to do. Every step is kept: a build
/// begins at the first one that changed, or that failed the last time.
///
/// Example: goldsmith build web -var greeting=Hello
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct Args {
    /// Only these recipes; all when not given
    recipes: Vec<String>,
    /// Build although an image of the same inputs exists
    #[arg(long)]
    force: bool,
    /// Make this step and all after it again, by its title or a part of it, such as `build/Install`
    #[arg(long, value_name = "STEP", conflicts_with = "no_cache")]
    from: Option<String>,
    /// Make every step again, kept or not
    #[arg(long)]
    no_cache: bool,
    /// After a step or a package's script that failed, open a shell in the tree as it stands
    #[arg(long)]
    debug: bool,
    /// Build it this many times more, from nothing and in other surroundings, and fail with 6 when
    /// a byte is different
    #[arg(long, value_name = "TIMES", num_args = 0..=1, require_equals = true,
        default_missing_value = "1", value_parser = clap::value_parser!(u32).range(1..=100))]
    check_reproducible: Option<u32>,
    /// Compute the plain SHA-256 of the disk as well, which takes half a second for a GiB, holes
    /// included; `export` computes that of what it hands over
    #[arg(long)]
    sha256: bool,
    /// Use nothing but what the store has
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    variables: Variables,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let started = app.cx.clock().monotonic();
    let project = project::recipes(app, &args.variables, &args.recipes)?;
    let store = wiring::store(app)?;
    let known = wiring::catalog(app)?;
    let names: Vec<&str> = project.recipes.iter().map(|recipe| &*recipe.name).collect();
    let images = catalog::numbered(app, &known, &names)?;
    let shell = args.debug.then(|| Shell::new(app)).transpose()?;
    let bench = Bench::new(app, args.offline)?;
    let mut shown = Vec::new();
    let mut outcome = Outcome::Done;
    for recipe in project.parents_first() {
        let documents = project::documents(app, recipe)?;
        let section = locked(app, &store, recipe, &documents, args.offline)?;
        let mut job = bench.job(app, recipe, &section, &documents);
        check(args, recipe)?;
        job.anew = anew(args, &job)?;
        job.wants_sha256 = args.sha256;
        if let Some(shell) = &shell {
            job.on_failure = Some(shell);
        }
        let is_forced = args.force || job.anew != Anew::None;
        let (image, is_up_to_date) = match instance::need(app, &images, &job)? {
            Need::Nothing(image) if !is_forced => (*image, true),
            Need::Build(reasons) => {
                for reason in reasons {
                    app.cx.note(reason);
                }
                (make(app, &store, &images, &job, args.offline)?, false)
            }
            Need::Nothing(_) => (make(app, &store, &images, &job, args.offline)?, false),
        };
        catalog::enter(app, &known, std::slice::from_ref(&image))?;
        let time = app.cx.clock().monotonic().saturating_sub(started);
        if !app.output.is_json {
            app.output.text(&text(&image, is_up_to_date, time));
        }
        let report = match args.check_reproducible {
            None => None,
            Some(rounds) => Some(reproducible::check(
                args, app, &store, &image, &section, rounds,
            )?),
        };
        if let Some(report) = &report {
            if !app.output.is_json {
                app.output.text(&format!("\n{}", repro::text(report)));
            }
            if !report.is_reproducible {
                outcome = Outcome::No(Class::Test);
            }
        }
        if app.output.is_json {
            shown.push(serde_json::json!({ "image": image.record, "folder": image.folder.to_string_lossy(),
                "up_to_date": is_up_to_date, "ms": u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
                "reproducible": report }));
        }
    }
    if app.output.is_json {
        // One recipe, the usual case, is an object by itself.
        match shown.len() {
            1 => app.output.json(&shown[0]),
            _ => app.output.json(&serde_json::json!({ "images": shown })),
        }
    }
    Ok(outcome)
}

/// Refuses what needs a tree or a disk of this computer, of a recipe that has neither.
fn check(args: &Args, recipe: &Recipe) -> Result<(), CmdError> {
    let option = match args {
        _ if instance::place(recipe).is_none() => return Ok(()),
        Args { from: Some(_), .. } => "--from",
        Args { debug: true, .. } => "--debug",
        Args {
            check_reproducible: Some(_),
            ..
        } => "--check-reproducible",
        Args { sha256: true, .. } => "--sha256",
        Args { offline: true, .. } => "--offline",
        _ => return Ok(()),
    };
    let message = format!(
        "`{option}` is of trees and disks of this computer, and `{}` is made on an instance",
        recipe.name
    );
    Err(CmdError::usage(message).hint(
        "every build of it is a new instance; `goldsmith component run --on` tries documents on a machine that stays",
    ))
}

/// Which layers are made again although they are kept.
fn anew(args: &Args, job: &Job<'_>) -> Result<Anew, CmdError> {
    Ok(match &args.from {
        Some(step) => Anew::From(image::find_step(&image::step_titles(job)?, step)?),
        None if args.no_cache => Anew::All,
        None => Anew::None,
    })
}

/// The section to build: of the lock file, which a first build makes.
pub(crate) fn locked(
    app: &App,
    store: &Store,
    recipe: &Recipe,
    documents: &[Loaded],
    is_offline: bool,
) -> Result<Section, CmdError> {
    let lock = lockfile::read(app)?;
    if lock
        .as_ref()
        .is_some_and(|lock| lock.recipes.contains_key(&recipe.name))
    {
        return lockfile::fitting(lock.as_ref(), recipe, documents);
    }
    let section = lockfile::section(
        app,
        store,
        recipe,
        documents,
        None,
        Update::None,
        is_offline,
    )?;
    let mut lock = lock.unwrap_or_default();
    lock.recipes.insert(recipe.name.clone(), section.clone());
    lockfile::write(app, store, &lock)?;
    app.cx
        .note(format!("`{}` is new: commit it", lockfile::NAME));
    Ok(section)
}

/// Fetches what the section names and makes the image.
pub(crate) fn make(
    app: &App,
    store: &Store,
    images: &Images,
    job: &Job<'_>,
    is_offline: bool,
) -> Result<Image, CmdError> {
    if let Some(place) = instance::place(job.recipe) {
        return instance::make(app, store, images, job, place);
    }
    // The whole lock: the pins of a project are one list.
    if let Some(lock) = lockfile::read(app)? {
        lockfile::pin(app, store, &lock)?;
    }
    lockfile::fetch_inputs(app, store, job.recipe, job.section, is_offline)?;
    Ok(image::build(&app.cx, store, images, job)?)
}

fn text(image: &Image, is_up_to_date: bool, time: Duration) -> String {
    let time = format_duration(time);
    if is_up_to_date {
        return format!(
            "nothing to do: {} was made of the same inputs (lock, documents, parameters, disk) ({time})\n",
            image.title()
        );
    }
    let mut text = format!(
        "\n{}{}{} in {time}\n",
        style::BOLD,
        image.title(),
        style::RESET
    );
    for artifact in &image.record.artifacts {
        let _ = writeln!(
            text,
            "  {}  {} ({} on disk)",
            image.path(&artifact.file).display(),
            format_bytes(artifact.size_bytes),
            format_bytes(artifact.allocated_bytes)
        );
        let _ = writeln!(text, "  disk digest {}", artifact.digest);
        if let Some(sha256) = artifact.sha256 {
            let _ = writeln!(text, "  sha256      {sha256}");
        }
    }
    let next = match &image.record.cloud {
        None => format!("`goldsmith test {}` boots it", image.record.name),
        Some(there) => {
            let _ = writeln!(text, "  {} in {} ({})", there.id, there.region, there.name);
            format!(
                "`goldsmith scan {}` holds its packages against the feeds",
                image.record.name
            )
        }
    };
    let _ = writeln!(text, "\nnext: {next}");
    text
}
