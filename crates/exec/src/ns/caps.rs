//! Which capabilities commands keep: what maintainer scripts and documents use on the
//! tree, and nothing that reaches the host's kernel, clock, devices or mounts.

use rustix::io::Errno;

use super::sys::{self, Call};

/// Numbers from `linux/capability.h`.
const KEPT: [u32; 16] = [
    0,  // CHOWN
    1,  // DAC_OVERRIDE
    3,  // FOWNER
    4,  // FSETID
    5,  // KILL
    6,  // SETGID
    7,  // SETUID
    8,  // SETPCAP
    10, // NET_BIND_SERVICE
    13, // NET_RAW
    14, // IPC_LOCK
    18, // SYS_CHROOT
    23, // SYS_NICE
    27, // MKNOD: nodes can be made; the tree is mounted nodev, so none can be opened
    29, // AUDIT_WRITE: PAM
    31, // SETFCAP
];
/// Only with a network of one's own.
const NET_ADMIN: u32 = 12;

fn kept(own_network: bool) -> u64 {
    let network = if own_network { 1 << NET_ADMIN } else { 0 };
    KEPT.iter().fold(network, |set, number| set | 1 << number)
}

/// Takes everything else away from programs to come.
pub(super) fn bound(own_network: bool) -> Call<()> {
    let keep = kept(own_network);
    for number in (0..64).filter(|number| keep & (1 << number) == 0) {
        match sys::drop_bounding(number) {
            Ok(()) => {}
            Err(Errno::INVAL) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Takes everything else away from the running process, too.
pub(super) fn shed(own_network: bool) -> Call<()> {
    sys::set_capabilities(kept(own_network))
}
