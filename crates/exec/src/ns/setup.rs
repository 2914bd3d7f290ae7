//! Making the mount namespace: a child mounts everything, we take descriptors to it, the
//! child ends.
#![expect(unsafe_code, reason = "the child starts in this program's memory")]

use std::ffi::{CStr, CString, c_void};
use std::fs::File;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{
    MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags,
};
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::process::{Pid, Signal, WaitOptions};

use super::report::{Record, Stage};
use super::sys::{self, Call, Stack};
use super::{Sandbox, SandboxError, SandboxSpec, filter, mounts};
use crate::user_ns;

/// Where the namespace is put together before it gets its own root. Every system has this
/// directory, no layer lies in it.
const HALL: &CStr = c"/proc";
/// First number that layers are opened at, so that the options can be written beforehand.
const LAYER_FD: i32 = 10;
/// The kernel's own limit.
const LAYERS_MAX: usize = 500;
/// Magic number of overlay file systems, `linux/magic.h`.
const OVERLAYFS: u64 = 0x794c_7630;

/// Everything the child needs, made before the fork.
struct Plan {
    /// Upper, work, then the lower ones; only upper for a plain directory.
    layers: Vec<CString>,
    /// Options of the overlay; empty for a plain directory.
    options: CString,
    /// `/proc/tmp/N`.
    memory: Vec<CString>,
    network: bool,
    /// Whether this is root of a user namespace only.
    is_rootless: bool,
    parent: Pid,
    pipe: i32,
}

pub(super) fn open(spec: &SandboxSpec) -> Result<Sandbox, SandboxError> {
    if !rustix::process::geteuid().is_root() {
        return Err(SandboxError::NotRoot);
    }
    check(spec)?;
    let (ours, theirs) = rustix::net::socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )
    .map_err(|error| SandboxError::step("make a socket", error))?;
    let theirs = above_layers(&theirs, spec.lower.len())?;
    let plan = plan(spec, theirs.as_raw_fd())?;
    let stack = Stack::new().map_err(|errno| SandboxError::step("make a stack", errno))?;
    let argument = (&raw const plan).cast_mut().cast();
    // SAFETY: plan and stack live to the end of this function, which waits for the child and
    // calls nothing that panics before.
    let child = unsafe { sys::start(child_main, argument, &stack, 0) }
        .map_err(|errno| SandboxError::step("start a process", errno))?;
    let child = Pid::from_raw(child).expect("a child has a number");
    drop(theirs);
    let sandbox = match Record::receive(&ours) {
        Some(Record::Ready) => adopt(spec, child),
        Some(Record::Failed(stage, errno)) => {
            let of = spec.upper.display().to_string();
            Err(SandboxError::stage(stage, of, errno))
        }
        Some(Record::Exited(_)) | None => Err(SandboxError::Lost {
            program: "mount".to_owned(),
            tail: Vec::new(),
        }),
    };
    drop(ours);
    let _status = rustix::process::waitpid(Some(child), WaitOptions::empty());
    sandbox
}

/// Refuses what the kernel would refuse with less to say.
fn check(spec: &SandboxSpec) -> Result<(), SandboxError> {
    let overlay = !spec.lower.is_empty();
    let work = overlay.then_some(&spec.work);
    for path in spec.lower.iter().chain([&spec.upper]).chain(work) {
        let refuse = |source| SandboxError::Path {
            path: path.clone(),
            source,
        };
        if !std::fs::metadata(path).map_err(refuse)?.is_dir() {
            return Err(refuse(std::io::ErrorKind::NotADirectory.into()));
        }
    }
    if spec.lower.len() > LAYERS_MAX {
        return Err(SandboxError::Step {
            step: "mount the overlay",
            of: Some(format!("{} layers", spec.lower.len())),
            source: std::io::Error::other(format!("the kernel takes {LAYERS_MAX} at most")),
        });
    }
    for path in &spec.tmpfs {
        let plain = path.is_absolute()
            && path
                .components()
                .all(|part| part != std::path::Component::ParentDir);
        if !plain {
            return Err(SandboxError::Path {
                path: path.clone(),
                source: std::io::ErrorKind::InvalidInput.into(),
            });
        }
    }
    if overlay {
        let file_system = rustix::fs::statfs(&spec.upper).map_err(|error| SandboxError::Path {
            path: spec.upper.clone(),
            source: error.into(),
        })?;
        if u64::try_from(file_system.f_type) == Ok(OVERLAYFS) {
            return Err(SandboxError::UpperOnOverlay {
                path: spec.upper.clone(),
            });
        }
        clear_volatile(&spec.work)?;
    }
    Ok(())
}

/// A volatile overlay leaves a mark that says its upper directory may lack data after a
/// crash of the machine; the kernel refuses to mount it again. Whether the machine crashed
/// is for the owner of `upper` to know.
fn clear_volatile(work: &Path) -> Result<(), SandboxError> {
    let mark = work.join("work/incompat");
    match std::fs::remove_dir_all(&mark) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(SandboxError::Path { path: mark, source })
        }
        _ => Ok(()),
    }
}

/// Moves a descriptor out of the numbers that layers are opened at.
fn above_layers(fd: &OwnedFd, layers: usize) -> Result<OwnedFd, SandboxError> {
    let least = LAYER_FD + i32::try_from(layers).unwrap_or(i32::MAX / 2) + 2;
    rustix::io::fcntl_dupfd_cloexec(fd, least)
        .map_err(|error| SandboxError::step("copy a descriptor", error))
}

fn c_path(path: &Path) -> Result<CString, SandboxError> {
    let absolute = std::path::absolute(path).map_err(|source| SandboxError::Path {
        path: path.to_owned(),
        source,
    })?;
    CString::new(absolute.as_os_str().as_bytes()).map_err(|error| SandboxError::Path {
        path: path.to_owned(),
        source: error.into(),
    })
}

fn plan(spec: &SandboxSpec, pipe: i32) -> Result<Plan, SandboxError> {
    let mut layers = vec![c_path(&spec.upper)?];
    let mut options = String::new();
    if !spec.lower.is_empty() {
        layers.push(c_path(&spec.work)?);
        for lower in &spec.lower {
            layers.push(c_path(lower)?);
        }
        // Numbers instead of paths: no path can be too long or hold a colon or comma.
        let fd = |index: usize| format!("{}", LAYER_FD as usize + index);
        let lower: Vec<String> = (2..layers.len()).map(fd).collect();
        // In a user namespace an overlay keeps its notes in attributes that users may write, and
        // moves no directories: whoever renames one copies it.
        let notes = if user_ns::is_inside() {
            "userxattr"
        } else {
            "redirect_dir=on"
        };
        options = format!(
            "lowerdir={},upperdir={},workdir={},index=off,metacopy=off,{notes},volatile",
            lower.join(":"),
            fd(0),
            fd(1),
        );
    }
    let c = |text: String| CString::new(text).expect("no NUL in numbers and options");
    Ok(Plan {
        layers,
        options: c(options),
        memory: (0..spec.tmpfs.len())
            .map(|index| c(format!("/proc/tmp/{index}")))
            .collect(),
        network: spec.network,
        is_rootless: user_ns::is_inside(),
        parent: rustix::process::getpid(),
        pipe,
    })
}

type Step<T> = Result<T, (Stage, Errno)>;

trait At<T> {
    fn at(self, stage: Stage) -> Step<T>;
}

impl<T> At<T> for Call<T> {
    fn at(self, stage: Stage) -> Step<T> {
        self.map_err(|errno| (stage, errno))
    }
}

extern "C" fn child_main(plan: *mut c_void) -> i32 {
    // SAFETY: `open` passes a plan that lives until this process is gone.
    let plan = unsafe { &*plan.cast::<Plan>() };
    if let Err((stage, errno)) = child(plan) {
        Record::Failed(stage, errno).send(plan.pipe);
    }
    0
}

/// The child: only system calls from here on.
fn child(plan: &Plan) -> Step<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).at(Stage::Guard)?;
    if rustix::process::getppid() != Some(plan.parent) {
        return Err((Stage::Guard, Errno::CHILD));
    }
    sys::close_all_but(&[plan.pipe]).at(Stage::Guard)?;
    sys::reset_signals();
    let network = if plan.network { 0 } else { libc::CLONE_NEWNET };
    sys::unshare(libc::CLONE_NEWNS | network).at(Stage::Namespaces)?;
    rustix::process::umask(Mode::empty());
    rustix::mount::mount_change(
        c"/",
        MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
    )
    .at(Stage::Private)?;
    let upper = plan.layers[0].as_c_str();
    if plan.layers.len() > 1 {
        overlay(plan, upper)?;
    }
    // A new `/proc` may be mounted in a user namespace only where a whole one can be seen.
    let whole_proc = if plan.is_rootless {
        let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::AT_RECURSIVE;
        Some(rustix::mount::open_tree(CWD, c"/proc", flags).at(Stage::Hall)?)
    } else {
        None
    };
    rustix::mount::mount(
        c"hall",
        HALL,
        c"tmpfs",
        MountFlags::NOSUID,
        c"mode=755,size=1m",
    )
    .at(Stage::Hall)?;
    for name in [c"/proc/tree", c"/proc/nodes", c"/proc/tmp"] {
        rustix::fs::mkdir(name, Mode::from_raw_mode(0o755)).at(Stage::Hall)?;
    }
    if let Some(proc) = &whole_proc {
        let to = c"/proc/proc";
        rustix::fs::mkdir(to, Mode::from_raw_mode(0o755)).at(Stage::Hall)?;
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
        rustix::mount::move_mount(proc, c"", CWD, to, flags).at(Stage::Hall)?;
    }
    if plan.layers.len() > 1 {
        rustix::mount::mount_move(upper, c"/proc/tree").at(Stage::Bind)?;
    } else {
        rustix::mount::mount_bind(upper, c"/proc/tree").at(Stage::Bind)?;
        // An ordinary user has made no devices, and may not change the flags of host's mounts.
        if !plan.is_rootless {
            let flags = MountFlags::BIND | MountFlags::NODEV;
            rustix::mount::mount_remount(c"/proc/tree", flags, c"").at(Stage::Bind)?;
        }
    }
    mounts::make_nodes(plan.is_rootless).at(Stage::Nodes)?;
    for path in &plan.memory {
        rustix::fs::mkdir(path.as_c_str(), Mode::from_raw_mode(0o755)).at(Stage::Memory)?;
        let flags = MountFlags::NOSUID | MountFlags::NODEV;
        rustix::mount::mount(c"tmpfs", path.as_c_str(), c"tmpfs", flags, c"mode=755")
            .at(Stage::Memory)?;
    }
    rustix::process::chdir(HALL).at(Stage::Pivot)?;
    rustix::process::pivot_root(c".", c".").at(Stage::Pivot)?;
    rustix::mount::unmount(c".", UnmountFlags::DETACH).at(Stage::Pivot)?;
    rustix::process::chdir(c"/").at(Stage::Pivot)?;
    if !plan.network {
        sys::loopback_up().at(Stage::Loopback)?;
    }
    Record::Ready.send(plan.pipe);
    // The parent hangs up once it has its descriptors.
    let _hung_up = Record::receive(&sys::borrow(&plan.pipe));
    Ok(())
}

/// Mounts the overlay on its own upper directory, seen by this namespace only. The layers
/// are opened here because the kernel takes them from the namespace that mounts.
fn overlay(plan: &Plan, upper: &CStr) -> Step<()> {
    for (number, path) in (LAYER_FD..).zip(&plan.layers) {
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let layer = rustix::fs::open(path.as_c_str(), flags, Mode::empty()).at(Stage::Layers)?;
        if layer.as_raw_fd() == number {
            // Lives as long as this child.
            std::mem::forget(layer);
        } else {
            sys::duplicate(layer.as_raw_fd(), number).at(Stage::Layers)?;
        }
    }
    rustix::process::chdir(c"/proc/self/fd").at(Stage::Layers)?;
    let options = plan.options.as_c_str();
    rustix::mount::mount(c"overlay", upper, c"overlay", MountFlags::NODEV, options)
        .at(Stage::Overlay)
}

/// Takes descriptors to what the child made.
fn adopt(spec: &SandboxSpec, child: Pid) -> Result<Sandbox, SandboxError> {
    let step = |error| SandboxError::step("take over the sandbox", error);
    let of_child = |name: &str| format!("/proc/{}/{name}", child.as_raw_pid());
    let namespace = |name: &str| {
        File::open(of_child(name))
            .map(OwnedFd::from)
            .map_err(|error| SandboxError::step("take over the sandbox's namespaces", error))
    };
    let tree = rustix::fs::open(
        of_child("root/tree"),
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map_err(step)?;
    let network_ns = if spec.network {
        None
    } else {
        Some(namespace("ns/net")?)
    };
    Ok(Sandbox {
        mount_ns: namespace("ns/mnt")?,
        network_ns,
        tree,
        hostname: spec.hostname.clone(),
        tmpfs: spec.tmpfs.clone(),
        epoch: spec.epoch,
        filters: filter::compile().unwrap_or(filter::Filters(Vec::new())),
    })
}
