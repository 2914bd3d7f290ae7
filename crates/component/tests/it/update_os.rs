//! `UpdateOS`. apt is real (`apt.rs`), and so are dnf, zypper and pacman where Debian has them
//! (`others.rs`); here each is a stand-in in the tree that says how it was called and exits as
//! it is told, which is as far as apk, tdnf, microdnf and yum can be tested on Debian.

mod apt;

use std::os::unix::fs::PermissionsExt as _;

use goldsmith_component::machine::Tree;
use goldsmith_component::{Report, Services};
use goldsmith_core::event::Event;

use crate::sandbox::{Fixture, cx};
use crate::step;

/// A tree with package managers that do nothing.
struct Bench {
    fixture: Fixture,
    notes: std::cell::RefCell<Vec<String>>,
}

impl Bench {
    fn new(programs: &[&str], release: &str) -> Self {
        let fixture = Fixture::new();
        for program in programs {
            // Each call takes the next line of its answers: an exit code, then what it prints.
            let script = format!(
                "#!/bin/bash\necho \"{program} $*\" >> /tmp/calls\nn=$(grep -c \"^{program} \" /tmp/calls)\nwhile read -r count code text; do\n  if [ \"$count\" = \"$n\" ]; then echo -e \"$text\"; exit \"$code\"; fi\ndone < /tmp/{program}\nexit 0\n"
            );
            let path = fixture.sandbox.tree().join("usr/bin").join(program);
            std::fs::write(&path, script).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            std::fs::write(fixture.sandbox.tree().join("tmp").join(program), "").unwrap();
        }
        std::fs::write(fixture.sandbox.tree().join("etc/os-release"), release).unwrap();
        Self {
            fixture,
            notes: std::cell::RefCell::default(),
        }
    }

    /// Lets the `count`th call of a program exit with a code and print a text.
    fn answer(&self, program: &str, answers: &[(u32, u32, &str)]) {
        let lines: String = answers
            .iter()
            .map(|(count, code, text)| format!("{count} {code} {text}\n"))
            .collect();
        let path = self.fixture.sandbox.tree().join("tmp").join(program);
        std::fs::write(path, lines).unwrap();
    }

    fn run(&self, inputs: &str) -> Report {
        let (cx, events) = cx();
        let tree = Tree::new(&self.fixture.sandbox);
        drop(std::fs::remove_file(
            self.fixture.sandbox.tree().join("tmp/calls"),
        ));
        let report = step::run(&cx, &tree, &Services::default(), "UpdateOS", inputs);
        let events = events.0.lock().unwrap();
        let notes = events.iter().filter_map(|event| match event {
            Event::Note { text } => Some(text.clone()),
            _ => None,
        });
        *self.notes.borrow_mut() = notes.collect();
        report
    }

    /// The calls, a line each; after them the error.
    fn calls(&self, inputs: &str) -> String {
        let report = self.run(inputs);
        let calls = self.fixture.sandbox.tree().join("tmp/calls");
        let calls = std::fs::read_to_string(calls).unwrap_or_default();
        let error = step::error(&report);
        if error.is_empty() {
            calls
        } else {
            format!("{calls}({error})\n")
        }
    }
}

/// For each: nothing said, some excluded, only some, and those without the excluded.
const WANTED: [&str; 4] = [
    "",
    "{exclude: ['kernel*', vim]}",
    "{include: [curl, vim]}",
    "{include: [curl, vim], exclude: [vim]}",
];

#[test]
fn apk() {
    let bench = Bench::new(&["apk"], "ID=alpine\n");
    let update = "apk --wait 600 update\n";
    for (inputs, upgrade) in WANTED.into_iter().zip([
        "apk --wait 600 upgrade\n",
        "apk --wait 600 upgrade --ignore kernel* vim\n",
        "apk --wait 600 upgrade curl vim\n",
        "apk --wait 600 upgrade curl\n",
    ]) {
        assert_eq!(
            bench.calls(inputs),
            format!("{update}{upgrade}"),
            "{inputs}"
        );
    }
    bench.answer("apk", &[(1, 4, "")]);
    assert_eq!(bench.calls(""), format!("{update}(exit code 4)\n"));
}

#[test]
fn dnf_and_yum() {
    let bench = Bench::new(
        &["dnf", "yum"],
        "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n",
    );
    bench.answer("dnf", &[(1, 100, "vim 2")]);
    for (inputs, calls) in WANTED.into_iter().zip([
        "dnf -y --refresh check-update\ndnf -y --refresh upgrade\n",
        "dnf -y --refresh --exclude=kernel* --exclude=vim check-update\ndnf -y --refresh --exclude=kernel* --exclude=vim upgrade\n",
        "dnf -y --refresh upgrade curl vim\n(exit code 100)\n",
        "dnf -y --refresh upgrade curl\n(exit code 100)\n",
    ]) {
        assert_eq!(bench.calls(inputs), calls, "{inputs}");
    }
    // Nothing to do, and a failure to find that out.
    bench.answer("dnf", &[]);
    assert_eq!(bench.calls(""), "dnf -y --refresh check-update\n");
    assert_eq!(
        *bench.notes.borrow(),
        ["every package is as new as it can be"]
    );
    bench.answer("dnf", &[(1, 1, "")]);
    assert_eq!(
        bench.calls(""),
        "dnf -y --refresh check-update\n(exit code 1)\n"
    );

    let bench = Bench::new(&["yum"], "ID=amzn\n");
    bench.answer("yum", &[(2, 100, "")]);
    let start = "yum -y clean expire-cache\n";
    assert_eq!(
        bench.calls(""),
        format!("{start}yum -y check-update\nyum -y update\n")
    );
    bench.answer("yum", &[]);
    assert_eq!(
        bench.calls("{include: vim}"),
        format!("{start}yum -y update vim\n")
    );
}

#[test]
fn small_brothers_of_dnf() {
    for (program, id, verb) in [
        ("tdnf", "azurelinux", "update"),
        ("microdnf", "rhel", "upgrade"),
    ] {
        let bench = Bench::new(&[program], &format!("ID={id}\n"));
        for (inputs, words) in WANTED.into_iter().zip([
            verb.to_owned(),
            format!("--exclude=kernel* --exclude=vim {verb}"),
            format!("{verb} curl vim"),
            format!("{verb} curl"),
        ]) {
            assert_eq!(
                bench.calls(inputs),
                format!("{program} -y --refresh {words}\n")
            );
        }
    }
}

#[test]
fn zypper() {
    let bench = Bench::new(
        &["zypper"],
        "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n",
    );
    let refresh = "zypper --non-interactive refresh\n";
    let update = "zypper --non-interactive update --auto-agree-with-licenses";
    let list = "zypper --non-interactive --quiet list-updates\n";
    let table = "S | Repository | Name | Version\\n--+----+---+---\\nv | main | kernel-default | 2\\nv | main | curl | 2\\nv | main | vim | 9";
    bench.answer("zypper", &[(2, 0, table)]);
    for (inputs, calls) in WANTED.into_iter().zip([
        format!("{refresh}{update}\n"),
        format!("{refresh}{list}{update} curl\n"),
        format!("{refresh}{update} curl vim\n"),
        format!("{refresh}{update} curl\n"),
    ]) {
        assert_eq!(bench.calls(inputs), calls, "{inputs}");
    }
    let calls = bench.calls("{exclude: '*'}");
    assert_eq!(
        calls,
        format!("{refresh}{list}"),
        "nothing is left to update"
    );
    // A reboot is wanted: all is well.
    bench.answer("zypper", &[(2, 102, "")]);
    assert_eq!(bench.calls(""), format!("{refresh}{update}\n"));
    assert!(bench.notes.borrow()[0].contains("asks for a reboot"));
    // It has updated itself.
    bench.answer("zypper", &[(2, 103, ""), (3, 0, "")]);
    assert_eq!(bench.calls(""), format!("{refresh}{update}\n{update}\n"));
    bench.answer("zypper", &[(2, 103, ""), (3, 103, ""), (4, 103, "")]);
    assert!(bench.calls("").ends_with("(exit code 103)\n"));
    for code in [4, 106, 107] {
        bench.answer("zypper", &[(2, code, "")]);
        let calls = bench.calls("");
        assert_eq!(calls, format!("{refresh}{update}\n(exit code {code})\n"));
    }
}

#[test]
fn pacman() {
    let bench = Bench::new(&["pacman"], "ID=arch\n");
    for (inputs, calls) in WANTED.into_iter().zip([
        "pacman -Syu --noconfirm\n",
        "pacman -Syu --noconfirm --ignore kernel*,vim\n",
        "pacman -Sy --noconfirm\npacman -Qq curl\npacman -Qq vim\npacman -S --noconfirm --needed curl vim\n",
        "pacman -Sy --noconfirm\npacman -Qq curl\npacman -S --noconfirm --needed curl\n",
    ]) {
        assert_eq!(bench.calls(inputs), calls, "{inputs}");
    }
    bench.answer("pacman", &[(2, 1, "")]);
    let calls = bench.calls("{include: curl}");
    assert_eq!(calls, "pacman -Sy --noconfirm\npacman -Qq curl\n");
    assert_eq!(
        *bench.notes.borrow(),
        ["`curl` is not installed, and is not updated"]
    );
}

/// Which one, where there are several or none; and what never gets as far.
#[test]
fn detection_and_refusals() {
    for (release, used) in [
        ("ID=fedora\n", "dnf"),
        ("ID=debian\n", "apt-get"),
        (
            "ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n",
            "zypper",
        ),
        ("ID=unheard-of\n", "apt-get"),
        ("", "apt-get"),
    ] {
        let bench = Bench::new(&["apt-get", "dnf", "zypper"], release);
        let calls = bench.calls("");
        assert!(calls.starts_with(used), "{release}: {calls}");
    }
    let bench = Bench::new(&[], "ID=debian\n");
    let error = bench.calls("");
    assert!(
        error.contains("no package manager that `UpdateOS` knows: apt-get, dnf, "),
        "{error}"
    );
    let bench = Bench::new(&["apk"], "");
    let error = bench.calls("{include: ['vim', '--root=/']}");
    assert_eq!(error, "(`--root=/` is no name of a package)\n");
    assert_eq!(bench.calls("{include: [vim], exclude: [v*]}"), "");
    assert!(bench.notes.borrow()[0].contains("nothing is updated"));
}
