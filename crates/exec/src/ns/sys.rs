//! System calls that may be made in a child that shares this program's memory until it
//! executes another program: no allocation, no locks, and no `errno`, which would be that
//! of the thread that runs beside it.
//!
//! The memory is shared because copying a program's page tables costs 30 ms for every
//! 100 MiB it has (measured), several times the whole run.
#![expect(
    unsafe_code,
    reason = "clone, exec and namespace calls have no safe form"
)]

use std::ffi::{CStr, c_void};
use std::os::fd::{BorrowedFd, RawFd};

use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};

pub(super) type Call<T> = Result<T, Errno>;

/// One system call, by number.
///
/// # Safety
///
/// What the call itself asks for.
unsafe fn raw(number: libc::c_long, arguments: [usize; 5]) -> Call<usize> {
    let result: i64;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the kernel's calling convention; the caller answers for the call.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") arguments[0],
            in("rsi") arguments[1],
            in("rdx") arguments[2],
            in("r10") arguments[3],
            in("r8") arguments[4],
            in("r9") 0,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack)
        );
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: the kernel's calling convention; the caller answers for the call.
    unsafe {
        std::arch::asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") arguments[0] => result,
            in("x1") arguments[1],
            in("x2") arguments[2],
            in("x3") arguments[3],
            in("x4") arguments[4],
            in("x5") 0,
            options(nostack)
        );
    }
    usize::try_from(result)
        .map_err(|_| Errno::from_raw_os_error(i32::try_from(-result).unwrap_or(libc::EIO)))
}

/// A file descriptor, number or set of flags as an argument.
fn word(number: i32) -> usize {
    (number as isize).cast_unsigned()
}

/// Memory that a child has its stack in.
pub(super) struct Stack(*mut c_void);

/// Far more than the children need; only what is touched costs anything.
const STACK_BYTES: usize = 256 << 10;
/// The lowest part, which cannot be touched: an overflow ends the child, not this program.
const GUARD_BYTES: usize = 64 << 10;

impl Stack {
    pub(super) fn new() -> Call<Self> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: new memory, at a place that the kernel chooses.
        let start = unsafe {
            rustix::mm::mmap_anonymous(
                std::ptr::null_mut(),
                STACK_BYTES,
                protection,
                MapFlags::PRIVATE,
            )
        }?;
        let stack = Self(start);
        // SAFETY: the first pages of what was just mapped; nothing points there.
        unsafe { rustix::mm::mprotect(start, GUARD_BYTES, rustix::mm::MprotectFlags::empty()) }?;
        Ok(stack)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: ours alone; whoever started a child on it has seen the child's end.
        let _unmapped = unsafe { rustix::mm::munmap(self.0, STACK_BYTES) };
    }
}

/// What a child does, with what it was given. It ends with the code returned.
pub(super) type Main = extern "C" fn(*mut c_void) -> libc::c_int;

/// Starts a child in this program's memory, on a stack of its own.
///
/// # Safety
///
/// `stack` and what `argument` points to live and stay unchanged until the child has ended or
/// executed another program. `main` and all it calls use only this module and rustix.
pub(super) unsafe fn start(
    main: Main,
    argument: *mut c_void,
    stack: &Stack,
    flags: libc::c_int,
) -> Call<libc::pid_t> {
    let flags = flags | libc::CLONE_VM | libc::SIGCHLD;
    // SAFETY: one past the end of the mapping, which is aligned to a page.
    let pid = unsafe {
        let top = stack.0.byte_add(STACK_BYTES);
        libc::clone(main, top, flags, argument)
    };
    if pid == -1 {
        // Set by this thread just now: no child runs beside it.
        return Err(std::io::Error::last_os_error()
            .raw_os_error()
            .map_or(Errno::AGAIN, Errno::from_raw_os_error));
    }
    Ok(pid)
}

/// Replaces the program. Returns only when it failed.
pub(super) fn exec(path: &CStr, argv: &Strings, envp: &Strings) -> Errno {
    let arguments = [
        path.as_ptr().expose_provenance(),
        argv.pointers.as_ptr().expose_provenance(),
        envp.pointers.as_ptr().expose_provenance(),
        0,
        0,
    ];
    // SAFETY: `Strings` holds live NUL-terminated strings and ends with a null pointer.
    unsafe { raw(libc::SYS_execve, arguments) }
        .err()
        .unwrap_or(Errno::INVAL)
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
    // SAFETY: takes no memory; called in a fresh child.
    unsafe { raw(libc::SYS_unshare, [word(flags), 0, 0, 0, 0]) }.map(drop)
}

pub(super) fn set_namespace(namespace: RawFd, kind: libc::c_int) -> Call<()> {
    // SAFETY: takes no memory; called in a fresh child.
    unsafe { raw(libc::SYS_setns, [word(namespace), word(kind), 0, 0, 0]) }.map(drop)
}

/// Makes `to` (another number) the same as `from`, kept over exec.
pub(super) fn duplicate(from: RawFd, to: RawFd) -> Call<()> {
    // SAFETY: changes only this process's table of descriptors.
    unsafe { raw(libc::SYS_dup3, [word(from), word(to), 0, 0, 0]) }.map(drop)
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
    // SAFETY: called in a fresh child, in which nothing else owns a descriptor.
    unsafe { raw(libc::SYS_close_range, [word(from), word(to), 0, 0, 0]) }.map(drop)
}

/// Signals as a fresh process has them: nothing blocked, nothing handled or ignored.
pub(super) fn reset_signals() {
    /// Bytes of the kernel's set of signals.
    const SET: usize = 8;
    // Handler SIG_DFL, no flags, no restorer, an empty mask.
    let default = [0_u64; 4];
    for signal in 1..=64 {
        // SAFETY: the action is live and as large as the kernel's; refused ones (SIGKILL)
        // do not matter.
        let _refused = unsafe {
            raw(
                libc::SYS_rt_sigaction,
                [signal, default.as_ptr().expose_provenance(), 0, SET, 0],
            )
        };
    }
    // SAFETY: the set is live and nothing is written back.
    let _set = unsafe {
        raw(
            libc::SYS_rt_sigprocmask,
            [
                word(libc::SIG_SETMASK),
                default.as_ptr().expose_provenance(),
                0,
                SET,
                0,
            ],
        )
    };
}

/// Adds a filter without the promise of no new privileges: setuid programs keep working.
/// Needs `CAP_SYS_ADMIN`.
pub(super) fn add_filter(program: &[seccompiler::sock_filter]) -> Call<()> {
    let program = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(|_| Errno::INVAL)?,
        filter: program.as_ptr().cast::<libc::sock_filter>().cast_mut(),
    };
    let set = libc::SECCOMP_SET_MODE_FILTER as usize;
    let arguments = [set, 0, (&raw const program).expose_provenance(), 0, 0];
    // SAFETY: the program is live, `len` instructions long, and the kernel only reads it.
    unsafe { raw(libc::SYS_seccomp, arguments) }.map(drop)
}

/// `SIOCSIFFLAGS`: sets the flags of a network interface.
const SET_FLAGS: usize = 0x8914;

/// Switches the loopback of the current network namespace on.
pub(super) fn loopback_up() -> Call<()> {
    let kind = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC;
    // SAFETY: opens a descriptor.
    let socket = unsafe { raw(libc::SYS_socket, [word(libc::AF_INET), word(kind), 0, 0, 0]) }?;
    // SAFETY: zero is a value of this plain structure.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(c"lo".to_bytes()) {
        *to = libc::c_char::from_ne_bytes([*from]);
    }
    request.ifr_ifru.ifru_flags =
        libc::c_short::try_from(libc::IFF_UP | libc::IFF_RUNNING).unwrap_or_default();
    // SAFETY: the request is live and of the type SIOCSIFFLAGS reads.
    let done = unsafe {
        raw(
            libc::SYS_ioctl,
            [
                socket,
                SET_FLAGS,
                (&raw const request).expose_provenance(),
                0,
                0,
            ],
        )
    };
    // SAFETY: the socket is ours and not used any more.
    let _closed = unsafe { raw(libc::SYS_close, [socket, 0, 0, 0, 0]) };
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
    let mut status = 0_i32;
    // SAFETY: zero is a value of this plain structure.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let options = if block { 0 } else { libc::WNOHANG };
    let any = usize::MAX;
    loop {
        let places = (
            (&raw mut status).expose_provenance(),
            (&raw mut usage).expose_provenance(),
        );
        // SAFETY: both are live and of the types wait4 writes.
        let found = unsafe { raw(libc::SYS_wait4, [any, places.0, word(options), places.1, 0]) };
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
    let _nobody = unsafe { raw(libc::SYS_kill, [usize::MAX, word(libc::SIGKILL), 0, 0, 0]) };
}

/// Sends a signal to a process, or to a group by its negative number. `false` when there is
/// none that it could be sent to.
pub(super) fn signal(pid: libc::pid_t, signal: libc::c_int) -> bool {
    // SAFETY: sends a signal.
    unsafe { raw(libc::SYS_kill, [word(pid), word(signal), 0, 0, 0]) }.is_ok()
}

/// The group of a process.
pub(super) fn group_of(pid: libc::pid_t) -> Option<libc::pid_t> {
    // SAFETY: takes no memory.
    let group = unsafe { raw(libc::SYS_getpgid, [word(pid), 0, 0, 0, 0]) };
    group
        .ok()
        .and_then(|group| libc::pid_t::try_from(group).ok())
}

/// Lets some milliseconds pass.
pub(super) fn pause(milliseconds: u32) {
    let time = rustix::event::Timespec {
        tv_sec: i64::from(milliseconds / 1000),
        tv_nsec: i64::from(milliseconds % 1000) * 1_000_000,
    };
    let _slept = rustix::event::poll(&mut [], Some(&time));
}

/// The number that a text of digits is.
pub(super) fn number(digits: &[u8]) -> Option<libc::pid_t> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + libc::pid_t::from(digit - b'0'))
    })
}

/// Borrows a descriptor by its number.
pub(super) fn borrow(fd: &RawFd) -> BorrowedFd<'_> {
    // SAFETY: callers pass numbers the parent prepared, open until exec.
    unsafe { BorrowedFd::borrow_raw(*fd) }
}

/// Limits that must not depend on the host's.
pub(super) fn fix_limits() {
    for (kind, limit) in [
        (libc::RLIMIT_CORE, [0_u64, 0]),
        (libc::RLIMIT_NOFILE, [1024, 4096]),
    ] {
        let arguments = [0, kind as usize, limit.as_ptr().expose_provenance(), 0, 0];
        // SAFETY: the limit is live. Refused when the host allows less: then less it is.
        let _refused = unsafe { raw(libc::SYS_prlimit64, arguments) };
    }
}

/// Empties the permitted and effective sets down to `keep` (bits by number).
pub(super) fn set_capabilities(keep: u64) -> Call<()> {
    /// `_LINUX_CAPABILITY_VERSION_3`, then the process: this one.
    const HEADER: [u32; 2] = [0x2008_0522, 0];
    let (low, high) = ((keep & 0xffff_ffff) as u32, (keep >> 32) as u32);
    // effective, permitted, inheritable, twice: low and high halves
    let data: [u32; 6] = [low, low, 0, high, high, 0];
    let header = HEADER;
    let arguments = [
        header.as_ptr().expose_provenance(),
        data.as_ptr().expose_provenance(),
        0,
        0,
        0,
    ];
    // SAFETY: header and data have the layout of version 3.
    unsafe { raw(libc::SYS_capset, arguments) }.map(drop)
}

/// Takes a capability away from all programs to come. `EINVAL`: the kernel has no such one.
pub(super) fn drop_bounding(capability: u32) -> Call<()> {
    let drop_one = word(libc::PR_CAPBSET_DROP);
    // SAFETY: changes only this process.
    unsafe { raw(libc::SYS_prctl, [drop_one, capability as usize, 0, 0, 0]) }.map(drop)
}
