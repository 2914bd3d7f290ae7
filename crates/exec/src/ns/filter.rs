//! System call filters.
//!
//! A tree that is thrown away after a crash needs no `fsync`; package tools spend most of
//! their time in it. So the whole family succeeds at once. What would reach past the
//! namespaces (keyrings) does not exist; clock, modules, kexec and raw I/O are out of
//! reach by [`super::caps`].

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule, TargetArch, sock_filter};

/// Programs to load, in order.
#[derive(Clone)]
pub(super) struct Filters(pub(super) Vec<BpfProgram>);

impl std::fmt::Debug for Filters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Filters({})", self.0.len())
    }
}

/// Writing through to the device.
const SYNC: [i64; 6] = [
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_sync,
    libc::SYS_syncfs,
    libc::SYS_sync_file_range,
    libc::SYS_msync,
];

/// What no namespace keeps apart.
const HIDDEN: [i64; 3] = [libc::SYS_add_key, libc::SYS_keyctl, libc::SYS_request_key];

/// Both filters, compiled for this machine. `None` on an architecture the compiler does
/// not know.
pub(super) fn compile() -> Option<Filters> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).ok()?;
    let enosys = u32::try_from(libc::ENOSYS).ok()?;
    let one = |calls: &[i64], errno: u32| {
        let rules: BTreeMap<i64, Vec<SeccompRule>> =
            calls.iter().map(|call| (*call, Vec::new())).collect();
        let filter = SeccompFilter::new(
            rules,
            SeccompAction::Allow,
            SeccompAction::Errno(errno),
            arch,
        );
        let program = BpfProgram::try_from(filter.ok()?).ok()?;
        Some(let_others_pass(program, arch))
    };
    Some(Filters(vec![one(&SYNC, 0)?, one(&HIDDEN, enosys)?]))
}

/// Lets programs of another architecture (i386 on amd64) through unfiltered, where the
/// compiled program would kill them.
fn let_others_pass(program: BpfProgram, arch: TargetArch) -> BpfProgram {
    // linux/audit.h
    let audit = match arch {
        TargetArch::x86_64 => 0xC000_003E,
        TargetArch::aarch64 => 0xC000_00B7,
        TargetArch::riscv64 => 0xC000_00F3,
    };
    let instruction = |code: u32, jt, jf, k| sock_filter {
        code: u16::try_from(code).expect("an opcode has 16 bits"),
        jt,
        jf,
        k,
    };
    // Offset of `arch` in `struct seccomp_data`.
    let load = instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 4);
    let ours = instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 1, 0, audit);
    let pass = instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW);
    [vec![load, ours, pass], program].concat()
}
