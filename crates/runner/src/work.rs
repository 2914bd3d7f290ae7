//! The process that runs the documents, in a session of its own.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use goldsmith_component::execution::{Execution, Planned, Reboots, Stopped};
use goldsmith_component::machine::Host;
use goldsmith_component::services::DocumentSource;
use goldsmith_component::{Document, Services};
use goldsmith_core::cx::Cx;
use goldsmith_core::diagnostic::{Severity, SourceFile};
use goldsmith_core::event::{Event, EventSink};
use goldsmith_core::failure::{Class, Failure as _, with_causes};
use goldsmith_core::secret::Secret;
use goldsmith_exec::clock::SystemClock;
use rustix::fs::FlockOperation;

use crate::command::Around;
use crate::format::{End, Job, Said, VERSION};
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

/// Does the work of a directory, or goes on with it, and writes down how it ended.
pub(crate) fn work(place: &Place, around: Around<'_>) -> io::Result<()> {
    let Some(_claim) = place.claim()? else {
        return Err(io::Error::other("somebody works in this directory"));
    };
    let job: Job = serde_json::from_slice(&fs::read(place.job())?)?;
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
    let text = |text: &OsString| text.to_str().map(str::to_owned);
    let variables = around.environment.iter();
    let names = variables.filter_map(|(name, value)| Some((text(name)?, text(value)?)));
    let aside = Aside(&job);
    let services = Services {
        documents: Some(&aside),
        env: job.env.clone(),
        names: names.collect(),
        context: job.context.clone(),
        is_lenient: job.is_lenient,
        scratch: Some(place.directory().to_owned()),
        ..around.outside
    };
    let machine = Host::new(around.environment).map_err(io::Error::other)?;
    let last = execute(&cx, place, &job, &journal, (&machine, &services))?;
    journal.say(last)
}

/// Runs the documents, from the first or from where a reboot interrupted; gives what is said last.
fn execute(
    cx: &Cx,
    place: &Place,
    job: &Job,
    journal: &Journal,
    (machine, services): (&Host, &Services<'_>),
) -> io::Result<Said> {
    let refused = |why: String| Said::End {
        end: End::Refused,
        why: Some(cx.redactor.redact(&why)),
        report: None,
    };
    let mut planned = Vec::new();
    for wanted in &job.documents {
        match read(&wanted.name, &wanted.text) {
            Err(why) => return Ok(refused(why)),
            Ok(document) => planned.push(Planned {
                document,
                parameters: wanted.parameters.clone(),
            }),
        }
    }
    let mut execution = match fs::read(place.state()) {
        Ok(bytes) => {
            // It was for this process: another one that finds it would do the same steps twice.
            fs::remove_file(place.state())?;
            let state = serde_json::from_slice(&bytes)?;
            match Execution::resume(cx, &planned, &job.phases, state) {
                Ok(execution) => execution,
                Err(error) => return Ok(refused(error.to_string())),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Execution::new(cx, &job.id, &planned, &job.phases)
        }
        Err(error) => return Err(error),
    };
    let mut unsaid = Ok(());
    let ran = execution.run(
        cx,
        machine,
        services,
        Reboots::ByCaller,
        &mut |name, step| {
            let said = journal.say(Said::Step {
                document: name.to_owned(),
                report: Box::new(step.clone()),
            });
            if unsaid.is_ok() {
                unsaid = said;
            }
        },
    );
    unsaid?;
    let over = |end, why: Option<String>| Said::End {
        end,
        why: why.clone(),
        report: Some(Box::new(execution.report(cx, why))),
    };
    Ok(match ran {
        Ok(Stopped::End) => over(End::Done, None),
        Ok(Stopped::Reboot(delay)) => {
            let state = serde_json::to_vec(&execution.state(cx))?;
            place.write(&place.state(), &state)?;
            Said::Reboot {
                delay_ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            }
        }
        Err(error) if error.class() == Class::Cancelled => {
            over(End::Stopped, Some(error.to_string()))
        }
        Err(error) => over(End::Refused, Some(cx.redactor.redact(&with_causes(&error)))),
    })
}

fn read(name: &str, text: &str) -> Result<Document, String> {
    let (document, problems) = goldsmith_component::load(&SourceFile::new(name, text));
    document.ok_or_else(|| {
        let problem = problems.iter().find(|p| p.severity == Severity::Error);
        let what = problem.map_or("", |problem| problem.message.as_str());
        format!("`{name}` is no component document: {what}")
    })
}
