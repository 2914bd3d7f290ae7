//! Debian's own archive, from the mirror that this host's apt uses.

use std::time::Instant;

use goldsmith_build::repo::apt_sources::{self, Form};
use goldsmith_plan::lock::Request;

use super::*;

struct SystemClock;

#[expect(
    clippy::disallowed_methods,
    reason = "whether a Release is valid depends on the real time"
)]
impl goldsmith_core::cx::Clock for SystemClock {
    fn unix_seconds(&self) -> i64 {
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
        i64::try_from(since.as_secs()).unwrap()
    }

    fn monotonic(&self) -> std::time::Duration {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
    }

    fn sleep(&self, time: std::time::Duration) {
        std::thread::sleep(time);
    }
}

/// What this host's apt uses.
fn host_sources() -> Vec<apt_sources::Entry> {
    let mut entries = Vec::new();
    let mut read = |path: &std::path::Path, form| {
        if let Ok(text) = std::fs::read_to_string(path) {
            entries.extend(apt_sources::parse(&text, form));
        }
    };
    let apt = std::path::Path::new("/etc/apt");
    read(&apt.join("sources.list"), Form::OneLine);
    for entry in std::fs::read_dir(apt.join("sources.list.d"))
        .into_iter()
        .flatten()
    {
        let path = entry.unwrap().path();
        match path.extension().and_then(|e| e.to_str()) {
            Some("sources") => read(&path, Form::Stanzas),
            Some("list") => read(&path, Form::OneLine),
            _ => {}
        }
    }
    entries
}

/// A server's set, locked twice and fetched in part, against the real archive.
#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is told")]
fn a_server() {
    let source = DebianSource {
        updates: true,
        security: true,
        variant: Variant::Minbase,
        ..source(&[
            "linux-image-cloud-amd64",
            "systemd-sysv",
            "openssh-server",
            "cloud-init",
            "nginx",
        ])
    };
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mirrors = Mirrors::of(&source, &host_sources());
    assert!(
        mirrors.main.is_some() && mirrors.security.is_some(),
        "this test needs a host whose apt knows a Debian mirror"
    );
    let archive = Archive {
        mirrors: &mirrors,
        keyring: &Keyring::debian(),
        fetch: &HttpFetch::new(Settings::default()),
        store: &store,
    };
    let cx = Cx::silent(Arc::new(SystemClock));
    let disk = DiskSpec {
        size_bytes: 8 << 30,
        boot: vec![Firmware::Bios, Firmware::Uefi],
        kernel_args: Vec::new(),
    };
    let wanted = Wanted {
        source: &source,
        disk: &disk,
        documents: &[],
    };
    let start = Instant::now();
    let section = lock(&cx, archive, wanted, None, Update::None).unwrap();
    let first = start.elapsed();
    let start = Instant::now();
    let again = lock(&cx, archive, wanted, Some(&section), Update::None).unwrap();
    let second = start.elapsed();
    let count = section.packages.len();
    eprintln!("{count} packages; {first:?}, then {second:?}");
    assert_eq!(again, section);
    assert_eq!(section.releases.len(), 3);
    assert!(section.packages.len() > 100);
    for name in ["nginx", "libc6", "dpkg", "apt", "systemd", "openssh-server"] {
        assert!(section.packages.iter().any(|p| p.name == name), "{name}");
    }
    let boot: Vec<_> = section.boot.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(boot, ["grub-efi-amd64-bin", "grub-pc-bin"]);
    assert!(matches!(&section.request, Request::Debian(request) if request.mirror.is_none()));
    let small = Section {
        packages: section
            .packages
            .iter()
            .filter(|p| p.size < 30_000)
            .cloned()
            .collect(),
        ..section
    };
    let fetched = fetch_packages(&cx, archive, &small).unwrap();
    assert_eq!(fetched.fetched, small.packages.len() + 2);
}

/// The other architecture has its own boot loader, and starts with UEFI only.
#[test]
fn an_arm64_server() {
    let mut bench = Bench::new();
    bench.keyring = Keyring::debian();
    bench.cx = Cx::silent(Arc::new(SystemClock));
    bench.source = DebianSource {
        arch: "arm64".to_owned(),
        variant: Variant::Minbase,
        ..source(&["linux-image-cloud-arm64", "systemd-sysv"])
    };
    bench.disk.boot = vec![Firmware::Uefi];
    let mirrors = Mirrors::of(&bench.source, &host_sources());
    let lock_arm = |bench: &Bench| {
        let archive = Archive {
            mirrors: &mirrors,
            keyring: &bench.keyring,
            fetch: &bench.fetch,
            store: &bench.store,
        };
        lock(&bench.cx, archive, bench.wanted(), None, Update::None)
    };
    let section = lock_arm(&bench).unwrap();
    let archs: std::collections::BTreeSet<_> =
        section.all_packages().map(|p| p.arch.as_str()).collect();
    assert_eq!(archs.into_iter().collect::<Vec<_>>(), ["all", "arm64"]);
    assert_eq!(section.boot[0].name, "grub-efi-arm64-bin");
    bench.disk.boot = vec![Firmware::Bios];
    let error = lock_arm(&bench).unwrap_err();
    assert_eq!(words(&error), "no boot loader starts arm64 with bios");
}
