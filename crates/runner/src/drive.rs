//! Drives a runner on another machine: puts it there, starts it, follows it over as many
//! connections as it takes, reboots the machine when a step asks for it, and removes it.
//!
//! Whatever happens, the last thing done is to take the directory away. When even that is not
//! possible, the error says where it was left.

mod error;
mod machine;
mod reach;
mod seal;

use std::time::Duration;

use goldsmith_component::execution::ExecutionReport;
use goldsmith_component::run::StepReport;
use goldsmith_core::cx::Cx;
use goldsmith_core::event::Event;
use goldsmith_core::failure::Cancelled;

use crate::format::{End, Frames, Job, Line, Said};
use machine::Machine;

pub use error::DriveError;
pub use reach::{Answer, Reach, ReachError};
pub use seal::seal;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A machine that was being followed may be out of reach for this long.
    pub lost: Duration,
    /// From asking for a reboot until the machine answers again.
    pub reboot: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lost: Duration::from_mins(10),
            reboot: Duration::from_mins(15),
        }
    }
}

/// How long work that was asked to stop may take to say so.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// How long what takes no time may be tried.
const SHORT: Duration = Duration::from_secs(30);
/// Between two tries to reach a machine.
const PAUSE: Duration = Duration::from_millis(500);

/// Runs a job on a machine that is reached like this, with the bytes of `program` as the runner;
/// gives what came of it. `on_step` hears of every step as it ends, with the name of its document;
/// what the steps print are events.
///
/// The machine is left as the documents made it: the runner, its files and processes are gone.
pub fn run(
    cx: &Cx,
    reach: &dyn Reach,
    program: &[u8],
    job: &Job,
    limits: Limits,
    on_step: &mut dyn FnMut(&str, &StepReport),
) -> Result<ExecutionReport, DriveError> {
    let mut machine = Machine::look(cx, reach)?;
    persist(cx, SHORT, || machine.put(cx, program, &job.id))?;
    let mut drive = Drive {
        cx,
        machine,
        limits,
        seen: 0,
        job,
        on_step,
        place: String::new(),
    };
    let outcome = drive.work();
    // Also after a Ctrl-C, which must not stop the cleaning up.
    let calm = cx.uncancelled();
    let removed = persist(&calm, SHORT, || drive.machine.remove(&calm));
    let report = outcome?;
    removed.map_err(|error| drive.machine.left(&error))?;
    Ok(report)
}

/// Repeats what failed for want of a connection.
fn persist<T>(
    cx: &Cx,
    limit: Duration,
    mut work: impl FnMut() -> Result<T, DriveError>,
) -> Result<T, DriveError> {
    let deadline = cx.clock().monotonic() + limit;
    loop {
        match work() {
            Err(DriveError::Reach(ReachError::Lost { .. }))
                if cx.clock().monotonic() < deadline =>
            {
                cx.cancel.check()?;
                cx.clock().sleep(PAUSE);
            }
            other => return other,
        }
    }
}

struct Drive<'a> {
    cx: &'a Cx,
    machine: Machine<'a>,
    limits: Limits,
    /// The last line of the journal that arrived.
    seen: u64,
    job: &'a Job,
    on_step: &'a mut dyn FnMut(&str, &StepReport),
    /// What was heard of last, for errors.
    place: String,
}

impl Drive<'_> {
    fn work(&mut self) -> Result<ExecutionReport, DriveError> {
        let job = serde_json::to_vec(self.job).expect("a job is texts");
        let start = |drive: &Self, job| {
            persist(drive.cx, drive.limits.lost, || {
                drive.machine.start(drive.cx, job)
            })
        };
        start(self, &job)?;
        loop {
            let last = self.follow();
            if let Err(DriveError::Cancelled(_)) = &last {
                self.stop();
            }
            match last? {
                Said::Reboot { delay_ms } => {
                    self.pause(Duration::from_millis(delay_ms))?;
                    self.cx.note(format!("{} is rebooted", self.machine.name()));
                    self.machine.reboot(self.cx, self.limits.reboot)?;
                    start(self, b"")?;
                }
                Said::End { end, why, report } => {
                    return match (end, report) {
                        (End::Done, Some(report)) => Ok(*report),
                        (End::Stopped, _) => Err(DriveError::Stopped),
                        (_, _) => Err(DriveError::Refused {
                            why: why.unwrap_or_default(),
                        }),
                    };
                }
                _ => unreachable!("only what ends a process ends `follow`"),
            }
        }
    }

    /// Waits, but not for somebody who wants to stop.
    fn pause(&self, time: Duration) -> Result<(), Cancelled> {
        let until = self.cx.clock().monotonic() + time;
        while self.cx.clock().monotonic() < until {
            self.cx.cancel.check()?;
            let left = until.saturating_sub(self.cx.clock().monotonic());
            self.cx.clock().sleep(left.min(PAUSE));
        }
        self.cx.cancel.check()
    }

    /// Passes the journal on until a line that ends the process, over any number of connections.
    fn follow(&mut self) -> Result<Said, DriveError> {
        let mut lost_at: Option<Duration> = None;
        loop {
            let before = self.seen;
            let answer = self.follow_once();
            let now = self.cx.clock().monotonic();
            if self.seen > before {
                lost_at = None;
            }
            let why = match answer {
                Ok(Some(last)) => return Ok(last),
                Ok(None) => "the connection ended early".to_owned(),
                Err(DriveError::Reach(ReachError::Lost { why })) => why,
                Err(error) => return Err(error),
            };
            let since = *lost_at.get_or_insert_with(|| {
                self.cx.note(format!(
                    "the connection to {} is lost ({why}); the work goes on there",
                    self.machine.name()
                ));
                now
            });
            if now.saturating_sub(since) > self.limits.lost {
                return Err(DriveError::OutOfReach {
                    machine: self.machine.name(),
                    limit: self.limits.lost,
                    directory: self.machine.directory().to_owned(),
                    why,
                });
            }
            self.pause(PAUSE)?;
        }
    }

    /// One connection; `None` when it ended before the journal did.
    fn follow_once(&mut self) -> Result<Option<Said>, DriveError> {
        let mut frames = Frames::default();
        let mut last = None;
        let command = format!("follow {{}} {}", self.seen);
        let Self {
            cx,
            machine,
            seen,
            on_step,
            place,
            ..
        } = self;
        let answer = machine.runner(cx, &command, b"", None, &mut |frame| {
            // What else is printed there, by a login script, is no frame.
            let Ok(Some(line)) = frames.push(frame) else {
                return;
            };
            let Line { n, said } = line;
            if n <= *seen {
                return;
            }
            *seen = n;
            if said.is_last() {
                last = Some(said);
                return;
            }
            take(cx, said, on_step, place);
        })?;
        if last.is_none() && answer.code == crate::command::GONE {
            return Err(DriveError::Gone {
                machine: machine.name(),
                place: std::mem::take(place),
                log: answer.complaint,
            });
        }
        Ok(last)
    }

    /// Asks the work to stop and hears it out.
    fn stop(&mut self) {
        let calm = self.cx.uncancelled();
        let limit = Some(STOP_LIMIT);
        let stopped = self
            .machine
            .runner(&calm, "stop {}", b"", limit, &mut |_| {});
        // What cannot be asked to stop is told so by `remove`, or by the error of it.
        drop(stopped);
    }
}

/// What a line means here.
fn take(cx: &Cx, said: Said, on_step: &mut dyn FnMut(&str, &StepReport), place: &mut String) {
    match said {
        Said::Output {
            source,
            stream,
            text,
        } => {
            place.clone_from(&source);
            cx.emit(Event::Output {
                source,
                stream,
                text,
            });
        }
        Said::Note { text } => cx.note(text),
        Said::Warning { text } => cx.warn(text),
        Said::Step { document, report } => {
            *place = format!("{document} {}/{}", report.phase, report.step);
            on_step(&document, &report);
        }
        Said::Begun { .. } | Said::Reboot { .. } | Said::Sealed(_) | Said::End { .. } => {}
    }
}
