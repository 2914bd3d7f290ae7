use std::collections::BTreeSet;

use super::testing::{STATUS, cx, installed, tree};
use super::*;
use crate::view::tree::TreeView;

fn report(files: &[(&str, &str)], profile: Profile) -> Result<Report, HardenError> {
    let tree = tree(files);
    let view = TreeView::open(tree.root()).unwrap();
    let snapshot = Snapshot::take(&view, &cx()).unwrap();
    run(&snapshot, profile, &cx())
}

#[test]
fn records_are_whole() {
    let mut ids = BTreeSet::new();
    for check in check::all() {
        assert!(ids.insert(check.id), "{} is there twice", check.id);
        assert!(
            !check.title.is_empty() && !check.rationale.is_empty() && !check.remediation.is_empty(),
            "{}",
            check.id
        );
        assert!(
            Profile::ALL.iter().any(|profile| check.is_in(*profile)),
            "{} is in no profile",
            check.id
        );
        let is_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(check.id.chars().all(is_id), "{}", check.id);
    }
    assert!(ids.len() >= 70, "{}", ids.len());
}

/// Patterns of records are compiled when they are first used: here.
#[test]
fn every_check_runs() {
    let everything = [
        ("/etc/os-release", "ID=debian\n"),
        ("/etc/passwd", "root:x:0:0::/root:/bin/bash\n"),
        ("/etc/ssh/sshd_config", "UsePAM yes\n"),
        ("/usr/sbin/sshd", "x"),
        ("/usr/sbin/auditd", "x"),
        ("/usr/sbin/rsyslogd", "x"),
        ("/usr/sbin/cron", "x"),
        ("/usr/bin/at", "x"),
        ("/usr/bin/aide", "x"),
        ("/usr/bin/apt-get", "x"),
        ("/boot/grub/grub.cfg", "linux /vmlinuz\n"),
        ("/etc/rsyslog.conf", "x\n"),
        ("/etc/issue", "Debian\n"),
        ("/etc/motd", "hello\n"),
        ("/etc/profile", "umask 022\n"),
        ("/etc/security/limits.conf", "x\n"),
        (
            "/etc/apparmor.d/usr.bin.a",
            "profile a flags=(complain) {\n",
        ),
        ("/etc/aide/aide.conf", "x\n"),
        ("/etc/cron.allow", "root\n"),
        ("/etc/systemd/timesyncd.conf", "x\n"),
        ("/etc/apt/apt.conf.d/20auto", "x\n"),
        ("/etc/issue.net", "x\n"),
        ("/etc/at.allow", "root\n"),
        ("/etc/bash.bashrc", "x\n"),
    ];
    for profile in Profile::ALL {
        let report = report(&everything, profile).unwrap();
        assert!(
            report
                .findings()
                .iter()
                .all(|finding| finding.kind == Kind::Hardening && finding.fix.is_some())
        );
        for row in report
            .rows
            .iter()
            .filter(|row| row.verdict == Verdict::Fail)
        {
            assert!(row.wrong().count() > 0, "{}", row.check.id);
        }
    }
}

#[test]
fn profiles_hold_one_another() {
    let ids = |profile| {
        check::all()
            .filter(|check| check.is_in(profile))
            .map(|check| check.id)
            .collect::<BTreeSet<_>>()
    };
    assert!(ids(Profile::Cis1).is_subset(&ids(Profile::Cis2)));
    assert!(ids(Profile::StigLow).is_subset(&ids(Profile::StigMedium)));
    assert!(ids(Profile::StigMedium).is_subset(&ids(Profile::StigHigh)));
    assert!(ids(Profile::StigLow).len() >= 5);
}

#[test]
fn a_score_of_nothing_is_an_error() {
    let error = report(&[("/readme", "no system")], Profile::StigLow).unwrap_err();
    assert!(
        matches!(error, HardenError::NothingApplies("stig-low")),
        "{error:?}"
    );
}

#[test]
fn scores_and_waivers() {
    let status = installed(&["telnet"]);
    let files = [
        ("/etc/os-release", "ID=debian\n"),
        (STATUS, status.as_str()),
    ];
    let before = report(&files, Profile::Cis1).unwrap();
    assert!(
        before
            .findings()
            .iter()
            .any(|finding| finding.id == "client-telnet")
    );
    let mut after = before.clone();
    after.waive("client-telnet", "a lesson in networks");
    after.waive("aslrr", "there is none of that name");
    assert!(after.score() >= before.score());
    assert_eq!(after.counts()[3], 1);
    assert_eq!(after.counts()[1] + 1, before.counts()[1]);
    assert!(
        !after
            .findings()
            .iter()
            .any(|finding| finding.id == "client-telnet")
    );
}
