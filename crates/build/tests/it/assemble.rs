//! A real tree becomes a disk, and the kernel reads it back.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{self as unix, FileExt as _, MetadataExt as _, PermissionsExt as _};
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
use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps, XattrFlags};

const EPOCH: u32 = 1_700_000_000;

fn cx() -> Cx {
    Cx::silent(Arc::new(FakeClock::at(0)))
}

/// Runs a tool of the host; fails when it is missing or says no.
#[expect(clippy::disallowed_methods, reason = "oracles are tools of the host")]
fn tool(package: &str, name: &str, arguments: &[&OsStr]) -> String {
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

fn put(path: &Path, bytes: &[u8], mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn set_time(path: &Path, seconds: i64) {
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

fn mknod(path: &Path, kind: FileType, major: u32, minor: u32) {
    let device = rustix::fs::makedev(major, minor);
    rustix::fs::mknodat(CWD, path, kind, Mode::from_raw_mode(0o640), device).unwrap();
}

/// A tree with one of everything, and what a disk needs to boot.
fn odd_tree(root: &Path) {
    fs::create_dir_all(root).unwrap();
    for directory in [
        "dev",
        "proc",
        "run",
        "sys",
        "tmp",
        "lost+found",
        "var/spool",
        "root",
    ] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    put(&root.join("tmp/leftover"), b"not for the image", 0o644);
    put(&root.join("boot/vmlinuz-6.1.0"), &[1; 9000], 0o644);
    put(&root.join("boot/initrd.img-6.1.0"), &[2; 9000], 0o644);
    unix::symlink("boot/vmlinuz-6.1.0", root.join("vmlinuz")).unwrap();
    unix::symlink("boot/initrd.img-6.1.0", root.join("initrd.img")).unwrap();
    put(&root.join("usr/bin/ping"), &[3; 70_001], 0o755);
    fs::hard_link(root.join("usr/bin/ping"), root.join("root/ping")).unwrap();
    put(&root.join("usr/bin/sudo"), b"sudo", 0o4755);
    put(&root.join("srv/ein name mit ü"), b"", 0o600);
    put(&root.join("srv/listed"), b"listed", 0o640);
    unix::symlink("x".repeat(200), root.join("srv/long")).unwrap();
    fs::hard_link(root.join("srv/long"), root.join("srv/long2")).unwrap();
    unix::lchown(root.join("srv/long"), Some(12), Some(70_000)).unwrap();
    unix::chown(root.join("srv/listed"), Some(1234), Some(99_999)).unwrap();
    mknod(&root.join("srv/fifo"), FileType::Fifo, 0, 0);
    mknod(&root.join("srv/char"), FileType::CharacterDevice, 5, 70_000);
    mknod(&root.join("srv/block"), FileType::BlockDevice, 254, 3);
    for number in 0..600 {
        put(
            &root.join(format!("many/file-{number}")),
            format!("{number}").as_bytes(),
            0o644,
        );
    }
    let sparse = File::create(root.join("var/sparse")).unwrap();
    sparse.set_len(1 << 26).unwrap();
    sparse.write_all_at(b"one", 10_000).unwrap();
    sparse.write_all_at(&[0; 8192], 1 << 20).unwrap();
    sparse.write_all_at(b"two", (1 << 25) + 4095).unwrap();

    let set = |path: &str, name: &str, value: &[u8]| {
        let path = root.join(path);
        rustix::fs::lsetxattr(&path, name, value, XattrFlags::empty()).unwrap();
    };
    let capability = [
        1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    set("usr/bin/ping", "security.capability", &capability);
    set("srv/listed", "user.note", b"text");
    set("srv/listed", "user.large", &[7; 1500]);
    set("srv/listed", "trusted.host", b"stays on the host");
    for (path, kind) in [("srv/listed", "access"), ("var/spool", "default")] {
        let mut acl = vec![2, 0, 0, 0];
        for (tag, permissions, id) in [
            (1_u16, 6_u16, u32::MAX),
            (2, 4, 1000),
            (4, 4, u32::MAX),
            (8, 7, 50),
            (0x10, 6, u32::MAX),
            (0x20, 0, u32::MAX),
        ] {
            acl.extend(tag.to_le_bytes());
            acl.extend(permissions.to_le_bytes());
            acl.extend(id.to_le_bytes());
        }
        set(path, &format!("system.posix_acl_{kind}"), &acl);
    }
    set_time(&root.join("usr/bin/sudo"), 1_000_000_000);
    set_time(&root.join("srv/long"), -5);
}

struct Lab {
    scratch: tempfile::TempDir,
    disk: DiskSpec,
}

impl Lab {
    fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        odd_tree(&scratch.path().join("tree"));
        Self {
            scratch,
            disk: DiskSpec {
                size_bytes: 1 << 30,
                boot: vec![Firmware::Bios, Firmware::Uefi],
                kernel_args: vec!["quiet".into()],
            },
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn assemble(&self, tree: &str, out: &str) -> Result<Written, AssembleError> {
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
            plain_digest_up_to: 8 << 30,
            sync: false,
        };
        assemble(&cx(), &request, &out, options)
    }
}

/// One line per node, as the kernel shows it.
fn listing(root: &Path) -> Vec<String> {
    let mut lines = vec![];
    let mut inodes = std::collections::BTreeMap::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(path) = pending.pop() {
        let full = root.join(&path);
        let info = fs::symlink_metadata(&full).unwrap();
        let is_directory = info.is_dir();
        let mut line = format!(
            "{} {:o} {}:{} dev {} at {}.{}",
            path.display(),
            info.mode(),
            info.uid(),
            info.gid(),
            info.rdev(),
            info.mtime(),
            info.mtime_nsec(),
        );
        if !is_directory {
            line += &format!(" size {} links {}", info.size(), info.nlink());
            let first = inodes.entry(info.ino()).or_insert_with(|| path.clone());
            if *first != path {
                line += &format!(" is {}", first.display());
            }
        }
        if info.is_file() {
            line += &format!(" {}", Sha256::of(&fs::read(&full).unwrap()));
        } else if info.is_symlink() {
            line += &format!(" -> {}", fs::read_link(&full).unwrap().display());
        }
        for (name, value) in attributes(&full) {
            line += &format!(" {name}={}", value.escape_ascii());
        }
        lines.push(line);
        if is_directory {
            let mut names: Vec<_> = fs::read_dir(&full)
                .unwrap()
                .map(|e| e.unwrap().file_name())
                .collect();
            names.sort_unstable();
            names.reverse();
            pending.extend(names.iter().map(|name| path.join(name)));
        }
    }
    lines
}

fn attributes(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut list = vec![0; 4096];
    let length = rustix::fs::llistxattr(path, &mut list[..]).unwrap();
    let mut names: Vec<&[u8]> = list[..length]
        .split(|b| *b == 0)
        .filter(|n| !n.is_empty())
        .collect();
    names.sort_unstable();
    let value = |name: &[u8]| {
        let mut value = vec![0; 4096];
        let length = rustix::fs::lgetxattr(path, name, &mut value[..]).unwrap();
        value.truncate(length);
        value
    };
    names
        .iter()
        .map(|name| (String::from_utf8_lossy(name).into_owned(), value(name)))
        .collect()
}

/// A file system mounted for a while.
struct Mounted(PathBuf);

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
    assert_eq!(written.size, 1 << 30);
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
    for path in [
        "etc/fstab",
        "boot/grub/grub.cfg",
        "usr/lib/repart.d/50-root.conf",
    ] {
        put(
            &tree.join(path),
            &fs::read(mounted.0.join(path)).unwrap(),
            0o644,
        );
    }
    fs::create_dir(tree.join("boot/efi")).unwrap();
    clamp(&tree);
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

/// Holds every time of a tree to the epoch.
fn clamp(root: &Path) {
    let mut pending = vec![root.to_path_buf()];
    while let Some(path) = pending.pop() {
        let info = fs::symlink_metadata(&path).unwrap();
        if info.is_dir() {
            pending.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
        if info.mtime() >= i64::from(EPOCH) {
            set_time(&path, i64::from(EPOCH));
        }
    }
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
            text += &format!(": {source}");
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
            put(
                &lab.path("tree").join(OsStr::from_bytes(b"\xFF")),
                b"",
                0o644,
            )
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
