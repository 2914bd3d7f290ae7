use goldsmith_build::repo::{Update, check, check_update};
use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::Firmware;
use goldsmith_plan::lock::{Input, Lock, Request, Section, stale};
use goldsmith_testing::repo::{Package, Suite, write};

use super::*;

#[test]
fn a_section_has_everything() {
    let mut bench = Bench::new();
    let document = Input {
        path: "./a.yaml".to_owned(),
        sha256: Sha256::of(b"a"),
    };
    bench.documents = vec![document.clone()];
    let section = bench.lock().unwrap();
    assert_eq!(
        versions(&section),
        "base-files 12.4, libc6 2.36-9, nginx 1.22.1-9, grub-pc-bin 2.06-13"
    );
    let whys: Vec<_> = section.all_packages().map(|p| p.why.to_string()).collect();
    assert_eq!(
        whys,
        [
            "base",
            "needed by nginx",
            "requested",
            "boot loader for bios"
        ]
    );
    assert!(section.packages[0].essential);
    let nginx = &section.packages[2];
    assert_eq!(nginx.path, packages()[2].path());
    assert_eq!(nginx.sha256, Sha256::of(&packages()[2].bytes));
    assert_eq!(section.epoch, i64::from(MADE));
    assert_eq!(section.releases[0].signed_by, key().fingerprint());
    assert_eq!(section.documents, [document]);
    let request = Request::Debian(stale::debian(&bench.source, &bench.disk));
    assert_eq!(stale::stale(&section, &request, &bench.documents), None);
    let lock = Lock {
        recipes: [("web".to_owned(), section)].into(),
    };
    assert!(!lock.to_text().contains("127.0.0.1"), "no mirror in it");
    assert_eq!(Lock::parse(lock.to_text().as_bytes()), Ok(lock));
}

#[test]
fn every_form_of_the_index() {
    for (forms, by_hash) in [
        (&["", ".gz", ".xz"][..], true),
        (&[".xz"], true),
        (&[".xz"], false),
        (&[".gz"], false),
        (&[""], false),
    ] {
        let bench = Bench::with(&Suite {
            forms,
            by_hash,
            ..Suite::new("bookworm", MADE, packages())
        });
        bench
            .lock()
            .unwrap_or_else(|error| panic!("{forms:?}: {}", words(&error)));
        let asked = bench.asked();
        assert_eq!(asked.len(), 2, "{asked:?}");
        assert_eq!(asked[1].contains("/by-hash/SHA256/"), by_hash);
    }
}

#[test]
fn by_name_where_the_digest_is_not_kept() {
    let bench = Bench::new();
    let dir = bench
        .root()
        .join("dists/bookworm")
        .join(INDEX)
        .join("by-hash");
    std::fs::remove_dir_all(dir).unwrap();
    bench.lock().unwrap();
    assert!(bench.asked()[2].ends_with("Packages.xz"));
}

#[test]
fn the_second_time_only_the_head_is_fetched() {
    let bench = Bench::new();
    let first = bench.lock().unwrap();
    let before = bench.mirror.requests().len();
    assert_eq!(bench.lock().unwrap(), first);
    assert_eq!(bench.asked()[before..], ["dists/bookworm/InRelease"]);
}

#[test]
fn several_suites() {
    let mut bench = Bench::new();
    let newer = vec![Package::new("nginx", "1.22.1-9+deb12u1", &[])];
    write(
        &bench.root(),
        &Suite::new("bookworm-security", MADE + 60, newer),
        &key(),
    );
    write(
        &bench.root(),
        &Suite::new("bookworm-updates", MADE, Vec::new()),
        &key(),
    );
    bench.source.security = true;
    bench.source.updates = true;
    let section = bench.lock().unwrap();
    let nginx = section.packages.iter().find(|p| p.name == "nginx").unwrap();
    assert_eq!(
        (nginx.version.as_str(), nginx.suite.as_str()),
        ("1.22.1-9+deb12u1", "bookworm-security")
    );
    let suites: Vec<_> = section.releases.iter().map(|r| r.suite.as_str()).collect();
    assert_eq!(
        suites,
        ["bookworm", "bookworm-updates", "bookworm-security"]
    );
    assert_eq!(section.epoch, i64::from(MADE) + 60, "the newest");
    bench.fetch(&section).unwrap();
}

/// The archive as it is a day later, with both versions of nginx and a newer libc6.
fn move_on(bench: &Bench) {
    let mut later = packages();
    later[3] = Package::new("libc6", "2.36-10", &["Priority: optional"]);
    later.push(Package::new("nginx", "1.22.1-10", &["Depends: libc6"]));
    later.push(Package::new("grub-pc-bin", "2.06-14", &[]));
    write(
        &bench.root(),
        &Suite::new("bookworm", MADE + 3600, later),
        &key(),
    );
}

#[test]
fn updates() {
    let bench = Bench::new();
    let old = bench.lock().unwrap();
    move_on(&bench);
    let lock = |update| bench.lock_with(&bench.fetch, Some(&old), update);
    let all = "base-files 12.4, libc6 2.36-10, nginx 1.22.1-10, grub-pc-bin 2.06-14";
    let one = ["nginx".to_owned()];
    for (update, expected) in [
        // The archive has only the newer libc6.
        (
            Update::None,
            "base-files 12.4, libc6 2.36-10, nginx 1.22.1-9, grub-pc-bin 2.06-13",
        ),
        (
            Update::Only(&one),
            "base-files 12.4, libc6 2.36-10, nginx 1.22.1-10, grub-pc-bin 2.06-13",
        ),
        (Update::All, all),
    ] {
        assert_eq!(versions(&lock(update).unwrap()), expected, "{update:?}");
    }
    let nobody = ["nobody".to_owned()];
    assert_eq!(
        lock(Update::Only(&nobody)).unwrap().packages,
        lock(Update::None).unwrap().packages
    );
    let whole = Lock {
        recipes: [("web".to_owned(), old.clone())].into(),
    };
    assert!(check_update(Some(&whole), &one).is_ok());
    let error = check_update(Some(&whole), &nobody).unwrap_err();
    assert_eq!(words(&error), "package `nobody` is not in the lock");
}

/// The archive still lists the locked nginx, but not what that one needs.
#[test]
fn locked_versions_that_no_longer_go_together() {
    let nginx = |version: &str| {
        let needs = format!("Depends: nginx-common (= {version})");
        Package::new("nginx", version, &[&needs])
    };
    let set = |nginxes: &[&str], common: &str| {
        let mut all: Vec<_> = nginxes.iter().map(|version| nginx(version)).collect();
        all.push(Package::new("nginx-common", common, &[]));
        all.push(Package::new("grub-pc-bin", "2.06-13", &[]));
        all
    };
    let bench = Bench::with(&Suite::new("bookworm", MADE, set(&["1-1"], "1-1")));
    let old = bench.lock().unwrap();
    let later = Suite::new("bookworm", MADE + 60, set(&["1-1", "1-2"], "1-2"));
    write(&bench.root(), &later, &key());
    let new = bench
        .lock_with(&bench.fetch, Some(&old), Update::None)
        .unwrap();
    assert_eq!(
        versions(&new),
        "nginx 1-2, nginx-common 1-2, grub-pc-bin 2.06-13"
    );
}

#[test]
fn check_says_what_would_change() {
    let bench = Bench::new();
    let old = bench.lock().unwrap();
    let check = |old: &Section| {
        bench.archive(&bench.fetch, |archive| {
            check(&bench.cx, archive, bench.wanted(), old)
        })
    };
    assert!(check(&old).unwrap().has_same_packages());
    move_on(&bench);
    let changes = check(&old).unwrap();
    assert!(!changes.has_same_packages());
    assert_eq!(
        changes.to_string(),
        "^ grub-pc-bin 2.06-13 -> 2.06-14\n^ libc6 2.36-9 -> 2.36-10\n^ nginx 1.22.1-9 -> 1.22.1-10\n\
         * suite bookworm is now of 2023-11-15 23:13 UTC\n"
    );
}

#[test]
fn offline_from_the_store() {
    let mut bench = Bench::new();
    let error = bench.lock_offline(None).unwrap_err();
    assert!(words(&error).contains("is not in the store, and this run is offline"));
    let old = bench.lock().unwrap();
    bench.source.packages.push("grub-pc-bin".to_owned());
    let new = bench.lock_offline(Some(&old)).unwrap();
    assert_eq!(
        versions(&new),
        "base-files 12.4, grub-pc-bin 2.06-13, libc6 2.36-9, nginx 1.22.1-9"
    );
    assert_eq!(new.boot, [], "already in the tree");
}

#[test]
fn what_starts_the_disk() {
    let mut bench = Bench::new();
    bench.disk.boot = vec![Firmware::Uefi];
    let error = bench.lock().unwrap_err();
    assert_eq!(
        words(&error),
        "the archive has no package `grub-efi-amd64-bin`, which starts the disk with uefi"
    );
}

#[test]
fn no_such_package() {
    let mut bench = Bench::new();
    bench.source.packages = vec!["ngimx".to_owned()];
    let error = bench.lock().unwrap_err();
    assert!(words(&error).contains("ngimx"), "{}", words(&error));
}

#[test]
fn a_mirror_in_a_directory() {
    let bench = Bench::new();
    let mirrors = Mirrors {
        main: Some(format!("file://{}/", bench.root().display())),
        security: None,
    };
    let archive = Archive {
        mirrors: &mirrors,
        keyring: &bench.keyring,
        fetch: &bench.fetch,
        store: &bench.store,
    };
    let section = lock(&bench.cx, archive, bench.wanted(), None, Update::None).unwrap();
    assert_eq!(
        fetch_packages(&bench.cx, archive, &section)
            .unwrap()
            .fetched,
        4
    );
    assert_eq!(bench.asked(), [""; 0], "nothing over the network");
}

#[test]
fn the_recipe_comes_before_the_host() {
    let host = goldsmith_build::repo::apt_sources::parse(
        "deb http://host.test/debian bookworm main\n",
        goldsmith_build::repo::apt_sources::Form::OneLine,
    );
    let mut source = source(&[]);
    let of = |source: &DebianSource| Mirrors::of(source, &host);
    assert_eq!(of(&source).main.as_deref(), Some("http://host.test/debian"));
    assert_eq!(of(&source).security, None);
    source.mirror = Some("http://own.test/debian".to_owned());
    assert_eq!(of(&source).main, source.mirror);
}
