use goldsmith_core::failure::Failure as _;
use goldsmith_core::recipe::{Firmware, Variant};

use super::*;
use crate::record::{Artifact, Record};

/// A home with images.
struct Bench {
    home: tempfile::TempDir,
    images: Images,
}

fn package(name: &str, why: Why) -> Package {
    Package {
        name: name.to_owned(),
        version: "1".to_owned(),
        arch: "amd64".to_owned(),
        source: None,
        size: 1,
        sha256: Sha256::of(name.as_bytes()),
        path: format!("pool/{name}.deb"),
        suite: "bookworm".to_owned(),
        essential: false,
        why,
    }
}

/// What `base` is locked to.
fn base() -> Section {
    Section {
        source: "server".to_owned(),
        request: Request::Debian(DebianRequest {
            suite: "bookworm".to_owned(),
            updates: true,
            security: true,
            components: vec!["main".to_owned()],
            arch: "amd64".to_owned(),
            variant: Variant::Minbase,
            packages: vec!["systemd-sysv".to_owned()],
            boot: vec![Firmware::Bios, Firmware::Uefi],
            mirror: Some("http://mirror.test/debian".to_owned()),
            security_mirror: None,
            keyring: None,
            valid_until_waived: false,
        }),
        parent: None,
        epoch: 1_700_000_000,
        releases: Vec::new(),
        documents: Vec::new(),
        packages: vec![package("systemd-sysv", Why::Requested)],
        boot: vec![
            package("grub-efi-amd64-bin", Why::BootLoader(Firmware::Uefi)),
            package("grub-pc-bin", Why::BootLoader(Firmware::Bios)),
        ],
    }
}

impl Bench {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let images = Images::new(home.path());
        Self { home, images }
    }

    /// Publishes an image of `base` whose disk has these bytes.
    fn base(&self, version: &str, disk: &str) -> Image {
        self.publish("base", version, disk, &base())
    }

    fn publish(&self, name: &str, version: &str, disk: &str, section: &Section) -> Image {
        let folder = self.home.path().join("fresh");
        fs::create_dir(&folder).unwrap();
        let lock = Lock {
            recipes: [(name.to_owned(), section.clone())].into(),
        };
        fs::write(folder.join("goldsmith.lock"), lock.to_text()).unwrap();
        let mut record = Record::new(name, Sha256::of(b"key"));
        section.arch().clone_into(&mut record.arch);
        record.boot = section.request.boot().to_vec();
        record.epoch_unix = section.epoch;
        record.packages = 100;
        record.layers = vec![Sha256::of(b"below"), Sha256::of(disk.as_bytes())];
        record.artifacts = vec![Artifact {
            file: "disk.raw".to_owned(),
            kind: "raw".to_owned(),
            size_bytes: 4,
            allocated_bytes: 4,
            digest: Sha256::of(disk.as_bytes()),
            sha256: None,
        }];
        let pattern = version.parse().unwrap();
        self.images.publish(&folder, pattern, record).unwrap()
    }

    fn lock(
        &self,
        source: &ImageSource,
        boot: &[Firmware],
        previous: Option<&Section>,
        is_update: bool,
    ) -> Result<Section, ParentError> {
        let disk = DiskSpec {
            size_bytes: 1 << 30,
            boot: boot.to_vec(),
            kernel_args: Vec::new(),
        };
        let wanted = Wanted {
            source,
            disk: &disk,
            documents: &[],
            named: None,
        };
        lock(&self.images, wanted, previous, is_update)
    }

    /// The same for a source that asks for the channel `production`, which names this image.
    fn lock_channel(
        &self,
        named: Option<&ImageId>,
        previous: Option<&Section>,
        is_update: bool,
    ) -> Result<Section, ParentError> {
        let disk = DiskSpec {
            size_bytes: 1 << 30,
            boot: BOTH.to_vec(),
            kernel_args: Vec::new(),
        };
        let wanted = Wanted {
            source: &of_channel_source(),
            disk: &disk,
            documents: &[],
            named,
        };
        lock(&self.images, wanted, previous, is_update)
    }
}

fn source(version: &str) -> ImageSource {
    ImageSource {
        name: "golden".to_owned(),
        span: Span::new(&SourceFile::new("a.gold.hcl", ""), 0..0),
        image: "base".to_owned(),
        which: Which::Version(version.parse().unwrap()),
        packages: Vec::new(),
    }
}

fn pin(section: &Section) -> &ImagePin {
    match &section.parent {
        Some(Parent::Image(pin)) => pin,
        other => panic!("{other:?}"),
    }
}

const BOTH: [Firmware; 2] = [Firmware::Bios, Firmware::Uefi];

#[test]
fn the_newest_that_fits_is_pinned_and_stays() {
    let bench = Bench::new();
    for (version, disk) in [
        ("1.0.0", "a"),
        ("1.1.0", "b"),
        ("1.1.1", "c"),
        ("2.0.0", "d"),
    ] {
        bench.base(version, disk);
    }
    let locked = bench.lock(&source("1"), &BOTH, None, false).unwrap();
    assert_eq!(pin(&locked).to_string(), "base 1.1.1/1");
    assert_eq!(pin(&locked).digest, Sha256::of(b"c"));
    assert_eq!((locked.arch(), locked.epoch), ("amd64", 1_700_000_000));
    assert_eq!(locked.boot.len(), 2);
    // A lock that was read is the same.
    let lock = Lock {
        recipes: [("child".to_owned(), locked.clone())].into(),
    };
    assert_eq!(Lock::parse(lock.to_text().as_bytes()).unwrap(), lock);

    bench.base("1.2.0", "e");
    let again = |is_update| {
        bench
            .lock(&source("1"), &BOTH, Some(&locked), is_update)
            .unwrap()
    };
    assert_eq!(again(false), locked);
    assert_eq!(pin(&again(true)).to_string(), "base 1.2.0/1");
    // What it is locked to is none that it asks for.
    let other = bench
        .lock(&source("1.0.x"), &BOTH, Some(&locked), false)
        .unwrap();
    assert_eq!(pin(&other).to_string(), "base 1.0.0/1");
}

#[test]
fn an_image_is_its_disk() {
    let bench = Bench::new();
    let first = bench.base("1.0.x", "same");
    let locked = bench.lock(&source("1"), &BOTH, None, false).unwrap();
    bench.base("1.0.x", "same");
    let again = bench
        .lock(&source("1"), &BOTH, Some(&locked), true)
        .unwrap();
    assert_eq!(again, locked, "another number is no other image");
    let found = find(&bench.images, pin(&locked)).unwrap();
    assert_eq!(found.title(), "base 1.0.1/1", "any of the same disk serves");
    let needed = needs(&bench.images, &locked).unwrap();
    assert_eq!(needed, Some(Sha256::of(b"same")));

    // Another machine has it not; its lock stays all the same.
    let elsewhere = Bench::new();
    let kept = elsewhere
        .lock(&source("1"), &BOTH, Some(&locked), true)
        .unwrap();
    assert_eq!(kept, locked);
    assert_eq!(needs(&elsewhere.images, &locked).unwrap(), None);
    let error = find(&elsewhere.images, pin(&locked)).unwrap_err();
    assert!(error.to_string().contains(&first.title()), "{error}");
    assert!(error.hints()[0].contains("goldsmith build base"));
}

#[test]
fn a_boot_loader_comes_from_the_parent() {
    let bench = Bench::new();
    bench.base("1.0.0", "a");
    let locked = bench.lock(&source("1"), &BOTH[1..], None, false).unwrap();
    let names: Vec<&str> = locked.boot.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["grub-efi-amd64-bin"]);
    let more = bench
        .lock(&source("1"), &BOTH, Some(&locked), false)
        .unwrap();
    assert_eq!(more.boot.len(), 2);
    let archive = archive(&locked).unwrap();
    assert_eq!(archive.mirror.as_deref(), Some("http://mirror.test/debian"));

    // Of a line of images too.
    let child = bench.publish("child", "1.0.0", "child", &locked);
    let of_child = ImageSource {
        image: "child".to_owned(),
        ..source("1")
    };
    let grandchild = bench.lock(&of_child, &BOTH[1..], None, false).unwrap();
    assert_eq!(grandchild.boot, locked.boot);
    assert_eq!(pin(&grandchild).debian, pin(&locked).debian);
    let error = bench.lock(&of_child, &BOTH, None, false).unwrap_err();
    let words = format!("image {} has no boot loader for bios", child.title());
    assert!(error.to_string().starts_with(&words), "{error}");
    fs::remove_file(child.path("goldsmith.lock")).unwrap();
    let error = bench.lock(&of_child, &BOTH[1..], None, false).unwrap_err();
    assert!(error.to_string().contains("goldsmith.lock"), "{error}");
}

#[track_caller]
fn refused(source: &ImageSource, words: [&str; 2], images: &[&str]) {
    let bench = Bench::new();
    for version in images {
        bench.base(version, version);
    }
    let error = bench.lock(source, &BOTH, None, false).unwrap_err();
    assert!(error.to_string().contains(words[0]), "{error}");
    assert!(error.hints()[0].contains(words[1]), "{:?}", error.hints());
}

#[test]
fn refusals_say_what_to_do() {
    let none = ["there is no image `base` 1.4", "goldsmith build base"];
    refused(&source("1.4"), none, &[]);
    let other = ["there is no image `base` 1.4", "there are: base 1.3.0/1"];
    refused(&source("1.4.x"), other, &["1.3.0"]);
    let bench = Bench::new();
    let error = bench.lock_channel(None, None, false).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the channel `production` of `base` names no image"
    );
    assert!(error.hints()[0].contains("goldsmith promote base --channel production"));
}

fn of_channel_source() -> ImageSource {
    ImageSource {
        which: Which::Channel("production".to_owned()),
        ..source("1")
    }
}

#[test]
fn a_channel_is_followed_also_back() {
    let bench = Bench::new();
    let [old, new] = ["1.0.0", "2.0.0"].map(|version| bench.base(version, version).id());
    let locked = bench.lock_channel(Some(&new), None, false).unwrap();
    assert_eq!(pin(&locked).to_string(), "base 2.0.0/1");
    // It moves, and the lock stays until it is brought up to date.
    let again = |named: Option<&ImageId>, is_update| {
        bench.lock_channel(named, Some(&locked), is_update).unwrap()
    };
    assert_eq!(again(Some(&old), false), locked);
    assert_eq!(pin(&again(Some(&old), true)).to_string(), "base 1.0.0/1");
    // A machine whose catalog knows nothing of it keeps the lock.
    assert_eq!(again(None, true), locked);
    // One that was locked by its version is none that the channel named.
    let by_version = bench.lock(&source("2"), &BOTH, None, false).unwrap();
    let followed = bench
        .lock_channel(Some(&old), Some(&by_version), false)
        .unwrap();
    assert_eq!(pin(&followed).to_string(), "base 1.0.0/1");

    fs::remove_dir_all(bench.images.folder(&old)).unwrap();
    let error = bench.lock_channel(Some(&old), None, false).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the channel `production` of `base` names base 1.0.0/1, which is not on this machine"
    );
}
