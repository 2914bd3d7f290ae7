//! Holds a command that sleeps, for the tests that kill this program: `hold DIRECTORY` in a
//! sandbox, `hold` on this computer.

use std::sync::Arc;

use goldsmith_core::cx::Cx;
use goldsmith_exec::ns::{Command, Sandbox, SandboxSpec, run_here};
use goldsmith_testing::clock::RealClock;

#[expect(clippy::print_stdout, reason = "tells the test that the command runs")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cx = Cx::silent(Arc::new(RealClock));
    let mut say = |_, line: &str| println!("{line}");
    if let Some(tree) = std::env::args_os().nth(1) {
        let sandbox = Sandbox::open(&SandboxSpec::directory(tree.into()))?;
        let command = Command::new(["bash", "-c", "sleep 604 & echo sleeping; sleep 604"]);
        sandbox.run(&cx, &command, &mut say)?;
    } else {
        let script = "(setsid sleep 605 &); sleep 605 & echo sleeping; sleep 605";
        let mut command = Command::new(["bash", "-c", script]);
        let path = "/usr/bin:/bin".to_owned();
        command.env.insert("PATH".to_owned(), path);
        run_here(&cx, &command, &mut say)?;
    }
    Ok(())
}
