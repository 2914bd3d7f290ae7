//! What happens while a command works: one stream, read by the terminal, by
//! JSON lines and by logs. Nothing else prints. Events carry no secrets: the
//! [`Cx`](crate::cx::Cx) redacts texts before they enter the stream.

/// Version of the form that `--json` prints; a field that goes or changes its meaning raises it.
pub const VERSION: u32 = 1;

/// What a progress bar counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Packages.
    Packages,
    /// Files.
    Files,
    /// Steps of documents.
    Steps,
}

/// Which output of a command a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A phase of the work began. `phase` is a short noun phrase: `fetch packages`.
    PhaseStarted {
        /// Name of the phase.
        phase: String,
        /// How much there is to do, when known.
        total: Option<u64>,
        /// What `total` counts.
        unit: Option<Unit>,
    },
    /// How far the phase is. Sent often; consumers may drop some.
    Progress {
        /// Name of the phase.
        phase: String,
        /// How much is done, in the phase's unit.
        done: u64,
    },
    /// The phase ended well.
    PhaseFinished {
        /// Name of the phase.
        phase: String,
        /// Wall time in milliseconds.
        ms: u64,
        /// What it came to, in a few words: `226 packages, 108 MiB`.
        summary: String,
    },
    /// A line that a command printed.
    Output {
        /// Who printed it: `nginx.yaml build/Install`, `dpkg`.
        source: String,
        /// Which of its outputs.
        stream: Stream,
        /// The line without its end.
        text: String,
    },
    /// Something the user should know that is no failure.
    Note {
        /// The text.
        text: String,
    },
    /// Something the user should look at.
    Warning {
        /// The text.
        text: String,
    },
}

/// Takes events. Called from any thread; must not block for long.
pub trait EventSink: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: Event);

    /// Runs something that has the terminal for itself: nothing is shown until it is done.
    fn aside(&self, work: &mut dyn FnMut()) {
        work();
    }
}

/// Drops every event.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoEvents;

impl EventSink for NoEvents {
    fn emit(&self, _event: Event) {}
}
