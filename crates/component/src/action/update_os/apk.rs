//! `apk` of Alpine. Configuration that was changed stays; the new one lies beside it.

use super::{Manager, Tool, Wanted, with};
use crate::action::ActionError;

pub(super) const MANAGER: Manager = Manager {
    program: "apk",
    home: &["alpine"],
    update,
};

/// Seconds that it waits for another one.
const WAITING: [&str; 3] = ["apk", "--wait", "600"];

fn update(tool: &mut Tool<'_, '_>, wanted: &Wanted) -> Result<(), ActionError> {
    tool.must(&[&WAITING[..], &["update"]].concat(), &[])?;
    let upgrade = [&WAITING[..], &["upgrade"]].concat();
    let words = match wanted {
        Wanted::All => upgrade,
        Wanted::Only(names) => with(&upgrade, names),
        Wanted::AllBut(names) => with(&[&upgrade[..], &["--ignore"]].concat(), names),
    };
    tool.must(&words, &[]).map(drop)
}
