//! Root without being root: this program again in a user namespace, in which the user is root and
//! has further users and groups, those that `/etc/subuid` and `/etc/subgid` give him.
//!
//! ```text
//! become_root ── starts `sh` that waits for a line
//!             ── unshare(user namespace)
//!             ── a line: `sh` runs newuidmap, newgidmap on this process, from outside
//!             ── becomes user 0, and executes this program again with the same arguments
//! ```
//!
//! The number of the process stays, so that signals and the terminal mean the same one.
//! <https://man7.org/linux/man-pages/man7/user_namespaces.7.html>
#![expect(
    unsafe_code,
    reason = "unshare and the change of user have no safe form"
)]

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use goldsmith_core::failure::{Class, Failure};
use rustix::process::{Gid, Uid};

use crate::child;

/// Users and groups that a distribution's packages may name: all 16 bits hold.
const IDS: u32 = 65_536;

/// Why an ordinary user cannot have a namespace with users of his own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserNamespaceError {
    /// Nobody has given him any.
    #[error("`{file}` gives `{user}` no range of {IDS} numbers")]
    NoRange {
        /// `/etc/subuid` or `/etc/subgid`.
        file: &'static str,
        /// His name, or his number when he has none.
        user: String,
    },
    /// What hands them out is not here.
    #[error("there is no `{0}` on this host")]
    NoTool(&'static str),
    /// The kernel says no.
    #[error("the kernel makes no user namespace")]
    Refused(#[source] io::Error),
    /// The tool says no.
    #[error("cannot give the namespace its users: {0}")]
    Map(String),
    /// This program could not be started again.
    #[error("cannot start again in a user namespace")]
    Start(#[source] io::Error),
}

impl Failure for UserNamespaceError {
    fn class(&self) -> Class {
        Class::Environment
    }

    fn hints(&self) -> Vec<String> {
        let how = match self {
            Self::NoRange { user, .. } => format!(
                "`usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}`, once and as root, gives him one"
            ),
            Self::NoTool(_) => "install `uidmap` (Fedora: `shadow-utils`)".to_owned(),
            Self::Refused(_) => "the administrator may have switched them off: `sysctl user.max_user_namespaces`, on Ubuntu `kernel.apparmor_restrict_unprivileged_userns`".to_owned(),
            Self::Map(_) | Self::Start(_) => return vec![AS_ROOT.to_owned()],
        };
        vec![how, AS_ROOT.to_owned()]
    }
}

const AS_ROOT: &str = "or run it as root";

/// Whether this process is root of a user namespace, not of the host.
pub fn is_inside() -> bool {
    static INSIDE: OnceLock<bool> = OnceLock::new();
    *INSIDE.get_or_init(|| {
        let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        rustix::process::geteuid().is_root() && !is_whole(&map)
    })
}

/// Whether a map is that of the host: every number means itself.
fn is_whole(map: &str) -> bool {
    let words: Vec<&str> = map.split_whitespace().collect();
    matches!(words.as_slice(), [] | ["0", "0", "4294967295"])
}

/// What a namespace of this user is made of.
#[derive(Debug)]
pub struct Ranges {
    user: (u32, u32),
    group: (u32, u32),
}

/// Whether this user can have a namespace, as far as that can be told without making one.
pub fn ranges() -> Result<Ranges, UserNamespaceError> {
    for tool in ["newuidmap", "newgidmap"] {
        if child::find(tool).is_none() {
            return Err(UserNamespaceError::NoTool(tool));
        }
    }
    let uid = rustix::process::getuid().as_raw();
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = name(&passwd, uid);
    let find = |file: &'static str, own: u32| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let user = name.clone().unwrap_or_else(|| uid.to_string());
        let first = first(&text, &[user.as_str(), &uid.to_string()]);
        first
            .map(|first| (own, first))
            .ok_or(UserNamespaceError::NoRange { file, user })
    };
    Ok(Ranges {
        user: find("/etc/subuid", uid)?,
        group: find("/etc/subgid", rustix::process::getgid().as_raw())?,
    })
}

fn name(passwd: &str, uid: u32) -> Option<String> {
    let uid = uid.to_string();
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}

/// The first number of a range that is large enough and belongs to one of `owners`.
fn first(ranges: &str, owners: &[&str]) -> Option<u32> {
    ranges.lines().find_map(|line| {
        let mut fields = line.trim().split(':');
        let owner = fields.next()?;
        let (first, count) = (fields.next()?, fields.next()?);
        let count: u32 = count.parse().ok()?;
        let is_fitting = owners.contains(&owner) && count >= IDS - 1;
        is_fitting.then(|| first.parse().ok())?
    })
}

/// Goes on as root of a new user namespace: starts this program again, with `arguments`, and comes
/// back only when that is not possible. To be called before there is a second thread.
pub fn become_root(arguments: impl Iterator<Item = OsString>) -> UserNamespaceError {
    match ranges().and_then(|ranges| enter(&ranges)) {
        Ok(()) => {}
        Err(error) => return error,
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "this program again, with all it was given"
    )]
    let mut again = Command::new("/proc/self/exe");
    UserNamespaceError::Start(again.args(arguments).exec())
}

fn enter(ranges: &Ranges) -> Result<(), UserNamespaceError> {
    let own = std::process::id();
    let map = |tool: &str, (own_number, first): (u32, u32)| {
        format!("{tool} {own} 0 {own_number} 1 1 {first} {}", IDS - 1)
    };
    // Started before the namespace is made: from inside of it nobody could map more than himself.
    let script = format!(
        "read -r _ && {} && {}",
        map("newuidmap", ranges.user),
        map("newgidmap", ranges.group)
    );
    #[expect(
        clippy::disallowed_methods,
        reason = "it waits for a line, which no supervised program can be sent"
    )]
    let mut mapper = Command::new("/bin/sh")
        .args(["-c", &script])
        .env_clear()
        .env("PATH", child::PATH)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(UserNamespaceError::Start)?;
    // SAFETY: takes no memory; the caller has one thread.
    if unsafe { libc::unshare(libc::CLONE_NEWUSER) } != 0 {
        let error = io::Error::last_os_error();
        drop(mapper.kill());
        drop(mapper.wait());
        return Err(UserNamespaceError::Refused(error));
    }
    let told = mapper.stdin.take().map(|mut stdin| stdin.write_all(b"\n"));
    let output = mapper
        .wait_with_output()
        .map_err(UserNamespaceError::Start)?;
    if !output.status.success() || !matches!(told, Some(Ok(()))) {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(UserNamespaceError::Map(said));
    }
    let refused = |error: rustix::io::Errno| UserNamespaceError::Refused(error.into());
    rustix::thread::set_thread_groups(&[]).map_err(refused)?;
    rustix::thread::set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT).map_err(refused)?;
    rustix::thread::set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_and_ranges() {
        assert!(is_whole("         0          0 4294967295\n"));
        assert!(!is_whole("0 1000 1\n1 100000 65535\n"));
        let ranges = "small:100000:1000\nbob:200000:65536\n1000:300000:65536\n# note\nodd\n";
        for (owners, found) in [
            (&["bob", "1001"][..], Some(200_000)),
            (&["alice", "1000"], Some(300_000)),
            (&["small", "1002"], None),
            (&["nobody", "65534"], None),
        ] {
            assert_eq!(first(ranges, owners), found, "{owners:?}");
        }
        let passwd = "root:x:0:0::/root:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n";
        assert_eq!(name(passwd, 1001).as_deref(), Some("bob"));
        assert_eq!(name(passwd, 7), None);
    }
}
