//! `goldsmith rebuild`: what `build --check-reproducible` starts in other surroundings. An image is
//! built again from nothing but its packages, and held against what it was.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use goldsmith_build::document::Loaded;
use goldsmith_build::image;
use goldsmith_build::record::Images;
use goldsmith_build::repro::{self, Again, Build};
use goldsmith_core::cx::{Clock, Cx};
use goldsmith_exec::clock::SystemClock;
use goldsmith_plan::key;
use goldsmith_plan::lock::Parent;
use goldsmith_store::Store;

use crate::app::App;
use crate::args::{Outcome, Variables};
use crate::job::Bench;
use crate::lockfile;
use crate::project;
use crate::report::CmdError;
use crate::wiring;

/// Build an image again and say what is different
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image
    image: String,
    /// The home to build in, empty
    #[arg(long)]
    place: PathBuf,
    /// What the recipe takes for the present, in seconds since 1970
    #[arg(long)]
    moment: i64,
    /// By how much the builder's clock is ahead, in seconds
    #[arg(long, allow_negative_numbers = true)]
    clock_shift: i64,
    /// Use nothing but what the store has
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    variables: Variables,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let app = &App {
        began: args.moment,
        ..app.clone()
    };
    let first = Images::new(&app.home()?).find(&args.image)?;
    first.disk()?;
    let store = wiring::store(app)?;
    let name = first.record.name.clone();
    let project = project::recipes(app, &args.variables, &[name])?;
    let recipe = &project.recipes[0];
    let documents = project::documents(app, recipe)?;
    let lock = lockfile::read(app)?;
    let section = lockfile::fitting(lock.as_ref(), recipe, &documents)?;
    let bench = Bench::new(app, args.offline)?;
    let job = bench.job(app, recipe, &section, &documents);
    let inputs = key::explain(&first.record.inputs, &job.inputs);
    let again = if inputs.is_empty() {
        let cx = shifted(app, args.clock_shift, &documents);
        let fresh = Store::open(&args.place.join("store"))?;
        let packages = section.all_packages().map(|package| package.sha256);
        for digest in packages.chain(section.parent.as_ref().map(Parent::digest)) {
            if store.has_blob(&digest) {
                fresh.insert(store.open_blob(&app.cx, &digest)?, Some(&digest))?;
            }
        }
        lockfile::fetch_inputs(app, &fresh, recipe, &section, args.offline)?;
        let image = image::build(&cx, &fresh, &Images::new(&args.place), &job)?;
        let difference = repro::compare(
            &app.cx,
            Build {
                image: &first,
                store: &store,
            },
            Build {
                image: &image,
                store: &fresh,
            },
        )?;
        Again {
            digest: image.record.artifacts.first().map(|disk| disk.digest),
            difference,
        }
    } else {
        Again {
            digest: None,
            difference: Some(repro::Difference::of_inputs(&inputs)),
        }
    };
    app.output.json(&serde_json::json!(again));
    Ok(Outcome::Done)
}

/// The context with another clock. Requests that are signed say the time, and are refused when it
/// is wrong: documents that make any get the true one.
fn shifted(app: &App, shift: i64, documents: &[Loaded]) -> Cx {
    let signs = |loaded: &Loaded| {
        let text = loaded.document.file().text();
        text.contains("aws:") || text.contains("S3")
    };
    if documents.iter().any(signs) {
        return app.cx.clone();
    }
    app.cx.with_clock(Arc::new(Shifted {
        clock: SystemClock::start(),
        by: shift,
    }))
}

/// A clock that is ahead.
struct Shifted {
    clock: SystemClock,
    by: i64,
}

impl Clock for Shifted {
    fn unix_seconds(&self) -> i64 {
        self.clock.unix_seconds().saturating_add(self.by)
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }

    fn sleep(&self, time: Duration) {
        self.clock.sleep(time);
    }
}
