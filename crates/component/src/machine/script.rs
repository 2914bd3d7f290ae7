//! The text of a script as a file that has no name and goes with its last descriptor.

use std::fs::File;
use std::io::{self, Write as _};

use rustix::fs::MemfdFlags;

use super::{MachineError, Program};

/// The file for `bash /dev/fd/N`; a program has none.
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
