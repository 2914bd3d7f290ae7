//! `InstallMSI`: a package of Windows Installer is installed. On Windows only.

use super::{Action, Shape, WINDOWS, msi, windows};

pub(super) static ACTION: Action = Action {
    name: "InstallMSI",
    summary: "installs a package of Windows Installer",
    platforms: WINDOWS,
    shape: Shape::Map,
    inputs: msi::INPUTS,
    outputs: msi::OUTPUTS,
    check: Some(msi::check),
    run: windows::run,
};
