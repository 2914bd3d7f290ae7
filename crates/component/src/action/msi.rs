//! What `InstallMSI` and `UninstallMSI` have in common.

use super::input::{Given, InputRecord, Kind, Wrong, optional, required};

/// Flags of `msiexec /L`.
const LOG_OPTIONS: &str = "iwearucmopvx+!*";
/// Properties that Image Builder sets itself.
const FIXED_PROPERTIES: [&str; 3] = ["REBOOT", "REINSTALLMODE", "REINSTALL"];

pub(super) const INPUTS: &[InputRecord] = &[
    required(
        "path",
        Kind::Text,
        "of the package: a file, `s3://`, `http` or `https`",
    ),
    optional(
        "reboot",
        Kind::Choice(&["Allow", "Force", "Skip"]),
        "whether the machine is rebooted; default Allow",
    ),
    optional(
        "logOptions",
        Kind::Fits(
            are_log_options,
            "letters out of `i w e a r u c m o p v x + ! *`",
        ),
        "what `msiexec` logs; default `*VX`",
    ),
    optional("logFile", Kind::Text, "path of the log"),
    optional("properties", Kind::Pairs, "of the package, by name"),
    optional(
        "ignoreAuthenticodeSignatureErrors",
        Kind::Flag,
        "whether a signature that is not valid will do; default false",
    ),
    optional(
        "allowUnsignedInstaller",
        Kind::Flag,
        "whether no signature will do; default false",
    ),
];

pub(super) const OUTPUTS: &[&str] = &["logFile", "msiExitCode", "stdout"];

fn are_log_options(text: &str) -> bool {
    let known = |letter: char| LOG_OPTIONS.contains(letter.to_ascii_lowercase());
    !text.is_empty() && text.chars().all(known)
}

pub(super) fn check(given: &Given<'_>) -> Option<Wrong> {
    let is_fixed = |name: &&str| FIXED_PROPERTIES.contains(&name.to_ascii_uppercase().as_str());
    let fixed = given.names("properties").find(is_fixed)?;
    Some(Wrong {
        input: "properties",
        message: format!("the property `{fixed}` may not be set"),
        label: "`reboot` says whether the machine is rebooted".to_owned(),
    })
}
