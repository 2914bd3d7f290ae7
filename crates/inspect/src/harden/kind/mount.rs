//! Mount points: rows of fstab, and mount units of systemd.

use std::collections::BTreeMap;

use super::{Outcome, Wrong};
use crate::harden::facts::{Facts, rows};
use crate::snapshot::Snapshot;
use crate::view::ViewError;

/// How something is mounted.
#[derive(Debug, Default)]
pub(in crate::harden) struct Mount {
    path: String,
    options: Vec<String>,
}

/// What systemd mounts by itself, with what options.
const API: &[(&str, &str)] = &[("/dev/shm", "nosuid,nodev")];

pub(in crate::harden) fn read(
    snapshot: &Snapshot<'_>,
) -> Result<BTreeMap<String, Mount>, ViewError> {
    let mut mounts = BTreeMap::new();
    let mut add = |point: &str, path: &str, options: &str| {
        let mount = Mount {
            path: path.to_owned(),
            options: options
                .split(',')
                .map(|option| option.trim().to_owned())
                .collect(),
        };
        mounts.insert(point.to_owned(), mount);
    };
    for (point, options) in API {
        add(point, "/etc/fstab", options);
    }
    for unit in snapshot.select("/{usr/lib,etc}/systemd/system/*.mount") {
        let is_vendor = unit.path.starts_with("/usr/lib/");
        let name = unit.name();
        let is_wanted = !snapshot
            .select(&format!(
                "/{{usr/lib,etc}}/systemd/system/*.{{wants,requires}}/{name}"
            ))
            .is_empty();
        if is_vendor && !is_wanted && name != "tmp.mount" {
            continue;
        }
        if let Some(text) = snapshot.text(&unit.path)? {
            let value = |key: &str| {
                rows(&text)
                    .find_map(|row| row.strip_prefix(key))
                    .map(str::trim)
            };
            if let Some(point) = value("Where=") {
                add(point, &unit.path, value("Options=").unwrap_or_default());
            }
        }
    }
    let fstab = snapshot.text("/etc/fstab")?.unwrap_or_default();
    for row in rows(&fstab) {
        let words: Vec<&str> = row.split_whitespace().collect();
        if let [_, point, _, options, ..] = words[..] {
            add(point, "/etc/fstab", options);
        }
    }
    Ok(mounts)
}

pub(super) fn own(facts: &Facts<'_>, point: &str) -> Outcome {
    if facts.mounts.contains_key(point) {
        return Outcome::Pass;
    }
    Outcome::Fail(vec![Wrong::entry(
        "/etc/fstab",
        Some(point),
        format!("`{point}` is no mount of its own"),
    )])
}

/// Options of a mount that is there: without one there is nothing to set them on.
pub(super) fn options(facts: &Facts<'_>, point: &str, wanted: &[&str]) -> Outcome {
    let Some(mount) = facts.mounts.get(point) else {
        return Outcome::skip(format!("`{point}` is no mount of its own"));
    };
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|option| !mount.options.iter().any(|one| one == option))
        .collect();
    if missing.is_empty() {
        return Outcome::Pass;
    }
    Outcome::Fail(vec![Wrong::entry(
        &mount.path,
        Some(point),
        format!("`{point}` is mounted without `{}`", missing.join("`, `")),
    )])
}

#[cfg(test)]
mod tests {
    use crate::harden::kind::Test;
    use crate::harden::testing::{fails, passes, skips};

    const TMP: Test = Test::MountOptions("/tmp", &["nodev", "nosuid", "noexec"]);

    #[test]
    fn fstab_and_units() {
        skips(&TMP, &[]);
        fails(&Test::OwnMount("/tmp"), &[]);
        let row = (
            "/etc/fstab",
            "tmpfs /tmp tmpfs rw,nosuid,nodev,noexec 0 0\n",
        );
        passes(&TMP, &[row]);
        passes(&Test::OwnMount("/tmp"), &[row]);
        fails(
            &TMP,
            &[("/etc/fstab", "tmpfs /tmp tmpfs defaults,nosuid 0 0\n")],
        );
        let unit = (
            "/etc/systemd/system/tmp.mount",
            "[Mount]\nWhere=/tmp\nOptions=mode=1777,nosuid,nodev,noexec\n",
        );
        passes(&TMP, &[unit]);
        fails(
            &TMP,
            &[unit, ("/etc/fstab", "tmpfs /tmp tmpfs defaults 0 0\n")],
        );
        // systemd's own mount lacks one of the three.
        fails(&Test::MountOptions("/dev/shm", &["noexec"]), &[]);
        passes(&Test::MountOptions("/dev/shm", &["nosuid"]), &[]);
    }
}
