//! Retires images as a plan says, step by step: what holds an image is looked at again before each,
//! and each may be repeated. What uses images at their targets is asked for once, for the whole plan.

mod usage;

use std::collections::BTreeSet;

use goldsmith_core::catalog::{
    Batch, Catalog, CatalogError, Change, CopyRow, ImageFilter, ImageRow,
};
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Cancelled, Class, Failure, with_causes};
use goldsmith_core::image::{ImageId, ImageState, NoSuchStep};
use goldsmith_core::recipe::LifecyclePolicy;
use goldsmith_core::target::{Target, TargetError};
use goldsmith_plan::lifecycle::{
    self, Action, Group, Hold, Image, Phase, Plan, PlanError, Standing,
};
use jiff::Timestamp;

use self::usage::{Use, Uses};
use crate::happening::{Happening, Herald, What};
use crate::unit::StageError;

/// Tag that says since when the end of an image is announced, in seconds since 1970-01-01 UTC.
pub const ANNOUNCED: &str = "goldsmith:announced";
/// Tag that says why an image must stay.
pub const LEGAL_HOLD: &str = "goldsmith:hold";
/// Images that are read at a time.
const PAGE: usize = 1000;

/// Why images could not be retired.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LifecycleError {
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// What is planned now is something else.
    #[error("the plan is another one now: its digest is {found}")]
    Stale {
        /// Digest of today's plan.
        found: Sha256,
    },
    /// A step could not be taken somewhere.
    #[error("cannot {step} `{image}` at {place}")]
    Place {
        /// `deprecate`, `delete`.
        step: &'static str,
        /// Which.
        image: ImageId,
        /// `local/lab`, `this machine`.
        place: String,
        /// Why.
        #[source]
        source: Box<StageError>,
    },
    /// An image is not where it could be brought back from.
    #[error("`{image}` cannot be brought back")]
    Step {
        /// Which.
        image: ImageId,
        /// Why.
        #[source]
        source: NoSuchStep,
    },
    /// Interrupted.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Failure for LifecycleError {
    fn class(&self) -> Class {
        match self {
            Self::Catalog(error) => error.class(),
            Self::Plan(error) => error.class(),
            Self::Stale { .. } => Class::Stale,
            Self::Step { .. } => Class::Usage,
            Self::Place { source, .. } => source.class(),
            Self::Cancelled(_) => Class::Cancelled,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Catalog(error) => error.hints(),
            Self::Plan(error) => error.hints(),
            Self::Stale { .. } => vec!["look at it: `goldsmith lifecycle plan`".to_owned()],
            Self::Place { source, .. } => source.hints(),
            Self::Step { .. } => vec!["an image that is deprecated or disabled can be".to_owned()],
            Self::Cancelled(_) => Vec::new(),
        }
    }
}

/// Removes the bytes of an image from this machine; what is gone already needs nothing.
pub type Remove<'a> = dyn Fn(&ImageId) -> Result<(), TargetError> + Sync + 'a;

/// Everything that retiring works with.
pub struct Retirement<'a> {
    /// Name of the pipeline, for messages.
    pub pipeline: &'a str,
    /// The recipe whose images are meant.
    pub family: &'a str,
    /// The rules.
    pub policy: &'a LifecyclePolicy,
    /// What is known of images.
    pub catalog: &'a dyn Catalog,
    /// Where copies are.
    pub targets: &'a [Box<dyn Target + 'a>],
    /// Removes them here.
    pub remove: &'a Remove<'a>,
    /// Tells of it.
    pub herald: &'a dyn Herald,
}

impl std::fmt::Debug for Retirement<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Retirement")
            .field("family", &self.family)
            .finish_non_exhaustive()
    }
}

/// What was done, a line each: the image, the step, or why it was not taken.
pub type Done = Vec<(String, Result<Action, String>)>;

impl Retirement<'_> {
    /// What would be done now.
    pub fn plan(&self, cx: &Cx) -> Result<Plan, LifecycleError> {
        Ok(self.planned(cx)?.0)
    }

    /// The same, and what is known of the use of images, which it rests on.
    fn planned(&self, cx: &Cx) -> Result<(Plan, Uses), LifecycleError> {
        let rows = self.rows()?;
        let uses = usage::look(cx, self, &rows)?;
        let images = rows.iter().map(|row| image(row, uses.get(&row.made.id)));
        let images: Vec<Image> = images.collect();
        let now = moment(cx.clock().unix_seconds());
        let plan = lifecycle::plan(self.policy, &images, now, false)?;
        Ok((plan, uses))
    }

    /// Takes the steps of the plan with this digest. `actor` is who wants it.
    pub fn apply(&self, cx: &Cx, digest: Sha256, actor: &str) -> Result<Done, LifecycleError> {
        let (plan, uses) = self.planned(cx)?;
        let now = moment(cx.clock().unix_seconds());
        if plan.digest != digest {
            return Err(LifecycleError::Stale { found: plan.digest });
        }
        let mut done = Done::new();
        for (decision, action) in plan.actions() {
            cx.cancel.check()?;
            let Ok(id) = decision.id.parse::<ImageId>() else {
                continue;
            };
            // Somebody may have started to use it since.
            let row = self.catalog.image(&id)?;
            let as_it_is = image(&row, uses.get(&id));
            if let Err(refused) = lifecycle::recheck(self.policy, decision, &as_it_is, now) {
                done.push((decision.id.clone(), Err(with_causes(&refused))));
                continue;
            }
            self.step(cx, &row, action, actor)?;
            done.push((decision.id.clone(), Ok(action)));
        }
        Ok(done)
    }

    /// Brings an image back that is deprecated or disabled: at every place first, then for everybody.
    pub fn restore(&self, cx: &Cx, id: &ImageId, actor: &str) -> Result<(), LifecycleError> {
        let row = self.catalog.image(id)?;
        let to = ImageState::Available;
        if !matches!(row.state, ImageState::Deprecated | ImageState::Disabled) {
            let from = row.state;
            return Err(LifecycleError::Step {
                image: id.clone(),
                source: NoSuchStep { from, to },
            });
        }
        self.at_each_place(cx, id, "bring back", |target, copy| {
            target.restore(cx, &copy.name)
        })?;
        let (unix, reason) = (cx.clock().unix_seconds(), "brought back".to_owned());
        let what = What::State {
            to,
            reason: reason.clone(),
        };
        let happening = Happening::of_image(self.pipeline, id.clone(), unix, what);
        let announced = Change::Tag {
            image: id.clone(),
            name: ANNOUNCED.to_owned(),
            value: None,
        };
        let state = Change::State {
            image: id.clone(),
            to,
            reason,
        };
        self.catalog.keep(&Batch {
            actor: actor.to_owned(),
            unix,
            run: None,
            changes: vec![announced, state],
            messages: self.herald.messages(&happening),
        })?;
        Ok(())
    }

    fn rows(&self) -> Result<Vec<ImageRow>, CatalogError> {
        let filter = ImageFilter {
            name: Some(self.family.to_owned()),
            ..ImageFilter::default()
        };
        let mut rows: Vec<ImageRow> = Vec::new();
        loop {
            let last = rows.last().map(|row| row.made.id.clone());
            let page = self.catalog.images(&filter, last.as_ref(), PAGE)?;
            let is_last = page.len() < PAGE;
            rows.extend(page);
            if is_last {
                return Ok(rows);
            }
        }
    }

    fn step(
        &self,
        cx: &Cx,
        row: &ImageRow,
        action: Action,
        actor: &str,
    ) -> Result<(), LifecycleError> {
        let (id, unix) = (&row.made.id, cx.clock().unix_seconds());
        let reason = format!("lifecycle policy `{}`", self.policy.name);
        let state = |to: ImageState| Change::State {
            image: id.clone(),
            to,
            reason: reason.clone(),
        };
        let (changes, to) = match action {
            Action::Announce => (
                vec![Change::Tag {
                    image: id.clone(),
                    name: ANNOUNCED.to_owned(),
                    value: Some(unix.to_string()),
                }],
                ImageState::Deprecated,
            ),
            Action::Deprecate => {
                self.at_each_place(cx, id, action.word(), |target, copy| {
                    target.deprecate(cx, &copy.name)
                })?;
                (vec![state(ImageState::Deprecated)], ImageState::Deprecated)
            }
            Action::Disable => {
                self.at_each_place(cx, id, action.word(), |target, copy| {
                    target.disable(cx, &copy.name)
                })?;
                (vec![state(ImageState::Disabled)], ImageState::Disabled)
            }
            Action::Delete => {
                let mut changes = self.withdraw(cx, id)?;
                changes.push(state(ImageState::Deleted));
                (changes, ImageState::Deleted)
            }
        };
        let what = if action == Action::Announce {
            let wait = i64::try_from(self.policy.deprecate_after.as_secs()).unwrap_or(i64::MAX);
            What::Retiring {
                to,
                at_unix: unix.saturating_add(wait),
                reason: reason.clone(),
            }
        } else {
            What::State {
                to,
                reason: reason.clone(),
            }
        };
        let happening = Happening::of_image(self.pipeline, id.clone(), unix, what);
        self.catalog.keep(&Batch {
            actor: actor.to_owned(),
            unix,
            run: None,
            changes,
            messages: self.herald.messages(&happening),
        })?;
        Ok(())
    }

    /// Takes the bytes away everywhere; what is known stays.
    fn withdraw(&self, cx: &Cx, id: &ImageId) -> Result<Vec<Change>, LifecycleError> {
        let step = Action::Delete.word();
        let gone =
            self.at_each_place(cx, id, step, |target, copy| target.withdraw(cx, &copy.name))?;
        (self.remove)(id).map_err(failed(step, id, "this machine"))?;
        let gone = gone.into_iter().map(|mut copy| {
            copy.is_there = false;
            Change::Copy(copy)
        });
        Ok(gone.collect())
    }

    /// Does something at each place that has copies of an image, once for each name there; the
    /// copies that it was done for.
    fn at_each_place(
        &self,
        cx: &Cx,
        id: &ImageId,
        step: &'static str,
        work: impl Fn(&dyn Target, &CopyRow) -> Result<(), TargetError>,
    ) -> Result<Vec<CopyRow>, LifecycleError> {
        let mut copies = self.catalog.copies(id)?;
        copies.retain(|copy| copy.is_there);
        let mut done = Vec::new();
        for target in self.targets {
            let (here, others): (Vec<CopyRow>, Vec<CopyRow>) =
                copies.into_iter().partition(|copy| target.has(copy));
            copies = others;
            let mut names = BTreeSet::new();
            for copy in here {
                cx.cancel.check()?;
                if names.insert(copy.name.clone()) {
                    work(&**target, &copy).map_err(failed(step, id, target.name()))?;
                }
                done.push(copy);
            }
        }
        Ok(done)
    }
}

fn failed(
    step: &'static str,
    image: &ImageId,
    place: &str,
) -> impl FnOnce(TargetError) -> LifecycleError {
    move |error| LifecycleError::Place {
        step,
        image: image.clone(),
        place: place.to_owned(),
        source: Box::new(StageError::of(&*error)),
    }
}

fn moment(unix: i64) -> Timestamp {
    Timestamp::from_second(unix).unwrap_or_default()
}

/// An image as a plan weighs it, with what is known of its use.
fn image(row: &ImageRow, known: Option<&Use>) -> Image {
    let since = moment(row.changed_unix);
    let announced = row.tags.get(ANNOUNCED).and_then(|unix| unix.parse().ok());
    let mut holds: Vec<Hold> = row
        .channels
        .iter()
        .cloned()
        .map(Hold::ChannelHead)
        .collect();
    holds.extend(row.tags.get(LEGAL_HOLD).cloned().map(Hold::Legal));
    holds.extend(known.into_iter().flat_map(|known| known.holds.clone()));
    if row.state == ImageState::Distributing {
        holds.push(Hold::CopyPending("its targets".to_owned()));
    }
    Image {
        id: row.made.id.to_string(),
        group: Group {
            family: row.made.id.name.clone(),
            arch: row.made.arch.clone(),
            platform: "local".to_owned(),
            channel: String::new(),
        },
        version: row.made.id.version,
        digest: row.made.digest,
        created: moment(row.made.created_unix),
        standing: match row.state {
            ImageState::Built | ImageState::Testing => Standing::Candidate,
            ImageState::Rejected => Standing::Failed,
            ImageState::Quarantined | ImageState::Revoked => Standing::Revoked,
            ImageState::Approved
            | ImageState::Distributing
            | ImageState::Available
            | ImageState::Deprecated
            | ImageState::Disabled
            | ImageState::Deleted => Standing::Approved,
        },
        phase: match row.state {
            ImageState::Deprecated => Phase::Deprecated { since },
            ImageState::Disabled => Phase::Disabled { since },
            ImageState::Deleted => Phase::Deleted,
            _ => Phase::Available {
                announced: announced.map(moment),
            },
        },
        parent: row.made.parent.as_ref().map(ToString::to_string),
        tags: row.tags.clone(),
        launched: known.and_then(|known| known.launched),
        holds,
    }
}
