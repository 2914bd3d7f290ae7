//! What commands see over the tree: `/dev`, `/proc`, `/sys`. All of it is made anew for
//! every command, in a copy of the mount namespace, so that no command can spoil it for
//! the next and nothing of it reaches the tree.

use std::ffi::{CStr, CString};

use rustix::fs::{FileType, Mode, OFlags, makedev};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags};

use super::report::Stage;
use super::sys::Call;

/// A device: where it is in the hall, on the host, its name, major, minor.
type Device = (&'static CStr, &'static CStr, &'static CStr, u32, u32);

/// Devices every program may rely on.
const NODES: [Device; 6] = [
    (c"/proc/nodes/null", c"/dev/null", c"null", 1, 3),
    (c"/proc/nodes/zero", c"/dev/zero", c"zero", 1, 5),
    (c"/proc/nodes/full", c"/dev/full", c"full", 1, 7),
    (c"/proc/nodes/random", c"/dev/random", c"random", 1, 8),
    (c"/proc/nodes/urandom", c"/dev/urandom", c"urandom", 1, 9),
    (c"/proc/nodes/tty", c"/dev/tty", c"tty", 5, 0),
];

/// How a file is made that something is mounted on.
const NEW: OFlags = OFlags::CREATE.union(OFlags::WRONLY).union(OFlags::CLOEXEC);

const LINKS: [(&CStr, &CStr); 5] = [
    (c"/proc/self/fd", c"fd"),
    (c"/proc/self/fd/0", c"stdin"),
    (c"/proc/self/fd/1", c"stdout"),
    (c"/proc/self/fd/2", c"stderr"),
    (c"pts/ptmx", c"ptmx"),
];

/// Parts of `/proc` that tell of the host or reach it: shown empty.
const HIDDEN: [&CStr; 9] = [
    c"1/cmdline",
    c"kcore",
    c"keys",
    c"key-users",
    c"kallsyms",
    c"sysrq-trigger",
    c"timer_list",
    c"cmdline",
    c"config.gz",
];
/// Parts of `/proc` that can be read, not written.
const READ_ONLY: [&CStr; 4] = [c"sys", c"irq", c"bus", c"fs"];

/// Makes the device nodes that [`view`] binds, in the hall of the namespace; where nobody may
/// make any, those of the host stand there.
pub(super) fn make_nodes(is_rootless: bool) -> Call<()> {
    for (path, on_host, _, major, minor) in NODES {
        let mode = Mode::from_raw_mode(0o666);
        if is_rootless {
            drop(rustix::fs::open(path, NEW, mode)?);
            rustix::mount::mount_bind(on_host, path)?;
            continue;
        }
        rustix::fs::mknodat(
            rustix::fs::CWD,
            path,
            FileType::CharacterDevice,
            mode,
            makedev(major, minor),
        )?;
    }
    Ok(())
}

/// File systems in memory: where they are in the hall, where they go in the tree.
pub(super) type Memory = Vec<(CString, CString)>;

/// Mounts everything over `/tree` of the namespace and makes that the root.
pub(super) fn view(memory: &Memory) -> Result<(), (Stage, Errno)> {
    let at = |stage| move |errno| (stage, errno);
    dev().map_err(at(Stage::Dev))?;
    proc().map_err(at(Stage::Proc))?;
    let sys = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::RDONLY;
    match rustix::mount::mount(c"sys", c"/tree/sys", c"tmpfs", sys, c"mode=755") {
        // A tree without the directory has no use for it.
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return Err((Stage::Sys, errno)),
    }
    for (from, to) in memory {
        rustix::mount::mount_bind(from.as_c_str(), to.as_c_str()).map_err(at(Stage::Memory))?;
    }
    let pivot = at(Stage::Pivot);
    rustix::process::chdir(c"/tree").map_err(pivot)?;
    rustix::process::pivot_root(c".", c".").map_err(pivot)?;
    rustix::mount::unmount(c".", UnmountFlags::DETACH).map_err(pivot)?;
    rustix::process::chdir(c"/").map_err(pivot)
}

fn dev() -> Call<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    rustix::mount::mount(c"dev", c"/tree/dev", c"tmpfs", flags, c"mode=755,size=64m")?;
    rustix::process::chdir(c"/tree/dev")?;
    for (_, _, name, ..) in NODES {
        drop(rustix::fs::open(name, NEW, Mode::from_raw_mode(0o666))?);
    }
    for (path, _, name, ..) in NODES {
        // In the namespace the hall is the root.
        let in_hall = CStr::from_bytes_with_nul(&path.to_bytes_with_nul()[5..])
            .expect("the end of a C string is one");
        rustix::mount::mount_bind(in_hall, name)?;
    }
    for (target, name) in LINKS {
        rustix::fs::symlink(target, name)?;
    }
    rustix::fs::mkdir(c"shm", Mode::from_raw_mode(0o1777))?;
    rustix::fs::mkdir(c"pts", Mode::from_raw_mode(0o755))?;
    let pts = MountFlags::NOSUID | MountFlags::NOEXEC;
    let options = c"newinstance,mode=620,ptmxmode=666,gid=5";
    rustix::mount::mount(c"devpts", c"pts", c"devpts", pts, options)
}

fn proc() -> Call<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    rustix::mount::mount(c"proc", c"/tree/proc", c"proc", flags, c"")?;
    rustix::process::chdir(c"/tree/proc")?;
    for name in HIDDEN {
        optional(rustix::mount::mount_bind(c"/nodes/null", name))?;
    }
    for name in READ_ONLY {
        if optional(rustix::mount::mount_bind(name, name))? {
            let flags = flags | MountFlags::BIND | MountFlags::RDONLY;
            rustix::mount::mount_remount(name, flags, c"")?;
        }
    }
    Ok(())
}

/// Whether the thing was there.
fn optional(result: Call<()>) -> Call<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(errno),
    }
}
