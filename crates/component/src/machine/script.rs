//! Scripts as commands. The text of one is a file that has no name and goes with its last
//! descriptor: nothing is written where it runs.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;

use goldsmith_exec::ns::Command;
use rustix::fs::MemfdFlags;

use super::{MachineError, Program, Script};

/// The command that a script is; `text` is what [`text`] gave for it.
pub(super) fn command<'a>(script: &Script, text: Option<&'a File>) -> Command<'a> {
    let mut command = match &script.program {
        Program::Bash(_) => Command::new(["bash", "/dev/fd/3"]),
        Program::Argv(argv) => Command::new(argv.iter().cloned()),
    };
    command.extra_fds.extend(text.map(File::as_fd));
    command.timeout = script.timeout;
    command
}

/// The file for `bash /dev/fd/3`; a program has none.
pub(super) fn text(program: &Program) -> Result<Option<File>, MachineError> {
    let Program::Bash(text) = program else {
        return Ok(None);
    };
    let write = || -> io::Result<File> {
        let mut file = File::from(rustix::fs::memfd_create("script", MemfdFlags::CLOEXEC)?);
        file.write_all(text.as_bytes())?;
        Ok(file)
    };
    write().map(Some).map_err(|source| MachineError::File {
        operation: "prepare the script in",
        path: "memory".to_owned(),
        source,
    })
}
