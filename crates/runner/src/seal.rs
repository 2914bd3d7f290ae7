//! The last work on a machine of which an image is made: it is sanitized and verified by the rules
//! of `inspect`, and nothing of ours stays.
//!
//! All of it happens over one connection. Afterwards nobody can log in again: the keys of the host,
//! and the key that was let in, are among what goes.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use goldsmith_core::cx::{Cancel, Cx};
use goldsmith_core::failure::with_causes;
use goldsmith_exec::child::Program;
use goldsmith_exec::clock::SystemClock;
use goldsmith_inspect::known::KnownHere;
use goldsmith_inspect::sanitize::{Mode, Settings, sanitize_known};
use goldsmith_inspect::sbom::{self, Form, Subject};
use goldsmith_inspect::scan::{ScanError, software};
use goldsmith_inspect::snapshot::Snapshot;
use goldsmith_inspect::verify::verify_tree;
use goldsmith_inspect::view::tree::TreeView;

use crate::format::seal::{Order, Sealed};
use crate::format::{Line, Said, VERSION, frames};

/// What writes to files all the time; without it a log is not there again a moment later.
const WRITERS: [&str; 5] = [
    "rsyslog.service",
    "systemd-journald.socket",
    "systemd-journald-dev-log.socket",
    "systemd-journald-audit.socket",
    "systemd-journald.service",
];
/// How long these may take to end.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// How often it is tried where something is written in between.
const ROUNDS: usize = 3;
/// The largest list of software that is sent, in bytes: some 50,000 packages.
const BILL_BYTES_MAX: usize = 64 << 20;

/// Seals the machine at `root`, and takes `directory` away, where the runner is.
pub(crate) fn seal(directory: &Path, root: &Path, cancel: Cancel) -> io::Result<()> {
    let mut order = Vec::new();
    io::stdin().lock().read_to_end(&mut order)?;
    let order: Order = serde_json::from_slice(&order)?;
    if order.version != VERSION {
        let other = format!("the order has version {}, this is {VERSION}", order.version);
        return Err(io::Error::other(other));
    }
    fs::remove_dir_all(directory)?;
    let mut cx = Cx::silent(Arc::new(SystemClock::start()));
    cx.cancel = cancel;
    // Not every machine has these, or systemd at all.
    let stop = Program::new("systemctl").arg("stop").args(WRITERS);
    drop(stop.timeout(STOP_LIMIT).run(&cx, &mut |_, _| {}));
    let sealed = work(&cx, root, &order.settings());
    let sealed = sealed.map_err(|error| io::Error::other(with_causes(&error)))?;
    let length = sealed.software.len();
    if length > BILL_BYTES_MAX {
        let many = format!("the list of its software has {length} bytes: {BILL_BYTES_MAX} may be");
        return Err(io::Error::other(many));
    }
    rustix::fs::sync();
    let said = Line {
        n: 1,
        said: Said::Sealed(Box::new(sealed)),
    };
    let mut out = io::stdout().lock();
    out.write_all(frames(1, &serde_json::to_string(&said)?).as_bytes())?;
    out.flush()
}

fn work(cx: &Cx, root: &Path, settings: &Settings) -> Result<Sealed, ScanError> {
    let mut round = 1;
    let mut removed = None;
    let known = KnownHere::default();
    loop {
        let sanitized = sanitize_known(root, None, &known, settings, Mode::Apply, cx)?;
        // The first has found what the documents have left.
        let (sanitized, software) = match removed.take() {
            Some(first) => first,
            // Before the last look, which is of the machine as it is from then on.
            None => (sanitized, bill(cx, root)?),
        };
        let verified = verify_tree(root, &known, settings, cx)?;
        if verified.passed || round == ROUNDS {
            return Ok(Sealed {
                sanitized,
                verified,
                software,
            });
        }
        removed = Some((sanitized, software));
        round += 1;
    }
}

/// The software of the machine. Which image it is of is known elsewhere.
fn bill(cx: &Cx, root: &Path) -> Result<String, ScanError> {
    let view = TreeView::open(root)?;
    let snapshot = Snapshot::take(&view, cx)?;
    let threads = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let inventory = software(cx, &snapshot, threads)?;
    let nobody = Subject {
        name: "",
        version: None,
        sha256: None,
        epoch: None,
        files: None,
    };
    Ok(sbom::write(&inventory, Form::CycloneDx, &nobody))
}
