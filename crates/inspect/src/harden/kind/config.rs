//! A key of a configuration file, in the forms that daemons have.

use super::sysctl::drop_ins;
use super::{Outcome, Ran, Want, Wrong};
use crate::harden::facts::{Facts, rows};

/// Where a daemon's settings are.
#[derive(Debug)]
pub(in crate::harden) struct Source {
    /// What must be installed for it to matter: one of these paths.
    pub(in crate::harden) of: &'static [&'static str],
    /// The main file, and others that stand in for it where it is not there.
    pub(in crate::harden) files: &'static [&'static str],
    /// Folders of more files, read after it, by name.
    pub(in crate::harden) folders: &'static [&'static str],
    /// The value that counts without any.
    pub(in crate::harden) defaults: &'static [(&'static str, &'static str)],
}

/// `KEY VALUE` or `KEY = VALUE`, whatever the case of the key; the last one counts.
pub(super) fn run(facts: &Facts<'_>, source: &Source, key: &str, want: &Want) -> Ran {
    let snapshot = facts.snapshot;
    if !source.of.is_empty()
        && source
            .of
            .iter()
            .all(|path| snapshot.resolve(path).is_none())
    {
        return Ok(Outcome::skip("not installed"));
    }
    let mut found: Option<(String, String)> = None;
    let main = source
        .files
        .iter()
        .find(|path| snapshot.resolve(path).is_some());
    let more = drop_ins(snapshot, source.folders, ".conf");
    for path in main.map(|path| (*path).to_owned()).into_iter().chain(more) {
        let text = snapshot.text(&path)?.unwrap_or_default();
        if let Some(value) = rows(&text).filter_map(|row| value(row, key)).next_back() {
            found = Some((path, value.to_owned()));
        }
    }
    let default = source
        .defaults
        .iter()
        .find(|(name, _)| *name == key)
        .map(|(_, value)| *value);
    Ok(match (found, default) {
        (Some((_, value)), _) if want.holds(&value) => Outcome::Pass,
        (Some((path, value)), _) => {
            Outcome::Fail(vec![Wrong::value(&path, key, Some(&value), want)])
        }
        (None, Some(value)) if want.holds(value) => Outcome::Pass,
        (None, value) => {
            let file = source.files.first().copied().unwrap_or("/etc");
            Outcome::Fail(vec![Wrong::value(file, key, value, want)])
        }
    })
}

/// The value of a row for a key; a flag without a value is `yes`.
pub(super) fn value<'t>(row: &'t str, key: &str) -> Option<&'t str> {
    let (name, rest) = row.split_at_checked(key.len())?;
    if !name.eq_ignore_ascii_case(key) {
        return None;
    }
    if rest.is_empty() {
        return Some("yes");
    }
    let value = rest.trim_start();
    let is_assigned = value.starts_with('=');
    if !is_assigned && value.len() == rest.len() {
        return None;
    }
    let value = value.trim_start_matches('=').trim();
    Some(
        value
            .split(" #")
            .next()
            .unwrap_or_default()
            .trim()
            .trim_matches('"'),
    )
}

#[cfg(test)]
mod tests {
    use super::{Source, value};
    use crate::harden::kind::Test;
    use crate::harden::testing::{fails, passes, skips};
    use crate::harden::want::Want;

    static JOURNAL: Source = Source {
        of: &["/usr/lib/systemd/systemd-journald"],
        files: &["/etc/systemd/journald.conf"],
        folders: &[
            "/etc/systemd/journald.conf.d",
            "/usr/lib/systemd/journald.conf.d",
        ],
        defaults: &[("Compress", "yes")],
    };

    #[test]
    fn rows_of_daemons() {
        assert_eq!(value("Storage=persistent", "Storage"), Some("persistent"));
        assert_eq!(value("max_log_file = 8 # MB", "max_log_file"), Some("8"));
        assert_eq!(value("PASS_MAX_DAYS\t365", "PASS_MAX_DAYS"), Some("365"));
        assert_eq!(value("enforce_for_root", "enforce_for_root"), Some("yes"));
        assert_eq!(value("StorageMax=1", "Storage"), None);
        assert_eq!(value("x", "Storage"), None);
    }

    #[test]
    fn the_last_file_counts() {
        let test = Test::Config(&JOURNAL, "Storage", Want::Is("persistent"));
        let daemon = ("/usr/lib/systemd/systemd-journald", "x");
        let main = (
            "/etc/systemd/journald.conf",
            "[Journal]\n#Storage=auto\nStorage=volatile\n",
        );
        skips(&test, &[main]);
        fails(&test, &[daemon, main]);
        passes(
            &test,
            &[
                daemon,
                main,
                (
                    "/etc/systemd/journald.conf.d/a.conf",
                    "[Journal]\nStorage=persistent\n",
                ),
            ],
        );
        fails(&test, &[daemon]);
        passes(
            &Test::Config(&JOURNAL, "Compress", Want::Is("yes")),
            &[daemon],
        );
    }
}
