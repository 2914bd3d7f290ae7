//! `apt-get` of Debian and its kin.
//!
//! Packages are upgraded, and new ones installed where that needs it; nothing is removed.
//! Excluded ones are pinned away for the run, by a file that only this run's apt-get is told
//! of: nothing of it holds afterwards.

use std::time::Duration;

use super::{Manager, Tool, Wanted, with};
use crate::action::ActionError;
use crate::machine::{Attributes, MachineError, NodeKind, Status};

pub(super) const MANAGER: Manager = Manager {
    program: "apt-get",
    home: &["debian", "ubuntu"],
    update,
};

/// No questions; configuration that was changed stays, the rest becomes the new one.
const VARIABLES: [(&str, &str); 3] = [
    ("DEBIAN_FRONTEND", "noninteractive"),
    ("APT_LISTCHANGES_FRONTEND", "none"),
    ("UCF_FORCE_CONFFOLD", "1"),
];
const QUIET: [&str; 6] = [
    "apt-get",
    "-y",
    "-o",
    "Dpkg::Options::=--force-confdef",
    "-o",
    "Dpkg::Options::=--force-confold",
];
/// What apt reads of pins, and where ours is meanwhile.
const PREFERENCES: &str = "/etc/apt/preferences";
const OWN_PREFERENCES: &str = "/var/cache/apt/goldsmith-preferences";
const FROM_OWN: &str = "Dir::Etc::Preferences=/var/cache/apt/goldsmith-preferences";

/// What apt says when another program holds one of its locks.
const LOCKED: [&str; 3] = [
    "Could not get lock",
    "Unable to acquire the dpkg frontend lock",
    "Unable to lock",
];
/// Between two looks at a lock, and how long altogether.
const LOCK_WAIT: Duration = Duration::from_secs(5);
const LOCK_WAITS: u32 = 120;

fn update(tool: &mut Tool<'_, '_>, wanted: &Wanted) -> Result<(), ActionError> {
    // An index that cannot be had is a failure, not a warning.
    let refresh = ["apt-get", "-o", "APT::Update::Error-Mode=any", "update"];
    when_free(tool, &refresh)?;
    match wanted {
        Wanted::All => when_free(
            tool,
            &[&QUIET[..], &["--with-new-pkgs", "upgrade"]].concat(),
        ),
        Wanted::Only(names) => {
            let words = [&QUIET[..], &["--only-upgrade", "install", "--"]].concat();
            when_free(tool, &with(&words, names))
        }
        Wanted::AllBut(names) => {
            pin_away(tool, names)?;
            let words = [&QUIET[..], &["-o", FROM_OWN, "--with-new-pkgs", "upgrade"]].concat();
            let done = when_free(tool, &words);
            tool.call.machine.remove(tool.call.cx, OWN_PREFERENCES)?;
            done
        }
    }
}

/// Runs apt, again while another program holds its locks.
fn when_free(tool: &mut Tool<'_, '_>, words: &[&str]) -> Result<(), ActionError> {
    for waits in 0.. {
        let ended = tool.run(words, &VARIABLES)?;
        if ended.status == Status::Code(0) {
            return Ok(());
        }
        let is_locked = ended
            .tail
            .iter()
            .any(|line| LOCKED.iter().any(|text| line.contains(text)));
        let left = tool.call.timeout.unwrap_or(Duration::MAX);
        if !is_locked || waits >= LOCK_WAITS || left <= LOCK_WAIT {
            return Err(ActionError::Exit(ended.status));
        }
        if waits == 0 {
            tool.note("another program is using apt: waiting for it");
        }
        let cx = tool.call.cx;
        cx.cancel.check().map_err(MachineError::from)?;
        cx.clock().sleep(LOCK_WAIT);
        tool.call.timeout = tool.call.timeout.map(|left| left.saturating_sub(LOCK_WAIT));
    }
    Ok(())
}

/// Writes the machine's own pins and ours, which let no version of the packages in.
fn pin_away(tool: &Tool<'_, '_>, names: &[String]) -> Result<(), ActionError> {
    let (cx, machine) = (tool.call.cx, tool.call.machine);
    let mut text = match machine.stat(cx, PREFERENCES)? {
        Some(NodeKind::File) => machine.read(cx, PREFERENCES)?,
        _ => Vec::new(),
    };
    for name in names {
        let pin = format!("\n\nPackage: {name}\nPin: version *\nPin-Priority: -1\n");
        text.extend_from_slice(pin.as_bytes());
    }
    machine.write(cx, OWN_PREFERENCES, &text, &Attributes::default())?;
    Ok(())
}
