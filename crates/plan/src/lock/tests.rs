pub(crate) mod ami;

use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::Failure as _;
use goldsmith_core::recipe::{Firmware, Variant};

use self::ami::on_ami;
use super::diff::diff;
use super::format::Moment;
use super::stale::stale;
use super::*;

fn package(name: &str, version: &str, arch: &str) -> Package {
    Package {
        name: name.to_owned(),
        version: version.to_owned(),
        arch: arch.to_owned(),
        source: None,
        size: 1234,
        sha256: Sha256::of(format!("{name}{version}{arch}").as_bytes()),
        path: format!("pool/main/{name}_{version}_{arch}.deb"),
        suite: "bookworm".to_owned(),
        essential: false,
        why: Why::Requested,
    }
}

/// A small section with one of each.
pub(crate) fn section() -> Section {
    Section {
        source: "server".to_owned(),
        request: Request::Debian(DebianRequest {
            suite: "bookworm".to_owned(),
            updates: false,
            security: true,
            components: vec!["main".to_owned()],
            arch: "amd64".to_owned(),
            variant: Variant::Minbase,
            packages: vec!["nginx".to_owned()],
            boot: vec![Firmware::Bios],
            mirror: None,
            security_mirror: None,
            keyring: None,
            valid_until_waived: false,
        }),
        parent: None,
        epoch: 1_783_764_997,
        releases: vec![ReleaseRef {
            suite: "bookworm".to_owned(),
            sha256: Sha256::of(b"InRelease"),
            date: Moment(1_783_764_997),
            valid_until: None,
            signed_by: "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8".to_owned(),
        }],
        documents: vec![Input {
            path: "./a.yaml".to_owned(),
            sha256: Sha256::of(b"a"),
        }],
        packages: vec![
            Package {
                essential: true,
                why: Why::NeededBy("nginx".to_owned()),
                ..package("adduser", "3.134", "all")
            },
            package("nginx", "1.22.1-9", "amd64"),
        ],
        boot: vec![Package {
            why: Why::BootLoader(Firmware::Bios),
            ..package("grub-pc-bin", "2.06-13", "amd64")
        }],
    }
}

fn lock(section: Section) -> Lock {
    Lock {
        recipes: [("web".to_owned(), section)].into(),
    }
}

fn debian() -> DebianRequest {
    match section().request {
        Request::Debian(request) => request,
        _ => unreachable!("it is one of Debian"),
    }
}

/// On the image of `section`.
pub(crate) fn on_image() -> Section {
    Section {
        source: "base".to_owned(),
        request: Request::Image(ImageRequest {
            name: "web".to_owned(),
            version: Some("1.4".to_owned()),
            channel: None,
            packages: Vec::new(),
            boot: vec![Firmware::Bios],
        }),
        parent: Some(Parent::Image(ImagePin {
            name: "web".to_owned(),
            version: "1.4.7".parse().unwrap(),
            build: 2,
            digest: Sha256::of(b"disk"),
            arch: "amd64".to_owned(),
            epoch: 1_783_764_997,
            debian: Some(Box::new(debian())),
        })),
        releases: Vec::new(),
        packages: Vec::new(),
        ..section()
    }
}

fn on_disk() -> Section {
    Section {
        source: "vendor".to_owned(),
        request: Request::Disk(DiskRequest {
            file: Some("vendor.qcow2".to_owned()),
            url: None,
            sha256: Sha256::of(b"vendor"),
            arch: "arm64".to_owned(),
            boot: vec![Firmware::Uefi],
        }),
        parent: Some(Parent::Disk(DiskPin {
            sha256: Sha256::of(b"vendor"),
            size: 1 << 30,
        })),
        boot: Vec::new(),
        ..on_image()
    }
}

/// One of each kind.
fn all() -> Lock {
    let kinds = [
        ("ami", on_ami()),
        ("disk", on_disk()),
        ("image", on_image()),
        ("web", section()),
    ];
    Lock {
        recipes: kinds
            .map(|(name, section)| (name.to_owned(), section))
            .into(),
    }
}

fn text() -> String {
    lock(section()).to_text()
}

#[test]
fn reads_what_it_writes() {
    assert_eq!(Lock::parse(text().as_bytes()), Ok(lock(section())));
    assert!(text().ends_with("}\n"));
    assert!(
        text().contains("\n          \"version\": \"1.22.1-9\",\n"),
        "{}",
        text()
    );
    assert!(text().contains("\"date\": \"2026-07-11T10:16:37Z\""));
    assert!(!text().contains("://"), "no mirror: {}", text());
}

/// The texts as of today: a change of them needs another version.
#[test]
fn form_is_fixed() {
    assert_eq!(all().to_text(), include_str!("tests/v3.lock"));
    assert_eq!(Lock::parse(all().to_text().as_bytes()), Ok(all()));
}

/// That one had no image of AWS.
#[test]
fn reads_version_2() {
    let mut without = all();
    without.recipes.remove("ami");
    assert_eq!(Lock::parse(include_bytes!("tests/v2.lock")), Ok(without));
}

/// What was written by Goldsmith 0.1 is still read, and written in today's form.
#[test]
fn reads_version_1() {
    let old = include_str!("tests/v1.lock");
    assert_eq!(Lock::parse(old.as_bytes()), Ok(lock(section())));
    let broken = old.replacen("\"epoch\"", "\"parent\": null, \"epoch\"", 1);
    let error = Lock::parse(broken.as_bytes()).unwrap_err();
    assert!(
        error.to_string().contains("unknown field `parent`"),
        "{error}"
    );
}

#[test]
fn refuses() {
    let broken = |from: &str, to: &str| text().replacen(from, to, 1);
    let package = "recipe `web`, package `nginx` of the lock file has a bad";
    for (text, message) in [
        (
            String::new(),
            "the lock file is broken at line 1, column 0: EOF while parsing a value",
        ),
        (
            "[".repeat(100_000),
            "the lock file is broken at line 1, column 1: invalid type: sequence",
        ),
        (
            broken("\"version\": 3", "\"version\": 4"),
            "the lock file has version 4, and this Goldsmith knows version 3",
        ),
        (
            broken("\"debian\": {", "\"fedora\": {"),
            "the lock file is broken at line 7, column 16: unknown variant `fedora`",
        ),
        (
            all().to_text().replacen("\"sha256\": \"", "\"md5\": \"", 1),
            "the lock file is broken",
        ),
        (
            lock(on_ami()).to_text().replace("ami-0123", "../ami-0123"),
            "recipe `web` of the lock file has a bad ami: `../ami-0123456789abcdef0`",
        ),
        (
            lock(on_ami()).to_text().replace("eu-north-1", "eu north"),
            "recipe `web` of the lock file has a bad region: `eu north`",
        ),
        (
            lock(Section {
                parent: on_disk().parent,
                ..on_ami()
            })
            .to_text(),
            "recipe `web` of the lock file has a bad parent: `disk ",
        ),
        (
            format!("<<<<<<< HEAD\n{}", text()),
            "the lock file has a merge conflict at line 1",
        ),
        (
            broken("\"epoch\"", "\"moon\": 1,\n\"epoch\""),
            "the lock file is broken at line 24, column 12: unknown field `moon`, expected one of",
        ),
        (broken("\"updates\": false,", ""), "the lock file is broken"),
        (
            broken("pool/main/nginx", "pool/../../etc/nginx"),
            &format!("{package} path"),
        ),
        (
            broken("pool/main/nginx", "/pool/main/nginx"),
            &format!("{package} path"),
        ),
        (
            broken("pool/main/nginx", "pool//nginx"),
            &format!("{package} path"),
        ),
        (
            broken("\"name\": \"nginx\"", "\"name\": \"../nginx\""),
            "recipe `web`, package `../nginx` of the lock file has a bad name: `../nginx`",
        ),
        (
            broken("\"version\": \"1.22.1-9\"", "\"version\": \"1/2\""),
            &format!("{package} version"),
        ),
        (
            broken("\"version\": \"1.22.1-9\"", "\"version\": \"\""),
            &format!("{package} version"),
        ),
        (
            broken("needed by nginx", "needed by \\u001b[2J"),
            "recipe `web`, package `adduser` of the lock file has a bad why: `?[2J`",
        ),
        (
            broken("needed by nginx", "whim"),
            "the lock file is broken at line 50, column 9: not a reason for a package",
        ),
        (
            broken("\"name\": \"adduser\"", "\"name\": \"nginx\"")
                .replace("\"arch\": \"all\"", "\"arch\": \"amd64\""),
            "recipe `web`, package `nginx` of the lock file stands there twice",
        ),
        (
            broken("\"size\": 1234", "\"size\": -1"),
            "the lock file is broken",
        ),
        (
            broken("2026-07-11T10", "2026-77-11T10"),
            "the lock file is broken",
        ),
        (
            broken("\"suite\": \"bookworm\"", "\"suite\": \"../x\""),
            "recipe `web` of the lock file has a bad suite: `../x`",
        ),
    ] {
        let error = Lock::parse(text.as_bytes()).expect_err(message);
        assert!(error.to_string().starts_with(message), "{error}\n{message}");
        assert_eq!(error.hints().len(), 1);
    }
    assert!(Lock::parse(&[0xff, 0xfe]).is_err());
}

#[test]
fn differences() {
    let mut new = section();
    new.packages = vec![
        package("curl", "8.1", "amd64"),
        package("nginx", "1.22.1-10", "amd64"),
    ];
    new.boot[0].version = "2.06-3".to_owned();
    new.releases[0].sha256 = Sha256::of(b"newer");
    new.documents[0].sha256 = Sha256::of(b"b");
    let changes = diff(&lock(section()), &lock(new.clone()));
    assert_eq!(
        changes.to_string(),
        "recipe web\n  + curl 8.1 amd64\n  - adduser 3.134 all\n  ^ nginx 1.22.1-9 -> 1.22.1-10\n  \
         v grub-pc-bin 2.06-13 -> 2.06-3\n  * suite bookworm is now of 2026-07-11 10:16 UTC\n  \
         * document `./a.yaml` has changed\n"
    );
    assert!(changes.has_updates());
    let mut signed_anew = section();
    signed_anew.releases[0].sha256 = Sha256::of(b"newer");
    let changes = diff(&lock(section()), &lock(signed_anew));
    assert_eq!(changes.recipes.len(), 1);
    assert!(!changes.has_updates(), "an image would be the same");
    assert_eq!(diff(&lock(new.clone()), &lock(new)).recipes.len(), 0);
    let mut bytes = section();
    bytes.packages[1].sha256 = Sha256::of(b"other");
    let text = diff(&lock(section()), &lock(bytes)).to_string();
    assert!(
        text.contains("! nginx 1.22.1-9 has other bytes: "),
        "{text}"
    );
    assert_eq!(
        diff(&Lock::default(), &lock(section())).recipes["web"]
            .added
            .len(),
        3
    );
}

#[test]
fn another_parent_is_an_update() {
    let with = |version: &str, disk: &[u8]| {
        let mut section = on_image();
        let Some(Parent::Image(pin)) = &mut section.parent else {
            unreachable!()
        };
        pin.version = version.parse().unwrap();
        pin.digest = Sha256::of(disk);
        lock(section)
    };
    let check = |old: &Lock, new: &Lock, words: &str| {
        let changes = diff(old, new);
        let text = changes.to_string();
        assert_eq!(text.trim_start_matches("recipe web\n  ").trim_end(), words);
        assert_eq!(changes.has_updates(), !words.is_empty());
    };
    let old = with("1.4.7", b"disk");
    check(&old, &old, "");
    check(
        &old,
        &with("1.4.8", b"other"),
        "* starts from image web 1.4.8/2, before from image web 1.4.7/2",
    );
    // Built elsewhere under another number, of the same bytes.
    check(&old, &with("1.4.9", b"disk"), "");
    let [before, after] = [b"disk".as_slice(), b"other"].map(|disk| Sha256::of(disk).short());
    check(
        &old,
        &with("1.4.7", b"other"),
        &format!(
            "* starts from image web 1.4.7/2 ({after}), before from image web 1.4.7/2 ({before})"
        ),
    );
    check(
        &Lock::default(),
        &old,
        "+ grub-pc-bin 2.06-13 amd64\n  * starts from image web 1.4.7/2",
    );
}

#[test]
fn staleness() {
    let old = section();
    assert_eq!(stale(&old, &old.request, &old.documents), None);
    let with = |change: fn(&mut DebianRequest)| {
        let mut request = debian();
        change(&mut request);
        stale(&old, &Request::Debian(request), &old.documents)
            .expect("stale")
            .to_string()
    };
    for (change, words) in [
        (
            (|r| r.packages = vec!["curl".to_owned()]) as fn(&mut DebianRequest),
            "packages: added curl, removed nginx",
        ),
        (
            |r| r.suite = "trixie".to_owned(),
            "suite: bookworm to trixie",
        ),
        (|r| r.security = false, "security: true to false"),
        (|r| r.variant = Variant::Apt, "variant: minbase to apt"),
        (|r| r.boot.push(Firmware::Uefi), "boot: bios to bios+uefi"),
        (
            |r| r.valid_until_waived = true,
            "check_valid_until: true to false",
        ),
        (
            |r| r.mirror = Some("http://m.test".to_owned()),
            "mirror: none to http://m.test",
        ),
    ] {
        assert_eq!(with(change), words);
    }
    let other = stale(&old, &on_image().request, &old.documents).unwrap();
    assert_eq!(other.to_string(), "source: debian to image");
    let on_image = on_image();
    let with = |change: fn(&mut ImageRequest)| {
        let Request::Image(mut request) = on_image.request.clone() else {
            unreachable!()
        };
        change(&mut request);
        stale(&on_image, &Request::Image(request), &on_image.documents).map(|r| r.to_string())
    };
    assert_eq!(with(|_| {}), None);
    for (change, words) in [
        (
            (|r| r.name = "base".to_owned()) as fn(&mut ImageRequest),
            "image: web to base",
        ),
        (
            |r| r.version = Some("1.5".to_owned()),
            "version: 1.4 to 1.5",
        ),
        (
            |r| r.packages = vec!["curl".to_owned()],
            "packages: added curl",
        ),
        (|r| r.boot.push(Firmware::Uefi), "boot: bios to bios+uefi"),
    ] {
        assert_eq!(with(change).as_deref(), Some(words));
    }
    let changed = [Input {
        path: "./a.yaml".to_owned(),
        sha256: Sha256::of(b"b"),
    }];
    let reason = stale(&old, &old.request, &changed).unwrap();
    assert_eq!(reason.to_string(), "document `./a.yaml` has changed");
    let reason = stale(&old, &old.request, &[]).unwrap();
    assert_eq!(reason.to_string(), "document `./a.yaml` is gone");
}

proptest::proptest! {
    /// Whatever a lock file has become, reading it gives an answer; and what is read is
    /// written back the same.
    #[test]
    fn reads_anything(at in 0usize..4000, cut in 0usize..40, put in ".{0,12}") {
        let mut text = text();
        let boundary = |at: usize, text: &str| (0..=at.min(text.len())).rfind(|n| text.is_char_boundary(*n));
        let start = boundary(at, &text).unwrap();
        let end = boundary(start + cut, &text).unwrap();
        text.replace_range(start..end, &put);
        if let Ok(lock) = Lock::parse(text.as_bytes()) {
            let again = Lock::parse(lock.to_text().as_bytes());
            proptest::prop_assert_eq!(again, Ok(lock));
        }
    }
}
