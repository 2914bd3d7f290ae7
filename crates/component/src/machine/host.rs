//! This computer as a machine: documents change it as they would under AWSTOE.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;
use goldsmith_exec::ns;

use super::{Exit, MachineError, Root, Rooted, Script, script};

/// This computer.
#[derive(Debug)]
pub struct Host {
    directory: PathBuf,
    root: OwnedFd,
    environment: BTreeMap<String, String>,
    umask: u32,
}

impl Host {
    /// The whole computer. `environment` is what programs find in theirs beside what their
    /// steps add, as they would if this program started them; `PATH` should be in it. What is
    /// not UTF-8 is left out.
    pub fn new(environment: BTreeMap<OsString, OsString>) -> Result<Self, MachineError> {
        Self::below(Path::new("/"), environment)
    }

    /// The files below a directory, and the programs of the computer, which start in
    /// there. They can leave it; the file operations cannot.
    pub fn below(
        directory: &Path,
        environment: BTreeMap<OsString, OsString>,
    ) -> Result<Self, MachineError> {
        let root = File::open(directory).map_err(|source| MachineError::File {
            operation: "open",
            path: directory.display().to_string(),
            source,
        })?;
        let texts = environment
            .into_iter()
            .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)));
        Ok(Self {
            directory: directory.to_owned(),
            root: root.into(),
            environment: texts.collect(),
            umask: umask(),
        })
    }
}

/// The umask of this process, which its programs have too. Asking the kernel would change it.
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let said = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    said.and_then(|digits| u32::from_str_radix(digits.trim(), 8).ok())
        .unwrap_or(0o022)
}

impl Rooted for Host {
    fn root(&self, _cx: &Cx) -> Result<Root<'_>, MachineError> {
        Ok(Root::new(self.root.as_fd()).with_umask(self.umask))
    }

    fn start(
        &self,
        cx: &Cx,
        script: &Script,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, MachineError> {
        let text = script::text(&script.program)?;
        let mut command = script::command(script, text.as_ref());
        command.cwd = self.directory.join(script.cwd.trim_start_matches('/'));
        command.env.clone_from(&self.environment);
        if let Some(name) = &script.user {
            let (user, home) = self.root(cx)?.user(name)?;
            command.user = Some(user);
            for (variable, text) in [("HOME", &home), ("USER", name), ("LOGNAME", name)] {
                command.env.insert(variable.to_owned(), text.clone());
            }
        }
        command.env.extend(script.env.clone());
        Ok(ns::run_here(cx, &command, on_line)?)
    }
}
