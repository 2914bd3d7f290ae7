//! A real tree becomes a disk, and the kernel reads it back.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{self as unix, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use goldsmith_build::assemble::{
    AssembleError, Options, Request, ScanError, TreeContents, Written, assemble, complete, scan,
};
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Class, Failure as _};
use goldsmith_core::recipe::{DiskSpec, Firmware};
use goldsmith_disk::image::{self, Architecture};
use goldsmith_disk::tree::{Content, Kind};
use goldsmith_testing::clock::FakeClock;

pub(super) mod listing;
pub(super) mod odd_tree;
use listing::{attributes, listing};
use odd_tree::{clamp, odd_tree, put};

pub(super) const EPOCH: u32 = 1_700_000_000;

pub(super) fn cx() -> Cx {
    Cx::silent(Arc::new(FakeClock::at(0)))
}

/// Runs a tool of the host; fails when it is missing or says no.
#[expect(clippy::disallowed_methods, reason = "oracles are tools of the host")]
pub(super) fn tool(package: &str, name: &str, arguments: &[&OsStr]) -> String {
    let output = Command::new(name)
        .args(arguments)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap_or_else(|error| panic!("this test needs `{name}` of package `{package}`: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{name}: {}\n{text}{errors}",
        output.status
    );
    text
}

pub(super) struct Lab {
    scratch: tempfile::TempDir,
    disk: DiskSpec,
}

impl Lab {
    pub(super) fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        odd_tree(&scratch.path().join("tree"));
        Self {
            scratch,
            disk: DiskSpec {
                size_bytes: 256 << 20,
                boot: vec![Firmware::Bios, Firmware::Uefi],
                kernel_args: vec!["quiet".into()],
            },
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    pub(super) fn assemble(&self, tree: &str, out: &str) -> Result<Written, AssembleError> {
        let tree = File::open(self.path(tree)).unwrap();
        let host = File::open("/").unwrap();
        let request = Request {
            tree: tree.as_fd(),
            boot_files: host.as_fd(),
            disk: &self.disk,
            architecture: Architecture::X86_64,
            seed: Sha256::of(b"seed"),
            epoch: EPOCH,
        };
        let out = File::create(self.path(out)).unwrap();
        let options = Options {
            plain_digest: true,
            sync: false,
        };
        assemble(&cx(), &request, &out, options)
    }
}

/// A file system mounted for a while.
pub(super) struct Mounted(PathBuf);

impl Mounted {
    fn new(disk: &Path, offset: u64, at: PathBuf) -> Self {
        fs::create_dir(&at).unwrap();
        let options = format!("ro,noload,loop,offset={offset}");
        let arguments = [
            OsStr::new("-o"),
            options.as_ref(),
            disk.as_ref(),
            at.as_ref(),
        ];
        tool("mount", "mount", &arguments);
        Self(at)
    }
}

impl Mounted {
    /// A file system in a file, to be filled.
    pub(super) fn writable(file: &Path, at: PathBuf) -> Self {
        fs::create_dir(&at).unwrap();
        let arguments: [&OsStr; 4] = ["-o".as_ref(), "loop".as_ref(), file.as_ref(), at.as_ref()];
        tool("mount", "mount", &arguments);
        Self(at)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        tool("mount", "umount", &[self.0.as_ref()]);
    }
}

const ROOT_OFFSET: u64 = (2 + 64) << 20;

#[test]
fn the_kernel_reads_back_what_was_in_the_tree() {
    let lab = Lab::new();
    let written = lab.assemble("tree", "disk").unwrap();
    assert_eq!(written.size, 256 << 20);
    let disk = lab.path("disk");
    let offset = format!("{}?offset={ROOT_OFFSET}", disk.display());
    tool("e2fsprogs", "e2fsck", &["-fn".as_ref(), offset.as_ref()]);

    // What the disk should have besides: texts, fixed mount points, nothing of the host.
    let tree = lab.path("tree");
    let mounted = Mounted::new(&disk, ROOT_OFFSET, lab.path("mounted"));
    let fstab = fs::read_to_string(mounted.0.join("etc/fstab")).unwrap();
    assert!(
        fstab.contains(" / ext4 ") && fstab.contains("/boot/efi vfat"),
        "{fstab}"
    );
    let menu = fs::read_to_string(mounted.0.join("boot/grub/grub.cfg")).unwrap();
    assert!(
        menu.contains("linux /vmlinuz root=UUID=") && menu.contains("115200 quiet\n"),
        "{menu}"
    );
    assert!(mounted.0.join("usr/lib/repart.d/50-root.conf").exists());
    assert!(!mounted.0.join("tmp/leftover").exists());
    let listed = attributes(&mounted.0.join("srv/listed"));
    assert!(
        !listed.iter().any(|(name, _)| name == "trusted.host"),
        "{listed:?}"
    );
    let blocks = fs::metadata(mounted.0.join("var/sparse")).unwrap().blocks();
    assert_eq!(
        blocks,
        3 * 8,
        "three blocks have data; those of zeros are holes"
    );

    // The tree, made what it should be, is then what the disk shows.
    rustix::fs::lremovexattr(tree.join("srv/listed"), "trusted.host").unwrap();
    fs::remove_file(tree.join("tmp/leftover")).unwrap();
    for (path, mode) in [("proc", 0o555), ("sys", 0o555), ("tmp", 0o1777)] {
        fs::set_permissions(tree.join(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    for (path, mode) in [
        ("etc/fstab", 0o644),
        ("boot/grub/grub.cfg", 0o600),
        ("usr/lib/repart.d/50-root.conf", 0o644),
    ] {
        put(
            &tree.join(path),
            &fs::read(mounted.0.join(path)).unwrap(),
            mode,
        );
    }
    fs::create_dir(tree.join("boot/efi")).unwrap();
    clamp(&tree, i64::from(EPOCH));
    let expected = listing(&tree);
    let got = listing(&mounted.0);
    for (expected, got) in expected.iter().zip(&got) {
        // ext4's own directory, which the tree has too, is its own business.
        if !expected.starts_with("lost+found ") {
            assert_eq!(got, expected);
        }
    }
    assert_eq!(expected.len(), got.len());
}

#[test]
fn copies_of_a_tree_are_the_same_disk() {
    let lab = Lab::new();
    let (tree, copy) = (lab.path("tree"), lab.path("copy"));
    tool(
        "coreutils",
        "cp",
        &[
            "-a".as_ref(),
            "--sparse=never".as_ref(),
            tree.as_ref(),
            copy.as_ref(),
        ],
    );
    // `--sparse=never` fills the holes: a copy like that is another file to anybody.
    fs::remove_file(copy.join("var/sparse")).unwrap();
    let (from, to) = (tree.join("var/sparse"), copy.join("var/sparse"));
    tool(
        "coreutils",
        "cp",
        &[
            "-a".as_ref(),
            "--sparse=always".as_ref(),
            from.as_ref(),
            to.as_ref(),
        ],
    );
    let first = lab.assemble("tree", "disk").unwrap();
    let second = lab.assemble("copy", "disk2").unwrap();
    assert_eq!(first, second);
    let says = tool("coreutils", "sha256sum", &[lab.path("disk2").as_ref()]);
    let plain = first.sha256.unwrap().to_string();
    assert!(says.starts_with(&plain), "{says} is not {plain}");
    // What was in the file before does not stay.
    fs::write(lab.path("disk2"), vec![0xFF; 3 << 20]).unwrap();
    let again = lab.assemble("copy", "disk2").unwrap();
    assert_eq!(again, first);
    assert!(says.starts_with(&tool("coreutils", "sha256sum", &[lab.path("disk2").as_ref()])[..64]));
    put(&copy.join("srv/listed"), b"Listed", 0o640);
    assert_ne!(lab.assemble("copy", "disk2").unwrap().digest, first.digest);
}

#[test]
fn failures_say_what_to_do() {
    fn check(change: impl FnOnce(&mut Lab), class: Class, expected: &str, hint: &str) {
        let mut lab = Lab::new();
        change(&mut lab);
        let error = lab.assemble("tree", "disk").unwrap_err();
        let mut text = error.to_string();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            text.push_str(": ");
            text.push_str(&source.to_string());
            cause = source;
        }
        assert_eq!(text, expected);
        assert_eq!(error.class(), class);
        assert_eq!(error.hints().join("; "), hint);
    }
    check(
        |lab| fs::remove_dir_all(lab.path("tree/boot")).unwrap(),
        Class::Config,
        "the tree has no kernel in /boot",
        "add a kernel, such as `linux-image-cloud-amd64`, to the packages of the source",
    );
    check(
        |lab| lab.disk.size_bytes = 100 << 20,
        Class::Config,
        "cannot lay out the disk: a disk of 104857600 bytes is too small: 112197632 bytes are needed",
        "set `size = \"107MiB\"` or more in the `disk` block",
    );
    check(
        |lab| lab.disk.kernel_args = vec!["a;b".into()],
        Class::Config,
        "cannot write the boot loader's configuration: \
         kernel argument `a;b` has characters that GRUB would take for its own",
        "",
    );
    check(
        |lab| {
            let path = lab.path("tree").join(OsStr::from_bytes(b"\xFF"));
            put(&path, b"", 0o644);
        },
        Class::Config,
        "cannot lay out the disk: the root file system cannot be made: \
         the name of `/\\xff` is not UTF-8",
        "rename or remove it in a component's build phase",
    );
}

#[test]
fn grub_is_missing() {
    let lab = Lab::new();
    let tree = File::open(lab.path("tree")).unwrap();
    let mut request = Request {
        tree: tree.as_fd(),
        boot_files: tree.as_fd(),
        disk: &lab.disk,
        architecture: Architecture::X86_64,
        seed: Sha256::of(b"seed"),
        epoch: EPOCH,
    };
    let mut check = |architecture, expected: &str| {
        request.architecture = architecture;
        let mut nodes = scan(&cx(), tree.as_fd(), EPOCH).unwrap();
        let error = complete(&request, &mut nodes).unwrap_err();
        assert_eq!(error.hints(), [expected]);
    };
    check(
        Architecture::X86_64,
        "add `grub-pc-bin` to the packages of the source",
    );
    check(
        Architecture::Arm64,
        "set `boot = [\"uefi\"]` in the `disk` block",
    );
}

#[test]
fn a_cancelled_write_stops() {
    let lab = Lab::new();
    let tree = File::open(lab.path("tree")).unwrap();
    let cx = cx();
    let nodes = scan(&cx, tree.as_fd(), EPOCH).unwrap();
    let spec = image::Spec {
        size: 1 << 30,
        ids: goldsmith_disk::id::Ids::derive(&[1; 32]),
        architecture: Architecture::X86_64,
        epoch: EPOCH,
        bios: None,
        esp: None,
    };
    let layout = image::plan(&spec, &nodes).unwrap();
    let out = File::create(lab.path("disk")).unwrap();
    let mut contents = TreeContents::new(tree.as_fd());
    let stop = cx.cancel.clone();
    let options = Options::default();
    let error =
        goldsmith_build::assemble::write(&cx, &layout, &mut contents, &out, options, |_| {
            stop.cancel();
        });
    assert_eq!(
        AssembleError::from(error.unwrap_err()).class(),
        Class::Cancelled
    );
    assert!(matches!(
        scan(&cx, tree.as_fd(), EPOCH),
        Err(ScanError::Cancelled(_))
    ));
}

#[test]
fn a_full_disk_is_told_as_such() {
    let lab = Lab::new();
    let small = lab.path("small");
    fs::create_dir(&small).unwrap();
    let options: [&OsStr; 6] = [
        "-t".as_ref(),
        "tmpfs".as_ref(),
        "-o".as_ref(),
        "size=1m".as_ref(),
        "none".as_ref(),
        small.as_ref(),
    ];
    tool("mount", "mount", &options);
    let mounted = Mounted(small);
    let result = lab.assemble("tree", "small/disk");
    drop(mounted);
    let error = result.unwrap_err();
    assert_eq!(error.class(), Class::Environment);
    assert_eq!(error.hints(), ["free some space where images are kept"]);
}

#[test]
fn mounts_and_links_inside_are_not_followed() {
    let lab = Lab::new();
    let tree = lab.path("tree");
    let root = File::open(&tree).unwrap();
    unix::symlink("/etc", tree.join("srv/host")).unwrap();
    let nodes = scan(&cx(), root.as_fd(), EPOCH).unwrap();
    assert!(matches!(
        nodes.get(b"srv/host").unwrap().kind,
        Kind::Symlink(_)
    ));
    assert!(nodes.get(b"srv/host/passwd").is_none());
    let Kind::File(Content::Source { data, .. }) = &nodes.get(b"var/sparse").unwrap().kind else {
        panic!("not a file of the source");
    };
    assert_eq!(*data, [8192..12_288, (1 << 25)..(1 << 25) + 8192]);

    let mounted = tree.join("var/spool");
    let options: [&OsStr; 4] = [
        "-t".as_ref(),
        "tmpfs".as_ref(),
        "none".as_ref(),
        mounted.as_ref(),
    ];
    tool("mount", "mount", &options);
    let mounted = Mounted(mounted);
    let result = scan(&cx(), root.as_fd(), EPOCH);
    drop(mounted);
    assert_eq!(
        result.unwrap_err().to_string(),
        "something is mounted on `/var/spool` in the tree"
    );
}
