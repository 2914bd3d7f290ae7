//! `shell-history`: no history of a shell or of another prompt.
//!
//! Commands typed while building often hold passwords.

use super::{Action, Family, Rule, delete};

pub(super) static RULE: Rule = Rule {
    id: "shell-history",
    summary: "no history of a shell or of another prompt",
    families: &[Family::All],
    actions: &[Action::Delete],
    references: &[
        "virt-sysprep",
        "ec2-image-builder",
        "waagent-deprovision",
        "kubernetes-image-builder",
        "bento",
    ],
    paths: &[
        delete(
            "~/.{bash,zsh,sh,ash,ksh,python,mysql,psql,sqlite,node_repl,irb,irb-,pry,redis,dbshell,mongo}_history",
        ),
        delete(
            "~/.{rediscli_history,lesshst,viminfo,histfile,history,wget-hsts,sudo_as_admin_successful}",
        ),
        delete("~/.local/{share,state}/{*history,**/fish_history}"),
        delete("/var/lib/sudo/{lectured,ts}/*"),
    ],
    code: None,
};

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::check;

    #[test]
    fn removes() {
        check(
            &super::RULE,
            &[
                ("/root/.bash_history", "x"),
                ("/home/ann/.python_history", "x"),
                ("/root/.lesshst", "x"),
                ("/home/ann/.local/share/fish/fish_history", "x"),
                ("/var/lib/sudo/lectured/ann", "x"),
            ],
            &[
                ("/root/.bash_historian", "kept"),
                ("/home/ann/.local/share/notes", "kept"),
            ],
        );
    }
}
