//! System calls that may be made between fork and exec: no allocation, no locks.
#![expect(
    unsafe_code,
    reason = "fork, exec and namespace calls have no safe form"
)]

use std::ffi::CStr;
use std::os::fd::{AsRawFd as _, BorrowedFd, RawFd};

use rustix::io::Errno;

pub(super) type Call<T> = Result<T, Errno>;

/// Which side of a fork this is.
pub(super) enum Side {
    Parent(libc::pid_t),
    Child,
}

fn check(result: libc::c_long) -> Call<libc::c_long> {
    if result == -1 {
        // SAFETY: the thread's own errno is always there.
        Err(Errno::from_raw_os_error(unsafe {
            *libc::__errno_location()
        }))
    } else {
        Ok(result)
    }
}

/// Forks with the clone flags given, without running any handler of libc.
///
/// In the child only calls of this module and of rustix may follow: another thread may
/// have held any lock, the allocator's included.
pub(super) fn fork(flags: libc::c_int) -> Call<Side> {
    let flags = libc::c_long::from(flags | libc::SIGCHLD);
    // SAFETY: without CLONE_VM and a stack this is a fork: the child has its own memory.
    let pid = check(unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) })?;
    Ok(match pid {
        0 => Side::Child,
        pid => Side::Parent(libc::pid_t::try_from(pid).expect("a process number")),
    })
}

/// Ends the child at once, running nothing.
pub(super) fn exit(code: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(code) }
}

/// Replaces the program. Returns only when it failed.
///
/// `argv` and `envp` end with a null pointer and point to live strings.
pub(super) fn exec(path: &CStr, argv: &Strings, envp: &Strings) -> Errno {
    // SAFETY: `Strings` holds live NUL-terminated strings and ends with a null pointer.
    let result = unsafe {
        libc::execve(
            path.as_ptr(),
            argv.pointers.as_ptr(),
            envp.pointers.as_ptr(),
        )
    };
    check(libc::c_long::from(result)).map_or_else(|error| error, |_| Errno::INVAL)
}

/// Strings as exec takes them.
pub(super) struct Strings {
    pointers: Vec<*const libc::c_char>,
    _texts: Vec<std::ffi::CString>,
}

impl Strings {
    pub(super) fn new(texts: Vec<std::ffi::CString>) -> Self {
        let mut pointers: Vec<_> = texts.iter().map(|text| text.as_ptr()).collect();
        pointers.push(std::ptr::null());
        Self {
            pointers,
            _texts: texts,
        }
    }
}

pub(super) fn unshare(flags: libc::c_int) -> Call<()> {
    // SAFETY: called in a fresh child of one thread.
    check(unsafe { libc::syscall(libc::SYS_unshare, libc::c_long::from(flags)) }).map(drop)
}

pub(super) fn set_namespace(namespace: BorrowedFd<'_>, kind: libc::c_int) -> Call<()> {
    // SAFETY: called in a fresh child of one thread.
    check(unsafe {
        libc::syscall(
            libc::SYS_setns,
            libc::c_long::from(namespace.as_raw_fd()),
            libc::c_long::from(kind),
        )
    })
    .map(drop)
}

/// Makes `to` the same as `from`, kept over exec.
pub(super) fn duplicate(from: RawFd, to: RawFd) -> Call<()> {
    // SAFETY: changes only this process's table of descriptors.
    check(libc::c_long::from(unsafe { libc::dup2(from, to) })).map(drop)
}

/// Closes every descriptor but `keep`, which is sorted.
pub(super) fn close_all_but(keep: &[RawFd]) -> Call<()> {
    let mut from = 0;
    for fd in keep {
        if *fd > from {
            close_range(from, *fd - 1)?;
        }
        from = *fd + 1;
    }
    close_range(from, RawFd::MAX)
}

fn close_range(from: RawFd, to: RawFd) -> Call<()> {
    let (from, to) = (libc::c_long::from(from), libc::c_long::from(to));
    // SAFETY: called in a fresh child, in which nothing else owns a descriptor.
    check(unsafe { libc::syscall(libc::SYS_close_range, from, to, 0) }).map(drop)
}

/// Signals as a fresh process has them: nothing blocked, nothing handled or ignored.
pub(super) fn reset_signals() {
    for signal in 1..=64 {
        // SAFETY: SIG_DFL is always a valid disposition; refused ones (SIGKILL) do not matter.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: an all-zero set is the empty set on Linux.
    let none: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is live and nothing is written back.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut()) };
}

/// Adds a filter without the promise of no new privileges: setuid programs keep working.
/// Needs `CAP_SYS_ADMIN`.
pub(super) fn add_filter(program: &[seccompiler::sock_filter]) -> Call<()> {
    let program = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(|_| Errno::INVAL)?,
        filter: program.as_ptr().cast::<libc::sock_filter>().cast_mut(),
    };
    // SAFETY: the program is live, `len` instructions long, and the kernel only reads it.
    check(unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            0,
            &raw const program,
        )
    })
    .map(drop)
}

/// Switches the loopback of the current network namespace on.
pub(super) fn loopback_up() -> Call<()> {
    // SAFETY: opens a descriptor; -1 is handled.
    let socket = check(libc::c_long::from(unsafe {
        libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0)
    }))?;
    // SAFETY: zero is a value of this plain structure.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(c"lo".to_bytes()) {
        *to = libc::c_char::from_ne_bytes([*from]);
    }
    request.ifr_ifru.ifru_flags =
        libc::c_short::try_from(libc::IFF_UP | libc::IFF_RUNNING).unwrap_or_default();
    // SAFETY: the request is live and of the type SIOCSIFFLAGS reads.
    let done = check(unsafe {
        libc::syscall(
            libc::SYS_ioctl,
            socket,
            libc::SIOCSIFFLAGS,
            &raw const request,
        )
    });
    // SAFETY: the socket is ours and not used any more.
    unsafe { libc::syscall(libc::SYS_close, socket) };
    done.map(drop)
}

/// What [`wait_any`] saw.
pub(super) enum Waited {
    /// A child ended: its number, its raw status, its resources.
    Child(libc::pid_t, i32, libc::rusage),
    /// Children are there, none has ended (only with `block` off).
    Running,
    /// There is no child.
    Nobody,
}

/// Waits for any child.
pub(super) fn wait_any(block: bool) -> Waited {
    let mut status = 0;
    // SAFETY: zero is a value of this plain structure.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let options = if block { 0 } else { libc::WNOHANG };
    loop {
        // SAFETY: both pointers are to live values of the types wait4 writes.
        let found = check(libc::c_long::from(unsafe {
            libc::wait4(-1, &raw mut status, options, &raw mut usage)
        }));
        match found {
            Ok(0) => return Waited::Running,
            Ok(pid) => {
                return Waited::Child(libc::pid_t::try_from(pid).unwrap_or(0), status, usage);
            }
            Err(Errno::INTR) => {}
            Err(_) => return Waited::Nobody,
        }
    }
}

/// Kills every process of the namespace but the caller, which is its first.
pub(super) fn kill_everybody() {
    // SAFETY: sends a signal.
    unsafe { libc::kill(-1, libc::SIGKILL) };
}

/// Borrows a descriptor by its number.
pub(super) fn borrow(fd: &RawFd) -> BorrowedFd<'_> {
    // SAFETY: callers pass numbers the parent prepared, open until exec.
    unsafe { BorrowedFd::borrow_raw(*fd) }
}

/// Limits that must not depend on the host's.
pub(super) fn fix_limits() {
    for (kind, soft, hard) in [(libc::RLIMIT_CORE, 0, 0), (libc::RLIMIT_NOFILE, 1024, 4096)] {
        let limit = libc::rlimit {
            rlim_cur: soft,
            rlim_max: hard,
        };
        // SAFETY: the structure is live. Refused when the host allows less: then less it is.
        unsafe { libc::setrlimit(kind, &raw const limit) };
    }
}

/// Empties the permitted and effective sets down to `keep` (bits by number).
pub(super) fn set_capabilities(keep: u64) -> Call<()> {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: i32,
    }
    /// `_LINUX_CAPABILITY_VERSION_3`
    const VERSION: u32 = 0x2008_0522;
    let header = Header {
        version: VERSION,
        pid: 0,
    };
    let (low, high) = ((keep & 0xffff_ffff) as u32, (keep >> 32) as u32);
    // effective, permitted, inheritable, twice: low and high halves
    let data: [u32; 6] = [low, low, 0, high, high, 0];
    // SAFETY: header and data have the layout of version 3.
    check(unsafe { libc::syscall(libc::SYS_capset, &raw const header, data.as_ptr()) }).map(drop)
}

/// Takes a capability away from all programs to come. `EINVAL`: the kernel has no such one.
pub(super) fn drop_bounding(capability: u32) -> Call<()> {
    // SAFETY: changes only this process.
    check(unsafe {
        libc::syscall(
            libc::SYS_prctl,
            libc::PR_CAPBSET_DROP,
            libc::c_long::from(capability),
            0,
            0,
            0,
        )
    })
    .map(drop)
}
