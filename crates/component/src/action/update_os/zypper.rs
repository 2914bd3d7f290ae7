//! `zypper` of SUSE. It knows no exclusions for one run, so the others are named.

use super::{Manager, REBOOT_NEEDED, Tool, Wanted, with};
use crate::action::{ActionError, files};
use crate::machine::Status;

pub(super) const MANAGER: Manager = Manager {
    program: "zypper",
    home: &["opensuse", "sles", "suse"],
    update,
};

/// Seconds that it waits for another one.
const VARIABLES: [(&str, &str); 1] = [("ZYPP_LOCK_TIMEOUT", "600")];
const UPDATE: [&str; 4] = [
    "zypper",
    "--non-interactive",
    "update",
    "--auto-agree-with-licenses",
];
/// It has updated itself and wants to be run once more for the rest.
const AGAIN: i32 = 103;
const RUNS_MAX: u32 = 3;
/// All is well, and something wants a reboot.
const REBOOT: i32 = 102;

fn update(tool: &mut Tool<'_, '_>, wanted: &Wanted) -> Result<(), ActionError> {
    tool.must(&["zypper", "--non-interactive", "refresh"], &VARIABLES)?;
    let names = match wanted {
        Wanted::All => Vec::new(),
        Wanted::Only(names) => names.clone(),
        Wanted::AllBut(excluded) => {
            let list = ["zypper", "--non-interactive", "--quiet", "list-updates"];
            let table = tool.must(&list, &VARIABLES)?;
            let mut names = names(&table);
            names.retain(|name| !excluded.iter().any(|pattern| files::fits(pattern, name)));
            if names.is_empty() {
                tool.note("every other package is as new as it can be");
                return Ok(());
            }
            names
        }
    };
    let words = with(&UPDATE, &names);
    for _ in 0..RUNS_MAX {
        match tool.run(&words, &VARIABLES)?.status {
            Status::Code(0) => return Ok(()),
            Status::Code(REBOOT) => {
                tool.note(REBOOT_NEEDED);
                return Ok(());
            }
            Status::Code(AGAIN) => tool.note("zypper has updated itself: once more"),
            status => return Err(ActionError::Exit(status)),
        }
    }
    Err(ActionError::Exit(Status::Code(AGAIN)))
}

/// The column `Name` of a table.
fn names(table: &str) -> Vec<String> {
    let mut column = None;
    let mut names = Vec::new();
    for line in table.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match column {
            None => column = cells.iter().position(|cell| *cell == "Name"),
            // The line below the head.
            Some(_) if line.contains("-+-") => {}
            Some(at) => names.extend(cells.get(at).filter(|name| !name.is_empty())),
        }
    }
    let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn tables() {
        let table = "S | Repository | Name    | Current Version | Available Version | Arch\n--+------------+---------+-----------------+-------------------+-------\nv | main       | alpha   | 1-1             | 2-1               | noarch\nv | main       | beta    | 1-1             | 2-1               | x86_64\n";
        assert_eq!(names(table), ["alpha", "beta"]);
        assert!(names("No updates found.\n").is_empty());
        assert!(names("").is_empty());
    }
}
