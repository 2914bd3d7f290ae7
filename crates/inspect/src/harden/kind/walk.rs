//! Every file and folder of the image.

use std::collections::BTreeSet;

use super::{Outcome, Wrong};
use crate::harden::facts::Facts;
use crate::view::{Kind, Node};

/// What must hold for each.
#[derive(Debug, Clone, Copy)]
pub(in crate::harden) enum Rule {
    /// No file that anybody may write, no such folder without the sticky bit.
    NoWorldWritable,
    /// Owner and group are accounts of the image.
    NoUnowned,
    /// Programs with the rights of another belong to packages.
    NoForeignSetuid,
}

/// More than these are not named one by one.
const MAX_NAMED: usize = 20;

pub(super) fn run(facts: &Facts<'_>, rule: Rule) -> Outcome {
    let ids = |path: &str| -> BTreeSet<u32> {
        let text = facts.snapshot.text(path).ok().flatten().unwrap_or_default();
        text.lines()
            .filter_map(|row| row.split(':').nth(2)?.parse().ok())
            .collect()
    };
    let (users, groups) = (ids("/etc/passwd"), ids("/etc/group"));
    let problem = |node: &Node| -> Option<String> {
        match rule {
            Rule::NoWorldWritable => {
                let is_bad = node.mode & 0o002 != 0
                    && match node.kind {
                        Kind::File => true,
                        Kind::Folder => node.mode & 0o1000 == 0,
                        Kind::Link | Kind::Other => false,
                    };
                is_bad.then(|| format!("anybody may write: mode {:04o}", node.mode))
            }
            Rule::NoUnowned => (!users.contains(&node.uid) || !groups.contains(&node.gid))
                .then(|| format!("no account has the number {}:{}", node.uid, node.gid)),
            Rule::NoForeignSetuid => {
                let is_program =
                    node.kind == Kind::File && node.mode & 0o111 != 0 && node.mode & 0o6000 != 0;
                (is_program && !facts.snapshot.is_owned(node))
                    .then(|| format!("mode {:04o}, and no package brought it", node.mode))
            }
        }
    };
    let bad = facts
        .snapshot
        .nodes()
        .iter()
        .filter_map(|node| Some(Wrong::file(&node.path, problem(node)?)));
    let mut wrong: Vec<Wrong> = bad.collect();
    if wrong.len() > MAX_NAMED {
        let more = wrong.len() - MAX_NAMED;
        wrong.truncate(MAX_NAMED);
        wrong.push(Wrong::image(format!("{more} more")));
    }
    Outcome::of(wrong)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::Rule;
    use crate::harden::kind::{Outcome, Test};
    use crate::harden::testing::{outcome, tree};

    #[test]
    fn modes() {
        let tree = tree(&[
            ("/opt/a", "x"),
            ("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
            ("/etc/group", "root:x:0:\n"),
        ]);
        let set = |path: &str, mode| {
            std::fs::set_permissions(tree.at(path), std::fs::Permissions::from_mode(mode)).unwrap()
        };
        let is_fine = |rule| outcome(&Test::Walk(rule), &tree) == Outcome::Pass;
        set("/opt/a", 0o644);
        assert!(
            is_fine(Rule::NoWorldWritable)
                && is_fine(Rule::NoForeignSetuid)
                && is_fine(Rule::NoUnowned)
        );
        set("/opt/a", 0o666);
        assert!(!is_fine(Rule::NoWorldWritable));
        set("/opt/a", 0o4755);
        assert!(!is_fine(Rule::NoForeignSetuid) && is_fine(Rule::NoWorldWritable));
        set("/opt", 0o777);
        assert!(!is_fine(Rule::NoWorldWritable));
        set("/opt", 0o1777);
        assert!(is_fine(Rule::NoWorldWritable));
        std::os::unix::fs::chown(tree.at("/opt/a"), Some(4321), None).unwrap();
        assert!(!is_fine(Rule::NoUnowned));
    }
}
