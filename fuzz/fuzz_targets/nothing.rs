//! A machine that does nothing, and services that answer anything: enough to run documents
//! without touching this host.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use goldsmith_component::machine::{
    Attributes, Depth, Entry, Exit, Machine, MachineError, NodeKind, Script, Status,
};
use goldsmith_component::{Document, Parameters, Services, run_document};
use goldsmith_core::cx::{Cancel, Clock, Cx};
use goldsmith_core::event::Stream;
use goldsmith_core::remote::{InstanceMetadata, ParameterStore, ParameterValue, RemoteError};
use goldsmith_core::secret::Secret;

/// Questions after which a run is cancelled: a document may loop for long.
const QUESTIONS_MAX: usize = 500;

/// Time goes on with every look at it.
#[derive(Default)]
struct Questions {
    asked: AtomicUsize,
    cancel: OnceLock<Cancel>,
}

impl Questions {
    fn ask(&self) -> usize {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if asked > QUESTIONS_MAX
            && let Some(cancel) = self.cancel.get()
        {
            cancel.cancel();
        }
        asked
    }
}

impl Clock for Questions {
    fn unix_seconds(&self) -> i64 {
        i64::try_from(self.ask()).unwrap_or(0)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.ask()).unwrap_or(0))
    }

    fn sleep(&self, _: Duration) {
        self.ask();
    }
}

struct Nothing(Arc<Questions>);

impl Machine for Nothing {
    fn run(
        &self,
        _: &Cx,
        script: &Script,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, MachineError> {
        let asked = self.0.ask();
        on_line(Stream::Stdout, &format!("{:?}", script.program));
        Ok(Exit {
            status: Status::Code([0, 0, 0, 1, 194][asked % 5]),
            duration: Duration::ZERO,
            cpu: Duration::ZERO,
            max_rss_bytes: None,
            tail: Vec::new(),
            left_behind: Vec::new(),
        })
    }

    fn stat(&self, _: &Cx, path: &str) -> Result<Option<NodeKind>, MachineError> {
        self.0.ask();
        Ok([None, Some(NodeKind::File), Some(NodeKind::Directory)][path.len() % 3])
    }

    fn lstat(&self, cx: &Cx, path: &str) -> Result<Option<NodeKind>, MachineError> {
        match path.len() % 5 {
            0 => Ok(Some(NodeKind::Link)),
            _ => self.stat(cx, path),
        }
    }

    fn read(&self, _: &Cx, path: &str) -> Result<Vec<u8>, MachineError> {
        self.0.ask();
        Ok(path.as_bytes().to_vec())
    }

    fn write(&self, _: &Cx, _: &str, _: &[u8], _: &Attributes) -> Result<(), MachineError> {
        self.0.ask();
        Ok(())
    }

    fn put(
        &self,
        _: &Cx,
        _: &str,
        source: &mut dyn io::Read,
        _: &Attributes,
    ) -> Result<(), MachineError> {
        self.0.ask();
        drop(io::copy(source, &mut io::sink()));
        Ok(())
    }

    fn get(&self, _: &Cx, path: &str, sink: &mut dyn io::Write) -> Result<(), MachineError> {
        self.0.ask();
        drop(sink.write_all(path.as_bytes()));
        Ok(())
    }

    fn make_dir(&self, _: &Cx, _: &str, _: &Attributes) -> Result<(), MachineError> {
        self.0.ask();
        Ok(())
    }

    fn copy(&self, _: &Cx, _: &str, _: &str) -> Result<(), MachineError> {
        self.0.ask();
        Ok(())
    }

    fn copy_dir(&self, _: &Cx, _: &str, _: &str) -> Result<(), MachineError> {
        self.0.ask();
        Ok(())
    }

    fn rename(&self, _: &Cx, _: &str, _: &str) -> Result<(), MachineError> {
        self.0.ask();
        Ok(())
    }

    fn link(&self, _: &Cx, _: &str, _: &str) -> Result<(), MachineError> {
        self.0.ask();
        Ok(())
    }

    fn set(&self, _: &Cx, _: &str, _: &Attributes, _: Depth) -> Result<(), MachineError> {
        self.0.ask();
        Ok(())
    }

    fn list(&self, _: &Cx, path: &str, _: Depth) -> Result<Vec<Entry>, MachineError> {
        self.0.ask();
        let entry = |path: String, kind| Entry { path, kind };
        Ok(vec![
            entry("a".to_owned(), NodeKind::File),
            entry(path.len().to_string(), NodeKind::Link),
        ])
    }

    fn remove_dir(&self, _: &Cx, _: &str, _: Depth) -> Result<(), MachineError> {
        self.0.ask();
        Ok(())
    }

    fn remove(&self, _: &Cx, _: &str) -> Result<(), MachineError> {
        self.0.ask();
        Ok(())
    }
}

struct Anything;

impl ParameterStore for Anything {
    fn parameter(&self, _: &Cx, name: &str) -> Result<ParameterValue, RemoteError> {
        Ok(match name.len() % 3 {
            0 => ParameterValue::Text(format!("{{{{ {name} }}}}")),
            1 => ParameterValue::List(name.split('/').map(str::to_owned).collect()),
            _ => ParameterValue::Secret(Secret::new(name.to_owned())),
        })
    }
}

impl InstanceMetadata for Anything {
    fn metadata(&self, _: &Cx, path: &str) -> Result<String, RemoteError> {
        Ok(path.to_owned())
    }
}

/// Runs a document to its end, or until it has asked enough.
pub fn run(document: &Document) {
    let questions = Arc::new(Questions::default());
    let cx = Cx::silent(questions.clone());
    drop(questions.cancel.set(cx.cancel.clone()));
    let services = Services {
        parameters: Some(&Anything),
        metadata: Some(&Anything),
        env: [("A".to_owned(), "{{ a }}".to_owned())].into(),
        ..Services::default()
    };
    let parameters: Parameters = document
        .parameters()
        .filter(|parameter| parameter.default.is_none())
        .map(|parameter| (parameter.name.to_owned(), "{{ Name }}".to_owned()))
        .collect();
    let machine = Nothing(questions);
    drop(run_document(
        &cx,
        document,
        &parameters,
        &[],
        &machine,
        &services,
    ));
}
