//! What stands beside the disks of images: the sanitizer's and the verifier's evidence, and the
//! last boot tests. What is not there, or cannot be read, is not compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use goldsmith_core::recipe::Firmware;
use goldsmith_inspect::sanitize::{Report, Severity};
use serde::de::DeserializeOwned;

use super::{Boot, Finding, Findings, Side};
use crate::boot_test::format::TestReport;

/// Findings that only one of them has.
pub(super) fn findings(old: &Side, new: &Side) -> Findings {
    let mut found = Findings::default();
    for file in ["sanitize.json", "verify.json"] {
        // Without one of them everything would look new.
        if let (Some(old), Some(new)) = (of(old, file), of(new, file)) {
            found.new.extend(new.difference(&old).cloned());
            found.gone.extend(old.difference(&new).cloned());
        }
    }
    found
}

fn of(side: &Side, file: &str) -> Option<BTreeSet<Finding>> {
    let report: Report = read(side, file)?;
    let finding = |(rule, row): (
        &goldsmith_inspect::sanitize::format::RuleReport,
        &goldsmith_inspect::sanitize::format::FoundRow,
    )| {
        Finding {
            pass: report.pass.clone(),
            rule: rule.id.clone(),
            path: row.path.clone(),
            entry: row.entry.clone(),
            action: row.action.clone(),
            severity: match row.severity {
                Severity::Info => "info",
                Severity::Warn => "warn",
                Severity::Fail => "fail",
            }
            .to_owned(),
            note: row.note.clone(),
        }
    };
    Some(report.findings().map(finding).collect())
}

/// Boots of the last tests, by firmware.
pub(super) fn boots(old: &Side, new: &Side) -> Vec<Boot> {
    let of = |side: &Side| -> BTreeMap<&'static str, (Option<u64>, bool)> {
        let report: Option<TestReport> = read(side, "test/report.json");
        let boots = report.into_iter().flat_map(|report| report.boots);
        boots
            .map(|boot| {
                let time = boot.times.map(|times| times.multi_user_ms);
                (boot.firmware.name(), (time, boot.is_passed))
            })
            .collect()
    };
    let (old, new) = (of(old), of(new));
    [Firmware::Bios, Firmware::Uefi]
        .into_iter()
        .map(Firmware::name)
        .filter(|name| old.contains_key(name) || new.contains_key(name))
        .map(|name| Boot {
            firmware: name.to_owned(),
            old_ms: old.get(name).and_then(|boot| boot.0),
            new_ms: new.get(name).and_then(|boot| boot.0),
            old_passed: old.get(name).map(|boot| boot.1),
            new_passed: new.get(name).map(|boot| boot.1),
        })
        .collect()
}

fn read<T: DeserializeOwned>(side: &Side, file: &str) -> Option<T> {
    let path = side.image.as_ref()?.path(file);
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}
