//! What a program finds around it, besides its environment: made another than ours to see whether
//! what it does depends on it.
#![expect(unsafe_code, reason = "namespaces have no safe form")]

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use rustix::fs::Mode;
use rustix::mount::{MountFlags, MountPropagationFlags};
use rustix::thread::CpuSet;

/// The world of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// Its umask.
    pub umask: u32,
    /// How many processors it may use, of those that this program may; nothing: all of them.
    pub processors: Option<usize>,
    /// The host's name, as it sees it.
    pub host_name: String,
    /// A directory over which it alone sees an empty file system in memory, and the most bytes
    /// that this may hold. Goes with it.
    pub memory: Option<(PathBuf, u64)>,
}

/// A world as system calls take it, made before the fork.
pub(super) struct Entrance {
    umask: Mode,
    processors: Option<CpuSet>,
    host_name: Vec<u8>,
    /// Where, and with which options.
    memory: Option<(CString, CString)>,
}

impl World {
    pub(super) fn entrance(&self) -> io::Result<Entrance> {
        let processors = match self.processors {
            None => None,
            Some(count) => Some(first(count, &rustix::thread::sched_getaffinity(None)?)),
        };
        let memory = match &self.memory {
            None => None,
            Some((place, bytes)) => {
                let options = format!("mode=700,size={bytes}");
                Some((
                    CString::new(place.as_os_str().as_bytes())?,
                    CString::new(options)?,
                ))
            }
        };
        Ok(Entrance {
            umask: Mode::from_raw_mode(self.umask),
            processors,
            host_name: self.host_name.clone().into_bytes(),
            memory,
        })
    }
}

/// The first processors of a set.
fn first(count: usize, of: &CpuSet) -> CpuSet {
    let mut set = CpuSet::new();
    let all = (0..CpuSet::MAX_CPU).filter(|cpu| of.is_set(*cpu));
    all.take(count.max(1)).for_each(|cpu| set.set(cpu));
    set
}

impl Entrance {
    /// Enters it: between fork and exec, so only system calls.
    pub(super) fn enter(&self) -> io::Result<()> {
        rustix::process::umask(self.umask);
        if let Some(processors) = &self.processors {
            rustix::thread::sched_setaffinity(None, processors)?;
        }
        // SAFETY: takes no memory; called in a fresh child.
        if unsafe { libc::unshare(libc::CLONE_NEWUTS | libc::CLONE_NEWNS) } == -1 {
            return Err(io::Error::last_os_error());
        }
        rustix::system::sethostname(&self.host_name)?;
        if let Some((place, options)) = &self.memory {
            let apart = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
            rustix::mount::mount_change(c"/", apart)?;
            let flags = MountFlags::empty();
            let options = options.as_c_str();
            rustix::mount::mount(c"memory", place.as_c_str(), c"tmpfs", flags, options)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::Program;
    use crate::child::tests::cx;

    #[test]
    fn a_program_sees_it_and_nobody_else_does() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("ours"), "").unwrap();
        let script = format!(
            "umask; nproc; hostname; cd {place}; ls; touch theirs; stat -f -c %T .; df -B1 --output=size . | tail -1 | tr -d ' '",
            place = place.path().display()
        );
        let world = World {
            umask: 0o027,
            processors: Some(1),
            host_name: "elsewhere".to_owned(),
            memory: Some((place.path().to_owned(), 1 << 20)),
        };
        let program = Program::new("bash").args(["-euc", &script]).world(world);
        let lines = program.lines(&cx()).unwrap();
        assert_eq!(lines, ["0027", "1", "elsewhere", "tmpfs", "1048576"]);
        let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
        let own = Program::new("hostname").lines(&cx()).unwrap();
        assert_ne!(own, ["elsewhere"]);
    }
}
