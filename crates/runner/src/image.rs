//! An image made on a machine that a cloud lends: the order of things, whichever cloud it is.
//!
//! ```text
//! name free? ─► launch ─► documents ─► sealed ─► stop ─► capture ─► end
//!                                   (sanitized,            │
//!                                    verified)             ▼
//!               kept ◄── end ◄── documents' tests ◄── launch of the image
//! ```
//!
//! Whatever fails, and whoever wants to stop: both machines are ended, and an image that is not
//! good is taken away.

mod error;
mod login;

use std::path::Path;

use goldsmith_component::execution::{ExecutionReport, Status};
use goldsmith_component::run::StepReport;
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::with_causes;
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

/// An image that is finished.
#[derive(Debug)]
pub struct Made {
    /// The image.
    pub image: Captured,
    /// What was done.
    pub build: ExecutionReport,
    /// What was removed, and that nothing was left.
    pub sealed: Sealed,
    /// What was tried.
    pub test: Option<ExecutionReport>,
}

/// Makes an image. `on_step` hears of every step as it ends, with the name of its document.
pub fn make(
    cx: &Cx,
    order: &Order<'_>,
    on_step: &mut dyn FnMut(&str, &StepReport),
) -> Result<Made, ImageError> {
    let name = order.image.name;
    if order.cloud.is_taken(cx, name)? {
        return Err(ImageError::Taken {
            name: name.to_owned(),
        });
    }
    let login = Login::new(cx, order.folder)?;
    let (image, build, sealed) =
        on_machine(cx, order, (&login, "build", order.from), |machine, ssh| {
            let report = documents(cx, order, ssh, order.build, on_step)?;
            cx.note(format!("{} is sanitized and verified", machine.id));
            let sealed = drive::seal(cx, ssh, order.program, order.run, order.settings)?;
            if !sealed.verified.passed {
                return Err(ImageError::Unclean {
                    found: sealed.verified.lines(false),
                });
            }
            order.cloud.stop(cx, machine)?;
            cx.note(format!("the image `{name}` is made of {}", machine.id));
            let image = order.cloud.capture(cx, machine, &order.image)?;
            Ok((image, report, sealed))
        })?;
    let tried = tried(cx, order, &login, &image, on_step).and_then(|test| {
        cx.cancel.check()?;
        order.cloud.keep(cx, &image)?;
        Ok(test)
    });
    match tried {
        Ok(test) => Ok(Made {
            image,
            build,
            sealed,
            test,
        }),
        Err(error) => {
            if let Err(left) = order.cloud.discard(&cx.uncancelled(), &image) {
                cx.warn(format!(
                    "the image `{}` could not be taken away, and stays in the ledger for `goldsmith gc`: {}",
                    image.id,
                    with_causes(&*left)
                ));
            }
            Err(error)
        }
    }
}

/// Runs the tests on a machine of the image.
fn tried(
    cx: &Cx,
    order: &Order<'_>,
    login: &Login,
    image: &Captured,
    on_step: &mut dyn FnMut(&str, &StepReport),
) -> Result<Option<ExecutionReport>, ImageError> {
    let Some(job) = order.test else {
        return Ok(None);
    };
    let report = on_machine(cx, order, (login, "test", &image.id), |_, ssh| {
        documents(cx, order, ssh, job, on_step)
    });
    Ok(Some(report?))
}

/// Has a machine for as long as `work` takes.
fn on_machine<T>(
    cx: &Cx,
    order: &Order<'_>,
    (login, what, image): (&Login, &str, &str),
    work: impl FnOnce(&Machine, &Ssh) -> Result<T, ImageError>,
) -> Result<T, ImageError> {
    let lease = format!("{}-{what}", order.run);
    let owner = format!("{what} of {}", order.image.owner);
    let start = Start {
        lease: &lease,
        image,
        public_key: login.public_key(),
        owner: &owner,
        tags: order.image.tags,
    };
    cx.note(format!("a machine is launched in {}", order.cloud.name()));
    let machine = order.cloud.launch(cx, &start)?;
    let done = login.to(cx, &machine).and_then(|ssh| work(&machine, &ssh));
    let done = done.map_err(|error| taken_away(cx, order.cloud, &machine).unwrap_or(error));
    // Also after a Ctrl-C, which must not stop the cleaning up.
    if let Err(left) = order.cloud.end(&cx.uncancelled(), &lease) {
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
    order: &Order<'_>,
    ssh: &Ssh,
    job: &Job,
    on_step: &mut dyn FnMut(&str, &StepReport),
) -> Result<ExecutionReport, ImageError> {
    let report = drive::run(cx, ssh, order.program, job, order.limits, on_step)?;
    if report.status() == Status::Failed {
        return Err(ImageError::Failed {
            why: report.failure_message(),
        });
    }
    Ok(report)
}
