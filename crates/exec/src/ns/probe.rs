//! What this host can do for the sandbox, found by doing it.

use super::{Command, Sandbox, SandboxError, SandboxSpec};
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::Failure as _;
use std::path::Path;

/// One ability and what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ability {
    /// What it is: `overlay`, `run`.
    pub name: &'static str,
    /// Whether it is there.
    pub works: bool,
    /// What was seen, in a line.
    pub detail: String,
    /// What to do when it is not.
    pub hints: Vec<String>,
}

/// Tries a sandbox in `scratch`, an empty directory of the place where trees will be made.
///
/// Runs a program that cannot exist in the empty tree: everything up to its start has
/// worked when the kernel says that there is no such file.
pub fn probe(cx: &Cx, scratch: &Path) -> Vec<Ability> {
    let opened = open(scratch);
    let ability = |name, result: Result<String, SandboxError>| match result {
        Ok(detail) => Ability {
            name,
            works: true,
            detail,
            hints: Vec::new(),
        },
        Err(error) => Ability {
            name,
            works: false,
            hints: error.hints(),
            detail: text(&error),
        },
    };
    match opened {
        Err(error) => vec![ability("overlay", Err(error))],
        Ok(sandbox) => {
            let run = match sandbox.run(cx, &Command::new(["/nothing"]), &mut |_, _| {}) {
                Err(SandboxError::Start { .. }) => {
                    Ok("namespaces, mounts, filter and capabilities".to_owned())
                }
                Err(error) => Err(error),
                Ok(_) => Ok("namespaces".to_owned()),
            };
            vec![
                ability("overlay", Ok("mounts of layers".to_owned())),
                ability("run", run),
            ]
        }
    }
}

fn open(scratch: &Path) -> Result<Sandbox, SandboxError> {
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
    Sandbox::open(&SandboxSpec::overlay(
        lower,
        directory("upper")?,
        directory("work")?,
    ))
}

fn text(error: &SandboxError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
