//! Kernel parameters as systemd-sysctl and ufw set them at boot.
//!
//! Files of `/etc/sysctl.d`, `/run/sysctl.d`, `/usr/local/lib/sysctl.d` and `/usr/lib/sysctl.d` in
//! the order of their names; one in an earlier folder stands for those of the same name in later
//! ones; the last value of a key counts, and a key in full before one with `*`. `/etc/sysctl.conf`
//! counts where a link of these folders leads to it, as Debian has one. ufw's own file comes
//! after all when ufw is on.

use std::collections::BTreeMap;

use super::{Outcome, Want, Wrong};
use crate::harden::facts::{Facts, rows};
use crate::snapshot::{Snapshot, match_name};
use crate::view::ViewError;

const FOLDERS: [&str; 4] = [
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
];

/// Key to the file that set it and its value.
#[derive(Debug, Default)]
pub(in crate::harden) struct Settings {
    exact: BTreeMap<String, (String, String)>,
    patterns: Vec<(String, String, String)>,
}

impl Settings {
    pub(in crate::harden) fn read(snapshot: &Snapshot<'_>) -> Result<Self, ViewError> {
        let mut settings = Self::default();
        for path in drop_ins(snapshot, &FOLDERS, ".conf") {
            settings.add(&path, &snapshot.text(&path)?.unwrap_or_default());
        }
        let ufw = snapshot.text("/etc/ufw/ufw.conf")?.unwrap_or_default();
        if rows(&ufw).any(|row| row.eq_ignore_ascii_case("ENABLED=yes")) {
            let path = "/etc/ufw/sysctl.conf";
            settings.add(path, &snapshot.text(path)?.unwrap_or_default());
        }
        Ok(settings)
    }

    fn add(&mut self, path: &str, text: &str) {
        for row in rows(text) {
            let Some((key, value)) = row.trim_start_matches('-').split_once('=') else {
                continue;
            };
            // Either mark parts a key; the first one says which.
            let key = key.trim();
            let key = match key.find(['.', '/']).map(|at| key.as_bytes()[at]) {
                Some(b'/') => key.replace('/', "."),
                _ => key.to_owned(),
            };
            let value = value.trim().to_owned();
            if key.contains('*') {
                self.patterns.push((key, path.to_owned(), value));
            } else {
                self.exact.insert(key, (path.to_owned(), value));
            }
        }
    }

    /// File and value of a key.
    pub(super) fn get(&self, key: &str) -> Option<(&str, &str)> {
        if let Some((path, value)) = self.exact.get(key) {
            return Some((path, value));
        }
        let mut last = self.patterns.iter().rev();
        let (_, path, value) =
            last.find(|(pattern, ..)| match_name(pattern.as_bytes(), key.as_bytes()))?;
        Some((path, value))
    }
}

/// Files of several folders in the order of their names, the first folder's of each name; a
/// link to `/dev/null` takes a name out.
pub(super) fn drop_ins(snapshot: &Snapshot<'_>, folders: &[&str], end: &str) -> Vec<String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for folder in folders {
        let Some(folder) = snapshot.resolve(folder) else {
            continue;
        };
        for node in snapshot
            .children(&folder.path)
            .filter(|node| node.name().ends_with(end))
        {
            files
                .entry(node.name().to_owned())
                .or_insert_with(|| node.path.clone());
        }
    }
    files
        .into_values()
        .filter(|path| {
            snapshot
                .get(path)
                .is_some_and(|node| node.target.as_deref() != Some("/dev/null"))
        })
        .collect()
}

pub(super) fn run(facts: &Facts<'_>, keys: &[(&str, Want)]) -> Outcome {
    let mut wrong = Vec::new();
    for (key, want) in keys {
        match facts.sysctl.get(key) {
            Some((_, value)) if want.holds(value) => {}
            Some((path, value)) => wrong.push(Wrong::value(path, key, Some(value), want)),
            None => wrong.push(Wrong::value("/etc/sysctl.d", key, None, want)),
        }
    }
    Outcome::of(wrong)
}

#[cfg(test)]
mod tests {
    use crate::harden::kind::Test;
    use crate::harden::testing::{fails, passes};
    use crate::harden::want::Want;

    const ASLR: Test = Test::Sysctl(&[("kernel.randomize_va_space", Want::Is("2"))]);

    #[test]
    fn the_last_file_counts() {
        let vendor = (
            "/usr/lib/sysctl.d/50-a.conf",
            "kernel.randomize_va_space = 2\n",
        );
        passes(&ASLR, &[vendor]);
        passes(
            &ASLR,
            &[
                vendor,
                ("/etc/sysctl.d/10-b.conf", "kernel/randomize_va_space=0\n"),
            ],
        );
        fails(
            &ASLR,
            &[
                vendor,
                ("/etc/sysctl.d/60-b.conf", "kernel.randomize_va_space=0\n"),
            ],
        );
        // The same name in /etc takes the place of the vendor's.
        fails(&ASLR, &[vendor, ("/etc/sysctl.d/50-a.conf", "# nothing\n")]);
        fails(
            &ASLR,
            &[vendor, ("/etc/sysctl.d/50-a.conf", "-> /dev/null")],
        );
        fails(&ASLR, &[]);
    }

    #[test]
    fn links_patterns_and_ufw() {
        let conf = ("/etc/sysctl.conf", "kernel.randomize_va_space=2\n");
        fails(&ASLR, &[conf]);
        passes(
            &ASLR,
            &[conf, ("/etc/sysctl.d/99-sysctl.conf", "-> ../sysctl.conf")],
        );
        let filter = Test::Sysctl(&[("net.ipv4.conf.all.rp_filter", Want::Is("1"))]);
        let pattern = (
            "/usr/lib/sysctl.d/50-a.conf",
            "net.ipv4.conf.*.rp_filter = 1\n",
        );
        passes(&filter, &[pattern]);
        let ufw = ("/etc/ufw/sysctl.conf", "net/ipv4/conf/all/rp_filter=0\n");
        passes(
            &filter,
            &[pattern, ufw, ("/etc/ufw/ufw.conf", "ENABLED=no\n")],
        );
        fails(
            &filter,
            &[pattern, ufw, ("/etc/ufw/ufw.conf", "ENABLED=yes\n")],
        );
    }
}
