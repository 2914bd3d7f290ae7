//! Holds a sandbox in which a command sleeps, for the test that kills it: `hold DIRECTORY`.

use std::sync::Arc;

use goldsmith_core::cx::Cx;
use goldsmith_exec::ns::{Command, Sandbox, SandboxSpec};
use goldsmith_testing::clock::RealClock;

#[expect(clippy::print_stdout, reason = "tells the test that the command runs")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tree = std::env::args_os().nth(1).ok_or("usage: hold DIRECTORY")?;
    let sandbox = Sandbox::open(&SandboxSpec::directory(tree.into()))?;
    let cx = Cx::silent(Arc::new(RealClock));
    let command = Command::new(["bash", "-c", "sleep 604 & echo sleeping; sleep 604"]);
    sandbox.run(&cx, &command, &mut |_, line| println!("{line}"))?;
    Ok(())
}
