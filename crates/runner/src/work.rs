//! The process that runs the documents, in a session of its own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use goldsmith_component::machine::Host;
use goldsmith_component::run::{Next, Run};
use goldsmith_component::services::DocumentSource;
use goldsmith_component::{Document, Services};
use goldsmith_core::cx::Cx;
use goldsmith_core::diagnostic::{Severity, SourceFile};
use goldsmith_core::event::{Event, EventSink};
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::secret::Secret;
use goldsmith_exec::clock::SystemClock;
use rustix::fs::FlockOperation;

use crate::command::Around;
use crate::format::{End, Job, Said, Standing, VERSION};
use crate::journal::Journal;

/// The files of a run.
#[derive(Debug, Clone)]
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new(directory: &Path) -> Self {
        Self(directory.to_owned())
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.0
    }

    /// What is to be done.
    pub(crate) fn job(&self) -> PathBuf {
        self.0.join("job.json")
    }

    /// What was said.
    pub(crate) fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }

    /// Where to go on after a reboot.
    fn state(&self) -> PathBuf {
        self.0.join("state.json")
    }

    /// What the process itself printed: the trace of a fault.
    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// Held by the process that works.
    fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// The right to work here; `None` when somebody has it.
    pub(crate) fn claim(&self) -> io::Result<Option<File>> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.lock())?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(file)),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces a file that only its owner may read; it is on the disk when this returns.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let fresh = path.with_extension("new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        File::open(&self.0)?.sync_all()
    }
}

/// Passes on what happens to whoever reads the journal.
struct Sink(Arc<Journal>);

impl EventSink for Sink {
    fn emit(&self, event: Event) {
        let said = match event {
            Event::Output {
                source,
                stream,
                text,
            } => Said::Output {
                source,
                stream,
                text,
            },
            Event::Note { text } => Said::Note { text },
            Event::Warning { text } => Said::Warning { text },
            Event::PhaseStarted { .. } | Event::Progress { .. } | Event::PhaseFinished { .. } => {
                return;
            }
        };
        // A full disk must not end the step that filled it; its end will be told or fail.
        drop(self.0.say(said));
    }
}

/// Texts that came with the job.
struct Aside<'a>(&'a Job);

impl DocumentSource for Aside<'_> {
    fn document(&self, name: &str) -> Result<SourceFile, String> {
        let text = self.0.aside.get(name);
        let text = text.ok_or_else(|| "it did not come with the job".to_owned())?;
        Ok(SourceFile::new(name, text.as_str()))
    }
}

/// Why the work could not be done, in words.
enum Ended {
    Reboot(u64),
    Over(End, Option<String>),
}

/// Does the work of a directory, or goes on with it, and writes down how it ended.
pub(crate) fn work(place: &Place, around: Around<'_>) -> io::Result<()> {
    let Some(_claim) = place.claim()? else {
        return Err(io::Error::other("somebody works in this directory"));
    };
    let bytes = fs::read(place.job())?;
    let job: Job = serde_json::from_slice(&bytes)?;
    if job.version != VERSION {
        let other = format!("the job has version {}, this is {VERSION}", job.version);
        return Err(io::Error::other(other));
    }
    let journal = Arc::new(Journal::open(&place.journal())?);
    let sink = Arc::new(Sink(Arc::clone(&journal)));
    let mut cx = Cx::new(Arc::new(SystemClock::start()), sink);
    cx.cancel = around.cancel;
    for secret in &job.secrets {
        cx.redactor.add(&Secret::new(secret.clone()));
    }
    journal.say(Said::Begun {
        pid: std::process::id(),
    })?;
    let machine = Host::new(around.environment).map_err(io::Error::other)?;
    let aside = Aside(&job);
    let services = Services {
        documents: Some(&aside),
        env: job.env.clone(),
        names: job.names.clone(),
        context: job.context.clone(),
        scratch: Some(place.directory().to_owned()),
        ..around.outside
    };
    let ended = documents(&cx, place, (&job, &machine), &journal, &services)?;
    match ended {
        Ended::Reboot(delay_ms) => journal.say(Said::Reboot { delay_ms }),
        Ended::Over(end, why) => {
            let why = why.map(|why| cx.redactor.redact(&why));
            journal.say(Said::End { end, why })
        }
    }
}

/// Runs the documents from the first, or from where a reboot interrupted.
fn documents(
    cx: &Cx,
    place: &Place,
    (job, machine): (&Job, &Host),
    journal: &Journal,
    services: &Services<'_>,
) -> io::Result<Ended> {
    let mut standing: Option<Standing> = match fs::read(place.state()) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    // It was for this process: another one that finds it would do the same steps twice.
    if standing.is_some() {
        fs::remove_file(place.state())?;
    }
    let first = standing.as_ref().map_or(0, |standing| standing.index);
    let phases: Vec<&str> = job.phases.iter().map(String::as_str).collect();
    for (index, wanted) in job.documents.iter().enumerate().skip(first) {
        let document = match read(&wanted.name, &wanted.text) {
            Ok(document) => document,
            Err(why) => return Ok(Ended::Over(End::Refused, Some(why))),
        };
        journal.say(Said::Document { index })?;
        let run = match standing.take() {
            Some(standing) => Run::resume(&document, &wanted.parameters, standing.state),
            None => Run::new(&document, &wanted.parameters, &phases),
        };
        let mut run = match run {
            Ok(run) => run,
            Err(error) => return Ok(refused(&error)),
        };
        loop {
            let before = run.steps().len();
            let next = run.next(cx, machine, services);
            for report in run.steps().skip(before) {
                journal.say(Said::Step {
                    document: index,
                    report: Box::new(report.clone()),
                })?;
            }
            match next {
                Ok(Next::Step) => {}
                Ok(Next::End) => break,
                Ok(Next::Reboot(delay)) => {
                    let state = run.state();
                    let bytes = serde_json::to_vec(&Standing { index, state })?;
                    place.write(&place.state(), &bytes)?;
                    let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
                    return Ok(Ended::Reboot(delay_ms));
                }
                Err(error) => return Ok(refused(&error)),
            }
        }
        if run.into_report().check().is_err() {
            break;
        }
    }
    Ok(Ended::Over(End::Done, None))
}

fn read(name: &str, text: &str) -> Result<Document, String> {
    let (document, problems) = goldsmith_component::load(&SourceFile::new(name, text));
    document.ok_or_else(|| {
        let problem = problems.iter().find(|p| p.severity == Severity::Error);
        let what = problem.map_or("", |problem| problem.message.as_str());
        format!("`{name}` is no component document: {what}")
    })
}

fn refused(error: &impl Failure) -> Ended {
    if error.class() == Class::Cancelled {
        return Ended::Over(End::Stopped, None);
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    Ended::Over(End::Refused, Some(text))
}
