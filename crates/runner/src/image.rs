//! An image made on a machine that a cloud lends: the order of things, whichever cloud it is.
//!
//! ```text
//! name free? ─► launch ─► documents ─► sealed ─► stop ─► capture ─► end
//!                                   (sanitized,            │
//!                                    verified)             ▼
//!  kept ◄── recorded ◄── end ◄── documents' tests ◄── launch of the image
//! ```
//!
//! Whatever fails, and whoever wants to stop: both machines are ended, and an image that is not
//! good, or of which there is no record, is taken away.

mod error;
mod login;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use goldsmith_component::execution::{ExecutionReport, Status};
use goldsmith_component::run::StepReport;
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Failure, with_causes};
use goldsmith_core::machine::{Capture, Captured, Cloud, Machine, Start};
use goldsmith_exec::ssh::Ssh;
use goldsmith_inspect::sanitize::Settings;

use crate::drive::{self, Limits};
use crate::format::Job;
use crate::format::seal::Sealed;

pub use error::ImageError;
use login::Login;

/// What is to be made, and of what.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// Who lends the machines.
    pub cloud: &'a dyn Cloud,
    /// The image to start from, as the cloud calls it.
    pub from: &'a str,
    /// Names everything that is made on the way: small letters, digits and `-`, at most 30. No two
    /// orders have the same.
    pub run: &'a str,
    /// The new image.
    pub image: Capture<'a>,
    /// The bytes of the runner.
    pub program: &'a [u8],
    /// What is done on the machine, by the phases `build` and `validate`.
    pub build: &'a Job,
    /// What is tried on a machine of the new image; `None`: nothing is.
    pub test: Option<&'a Job>,
    /// What may stay although a rule matches it.
    pub settings: &'a Settings,
    /// An empty folder of this computer for keys, which are worth nothing afterwards.
    pub folder: &'a Path,
    /// How long a machine may be out of reach.
    pub limits: Limits,
}

impl std::fmt::Debug for Order<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order")
            .field("run", &self.run)
            .field("image", &self.image)
            .finish_non_exhaustive()
    }
}

/// An image that is there already, and what is to be tried on a machine of it.
#[derive(Clone, Copy)]
pub struct Trial<'a> {
    /// Who lends the machine.
    pub cloud: &'a dyn Cloud,
    /// The image, as the cloud calls it.
    pub image: &'a str,
    /// As in an [`Order`].
    pub run: &'a str,
    /// What it is for, for people.
    pub owner: &'a str,
    /// Written on everything that is made.
    pub tags: &'a BTreeMap<String, String>,
    /// The bytes of the runner.
    pub program: &'a [u8],
    /// What is tried.
    pub job: &'a Job,
    /// An empty folder of this computer for keys.
    pub folder: &'a Path,
    /// How long the machine may be out of reach.
    pub limits: Limits,
}

impl std::fmt::Debug for Trial<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trial")
            .field("run", &self.run)
            .field("image", &self.image)
            .finish_non_exhaustive()
    }
}

/// An image that is good.
#[derive(Debug)]
pub struct Made {
    /// The image.
    pub image: Captured,
    /// What was done.
    pub build: ExecutionReport,
    /// What was removed, that nothing was left, and what software there is.
    pub sealed: Sealed,
    /// What was tried.
    pub test: Option<ExecutionReport>,
    /// What took how long, in order.
    pub times: Vec<(&'static str, Duration)>,
}

/// Who hears of what happens while an image is made.
pub trait Listener {
    /// A step has ended, of the document of this name.
    fn step(&mut self, document: &str, step: &StepReport);

    /// The image is good. It is finished once it is recorded; without that it is taken away.
    fn record(&mut self, made: &Made) -> Result<(), Box<dyn Failure>>;
}

/// Makes an image.
pub fn make(cx: &Cx, order: &Order<'_>, listener: &mut dyn Listener) -> Result<Made, ImageError> {
    let name = order.image.name;
    if order.cloud.is_taken(cx, name)? {
        return Err(ImageError::Taken {
            name: name.to_owned(),
        });
    }
    let login = Login::new(cx, order.folder)?;
    let mut watch = Watch::start(cx);
    let built = on_machine(
        cx,
        &order.errand("build", order.from),
        &login,
        |machine, ssh| {
            watch.lap("launch");
            let on_step = &mut |document: &str, step: &StepReport| listener.step(document, step);
            let report = documents(cx, ssh, (order.program, order.build, order.limits), on_step)?;
            let report = succeeded(report)?;
            watch.lap("documents");
            cx.note(format!("{} is sanitized and verified", machine.id));
            let sealed = drive::seal(cx, ssh, order.program, order.run, order.settings)?;
            if !sealed.verified.passed {
                return Err(ImageError::Unclean {
                    found: sealed.verified.lines(false),
                });
            }
            watch.lap("sanitize and verify");
            order.cloud.stop(cx, machine)?;
            cx.note(format!("the image `{name}` is made of {}", machine.id));
            let image = order.cloud.capture(cx, machine, &order.image)?;
            watch.lap("capture");
            Ok((image, report, sealed))
        },
    );
    let (image, build, sealed) = built?;
    let good = tried(cx, order, &login, &image, listener).and_then(|test| {
        cx.cancel.check()?;
        if test.is_some() {
            watch.lap("test");
        }
        let made = Made {
            image: image.clone(),
            build,
            sealed,
            test,
            times: watch.laps,
        };
        listener.record(&made).map_err(ImageError::unrecorded)?;
        Ok(made)
    });
    match &good {
        // Somebody who wants to stop now is too late.
        Ok(_) => {
            if let Err(error) = order.cloud.keep(&cx.uncancelled(), &image) {
                cx.warn(format!(
                    "the image `{}` is made and recorded; that it is finished could not be said there: {}",
                    image.id,
                    with_causes(&*error)
                ));
            }
        }
        Err(_) => {
            if let Err(left) = order.cloud.discard(&cx.uncancelled(), &image) {
                cx.warn(format!(
                    "the image `{}` could not be taken away, and stays in the ledger for `goldsmith gc`: {}",
                    image.id,
                    with_causes(&*left)
                ));
            }
        }
    }
    good
}

/// Tries something on a machine of an image that is there already. Steps that fail are no error:
/// what came of them is in the report.
pub fn try_out(
    cx: &Cx,
    trial: &Trial<'_>,
    on_step: &mut dyn FnMut(&str, &StepReport),
) -> Result<ExecutionReport, ImageError> {
    let login = Login::new(cx, trial.folder)?;
    let errand = Errand {
        cloud: trial.cloud,
        run: trial.run,
        what: "test",
        image: trial.image,
        owner: trial.owner,
        tags: trial.tags,
    };
    on_machine(cx, &errand, &login, |_, ssh| {
        documents(cx, ssh, (trial.program, trial.job, trial.limits), on_step)
    })
}

/// Runs the tests on a machine of the image.
fn tried(
    cx: &Cx,
    order: &Order<'_>,
    login: &Login,
    image: &Captured,
    listener: &mut dyn Listener,
) -> Result<Option<ExecutionReport>, ImageError> {
    let Some(job) = order.test else {
        return Ok(None);
    };
    let errand = order.errand("test", &image.id);
    let report = on_machine(cx, &errand, login, |_, ssh| {
        let on_step = &mut |document: &str, step: &StepReport| listener.step(document, step);
        documents(cx, ssh, (order.program, job, order.limits), on_step)
    });
    Ok(Some(succeeded(report?)?))
}

/// What a machine is had for.
struct Errand<'a> {
    cloud: &'a dyn Cloud,
    run: &'a str,
    what: &'static str,
    image: &'a str,
    owner: &'a str,
    tags: &'a BTreeMap<String, String>,
}

impl Order<'_> {
    fn errand<'e>(&'e self, what: &'static str, image: &'e str) -> Errand<'e> {
        Errand {
            cloud: self.cloud,
            run: self.run,
            what,
            image,
            owner: self.image.owner,
            tags: self.image.tags,
        }
    }
}

/// Has a machine for as long as `work` takes.
fn on_machine<T>(
    cx: &Cx,
    errand: &Errand<'_>,
    login: &Login,
    work: impl FnOnce(&Machine, &Ssh) -> Result<T, ImageError>,
) -> Result<T, ImageError> {
    let lease = format!("{}-{}", errand.run, errand.what);
    let owner = format!("{} ({})", errand.owner, errand.what);
    let start = Start {
        lease: &lease,
        image: errand.image,
        public_key: login.public_key(),
        owner: &owner,
        tags: errand.tags,
    };
    cx.note(format!("a machine is launched in {}", errand.cloud.name()));
    let machine = errand.cloud.launch(cx, &start)?;
    let done = login.to(cx, &machine).and_then(|ssh| work(&machine, &ssh));
    let done = done.map_err(|error| taken_away(cx, errand.cloud, &machine).unwrap_or(error));
    // Also after a Ctrl-C, which must not stop the cleaning up.
    if let Err(left) = errand.cloud.end(&cx.uncancelled(), &lease) {
        cx.warn(format!(
            "the machine {} could not be ended, and stays in the ledger for `goldsmith gc`: {}",
            machine.id,
            with_causes(&*left)
        ));
    }
    done
}

/// That the cloud has taken a machine away says more than what that has led to.
fn taken_away(cx: &Cx, cloud: &dyn Cloud, machine: &Machine) -> Option<ImageError> {
    // Whoever wants to stop waits for nothing more.
    cx.cancel.check().ok()?;
    let why = cloud.taken_away(cx, machine).ok()??;
    Some(ImageError::TakenAway {
        machine: machine.id.clone(),
        why,
    })
}

fn documents(
    cx: &Cx,
    ssh: &Ssh,
    (program, job, limits): (&[u8], &Job, Limits),
    on_step: &mut dyn FnMut(&str, &StepReport),
) -> Result<ExecutionReport, ImageError> {
    Ok(drive::run(cx, ssh, program, job, limits, on_step)?)
}

fn succeeded(report: ExecutionReport) -> Result<ExecutionReport, ImageError> {
    if report.status() == Status::Failed {
        return Err(ImageError::Failed {
            why: report.failure_message(),
        });
    }
    Ok(report)
}

/// Takes the time.
struct Watch<'a> {
    cx: &'a Cx,
    last: Duration,
    laps: Vec<(&'static str, Duration)>,
}

impl<'a> Watch<'a> {
    fn start(cx: &'a Cx) -> Self {
        Self {
            cx,
            last: cx.clock().monotonic(),
            laps: Vec::new(),
        }
    }

    /// What was done since the lap before is called so.
    fn lap(&mut self, name: &'static str) {
        let now = self.cx.clock().monotonic();
        self.laps.push((name, now.saturating_sub(self.last)));
        self.last = now;
    }
}
