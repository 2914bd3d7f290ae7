//! Which distribution an image has, by its `os-release` (freedesktop's form: `NAME=VALUE`, quoted as
//! a shell quotes).

use goldsmith_core::inventory::Distribution;

use crate::snapshot::Snapshot;
use crate::view::ViewError;

/// The distribution; `None`: there is no `os-release`.
pub fn read(snapshot: &Snapshot<'_>) -> Result<Option<Distribution>, ViewError> {
    let text = match snapshot.text("/etc/os-release")? {
        Some(text) => text,
        None => match snapshot.text("/usr/lib/os-release")? {
            Some(text) => text,
            None => return Ok(None),
        },
    };
    let Some(mut found) = parse(&text) else {
        return Ok(None);
    };
    if found.id == "debian" {
        let version = snapshot.text("/etc/debian_version")?.unwrap_or_default();
        let version = version.trim();
        // `12.15`, or `trixie/sid` before a release.
        let is_point = version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.');
        found.point_release = is_point.then(|| version.to_owned());
    }
    Ok(Some(found))
}

fn parse(text: &str) -> Option<Distribution> {
    let value = |name: &str| {
        let mut lines = text.lines();
        let value = lines.find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='))?;
        Some(unquote(value.trim())).filter(|value| !value.is_empty())
    };
    let id = value("ID")?;
    Some(Distribution {
        like: value("ID_LIKE")
            .map(|like| like.split_whitespace().map(str::to_owned).collect())
            .unwrap_or_default(),
        version: value("VERSION_ID"),
        codename: value("VERSION_CODENAME"),
        title: value("PRETTY_NAME").unwrap_or_else(|| id.clone()),
        point_release: None,
        id,
    })
}

fn unquote(value: &str) -> String {
    for quote in ['"', '\''] {
        let inner = value
            .strip_prefix(quote)
            .and_then(|v| v.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner
                .replace("\\\"", "\"")
                .replace("\\$", "$")
                .replace("\\\\", "\\");
        }
    }
    value.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitize::testing::{Tree, cx};
    use crate::view::tree::TreeView;

    fn check(files: &[(&str, &str)], expected: Option<(&str, Option<&str>, Option<&str>)>) {
        let tree = Tree::clean();
        tree.put(files);
        let view = TreeView::open(tree.root()).unwrap();
        let found = read(&Snapshot::take(&view, &cx()).unwrap()).unwrap();
        let found = found.as_ref();
        let shown = found.map(|d| (&*d.id, d.version.as_deref(), d.point_release.as_deref()));
        assert_eq!(shown, expected);
    }

    #[test]
    fn told_by_os_release() {
        check(
            &[
                ("/etc/os-release", "-> ../usr/lib/os-release"),
                (
                    "/usr/lib/os-release",
                    "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n",
                ),
                ("/etc/debian_version", "12.15\n"),
            ],
            Some(("debian", Some("12"), Some("12.15"))),
        );
        check(
            &[
                ("/etc/os-release", "ID=debian\n"),
                ("/etc/debian_version", "trixie/sid\n"),
            ],
            Some(("debian", None, None)),
        );
        check(
            &[(
                "/etc/os-release",
                "ID='almalinux'\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=9.5\n",
            )],
            Some(("almalinux", Some("9.5"), None)),
        );
        check(&[("/etc/os-release", "NAME=x\n")], None);
    }
}
