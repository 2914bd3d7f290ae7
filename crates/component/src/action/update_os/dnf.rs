//! `dnf` of Fedora and its kin, its small brothers, and `yum` before it.

use super::{Manager, Tool, Wanted, with};
use crate::action::ActionError;
use crate::machine::Status;

pub(super) const DNF: Manager = Manager {
    program: "dnf",
    home: &["amzn", "centos", "fedora", "rhel"],
    update: |tool, wanted| checked_first(tool, &["dnf", "-y", "--refresh"], "upgrade", wanted),
};
pub(super) const TDNF: Manager = Manager {
    program: "tdnf",
    home: &["azurelinux", "mariner", "photon"],
    update: |tool, wanted| at_once(tool, &["tdnf", "-y", "--refresh"], "update", wanted),
};
pub(super) const MICRODNF: Manager = Manager {
    program: "microdnf",
    home: &["fedora", "rhel"],
    update: |tool, wanted| at_once(tool, &["microdnf", "-y", "--refresh"], "upgrade", wanted),
};
pub(super) const YUM: Manager = Manager {
    program: "yum",
    home: &["amzn", "centos", "rhel"],
    update: |tool, wanted| {
        // It has no `--refresh`.
        tool.must(&["yum", "-y", "clean", "expire-cache"], &[])?;
        checked_first(tool, &["yum", "-y"], "update", wanted)
    },
};

/// What `check-update` exits with when there are updates.
const UPDATES: i32 = 100;

/// Asks whether there is anything, then updates it. Names that are asked for go without the
/// question: to it, a package that does not exist and one without updates are the same.
fn checked_first(
    tool: &mut Tool<'_, '_>,
    words: &[&str],
    verb: &str,
    wanted: &Wanted,
) -> Result<(), ActionError> {
    let excluded = excluded(wanted);
    if !matches!(wanted, Wanted::Only(_)) {
        let check = with(words, &excluded);
        let check = [&check[..], &["check-update"]].concat();
        match tool.run(&check, &[])?.status {
            Status::Code(0) => {
                tool.note("every package is as new as it can be");
                return Ok(());
            }
            Status::Code(UPDATES) => {}
            status => return Err(ActionError::Exit(status)),
        }
    }
    at_once(tool, words, verb, wanted)
}

fn at_once(
    tool: &mut Tool<'_, '_>,
    words: &[&str],
    verb: &str,
    wanted: &Wanted,
) -> Result<(), ActionError> {
    let excluded = excluded(wanted);
    let mut words = with(words, &excluded);
    words.push(verb);
    if let Wanted::Only(names) = wanted {
        words = with(&words, names);
    }
    tool.must(&words, &[]).map(drop)
}

fn excluded(wanted: &Wanted) -> Vec<String> {
    match wanted {
        Wanted::AllBut(names) => names
            .iter()
            .map(|name| format!("--exclude={name}"))
            .collect(),
        Wanted::All | Wanted::Only(_) => Vec::new(),
    }
}
