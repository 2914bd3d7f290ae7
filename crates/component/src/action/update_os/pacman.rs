//! `pacman` of Arch. Configuration that was changed stays; the new one lies beside it.

use super::{Manager, Tool, Wanted, with};
use crate::action::ActionError;
use crate::machine::Status;

pub(super) const MANAGER: Manager = Manager {
    program: "pacman",
    home: &["arch"],
    update,
};

fn update(tool: &mut Tool<'_, '_>, wanted: &Wanted) -> Result<(), ActionError> {
    let all = ["pacman", "-Syu", "--noconfirm"];
    match wanted {
        Wanted::All => tool.must(&all, &[]).map(drop),
        Wanted::AllBut(names) => {
            let ignored = names.join(",");
            let words = [&all[..], &["--ignore", &ignored]].concat();
            tool.must(&words, &[]).map(drop)
        }
        Wanted::Only(names) => {
            tool.must(&["pacman", "-Sy", "--noconfirm"], &[])?;
            // Naming a package installs it, and only what is there is to be updated.
            let mut installed = Vec::new();
            for name in names {
                if tool.run(&["pacman", "-Qq", name], &[])?.status == Status::Code(0) {
                    installed.push(name.clone());
                } else {
                    tool.note(&format!("`{name}` is not installed, and is not updated"));
                }
            }
            if installed.is_empty() {
                return Ok(());
            }
            let words = ["pacman", "-S", "--noconfirm", "--needed"];
            tool.must(&with(&words, &installed), &[]).map(drop)
        }
    }
}
