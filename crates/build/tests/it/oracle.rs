//! The same packages, installed by mmdebstrap and by us: the trees may differ
//! only where `oracle-allow.txt` says why.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use goldsmith_build::bootstrap::{BootstrapSpec, LockedPackage};
use goldsmith_build::on_failure::OnFailure;
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Class, Failure as _};
use goldsmith_exec::ns::{Command, Sandbox};
use goldsmith_store::Store;

use super::{scan, world};

/// Packages with diversions of each other's files, statoverrides, capabilities, alternatives,
/// triggers, users, ACLs, device nodes, hard links.
const INCLUDE: [&str; 9] = [
    "systemd-sysv",
    "molly-guard",
    "openssh-server",
    "dbus",
    "iputils-ping",
    "vim-tiny",
    "less",
    "ca-certificates",
    "python3-minimal",
];

/// One line of the list: `kind<tab>pattern<tab>reason`; a `*` in the pattern is any text.
struct Allowed<'a> {
    /// `-` only mmdebstrap has it, `+` only we, `~` both, but different, `=` compared line by
    /// line in any order, users and groups without their numbers.
    kind: char,
    pattern: &'a str,
}

impl<'a> Allowed<'a> {
    fn parse(text: &'a str) -> Vec<Self> {
        text.lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| {
                let fields: Vec<&str> = line.split('\t').filter(|f| !f.is_empty()).collect();
                assert_eq!(fields.len(), 3, "`{line}` is not kind, pattern, reason");
                Self {
                    kind: fields[0].chars().next().unwrap(),
                    pattern: fields[1],
                }
            })
            .collect()
    }

    fn matches(&self, path: &str) -> bool {
        let mut parts = self.pattern.split('*');
        let Some(mut rest) = path.strip_prefix(parts.next().unwrap()) else {
            return false;
        };
        let mut exact = true;
        for part in parts {
            let Some(at) = rest
                .rfind(part)
                .filter(|_| !part.is_empty())
                .or(part.is_empty().then_some(rest.len()))
            else {
                return false;
            };
            rest = &rest[at + part.len()..];
            exact = part.is_empty() || rest.is_empty();
        }
        exact && (rest.is_empty() || self.pattern.ends_with('*'))
    }
}

#[test]
fn same_tree_as_mmdebstrap() {
    let home = world::home();
    let (theirs, debs) = (home.path().join("theirs"), home.path().join("debs"));
    world::mmdebstrap(&INCLUDE, &theirs, &debs);
    let (store, packages) = world::store(home.path(), &debs);
    let cx = world::cx();
    let spec = BootstrapSpec {
        packages: &packages,
        architecture: "amd64",
        epoch: world::EPOCH,
        fstab: None,
        on_failure: None,
    };
    let tree = world::tree(&cx, &store, &spec).unwrap_or_else(|e| panic!("{e}"));

    for argv in [
        &["dpkg", "--audit"][..],
        &["dpkg", "--verify"],
        &["apt-get", "-qq", "check"],
    ] {
        let mut said = Vec::new();
        let exit = tree
            .sandbox
            .run(&cx, &Command::new(argv.iter().copied()), &mut |_, line| {
                said.push(line.to_owned());
            })
            .unwrap();
        assert!(
            exit.status.is_success() && said.is_empty(),
            "{argv:?}: {said:#?}"
        );
    }
    compare(&theirs, &tree.sandbox.tree());
    let status = fs::read_to_string(tree.sandbox.tree().join("var/lib/dpkg/status")).unwrap();
    let installed = status.matches("\nStatus: install ok installed\n").count();
    assert_eq!(installed, packages.len());

    // Once more, from another store and under another umask.
    let other = world::home();
    rustix::process::umask(rustix::fs::Mode::from(0o077));
    let (store, _) = world::store(other.path(), &debs);
    let second = world::tree(&cx, &store, &spec).unwrap_or_else(|e| panic!("{e}"));
    let random = Allowed::parse(RANDOM);
    let of = |tree: &world::Tree| {
        let mut found = scan::scan(&tree.sandbox.tree(), &|_| false);
        found.retain(|path, _| !random.iter().any(|r| r.matches(path)));
        found
    };
    let (first, again) = (of(&tree), of(&second));
    for (path, facts) in &first {
        assert_eq!(again.get(path), Some(facts), "{path} differs in two builds");
    }
    assert_eq!(first.len(), again.len());
    drop(tree);
    // Of another time, so that nothing of it is kept but the packages unpacked.
    let spec = BootstrapSpec {
        epoch: world::EPOCH + 1,
        ..spec
    };
    cancelled_in_the_middle(&store, &spec);
    a_script_fails(&store, &spec, other.path());
}

/// Somebody presses Ctrl-C while scripts run.
fn cancelled_in_the_middle(store: &Store, spec: &BootstrapSpec<'_>) {
    let cx = world::cx();
    let cancel = cx.cancel.clone();
    let error = std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(Duration::from_secs(2));
            cancel.cancel();
        });
        world::tree(&cx, store, spec).map(drop).unwrap_err()
    });
    assert_eq!(error.class(), Class::Cancelled, "{error}");
    let scratch = store.root().join("scratch");
    assert_eq!(
        fs::read_dir(&scratch).unwrap().count(),
        1,
        "the second tree's"
    );
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(scratch.to_str().unwrap()), "{mounts}");
}

/// Looks at the trees of scripts that failed.
#[derive(Debug, Default)]
struct Looker(Mutex<Vec<String>>);

impl OnFailure for Looker {
    fn look(&self, cx: &Cx, sandbox: &Sandbox, what: &str, why: &str) {
        let mut seen = self.0.lock().unwrap();
        seen.push(what.to_owned());
        seen.push(why.to_owned());
        // The tree is as the script left it, and its programs run.
        let command = Command::new(["sh", "-c", "cat /root/half; dpkg --audit"]);
        let run = sandbox.run(cx, &command, &mut |_, line| seen.push(line.to_owned()));
        run.unwrap();
    }
}

/// A package's script fails: whoever builds may look at the tree before it goes.
fn a_script_fails(store: &Store, spec: &BootstrapSpec<'_>, place: &Path) {
    let control = place.join("broken/DEBIAN");
    fs::create_dir_all(&control).unwrap();
    let about = "Package: broken\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.com>\nDescription: broken\n";
    fs::write(control.join("control"), about).unwrap();
    let script = "#!/bin/sh\necho half done > /root/half\nexit 3\n";
    fs::write(control.join("postinst"), script).unwrap();
    for path in [control.clone(), control.join("postinst")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let deb = place.join("broken.deb");
    let mut build = world::tool("dpkg-deb");
    build.args(["--build", "--root-owner-group"]);
    let built = build.arg(place.join("broken")).arg(&deb).output().unwrap();
    assert!(built.status.success(), "{built:?}");
    let mut packages = spec.packages.to_vec();
    packages.push(LockedPackage {
        name: "broken".to_owned(),
        sha256: store.insert(fs::File::open(&deb).unwrap(), None).unwrap(),
        automatic: false,
    });
    let looker = Looker::default();
    let spec = BootstrapSpec {
        packages: &packages,
        on_failure: Some(&looker),
        ..spec.clone()
    };
    let error = world::tree(&world::cx(), store, &spec).map(drop);
    let error = error.unwrap_err();
    assert_eq!(error.class(), Class::Config);
    let seen = looker.0.into_inner().unwrap();
    assert_eq!(seen[..2], ["dpkg --configure", error.to_string().as_str()]);
    let seen = seen[1..].join("\n");
    for words in ["failed with exit code 1", "half done", "broken"] {
        assert!(seen.contains(words), "{words} is missing in\n{seen}");
    }
}

/// What scripts make at random or by the clock; the image is cleaned of all of it.
const RANDOM: &str = "~\t/etc/machine-id\trandom
~\t/var/lib/dbus/machine-id\trandom
~\t/etc/ssh/ssh_host_*\trandom
~\t/var/cache/ldconfig/aux-cache\tholds inode numbers
~\t/var/cache/apt/*\t`apt-get check` ran in the first one only
~\t/var/log/alternatives.log\tholds the time";

fn compare(theirs: &Path, ours: &Path) {
    let text = include_str!("oracle-allow.txt");
    let allowed = Allowed::parse(text);
    let by_lines = |path: &str| allowed.iter().any(|a| a.kind == '=' && a.matches(path));
    let (theirs, ours) = (scan::scan(theirs, &by_lines), scan::scan(ours, &by_lines));
    let mut used = BTreeSet::new();
    let mut bad = Vec::new();
    for path in theirs.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
        let (kind, detail) = match (theirs.get(path), ours.get(path)) {
            (Some(a), Some(b)) if a == b => continue,
            (Some(a), Some(b)) => {
                let differ = |x: &Vec<String>, y: &Vec<String>| -> Vec<String> {
                    x.iter().filter(|fact| !y.contains(fact)).cloned().collect()
                };
                (
                    '~',
                    format!("{:?} against {:?}", differ(a, b), differ(b, a)),
                )
            }
            (Some(a), None) => ('-', format!("{a:?}")),
            (None, b) => ('+', format!("{b:?}")),
        };
        let matching: Vec<usize> = (0..allowed.len())
            .filter(|n| allowed[*n].kind == kind && allowed[*n].matches(path))
            .collect();
        if matching.is_empty() {
            bad.push(format!("{kind} {path}: {detail}"));
        }
        used.extend(matching);
    }
    let unused: Vec<&str> = (0..allowed.len())
        .filter(|n| allowed[*n].kind != '=' && !used.contains(n))
        .map(|n| allowed[n].pattern)
        .collect();
    assert!(
        bad.is_empty() && unused.is_empty(),
        "differences without a reason:\n{}\nreasons without a difference: {unused:?}",
        bad.join("\n")
    );
}
