//! `tool-creds`: no credentials of a tool.
//!
//! Files that hold nothing else go. Files that hold a credential among other things
//! are named: taking the line out might break what the recipe meant.

use super::{Action, Family, Found, Rule, Search, Severity, ViewError, delete, warn};

pub(super) static RULE: Rule = Rule {
    id: "tool-creds",
    summary: "no credentials of registries, repositories, databases and other tools",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Check],
    references: &["goldsmith"],
    paths: &[
        delete("~/.docker/config.json"),
        delete("~/.config/containers/auth.json"),
        delete("~/.kube/{config,cache}"),
        delete("/etc/kubernetes/*.conf"),
        delete("/var/lib/kubelet/pki/**"),
        delete(
            "~/.{netrc,git-credentials,pypirc,vault-token,pgpass,my.cnf,mylogin.cnf,s3cfg,boto}",
        ),
        delete("~/.config/{git/credentials,gh/hosts.yml,rclone/rclone.conf}"),
        delete("~/.rclone.conf"),
        delete("~/.cargo/credentials{,.toml}"),
        delete("~/.m2/settings*.xml"),
        delete("~/.gem/credentials"),
        delete("~/.gnupg/{private-keys-v1.d/**,secring.gpg}"),
        warn(
            "/{etc,srv,var/www,root,home}/**/.htpasswd",
            "password hashes of a web server",
        ),
    ],
    code: Some(find),
};

/// Files in which a credential stands among other things, and what marks its line.
const MIXED: &[(&str, &str, &str)] = &[
    ("~/.npmrc", "_authToken", "a token of an npm registry"),
    ("~/.npmrc", "_password", "a password of an npm registry"),
    (
        "/{etc,usr/local/etc}/npmrc",
        "_authToken",
        "a token of an npm registry",
    ),
];

/// Files in which an address may hold a name and a password.
const ADDRESSES: &str = "/{root,home,srv,opt,var/www}/**/.git/config";
const PIP: &[&str] = &["~/.{pip/pip.conf,config/pip/pip.conf}", "/etc/pip.conf"];

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    for (files, mark, note) in MIXED {
        for (node, text) in search.snapshot.foreign_texts(files)? {
            if text.contains(mark) {
                found.report(Severity::Fail, &node.path, Some(mark), *note);
            }
        }
    }
    for files in [ADDRESSES].iter().chain(PIP) {
        for (node, text) in search.snapshot.foreign_texts(files)? {
            for (number, _) in text
                .lines()
                .enumerate()
                .filter(|(_, line)| super::has_credentials(line))
            {
                let row = format!("line {}", number + 1);
                let note = "credentials in an address";
                found.report(Severity::Fail, &node.path, Some(&row), note);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::sanitize::testing::{check, check_report};

    #[test]
    fn removes() {
        check(
            &RULE,
            &[
                ("/root/.docker/config.json", "{}"),
                ("/home/ann/.netrc", "x"),
                ("/srv/www/.git-credentials", "x"),
                ("/root/.gnupg/private-keys-v1.d/a.key", "x"),
                ("/etc/kubernetes/admin.conf", "x"),
            ],
            &[
                ("/root/.docker/daemon.json", "{}"),
                ("/home/ann/.gnupg/pubring.kbx", "x"),
            ],
        );
    }

    #[test]
    fn names_without_the_secret() {
        let found = check_report(
            &RULE,
            &[
                ("/root/.npmrc", "//registry/:_authToken=geheim\n"),
                (
                    "/opt/app/.git/config",
                    "[remote]\n url = https://x:geheim@host/a.git\n",
                ),
                (
                    "/etc/pip.conf",
                    "index-url = https://x:geheim@host/simple\n",
                ),
                ("/srv/www/.htpasswd", "ann:geheim"),
            ],
            &[
                ("/home/ann/.npmrc", "color=false\n"),
                ("/srv/a/.git/config", "url = git@h:a.git\n"),
            ],
        );
        assert!(!format!("{found:?}").contains("geheim"));
    }
}
