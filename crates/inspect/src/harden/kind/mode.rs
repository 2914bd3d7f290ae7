//! Permission bits, owner and group of files and folders that are there.

use super::{Outcome, Wrong};
use crate::harden::facts::Facts;
use crate::view::Kind;

/// Who may own a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::harden) enum Owner {
    /// Root, and root's group.
    Root,
    /// Root, any group.
    RootAnyGroup,
    /// Root, and root's or this group.
    RootOr(&'static str),
    /// Anybody.
    Anybody,
}

pub(super) fn run(facts: &Facts<'_>, patterns: &[&str], bits: u32, owner: Owner) -> Outcome {
    let mut wrong = Vec::new();
    let mut is_any = false;
    for pattern in patterns {
        for node in facts.snapshot.select(pattern) {
            let node = match node.kind {
                Kind::Link => facts.snapshot.resolve(&node.path).unwrap_or(node),
                _ => node,
            };
            if !matches!(node.kind, Kind::File | Kind::Folder) {
                continue;
            }
            is_any = true;
            if node.mode & !bits & 0o7777 != 0 {
                wrong.push(Wrong::file(
                    &node.path,
                    format!("mode is {:04o}, more than {bits:04o}", node.mode),
                ));
            }
            let is_group = match owner {
                Owner::Root => node.gid == 0,
                Owner::RootOr(name) => node.gid == 0 || gid(facts, name) == Some(node.gid),
                Owner::RootAnyGroup | Owner::Anybody => true,
            };
            if owner != Owner::Anybody && node.uid != 0 || !is_group {
                wrong.push(Wrong::file(
                    &node.path,
                    format!("owner is {}:{}", node.uid, node.gid),
                ));
            }
        }
    }
    if is_any {
        Outcome::of(wrong)
    } else {
        Outcome::skip("no such file")
    }
}

fn gid(facts: &Facts<'_>, name: &str) -> Option<u32> {
    let text = facts.snapshot.text("/etc/group").ok()??;
    let row = text
        .lines()
        .find(|row| row.split(':').next() == Some(name))?;
    row.split(':').nth(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::Owner;
    use crate::harden::kind::{Outcome, Test};
    use crate::harden::testing::{outcome, skips, tree};

    #[test]
    fn bits() {
        let test = Test::Mode(
            &["/etc/cron.{daily,hourly}", "/etc/crontab"],
            0o700,
            Owner::Anybody,
        );
        skips(&test, &[]);
        let tree = tree(&[("/etc/crontab", "x")]);
        let set = |mode| {
            std::fs::set_permissions(
                tree.at("/etc/crontab"),
                std::fs::Permissions::from_mode(mode),
            )
            .unwrap();
        };
        set(0o600);
        assert_eq!(outcome(&test, &tree), Outcome::Pass);
        set(0o644);
        assert!(matches!(outcome(&test, &tree), Outcome::Fail(_)));
        set(0o4700);
        assert!(matches!(outcome(&test, &tree), Outcome::Fail(_)));
    }
}
