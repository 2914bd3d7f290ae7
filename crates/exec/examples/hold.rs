//! Holds a sandbox in which a command sleeps, for the test that kills it: `hold DIRECTORY`.

use std::sync::Arc;
use std::time::Duration;

use goldsmith_core::cx::{Clock, Cx};
use goldsmith_exec::ns::{Command, Sandbox, SandboxSpec};

/// A clock that stands still: nothing here has a deadline.
struct Still;

impl Clock for Still {
    fn unix_seconds(&self) -> i64 {
        0
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _time: Duration) {}
}

#[expect(clippy::print_stdout, reason = "tells the test that the command runs")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tree = std::env::args_os().nth(1).ok_or("usage: hold DIRECTORY")?;
    let sandbox = Sandbox::open(&SandboxSpec::directory(tree.into()))?;
    let cx = Cx::silent(Arc::new(Still));
    let command = Command::new(["bash", "-c", "sleep 604 & echo sleeping; sleep 604"]);
    sandbox.run(&cx, &command, &mut |_, line| println!("{line}"))?;
    Ok(())
}
