//! Accounts, groups, passwords and homes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Outcome, Ran, Want, Wrong};
use crate::harden::facts::Facts;
use crate::view::{Kind, ViewError};

/// What must hold.
#[derive(Debug, Clone, Copy)]
pub(in crate::harden) enum Rule {
    /// Nobody logs in without a password.
    NoEmptyPassword,
    /// Every password is in shadow.
    Shadowed,
    /// Only root has the number 0, and group 0.
    OnlyRoot,
    /// Accounts of the system have no shell, and are locked.
    SystemAccountsClosed,
    /// No number and no name twice, neither of accounts nor of groups.
    Unique,
    /// Every account's group exists.
    GroupsExist,
    /// People's homes exist and are theirs.
    HomesExist,
    /// Nobody else reads a home.
    HomesClosed,
    /// No file in a home lets others in, or holds a password in clear.
    NoTrustFiles,
    /// A field of shadow of everybody with a password.
    Shadow(usize, &'static str, Want),
    /// Passwords are hashed by a slow function.
    StrongHashes,
    /// Nobody is in the group that reads shadow.
    ShadowGroupEmpty,
    /// Root cannot log in with a password.
    RootLocked,
}

/// Accounts of people begin here.
const FIRST_PERSON: u32 = 1000;
const NOBODY: u32 = 65534;
const NO_SHELL: &[&str] = &["nologin", "false", "sync", "shutdown", "halt"];

struct Row {
    name: String,
    uid: u32,
    gid: u32,
    password: String,
    home: String,
    shell: String,
}

fn rows(text: &str) -> Vec<Vec<String>> {
    text.lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.split(':').map(str::to_owned).collect())
        .collect()
}

fn accounts(facts: &Facts<'_>) -> Result<Vec<Row>, ViewError> {
    let passwd = facts.snapshot.text("/etc/passwd")?.unwrap_or_default();
    let read = |fields: Vec<String>| {
        Some(Row {
            name: fields.first()?.clone(),
            password: fields.get(1)?.clone(),
            uid: fields.get(2)?.parse().ok()?,
            gid: fields.get(3)?.parse().ok()?,
            home: fields.get(5)?.clone(),
            shell: fields.get(6).cloned().unwrap_or_default(),
        })
    };
    Ok(rows(&passwd).into_iter().filter_map(read).collect())
}

const PASSWD: &str = "/etc/passwd";
const SHADOW: &str = "/etc/shadow";

pub(super) fn run(facts: &Facts<'_>, rule: Rule) -> Ran {
    let accounts = accounts(facts)?;
    if accounts.is_empty() {
        return Ok(Outcome::skip("no accounts"));
    }
    let shadow = rows(&facts.snapshot.text(SHADOW)?.unwrap_or_default());
    let groups = rows(&facts.snapshot.text("/etc/group")?.unwrap_or_default());
    let hash_of = |name: &str| {
        shadow
            .iter()
            .find(|row| row[0] == name)
            .and_then(|row| row.get(1))
            .map_or("*", String::as_str)
    };
    let is_locked = |name: &str| hash_of(name).starts_with(['!', '*']);
    let people = || {
        accounts
            .iter()
            .filter(|row| row.uid >= FIRST_PERSON && row.uid != NOBODY && !is_closed(&row.shell))
    };
    let mut wrong = Vec::new();
    let mut say =
        |path: &str, name: &str, text: String| wrong.push(Wrong::entry(path, Some(name), text));
    match rule {
        Rule::NoEmptyPassword => {
            for row in shadow
                .iter()
                .filter(|row| row.get(1).is_some_and(String::is_empty))
            {
                say(SHADOW, &row[0], format!("`{}` needs no password", row[0]));
            }
            for row in accounts.iter().filter(|row| row.password.is_empty()) {
                say(
                    PASSWD,
                    &row.name,
                    format!("`{}` needs no password", row.name),
                );
            }
        }
        Rule::Shadowed => {
            for row in accounts
                .iter()
                .filter(|row| !["x", "*", "!", ""].contains(&row.password.as_str()))
            {
                say(
                    PASSWD,
                    &row.name,
                    format!("the password of `{}` is not in shadow", row.name),
                );
            }
        }
        Rule::OnlyRoot => {
            for row in accounts
                .iter()
                .filter(|row| row.uid == 0 && row.name != "root")
            {
                say(
                    PASSWD,
                    &row.name,
                    format!("`{}` is a second root", row.name),
                );
            }
            for row in accounts.iter().filter(|row| {
                row.gid == 0
                    && !["root", "sync", "shutdown", "halt", "operator"]
                        .contains(&row.name.as_str())
            }) {
                say(
                    PASSWD,
                    &row.name,
                    format!("`{}` is in root's group", row.name),
                );
            }
        }
        Rule::SystemAccountsClosed => {
            let system = accounts
                .iter()
                .filter(|row| row.uid != 0 && (row.uid < FIRST_PERSON || row.uid == NOBODY));
            for row in system {
                if !is_closed(&row.shell) {
                    say(
                        PASSWD,
                        &row.name,
                        format!("`{}` has the shell `{}`", row.name, row.shell),
                    );
                }
                if !is_locked(&row.name) {
                    say(SHADOW, &row.name, format!("`{}` is not locked", row.name));
                }
            }
        }
        Rule::Unique => {
            for text in twice(accounts.iter().map(|row| row.uid.to_string()))
                .chain(twice(accounts.iter().map(|row| row.name.clone())))
            {
                say(PASSWD, &text, format!("`{text}` is there twice"));
            }
            let number = |row: &Vec<String>| row.get(2).cloned();
            for text in twice(groups.iter().filter_map(number))
                .chain(twice(groups.iter().map(|row| row[0].clone())))
            {
                say("/etc/group", &text, format!("`{text}` is there twice"));
            }
        }
        Rule::GroupsExist => {
            let known: BTreeSet<u32> = groups
                .iter()
                .filter_map(|row| row.get(2)?.parse().ok())
                .collect();
            for row in accounts.iter().filter(|row| !known.contains(&row.gid)) {
                say(
                    PASSWD,
                    &row.name,
                    format!("group {} of `{}` does not exist", row.gid, row.name),
                );
            }
        }
        Rule::HomesExist | Rule::HomesClosed => {
            for row in people() {
                let home = facts
                    .snapshot
                    .resolve(&row.home)
                    .filter(|node| node.kind == Kind::Folder);
                match (rule, home) {
                    (Rule::HomesExist, None) => say(
                        PASSWD,
                        &row.name,
                        format!("the home `{}` does not exist", row.home),
                    ),
                    (Rule::HomesExist, Some(home)) if home.uid != row.uid => {
                        say(&row.home, &row.name, format!("the home is {}'s", home.uid));
                    }
                    (Rule::HomesClosed, Some(home)) if home.mode & 0o027 != 0 => say(
                        &row.home,
                        &row.name,
                        format!("mode is {:04o}, more than 0750", home.mode),
                    ),
                    _ => {}
                }
            }
        }
        Rule::NoTrustFiles => {
            for node in facts
                .snapshot
                .select("~/.{rhosts,shosts,netrc,forward}")
                .into_iter()
                .chain(facts.snapshot.select("/etc/{hosts.equiv,shosts.equiv}"))
            {
                say(
                    &node.path,
                    node.name(),
                    "lets others in, or holds a password in clear".to_owned(),
                );
            }
        }
        Rule::Shadow(field, name, want) => {
            for row in shadow
                .iter()
                .filter(|row| row.get(1).is_some_and(|hash| hash.starts_with('$')))
            {
                let value = row.get(field).map_or("", String::as_str);
                if !want.holds(value) {
                    say(
                        SHADOW,
                        &row[0],
                        format!("{name} of `{}` is `{value}`, not {want}", row[0]),
                    );
                }
            }
        }
        Rule::StrongHashes => {
            let is_strong = |hash: &str| {
                ["$y$", "$gy$", "$7$", "$6$", "$2b$", "$2y$"]
                    .iter()
                    .any(|start| hash.starts_with(start))
            };
            for row in shadow.iter().filter(|row| {
                row.get(1).is_some_and(|hash| {
                    !hash.is_empty() && !hash.starts_with(['!', '*']) && !is_strong(hash)
                })
            }) {
                say(
                    SHADOW,
                    &row[0],
                    format!("the password of `{}` has a weak hash", row[0]),
                );
            }
        }
        Rule::ShadowGroupEmpty => {
            let row = groups.iter().find(|row| row[0] == "shadow");
            let members = row
                .and_then(|row| row.get(3))
                .filter(|members| !members.is_empty());
            if let Some(members) = members {
                say(
                    "/etc/group",
                    "shadow",
                    format!("`{members}` may read the hashes of passwords"),
                );
            }
        }
        Rule::RootLocked => {
            if !is_locked("root") {
                say(SHADOW, "root", "root has a password".to_owned());
            }
        }
    }
    Ok(Outcome::of(wrong))
}

fn is_closed(shell: &str) -> bool {
    shell
        .rsplit('/')
        .next()
        .is_some_and(|name| NO_SHELL.contains(&name))
}

fn twice(names: impl Iterator<Item = String>) -> impl Iterator<Item = String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::Rule;
    use crate::harden::kind::Test;
    use crate::harden::testing::{fails, passes};
    use crate::harden::want::Want;

    /// As Debian has them.
    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/usr/sbin:/usr/sbin/nologin\nsync:x:4:65534::/bin:/bin/sync\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n";
    const GROUP: &str = "root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\nshadow:x:42:\n";
    const SHADOW: &str = "root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n";

    #[track_caller]
    fn check(rule: Rule, broken: &[(&str, &str)]) {
        let clean = [
            ("/etc/passwd", PASSWD),
            ("/etc/group", GROUP),
            ("/etc/shadow", SHADOW),
        ];
        passes(&Test::Account(rule), &clean);
        let files: Vec<(&str, String)> = clean
            .iter()
            .map(|(path, text)| {
                let more: String = broken
                    .iter()
                    .filter(|(at, _)| at == path)
                    .map(|(_, row)| format!("{row}\n"))
                    .collect();
                (*path, format!("{text}{more}"))
            })
            .collect();
        let mut files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        files.extend(
            broken
                .iter()
                .filter(|(at, _)| !clean.iter().any(|(path, _)| path == at)),
        );
        fails(&Test::Account(rule), &files);
    }

    #[test]
    fn rules() {
        let person = ("/etc/passwd", "ann:x:1000:1:Ann:/home/ann:/bin/bash");
        check(
            Rule::NoEmptyPassword,
            &[("/etc/shadow", "ann::19000:0:99999:7:::")],
        );
        check(
            Rule::Shadowed,
            &[("/etc/passwd", "ann:abcdefgh:1000:1::/h:/bin/sh")],
        );
        check(
            Rule::OnlyRoot,
            &[("/etc/passwd", "toor:x:0:1::/root:/bin/sh")],
        );
        check(
            Rule::SystemAccountsClosed,
            &[("/etc/passwd", "app:x:200:1::/srv:/bin/sh")],
        );
        check(
            Rule::Unique,
            &[person, ("/etc/passwd", "bob:x:1000:1::/home/bob:/bin/bash")],
        );
        check(
            Rule::GroupsExist,
            &[("/etc/passwd", "ann:x:1000:777::/home/ann:/bin/bash")],
        );
        check(Rule::HomesExist, &[person]);
        check(Rule::HomesClosed, &[person, ("/home/ann/.profile", "x")]);
        check(Rule::NoTrustFiles, &[person, ("/home/ann/.rhosts", "+ +")]);
        check(
            Rule::Shadow(4, "the longest age", Want::AtMost(365)),
            &[("/etc/shadow", "ann:$y$a$b:19000:0:99999:7:::")],
        );
        check(
            Rule::StrongHashes,
            &[("/etc/shadow", "ann:$1$a$b:19000:0:99999:7:::")],
        );
        let members = [("/etc/passwd", PASSWD), ("/etc/group", "shadow:x:42:ann\n")];
        fails(&Test::Account(Rule::ShadowGroupEmpty), &members);
        let password = [
            ("/etc/passwd", PASSWD),
            ("/etc/shadow", "root:$y$a$b:1::::::\n"),
        ];
        fails(&Test::Account(Rule::RootLocked), &password);
    }
}
