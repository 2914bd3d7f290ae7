//! Jobs, and what is needed to have one done.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use goldsmith_component::Report;
use goldsmith_core::cx::Cx;
use goldsmith_core::event::{Event, EventSink};
use goldsmith_exec::clock::SystemClock;
use goldsmith_exec::ssh::Ssh;
use goldsmith_runner::drive::{self, DriveError, Limits};
use goldsmith_runner::format::{Job, JobDocument, VERSION};
use goldsmith_testing::remote::Remote;

/// Keeps every event.
#[derive(Default)]
pub(crate) struct Events(Mutex<Vec<Event>>);

impl EventSink for Events {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Events {
    /// The lines that steps printed.
    pub(crate) fn printed(&self) -> Vec<String> {
        let events = self.0.lock().unwrap();
        let texts = events.iter().filter_map(|event| match event {
            Event::Output { text, .. } => Some(text.clone()),
            _ => None,
        });
        texts.collect()
    }

    /// Notes and warnings.
    pub(crate) fn said(&self) -> Vec<String> {
        let events = self.0.lock().unwrap();
        let texts = events.iter().filter_map(|event| match event {
            Event::Note { text } | Event::Warning { text } => Some(text.clone()),
            _ => None,
        });
        texts.collect()
    }
}

pub(crate) fn cx() -> (Cx, Arc<Events>) {
    let events = Arc::new(Events::default());
    (
        Cx::new(Arc::new(SystemClock::start()), events.clone()),
        events,
    )
}

/// The runner as the tests have built it, or the static one that somebody names.
#[expect(
    clippy::disallowed_methods,
    reason = "the gate names the static program by the environment"
)]
pub(crate) fn program() -> PathBuf {
    let named = std::env::var_os("GOLDSMITH_RUNNER").map(PathBuf::from);
    named.unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_goldsmith-runner")))
}

/// A machine that it can be put on.
pub(crate) fn machine() -> Remote {
    Remote::start(&program())
}

/// A job of one document.
pub(crate) fn job(id: &str, steps: &str) -> Job {
    let text =
        format!("name: {id}\nschemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n{steps}");
    Job {
        version: VERSION,
        id: id.to_owned(),
        phases: Vec::new(),
        documents: vec![JobDocument {
            name: format!("{id}.yaml"),
            text,
            parameters: BTreeMap::new(),
        }],
        aside: BTreeMap::new(),
        env: BTreeMap::new(),
        context: BTreeMap::new(),
        is_lenient: false,
        secrets: Vec::new(),
    }
}

/// The way to a machine of the tests.
pub(crate) fn ssh(remote: &Remote, user: &str) -> Ssh {
    Ssh {
        user: Some(user.to_owned()),
        identity: Some(remote.identity()),
        options: remote.options(),
        ..Ssh::parse(remote.host()).unwrap()
    }
}

/// Has a job done on a machine.
pub(crate) fn run(cx: &Cx, remote: &Remote, job: &Job) -> Result<Vec<Report>, DriveError> {
    let limits = Limits {
        lost: Duration::from_mins(1),
        reboot: Duration::from_mins(1),
    };
    drive::run(
        cx,
        &ssh(remote, "root"),
        &std::fs::read(program()).unwrap(),
        job,
        limits,
        &mut |_, _| {},
    )
    .map(|report| report.documents)
}

/// Nothing of the runner is left on the machine.
#[track_caller]
pub(crate) fn check_gone(remote: &Remote) {
    for _ in 0..100 {
        if remote.processes().is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(remote.processes(), [""; 0]);
    for above in ["var/lib", "opt", "root", "var/tmp", "tmp"] {
        let names = remote
            .root()
            .join(above)
            .read_dir()
            .into_iter()
            .flatten()
            .flatten();
        let names: Vec<_> = names.map(|entry| entry.file_name()).collect();
        assert!(names.is_empty(), "{above}: {names:?}");
    }
}
