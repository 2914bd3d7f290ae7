//! Every file and folder of the image.

use std::collections::BTreeSet;

use super::{Outcome, Wrong};
use crate::harden::facts::Facts;
use crate::view::{Kind, Node};

/// What none may be.
#[derive(Debug, Clone, Copy)]
pub(in crate::harden) enum Rule {
    /// A file that anybody may write, or such a folder without the sticky bit.
    WorldWritable,
    /// Of an owner or a group that is no account of the image.
    Unowned,
    /// A program with the rights of another that no package brought.
    ForeignSetuid,
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
            Rule::WorldWritable => {
                let is_bad = node.mode & 0o002 != 0
                    && match node.kind {
                        Kind::File => true,
                        Kind::Folder => node.mode & 0o1000 == 0,
                        Kind::Link | Kind::Other => false,
                    };
                is_bad.then(|| format!("anybody may write: mode {:04o}", node.mode))
            }
            Rule::Unowned => (!users.contains(&node.uid) || !groups.contains(&node.gid))
                .then(|| format!("no account has the number {}:{}", node.uid, node.gid)),
            Rule::ForeignSetuid => {
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
            std::fs::set_permissions(tree.at(path), std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let is_fine = |rule| outcome(&Test::Walk(rule), &tree) == Outcome::Pass;
        set("/opt/a", 0o644);
        assert!(
            is_fine(Rule::WorldWritable) && is_fine(Rule::ForeignSetuid) && is_fine(Rule::Unowned)
        );
        set("/opt/a", 0o666);
        assert!(!is_fine(Rule::WorldWritable));
        set("/opt/a", 0o4755);
        assert!(!is_fine(Rule::ForeignSetuid) && is_fine(Rule::WorldWritable));
        set("/opt", 0o777);
        assert!(!is_fine(Rule::WorldWritable));
        set("/opt", 0o1777);
        assert!(is_fine(Rule::WorldWritable));
        std::os::unix::fs::chown(tree.at("/opt/a"), Some(4321), None).unwrap();
        assert!(!is_fine(Rule::Unowned));
    }
}
