//! `unowned`: files that no package brought are listed, so that drift can be seen.
//!
//! What package scripts make again and again (byte code, alternatives, links of units
//! and run levels, caches) is left out: it says nothing about who changed what.

use super::{Action, Family, Found, Kind, Rule, Search, Severity};

pub(super) static RULE: Rule = Rule {
    id: "unowned",
    summary: "files under /usr and /opt that no package brought are listed",
    families: &[Family::All],
    actions: &[Action::Check],
    references: &["goldsmith"],
    paths: &[],
    code: Some(|search, found| {
        find(search, found);
        Ok(())
    }),
};

fn find(search: &Search<'_>, found: &mut Found) {
    if search.snapshot.package_count() == 0 {
        return;
    }
    for folder in ["/usr", "/opt"] {
        for node in search.snapshot.beneath(folder) {
            if node.kind == Kind::File && !search.snapshot.is_owned(node) && !is_made(&node.path) {
                found.report(Severity::Info, &node.path, None, "");
            }
        }
    }
}

fn is_made(path: &str) -> bool {
    const ENDINGS: &[&str] = &[".pyc", ".cache", "/locale-archive", "/mimeinfo.cache"];
    const FOLDERS: &[&str] = &[
        "/usr/lib/modules/",
        "/usr/share/mime/",
        "/usr/share/info/dir",
    ];
    ENDINGS.iter().any(|end| path.ends_with(end))
        || FOLDERS.iter().any(|start| path.starts_with(start))
}

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::check_report;

    #[test]
    fn lists() {
        check_report(
            &super::RULE,
            &[("/usr/local/bin/mine", "x"), ("/opt/app/run", "x")],
            &[
                (
                    "/var/lib/dpkg/info/p.list",
                    "/usr/bin/p\n/usr/lib/systemd/systemd\n/usr/lib/os-release\n",
                ),
                ("/usr/bin/p", "x"),
                ("/usr/lib/python3/a.pyc", "x"),
            ],
        );
    }
}
