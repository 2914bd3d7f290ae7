use std::collections::BTreeSet;

use super::testing::{Tree, cx};
use super::*;

#[test]
fn ids_are_unique_sorted_and_described() {
    let ids: Vec<&str> = rules().iter().map(|r| r.id).collect();
    let sorted: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids, sorted.into_iter().collect::<Vec<_>>());
    for rule in rules() {
        assert!(
            !rule.summary.is_empty() && !rule.summary.ends_with('.'),
            "{}",
            rule.id
        );
        assert!(
            !rule.references.is_empty() && !rule.actions.is_empty(),
            "{}",
            rule.id
        );
    }
}

#[test]
fn a_clean_tree_has_nothing() {
    let tree = Tree::clean();
    let before = tree.contents();
    let report = sanitize(tree.root(), &Settings::default(), Mode::Apply, &cx()).unwrap();
    assert_eq!(report.findings().count(), 0, "{:#?}", report.lines(true));
    assert!(report.passed);
    assert_eq!(before, tree.contents());
}

/// Several rules name the same things; the second run finds nothing all the same.
#[test]
fn overlapping_rules_settle() {
    let tree = Tree::clean();
    tree.put(&[
        ("/var/log/apt/history.log", "x"),
        ("/var/log/dpkg.log", "x"),
        ("/var/log/wtmp", "x"),
        ("/tmp/krb5cc_0", "x"),
        // A report about what another rule removes is none.
        ("/root/TOE_1/.env", "TOKEN=abc\n"),
        (
            "/etc/fstab",
            "UUID=1 / ext4 defaults 0 1\n/swapfile none swap sw 0 0\n\
             /dev/sdb /mnt auto comment=cloudconfig 0 2\n",
        ),
        ("/swapfile", "x"),
    ]);
    let first = sanitize(tree.root(), &Settings::default(), Mode::Apply, &cx()).unwrap();
    assert!(first.findings().count() > 6 && first.passed);
    assert!(first.findings().all(|(rule, _)| rule.id != "env-files"));
    let second = sanitize(tree.root(), &Settings::default(), Mode::Apply, &cx()).unwrap();
    assert_eq!(second.findings().count(), 0, "{:#?}", second.lines(true));
    let fstab = std::fs::read_to_string(tree.at("/etc/fstab")).unwrap();
    assert_eq!(fstab, "UUID=1 / ext4 defaults 0 1\n");
    assert!(
        !tree.at("/var/log/dpkg.log").exists(),
        "deletion wins over truncation"
    );
}

#[test]
fn other_names_of_a_file_keep_their_bytes() {
    let tree = Tree::clean();
    tree.put(&[("/var/log/app.log", "in the store")]);
    let store = tempfile::tempdir_in(tree.root().parent().unwrap()).unwrap();
    let linked = store.path().join("app.log");
    std::fs::hard_link(tree.at("/var/log/app.log"), &linked).unwrap();
    sanitize(tree.root(), &Settings::default(), Mode::Apply, &cx()).unwrap();
    assert_eq!(
        std::fs::read_to_string(tree.at("/var/log/app.log")).unwrap(),
        ""
    );
    assert_eq!(std::fs::read_to_string(linked).unwrap(), "in the store");
}

#[test]
fn links_never_lead_out_of_the_tree() {
    let tree = Tree::clean();
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    std::fs::create_dir(outside.path().join("mail")).unwrap();
    std::fs::write(&secret, "x").unwrap();
    std::fs::write(outside.path().join("mail/root"), "x").unwrap();
    let to = |path: &Path| format!("-> {}", path.display());
    tree.put(&[
        ("/tmp/out", &to(outside.path())),
        ("/var/mail", &to(&outside.path().join("mail"))),
        ("/etc/machine-info", &to(&secret)),
    ]);
    std::fs::remove_file(tree.at("/etc/hosts")).unwrap();
    tree.put(&[("/etc/hosts", &to(&secret))]);
    sanitize(tree.root(), &Settings::default(), Mode::Apply, &cx()).unwrap();
    assert!(secret.exists() && outside.path().join("mail/root").exists());
    assert!(
        tree.at("/tmp/out").symlink_metadata().is_err(),
        "the link itself goes"
    );
}

#[test]
fn folders_of_packages_stay() {
    let tree = Tree::clean();
    tree.put(&[
        ("/var/lib/waagent/events/a", "x"),
        (
            "/var/lib/dpkg/info/p.list",
            "/var/lib/waagent\n/var/lib/waagent/events\n",
        ),
    ]);
    sanitize(tree.root(), &Settings::default(), Mode::Apply, &cx()).unwrap();
    assert!(tree.at("/var/lib/waagent/events").is_dir());
    assert!(!tree.at("/var/lib/waagent/events/a").exists());
}

#[test]
fn names_that_are_no_text_go_too() {
    use std::os::unix::ffi::OsStrExt;
    let tree = Tree::clean();
    let at = tree
        .at("/tmp")
        .join(std::ffi::OsStr::from_bytes(b"a\xff\x1b[0m"));
    std::fs::write(&at, "x").unwrap();
    let report = sanitize(tree.root(), &Settings::default(), Mode::Apply, &cx()).unwrap();
    assert!(!at.exists());
    assert!(!report.lines(true).join("\n").contains('\u{1b}'));
}

#[test]
fn reports_can_be_stored() {
    let tree = Tree::clean();
    tree.put(&[
        ("/etc/ssh/ssh_host_rsa_key", "x"),
        ("/etc/shadow", "root::1:\n"),
    ]);
    let report = sanitize(tree.root(), &Settings::default(), Mode::Apply, &cx()).unwrap();
    assert!(
        !report.passed,
        "an empty password is for a person to decide"
    );
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    let lines = report.lines(false);
    assert!(lines.contains(&"  delete  ssh-hostkeys: /etc/ssh/ssh_host_rsa_key (1 B)".to_owned()));
    assert!(
        lines.contains(&"    fail  passwords: /etc/shadow `root`: no password is asked for".into())
    );
}

#[test]
fn settings_that_name_nothing_are_refused() {
    let off = |id: &str| Settings {
        off: BTreeSet::from([id.to_owned()]),
        ..Settings::default()
    };
    assert_eq!(off("swap").check(), Ok(()));
    let error = off("ssh-hostkey").check().unwrap_err();
    assert_eq!(error.hints(), ["did you mean `ssh-hostkeys`?"]);
    let keep = |path: &str, reason: &str| Settings {
        keep: vec![Keep {
            rule: "cron".to_owned(),
            path: path.to_owned(),
            entry: None,
            reason: reason.to_owned(),
        }],
        ..Settings::default()
    };
    assert!(matches!(
        keep("etc", "x").check(),
        Err(SettingsError::Relative(_))
    ));
    assert!(matches!(
        keep("/etc", " ").check(),
        Err(SettingsError::NoReason(_))
    ));
}

#[test]
fn stops_when_asked() {
    let tree = Tree::clean();
    let cx = cx();
    cx.cancel.cancel();
    let error = sanitize(tree.root(), &Settings::default(), Mode::Apply, &cx).unwrap_err();
    assert_eq!(error.class(), Class::Cancelled);
}
