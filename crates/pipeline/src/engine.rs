//! Works through a course: every unit is written down before it is begun and after it ended, with
//! what it changed, in one batch. A process that dies in between leaves a journal from which
//! another goes on; what is done is not done again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use goldsmith_core::catalog::{
    Batch, Catalog, Change, NewMessage, NewRun, RunId, RunPart, RunStatus, Seq,
};
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Class, with_causes};
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_core::recipe::Stage;

use crate::error::RunError;
use crate::format::{Entry, FORM};
use crate::happening::{Happening, Herald, What};
use crate::state::{State, UnitState};
use crate::unit::{Course, Outcome, Scene, StageError, Unit, of_unit};

/// How a run stands when the engine lets go of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Everything was done.
    Done,
    /// It waits for this.
    Waiting(Vec<String>),
    /// A unit failed.
    Failed {
        /// Name of the unit.
        unit: String,
        /// Why, in one line.
        error: String,
        /// The class of the failure.
        class: Class,
        /// What to do next.
        hints: Vec<String>,
    },
    /// Somebody stopped it.
    Cancelled,
}

/// Works on one run. One process at a time does; another that tries learns so from the journal.
pub struct Engine<'a> {
    catalog: &'a dyn Catalog,
    course: &'a Course<'a>,
    herald: &'a dyn Herald,
    run: RunId,
    begun: NewRun,
    image: Mutex<Option<ImageId>>,
    written: Mutex<Written>,
}

impl std::fmt::Debug for Engine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("run", &self.run)
            .field("course", self.course)
            .finish_non_exhaustive()
    }
}

struct Written {
    seq: Seq,
    state: State,
}

/// How a unit left the run.
enum Left {
    Passed,
    Waits(String),
    Failed(Ended),
    Stopped,
}

impl<'a> Engine<'a> {
    /// Takes a run up where its journal ends.
    pub fn open(
        catalog: &'a dyn Catalog,
        run: RunId,
        course: &'a Course<'a>,
        herald: &'a dyn Herald,
    ) -> Result<Self, RunError> {
        let row = catalog.run(run)?;
        let journal = catalog.journal(run)?;
        Ok(Self {
            catalog,
            course,
            herald,
            run,
            begun: row.begun,
            image: Mutex::new(row.image),
            written: Mutex::new(Written {
                seq: journal.len() as Seq,
                state: State::of(run, &journal)?,
            }),
        })
    }

    /// How the run stands.
    pub fn state(&self) -> State {
        self.lock().state.clone()
    }

    /// Counts everything from a stage on as not done. What comes before must be done.
    pub fn again(&self, cx: &Cx, from: Stage, by: &str) -> Result<(), RunError> {
        let state = self.state();
        let names = self.course.names();
        let earlier = names.iter().filter(|unit| of_unit(unit) < Some(from));
        for unit in earlier {
            if !state.unit(unit).is_some_and(UnitState::is_passed) {
                return Err(RunError::TooEarly {
                    run: self.run,
                    stage: from.word().to_owned(),
                    missing: (*unit).to_owned(),
                });
            }
        }
        let entry = Entry::Again {
            stage: from.word().to_owned(),
            by: by.to_owned(),
        };
        self.keep(cx, Keeping::of(vec![entry]).status(RunStatus::Running, ""))
    }

    /// Goes on to the end, or to where the run waits or fails.
    pub fn work(&self, cx: &Cx) -> Result<Ended, RunError> {
        if !self.state().is_started {
            let course = self.course.names().into_iter().map(str::to_owned).collect();
            let mut keeping = Keeping::of(vec![Entry::Started { form: FORM, course }]);
            keeping.what = Some(What::RunBegun);
            self.keep(cx, keeping)?;
        }
        for group in &self.course.groups {
            let todo: Vec<&dyn Unit> = {
                let state = self.state();
                let units = group.iter().map(|unit| &**unit);
                units
                    .filter(|unit| !state.unit(unit.name()).is_some_and(UnitState::is_passed))
                    .collect()
            };
            if let Some(ended) = self.group(cx, &todo)? {
                return Ok(ended);
            }
        }
        let mut keeping = Keeping::of(vec![Entry::Ended {
            status: RunStatus::Done.name().to_owned(),
        }])
        .status(RunStatus::Done, "");
        keeping.what = Some(What::RunDone);
        self.keep(cx, keeping)?;
        Ok(Ended::Done)
    }

    /// Ends a run that nobody works on: nothing more is done of it.
    pub fn cancel(&self, cx: &Cx, by: &str) -> Result<(), RunError> {
        let cx = cx.uncancelled();
        let state = self.state();
        for unit in self.course.groups.iter().flatten() {
            if state.unit(unit.name()) == Some(&UnitState::Begun) {
                self.undo(&cx, &**unit, &state);
            }
        }
        let status = RunStatus::Cancelled;
        let entries = vec![
            Entry::Cancelled { by: by.to_owned() },
            Entry::Ended {
                status: status.name().to_owned(),
            },
        ];
        let mut keeping = Keeping::of(entries).status(status, &format!("stopped by {by}"));
        keeping.what = Some(What::RunCancelled);
        self.keep(&cx, keeping)
    }

    fn group(&self, cx: &Cx, todo: &[&dyn Unit]) -> Result<Option<Ended>, RunError> {
        let left: Vec<Result<Left, RunError>> = std::thread::scope(|scope| {
            let threads: Vec<_> = todo
                .iter()
                .map(|unit| scope.spawn(|| self.unit(cx, *unit)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("a unit's panic is caught"))
                .collect()
        });
        let (mut failed, mut waits, mut is_stopped) = (None, Vec::new(), false);
        for left in left {
            match left? {
                Left::Passed => {}
                Left::Waits(what) => waits.push(what),
                Left::Failed(ended) => failed = failed.or(Some(ended)),
                Left::Stopped => is_stopped = true,
            }
        }
        if is_stopped {
            self.cancel(cx, &self.begun.actor)?;
            return Ok(Some(Ended::Cancelled));
        }
        if let Some(ended) = failed {
            let Ended::Failed { unit, error, .. } = &ended else {
                return Ok(Some(ended));
            };
            let status = RunStatus::Failed;
            let mut keeping = Keeping::of(vec![Entry::Ended {
                status: status.name().to_owned(),
            }])
            .status(status, &format!("{unit}: {error}"));
            keeping.what = Some(What::RunFailed {
                unit: unit.clone(),
                error: error.clone(),
            });
            self.keep(cx, keeping)?;
            return Ok(Some(ended));
        }
        if !waits.is_empty() {
            let note = waits.join("; ");
            self.keep(
                cx,
                Keeping::of(Vec::new()).status(RunStatus::Waiting, &note),
            )?;
            return Ok(Some(Ended::Waiting(waits)));
        }
        Ok(None)
    }

    fn unit(&self, cx: &Cx, unit: &dyn Unit) -> Result<Left, RunError> {
        let name = unit.name().to_owned();
        if cx.cancel.is_cancelled() {
            return Ok(Left::Stopped);
        }
        let before = self.state();
        let attempt = before.attempts(&name) + 1;
        // What waits is looked at again and again: only the first time is a line of the journal.
        let is_waiting = matches!(before.unit(&name), Some(UnitState::Waiting { .. }));
        if !is_waiting {
            let begun = Entry::Begun {
                unit: name.clone(),
                attempt,
            };
            self.keep(cx, Keeping::of(vec![begun]).status(RunStatus::Running, ""))?;
        }
        let scene = self.scene(&before, attempt);
        let ended =
            catch_unwind(AssertUnwindSafe(|| unit.run(cx, &scene))).unwrap_or_else(|panic| {
                let text = panic
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                    .unwrap_or_default();
                Err(StageError::new(
                    Class::Bug,
                    format!("`{name}` panicked: {text}"),
                ))
            });
        match ended {
            Ok(Outcome::Done(effects)) => {
                cx.note(format!("{name}: {}", effects.summary));
                let mut keeping = Keeping::of(vec![Entry::Done {
                    unit: name.clone(),
                    output: effects.output,
                    summary: effects.summary,
                }]);
                keeping.changes = effects.changes;
                keeping.image = effects.image;
                keeping.what = Some(What::UnitDone { unit: name });
                self.keep(cx, keeping)?;
                Ok(Left::Passed)
            }
            Ok(Outcome::Skip(why)) => {
                self.keep(cx, Keeping::of(vec![Entry::Skipped { unit: name, why }]))?;
                Ok(Left::Passed)
            }
            Ok(Outcome::Wait { for_what, until }) => {
                if let Some(UnitState::Waiting {
                    for_what: known, ..
                }) = before.unit(&name)
                    && *known == for_what
                {
                    return Ok(Left::Waits(for_what));
                }
                let entry = Entry::Waiting {
                    unit: name.clone(),
                    for_what: for_what.clone(),
                    until,
                };
                let mut keeping = Keeping::of(vec![entry]);
                keeping.what = Some(What::Waiting {
                    unit: name,
                    for_what: for_what.clone(),
                });
                self.keep(cx, keeping)?;
                Ok(Left::Waits(for_what))
            }
            Err(error) if error.class == Class::Cancelled => Ok(Left::Stopped),
            Err(error) => self.failed(cx, unit, &before, error),
        }
    }

    fn failed(
        &self,
        cx: &Cx,
        unit: &dyn Unit,
        before: &State,
        error: StageError,
    ) -> Result<Left, RunError> {
        let calm = cx.uncancelled();
        self.undo(&calm, unit, before);
        let goes_on = unit.goes_on();
        let name = unit.name().to_owned();
        let mut keeping = Keeping::of(vec![Entry::Failed {
            unit: name.clone(),
            error: error.text.clone(),
            class: error.class.exit_code(),
            goes_on,
        }]);
        keeping.changes.clone_from(&error.changes);
        keeping
            .changes
            .extend(unit.failed(&self.scene(before, 0), &error));
        // A verdict on the image is another thing than a run that failed.
        let refused = keeping.changes.iter().find_map(|change| match change {
            Change::State {
                to: ImageState::Rejected,
                reason,
                ..
            } => Some(reason.clone()),
            _ => None,
        });
        keeping.what = Some(match refused {
            Some(reason) => What::State {
                to: ImageState::Rejected,
                reason,
            },
            None => What::UnitFailed {
                unit: name.clone(),
                error: error.text.clone(),
            },
        });
        self.keep(&calm, keeping)?;
        if goes_on {
            cx.warn(format!(
                "{name} failed, and the run goes on: {}",
                error.text
            ));
            return Ok(Left::Passed);
        }
        Ok(Left::Failed(Ended::Failed {
            unit: name,
            error: error.text,
            class: error.class,
            hints: error.hints,
        }))
    }

    /// What cannot be taken back is told: the next attempt, or `gc`, meets it again.
    fn undo(&self, cx: &Cx, unit: &dyn Unit, state: &State) {
        if let Err(error) = unit.undo(cx, &self.scene(state, state.attempts(unit.name()))) {
            let text = with_causes(&error);
            cx.warn(format!("`{}` could not be taken back: {text}", unit.name()));
        }
    }

    fn scene<'s>(&'s self, state: &'s State, attempt: u32) -> Scene<'s> {
        Scene {
            run: self.run,
            actor: &self.begun.actor,
            attempt,
            catalog: self.catalog,
            state,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Written> {
        // A panic while it was held came from a bug in here: what is written stays right.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes lines and what belongs to them, whole or not at all.
    fn keep(&self, cx: &Cx, keeping: Keeping) -> Result<(), RunError> {
        let unix = cx.clock().unix_seconds();
        let mut written = self.lock();
        if let Some(image) = &keeping.image {
            *self.image.lock().unwrap_or_else(PoisonError::into_inner) = Some(image.clone());
        }
        let image = self
            .image
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let messages = keeping.what.map_or_else(Vec::new, |what| {
            self.herald.messages(&Happening {
                run: self.run,
                seq: written.seq,
                pipeline: self.begun.pipeline.clone(),
                image,
                unix,
                what,
            })
        });
        let entries = keeping.entries.iter();
        let batch = Batch {
            actor: self.begun.actor.clone(),
            unix,
            run: Some(RunPart {
                run: self.run,
                after: written.seq,
                entries: entries.map(|entry| entry.to_row(unix)).collect(),
                status: keeping.status,
                image: keeping.image,
            }),
            changes: keeping.changes,
            messages,
        };
        written.seq = self.catalog.keep(&batch)?;
        for entry in &keeping.entries {
            written.state.take(entry);
        }
        Ok(())
    }
}

/// What is written at once.
#[derive(Default)]
struct Keeping {
    entries: Vec<Entry>,
    status: Option<(RunStatus, String)>,
    changes: Vec<Change>,
    image: Option<ImageId>,
    what: Option<What>,
}

impl Keeping {
    fn of(entries: Vec<Entry>) -> Self {
        Self {
            entries,
            ..Self::default()
        }
    }

    fn status(mut self, status: RunStatus, note: &str) -> Self {
        self.status = Some((status, note.to_owned()));
        self
    }
}

/// Answers a unit that waits.
pub fn answer(
    cx: &Cx,
    catalog: &dyn Catalog,
    run: RunId,
    unit: &str,
    by: &str,
    goes_on: bool,
    reason: &str,
) -> Result<(), RunError> {
    let journal = catalog.journal(run)?;
    let unix = cx.clock().unix_seconds();
    let entry = Entry::Answered {
        unit: unit.to_owned(),
        by: by.to_owned(),
        goes_on,
        reason: reason.to_owned(),
    };
    let verdict = if goes_on { "go on" } else { "stop" };
    catalog.keep(&Batch {
        actor: by.to_owned(),
        unix,
        run: Some(RunPart {
            run,
            after: journal.len() as Seq,
            entries: vec![entry.to_row(unix)],
            status: None,
            image: None,
        }),
        changes: vec![Change::Noted {
            action: "answer".to_owned(),
            subject: format!("run {run}"),
            detail: serde_json::json!({ "unit": unit, "answer": verdict, "reason": reason })
                .to_string(),
        }],
        messages: Vec::<NewMessage>::new(),
    })?;
    Ok(())
}
