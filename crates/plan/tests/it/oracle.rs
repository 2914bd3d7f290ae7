//! The solver against apt itself, on the real archive.

use std::collections::BTreeMap;

use goldsmith_core::recipe::Variant;
use goldsmith_plan::index::{Index, Universe};
use goldsmith_plan::resolve::{Request, Solution, resolve};
use goldsmith_testing::apt::{Apt, AptIndex, Installs};

fn universe<'a>(native: &str, foreign: &[&str], indices: &'a [AptIndex]) -> Universe<'a> {
    let indices = indices
        .iter()
        .map(|index| Index {
            name: index.name.clone(),
            suite: index.suite.clone(),
            codename: index.codename.clone(),
            pin: 500,
            text: &index.text,
        })
        .collect();
    Universe::load(native, foreign, indices).expect("Debian's indices read")
}

fn solve(universe: &Universe<'_>, variant: Variant, set: &str) -> Result<Solution, String> {
    let packages: Vec<String> = set.split_whitespace().map(str::to_owned).collect();
    let request = Request {
        variant,
        packages: &packages,
        hold: BTreeMap::new(),
        installed: BTreeMap::new(),
    };
    resolve(universe, &request).map_err(|error| error.to_string())
}

fn as_installs(universe: &Universe<'_>, solution: &Solution) -> Installs {
    solution
        .packages
        .iter()
        .map(|chosen| {
            let candidate = universe.candidate(chosen.candidate);
            let key = (candidate.package.to_owned(), candidate.arch.to_owned());
            (key, candidate.version.to_owned())
        })
        .collect()
}

/// A dpkg status file in which a solution is installed.
pub(crate) fn status(universe: &Universe<'_>, solution: &Solution) -> String {
    let stanzas: Vec<String> = solution
        .packages
        .iter()
        .map(|chosen| {
            let stanza = universe.stanza(chosen.candidate);
            let (first, rest) = stanza.split_once('\n').expect("a stanza has lines");
            format!("{first}\nStatus: install ok installed\n{rest}\n\n")
        })
        .collect();
    stanzas.concat()
}

/// What there is after an installation and was not before, in this version.
pub(crate) fn new_of(before: &Installs, after: &Installs) -> Installs {
    let is_new = |(key, version): &(&(String, String), &String)| before.get(key) != Some(version);
    let new = after.iter().filter(is_new);
    new.map(|(key, version)| (key.clone(), version.clone()))
        .collect()
}

fn difference(ours: &Installs, theirs: &Installs) -> Option<String> {
    let line = |sign: &str, (key, version): (&(String, String), &String)| {
        format!("{sign} {}:{} {version}\n", key.0, key.1)
    };
    let extra = ours.iter().filter(|(key, v)| theirs.get(key) != Some(v));
    let missing = theirs.iter().filter(|(key, v)| ours.get(key) != Some(v));
    let lines: Vec<String> = extra
        .map(|entry| line("+", entry))
        .chain(missing.map(|entry| line("-", entry)))
        .collect();
    (!lines.is_empty()).then(|| lines.concat())
}

/// Solves each set on top of a variant, with apt and by ourselves.
fn compare(native: &str, foreign: &[&str], variant: Variant, sets: &[&str]) {
    // Mirrors do not keep the security archive of every foreign architecture in step.
    let suites = match foreign {
        [] => &["bookworm", "bookworm-updates", "bookworm-security"][..],
        _ => &["bookworm", "bookworm-updates"],
    };
    let apt = Apt::update(native, foreign, suites);
    let indices = apt.indices();
    let universe = universe(native, foreign, &indices);
    let base = solve(&universe, variant, "").expect("the base has a solution");
    compare_base(&apt, &universe, variant, &as_installs(&universe, &base));
    apt.set_status(&status(&universe, &base));
    let base = as_installs(&universe, &base);
    let check = |set: &&str| compare_set(&apt, &universe, variant, &base, set);
    // apt and we take a second or so for each set: two at a time.
    let (left, right) = sets.split_at(sets.len() / 2);
    let differences: Vec<String> = std::thread::scope(|scope| {
        let left = scope.spawn(|| left.iter().filter_map(check).collect::<Vec<_>>());
        let right: Vec<_> = right.iter().filter_map(check).collect();
        let mut all = left.join().expect("no panic in a comparison");
        all.extend(right);
        all
    });
    assert!(
        differences.is_empty(),
        "not as apt:\n{}",
        differences.concat()
    );
}

/// The base as mmdebstrap asks apt for it: on an empty system what is essential, then
/// what is required.
fn compare_base(apt: &Apt, universe: &Universe<'_>, variant: Variant, ours: &Installs) {
    apt.set_status("");
    let native = format!("?architecture({})", universe.native());
    let mut words = vec![format!("?narrow({native},?essential)")];
    if variant == Variant::Apt {
        words.push("apt".to_owned());
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut theirs = apt
        .install(&words)
        .expect("the essential packages go together");
    if variant == Variant::Minbase {
        let essential = solve(universe, Variant::Essential, "").expect("as above");
        apt.set_status(&status(universe, &essential));
        let required = format!("?narrow({native},?and(?priority(required),?not(?essential)))");
        let new = apt.install(&[&required, "apt"]);
        theirs.extend(new.expect("the required packages go together"));
    }
    assert_eq!(difference(ours, &theirs), None, "the base is not as apt's");
}

fn compare_set(
    apt: &Apt,
    universe: &Universe<'_>,
    variant: Variant,
    base: &Installs,
    set: &str,
) -> Option<String> {
    let words: Vec<&str> = set.split_whitespace().collect();
    let theirs = apt.install(&words).map(|new| {
        let mut all = base.clone();
        all.extend(new);
        all
    });
    match (solve(universe, variant, set), theirs) {
        (Ok(ours), Ok(theirs)) => difference(&as_installs(universe, &ours), &theirs)
            .map(|lines| format!("{set}:\n{lines}")),
        (Err(_), Err(_)) => None,
        (Ok(_), Err(theirs)) => Some(format!("{set}: only apt refuses: {theirs}\n")),
        (Err(ours), Ok(_)) => Some(format!("{set}: only we refuse: {ours}\n")),
    }
}

const SETS: &[&str] = &[
    "nginx",
    "postgresql",
    "openjdk-17-jre-headless",
    "nodejs",
    "docker.io",
    "apache2 libapache2-mod-php",
    "ansible",
    "build-essential",
    "python3-venv",
    "prometheus prometheus-node-exporter prometheus-alertmanager",
    "default-mta",
    "postfix mailutils",
    "java8-runtime-headless",
    "default-jre",
    "systemd-sysv",
    "sysvinit-core",
    "sysvinit-core systemd-sysv",
    "linux-image-cloud-amd64 systemd-sysv openssh-server cloud-init",
    "linux-image-cloud-amd64 systemd systemd-sysv systemd-resolved udev dbus initramfs-tools zstd \
     openssh-server cloud-init cloud-guest-utils qemu-guest-agent grub-pc-bin grub-efi-amd64-bin \
     grub2-common systemd-boot e2fsprogs iproute2 sudo netbase ca-certificates gdisk kmod locales \
     less vim-tiny",
    "mariadb-server php-fpm redis-server",
    "kubernetes-client",
    "gnome-core",
    "texlive-latex-recommended",
    "qemu-system-x86 libvirt-daemon-system",
    "r-base octave",
    "tomcat10",
    "exim4 postfix",
    "mutt cron logrotate",
    "usrmerge",
    "libc6-dev gcc-12 clang",
    "python3-django gunicorn uwsgi",
    "network-manager wpasupplicant",
    "wordpress",
    "gitlab-runner",
    "jenkins",
    "emacs",
    "vim-gtk3 vim-nox",
    "libopenblas-dev liblapack-dev",
    "task-gnome-desktop",
    "kde-standard",
    "rsyslog syslog-ng",
    "snmpd collectd",
    "golang rustc cargo",
    "haproxy keepalived",
    "samba winbind",
    "dovecot-imapd spamassassin amavisd-new",
    "libgl1-mesa-dev libsdl2-dev",
    "dh-make devscripts",
    "xorg",
    "certbot python3-certbot-nginx",
    "debhelper dh-python",
    "apt-utils aptitude",
    "default-mysql-server phpmyadmin",
    "elpa-magit",
    "libcurl4-openssl-dev libcurl4-gnutls-dev",
    "dracut",
    "dracut initramfs-tools",
    "runit-init",
    "openrc",
    "elogind libpam-systemd",
    "libelogind0 systemd",
    "no-such-package",
    "nginx=1.0",
];

#[test]
fn solves_as_apt_on_minbase() {
    compare("amd64", &[], Variant::Minbase, SETS);
}

#[test]
fn solves_as_apt_on_other_bases() {
    let sets = ["apt", "nginx", "systemd-sysv dbus", "ansible"];
    compare("amd64", &[], Variant::Essential, &sets);
    let sets = [
        "curl/bookworm",
        "bind9/bookworm bind9-utils",
        "openssh-server/bookworm-security",
        "linux-image-amd64/bookworm",
        "postgresql/bookworm-updates",
    ];
    compare("amd64", &[], Variant::Apt, &sets);
}

#[test]
fn solves_as_apt_for_arm64() {
    let sets = [
        "nginx",
        "linux-image-cloud-arm64 systemd-sysv openssh-server cloud-init grub-efi-arm64",
        "docker.io",
        "default-jre-headless tomcat10",
        "build-essential",
        "apache2 libapache2-mod-php",
        "gcc-x86-64-linux-gnu",
        "sysvinit-core systemd-sysv",
    ];
    compare("arm64", &[], Variant::Minbase, &sets);
}

#[test]
fn solves_as_apt_with_a_foreign_architecture() {
    let sets = [
        "libc6:i386",
        "libstdc++6:i386 zlib1g:i386",
        "wine32:i386 wine64",
        "libgl1:i386 libgl1",
        "gcc:i386",
        "gcc-multilib libc6-dev:i386",
        "nginx",
        "python3:i386",
        "perl:i386",
        "steam-installer",
        "mailutils postfix:i386",
        "libpam-systemd:i386",
        "systemd-sysv cups:i386",
    ];
    compare("amd64", &["i386"], Variant::Minbase, &sets);
}

/// A system of the release as it came out, which gets more packages when there are updates.
#[test]
fn solves_as_apt_on_a_system_that_is_there() {
    let suites = ["bookworm", "bookworm-updates", "bookworm-security"];
    let apt = Apt::update("amd64", &[], &suites);
    let indices = apt.indices();
    let (old, _): (Vec<_>, Vec<_>) = apt
        .indices()
        .into_iter()
        .partition(|index| index.codename == "bookworm");
    let old = universe("amd64", &[], &old);
    let system = "linux-image-cloud-amd64 systemd-sysv openssh-server curl exim4 perl";
    let system = solve(&old, Variant::Minbase, system).expect("it did go together");
    let status = status(&old, &system);
    apt.set_status(&status);
    let before = as_installs(&old, &system);
    let mut all: Vec<Index<'_>> = indices
        .iter()
        .map(|index| Index {
            name: index.name.clone(),
            suite: index.suite.clone(),
            codename: index.codename.clone(),
            pin: 500,
            text: &index.text,
        })
        .collect();
    all.push(Index {
        name: "status".to_owned(),
        suite: "now".to_owned(),
        codename: "now".to_owned(),
        pin: 100,
        text: status.as_bytes(),
    });
    let universe = Universe::load("amd64", &[], all).expect("Debian's indices read");
    let mut differences = Vec::new();
    for set in [
        "nginx-light",
        "systemd-resolved",
        "libssl-dev",
        "docker.io",
        "curl",
        "postfix",
        "ansible",
        "libcurl4-openssl-dev build-essential",
        "sysvinit-core",
        "no-such-package",
    ] {
        let packages: Vec<String> = set.split_whitespace().map(str::to_owned).collect();
        let words: Vec<&str> = packages.iter().map(String::as_str).collect();
        let request = Request {
            variant: Variant::Minbase,
            packages: &packages,
            hold: BTreeMap::new(),
            installed: before
                .iter()
                .map(|(id, v)| (native(id), v.clone()))
                .collect(),
        };
        let ours = resolve(&universe, &request).map(|s| as_installs(&universe, &s));
        match (ours, apt.install(&words)) {
            (Ok(ours), Ok(theirs)) => {
                let lines = difference(&new_of(&before, &ours), &theirs);
                differences.extend(lines.map(|lines| format!("{set}:\n{lines}")));
            }
            (Err(_), Err(_)) => {}
            (ours, theirs) => differences.push(format!("{set}: {ours:?} {theirs:?}")),
        }
    }
    assert!(
        differences.is_empty(),
        "not as apt:\n{}",
        differences.concat()
    );
}

/// Packages of all architectures count as the system's.
pub(crate) fn native((name, arch): &(String, String)) -> (String, String) {
    let arch = if arch == "all" { "amd64" } else { arch };
    (name.clone(), arch.to_owned())
}
