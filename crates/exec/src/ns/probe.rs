//! Whether this host can make sandboxes, found by making one.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use goldsmith_core::cx::{Clock, Cx};

use super::{Command, Sandbox, SandboxError, SandboxSpec};

/// Nothing here has a deadline.
struct NoClock;

impl Clock for NoClock {
    fn unix_seconds(&self) -> i64 {
        0
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _time: Duration) {}
}

/// Makes a sandbox in `scratch`, an empty directory of the place where trees will be made,
/// and says what worked.
///
/// Runs a program that cannot be there in an empty tree: when the kernel says that there
/// is no such file, everything up to its start has worked.
pub fn probe(scratch: &Path) -> Result<String, SandboxError> {
    let directory = |name: &str| {
        let path = scratch.join(name);
        std::fs::create_dir_all(&path)
            .map(|()| path.clone())
            .map_err(|source| SandboxError::Path { path, source })
    };
    for name in ["lower/dev", "lower/proc", "lower/sys"] {
        directory(name)?;
    }
    let lower = vec![directory("lower")?];
    let spec = SandboxSpec::overlay(lower, directory("upper")?, directory("work")?);
    let sandbox = Sandbox::open(&spec)?;
    let cx = Cx::silent(Arc::new(NoClock));
    match sandbox.run(&cx, &Command::new(["/nothing"]), &mut |_, _| {}) {
        Ok(_) | Err(SandboxError::Start { .. }) => {
            Ok("overlay, namespaces, filter, capabilities".to_owned())
        }
        Err(error) => Err(error),
    }
}
