//! `SetRegistry`: sets values of the registry; keys that are missing are made. On Windows only.

use super::{Action, Given, Kind, Shape, WINDOWS, Wrong, required, windows};

pub(super) static ACTION: Action = Action {
    name: "SetRegistry",
    summary: "sets a value of the registry",
    platforms: WINDOWS,
    shape: Shape::List,
    inputs: &[
        required(
            "path",
            Kind::Fits(
                has_root,
                "a key below HKCR:, HKU:, HKLM:, HKCC: or HKCU:, or their long names",
            ),
            "of the key",
        ),
        required("name", Kind::Text, "of the value"),
        required(
            "value",
            Kind::TextOrList,
            "a text, a number, or a list of them",
        ),
        required(
            "type",
            Kind::Choice(&["BINARY", "DWORD", "QWORD", "SZ", "EXPAND_SZ", "MULTI_SZ"]),
            "of the value",
        ),
    ],
    outputs: &[],
    check: Some(check),
    run: windows::run,
};

const ROOTS: [&str; 10] = [
    "HKEY_CLASSES_ROOT",
    "HKCR:",
    "HKEY_USERS",
    "HKU:",
    "HKEY_LOCAL_MACHINE",
    "HKLM:",
    "HKEY_CURRENT_CONFIG",
    "HKCC:",
    "HKEY_CURRENT_USER",
    "HKCU:",
];

fn has_root(path: &str) -> bool {
    let root = path.split(['\\', '/']).next().unwrap_or_default();
    ROOTS.iter().any(|known| known.eq_ignore_ascii_case(root))
}

/// Numbers are numbers, and one.
fn check(given: &Given<'_>) -> Option<Wrong> {
    let kind = given.text("type")?;
    if !matches!(kind, "DWORD" | "QWORD") {
        return None;
    }
    let is_number = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).is_ok(),
        None => text.parse::<u64>().is_ok(),
    };
    let shown = match given.text("value") {
        Some(text) if !is_number(text) => format!("`{text}`"),
        None if given.is_list("value") => "a list".to_owned(),
        _ => return None,
    };
    Some(Wrong {
        input: "value",
        message: format!("`value` is {shown}, not a number for `{kind}`"),
        label: "decimal, or hexadecimal after `0x`".to_owned(),
    })
}
