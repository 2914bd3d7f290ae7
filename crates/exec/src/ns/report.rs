//! What children tell the parent over the pipe. One record is written at once, so that
//! it arrives whole.
//!
//! ```text
//! offset  size
//!      0     4  kind: 1 ready, 2 failed, 3 exited
//!      4     4  failed: stage; exited: raw wait status
//!      8     4  failed: errno; exited: how many processes were left behind
//!     12     8  exited: processor time of the command, microseconds
//!     20     8  exited: largest resident memory, KiB
//!     28  8×16  exited: names of processes left behind, NUL-padded
//! ```

use rustix::io::Errno;

use super::sys;

const LENGTH: usize = 28 + NAMES_MAX * NAME;
/// Names of processes left behind that are told.
pub(super) const NAMES_MAX: usize = 8;
const NAME: usize = 16;

/// A command's end as pid 1 saw it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Exited {
    pub(super) status: i32,
    pub(super) cpu_us: u64,
    pub(super) rss_kib: u64,
    pub(super) left: u32,
    pub(super) names: [[u8; NAME]; NAMES_MAX],
}

/// A record.
#[derive(Debug, Clone, Copy)]
pub(super) enum Record {
    Ready,
    Failed(Stage, Errno),
    Exited(Exited),
}

macro_rules! stages {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        /// What a child was doing.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Stage { $($name = $number,)* }

        impl Stage {
            fn from_number(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Completes "cannot ...".
            pub(super) const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

stages! {
    Guard = 1, "tie the process to its parent";
    Namespaces = 2, "make namespaces";
    Private = 3, "keep mounts private";
    Layers = 4, "open the layers of the tree";
    Overlay = 5, "mount the overlay";
    Bind = 6, "mount the tree";
    Hall = 7, "mount a root for the sandbox";
    Nodes = 8, "make device nodes";
    Memory = 9, "mount a file system in memory";
    Pivot = 10, "change the root";
    Loopback = 11, "switch the loopback interface on";
    Enter = 12, "enter the sandbox";
    Hostname = 13, "set the host name";
    Dev = 14, "mount `/dev` (is it a directory of the tree?)";
    Proc = 15, "mount `/proc` (is it a directory of the tree?)";
    Sys = 16, "mount an empty `/sys`";
    Fork = 17, "start a process";
    Streams = 18, "connect the outputs";
    Cwd = 19, "enter the command's directory";
    Filter = 20, "load the system call filter";
    Capabilities = 21, "drop capabilities";
    User = 22, "become the command's user";
    Exec = 23, "start the command";
}

impl Record {
    fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        match self {
            Self::Ready => put(0, &1u32.to_le_bytes()),
            Self::Failed(stage, errno) => {
                put(0, &2u32.to_le_bytes());
                put(4, &(*stage as u32).to_le_bytes());
                put(8, &errno.raw_os_error().to_le_bytes());
            }
            Self::Exited(exited) => {
                put(0, &3u32.to_le_bytes());
                put(4, &exited.status.to_le_bytes());
                put(8, &exited.left.to_le_bytes());
                put(12, &exited.cpu_us.to_le_bytes());
                put(20, &exited.rss_kib.to_le_bytes());
                for (index, name) in exited.names.iter().enumerate() {
                    put(28 + index * NAME, name);
                }
            }
        }
        bytes
    }

    /// Reads one record; `None` when the bytes are none (the writer was killed).
    fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; LENGTH] = bytes.try_into().ok()?;
        let word =
            |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let long =
            |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        match word(0) {
            1 => Some(Self::Ready),
            2 => Some(Self::Failed(
                Stage::from_number(word(4))?,
                Errno::from_raw_os_error(word(8).cast_signed()),
            )),
            3 => {
                let mut names = [[0; NAME]; NAMES_MAX];
                for (index, name) in names.iter_mut().enumerate() {
                    name.copy_from_slice(&bytes[28 + index * NAME..28 + (index + 1) * NAME]);
                }
                Some(Self::Exited(Exited {
                    status: word(4).cast_signed(),
                    left: word(8),
                    cpu_us: long(12),
                    rss_kib: long(20),
                    names,
                }))
            }
            _ => None,
        }
    }

    /// Tells the parent. Nobody is there to hear of a failure to tell.
    pub(super) fn send(&self, pipe: i32) {
        let _unheard = rustix::io::write(sys::borrow(&pipe), &self.encode());
    }

    /// The first record in the pipe, waiting for it; `None` when there will be none.
    pub(super) fn receive(pipe: &impl std::os::fd::AsFd) -> Option<Self> {
        let mut bytes = [0; LENGTH];
        loop {
            match rustix::io::read(pipe, &mut bytes) {
                Ok(length) => return Self::decode(&bytes[..length]),
                Err(Errno::INTR) => {}
                Err(_) => return None,
            }
        }
    }
}

impl Exited {
    /// What the kernel says of a child that has ended.
    pub(super) fn new(status: i32, usage: &libc::rusage) -> Self {
        let time = |time: libc::timeval| {
            time.tv_sec.cast_unsigned() * 1_000_000 + time.tv_usec.cast_unsigned()
        };
        Self {
            status,
            cpu_us: time(usage.ru_utime) + time(usage.ru_stime),
            rss_kib: usage.ru_maxrss.cast_unsigned(),
            ..Self::default()
        }
    }

    /// The names as text.
    pub(super) fn left_behind(&self) -> Vec<String> {
        let told = usize::try_from(self.left)
            .unwrap_or(NAMES_MAX)
            .min(NAMES_MAX);
        self.names[..told]
            .iter()
            .map(|name| {
                let end = name.iter().position(|byte| *byte == 0).unwrap_or(NAME);
                String::from_utf8_lossy(&name[..end]).into_owned()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_arrive_as_sent() {
        let mut names = [[0; NAME]; NAMES_MAX];
        names[0][..6].copy_from_slice(b"daemon");
        let exited = Exited {
            status: 256,
            cpu_us: 1_000_001,
            rss_kib: 1 << 40,
            left: 1,
            names,
        };
        let (read, write) = rustix::pipe::pipe().unwrap();
        for record in [
            Record::Ready,
            Record::Failed(Stage::Overlay, Errno::INVAL),
            Record::Exited(exited),
        ] {
            record.send(std::os::fd::AsRawFd::as_raw_fd(&write));
            let got = Record::receive(&read).unwrap();
            assert_eq!(format!("{got:?}"), format!("{record:?}"));
        }
        assert_eq!(exited.left_behind(), ["daemon"]);
        drop(write);
        assert!(Record::receive(&read).is_none());
    }
}
