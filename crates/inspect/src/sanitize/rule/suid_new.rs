//! `suid-new`: programs that give the rights of another and that no package brought.
//!
//! By mode only: file capabilities are not looked at.

use super::{Action, Family, Found, Kind, Rule, Search, Severity};

pub(super) static RULE: Rule = Rule {
    id: "suid-new",
    summary: "no setuid or setgid program that no package brought",
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
    for node in search.snapshot.nodes() {
        let is_program = node.kind == Kind::File && node.mode & 0o111 != 0;
        if is_program && node.mode & 0o6000 != 0 && !search.snapshot.is_owned(node) {
            let mode = format!("{:04o}", node.mode);
            found.report(
                Severity::Fail,
                &node.path,
                Some(&mode),
                "no package brought it",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::RULE;
    use crate::sanitize::testing::{Tree, only};

    #[test]
    fn names() {
        let tree = Tree::clean();
        tree.put(&[
            ("/usr/bin/su", "x"),
            ("/usr/bin/backdoor", "x"),
            ("/usr/bin/plain", "x"),
            ("/bin", "-> usr/bin"),
            // dpkg lists the old place, the file is behind the link.
            ("/var/lib/dpkg/info/util-linux.list", "/bin/su\n"),
        ]);
        for name in ["su", "backdoor"] {
            let at = tree.at(&format!("/usr/bin/{name}"));
            std::fs::set_permissions(at, std::fs::Permissions::from_mode(0o4755)).unwrap();
        }
        let found = tree.find(&RULE, &only(&RULE)).findings;
        let paths: Vec<&str> = found.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(paths, ["/usr/bin/backdoor"]);
        assert_eq!(found[0].entry.as_deref(), Some("4755"));
    }
}
