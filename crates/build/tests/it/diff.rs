//! Two images, made of two small trees, held against one another.

use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{self as unix, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use goldsmith_build::assemble::{Options, Request, assemble};
use goldsmith_build::diff::{self, Side};
use goldsmith_build::record::{Artifact, Images, Record};
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::{DiskSpec, Firmware};
use goldsmith_disk::image::Architecture;
use goldsmith_testing::clock::FakeClock;

const EPOCH: u32 = 1_700_000_000;

fn cx() -> Cx {
    Cx::silent(Arc::new(FakeClock::at(0)))
}

fn put(root: &Path, path: &str, text: &str, mode: u32) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

/// What both images have.
fn tree(root: &Path) {
    for directory in ["dev", "proc", "run", "sys", "tmp", "usr/bin"] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    unix::symlink("usr/bin", root.join("bin")).unwrap();
    put(root, "boot/vmlinuz-6.1.0", "kernel", 0o644);
    put(root, "usr/share/large", &"x".repeat(3_000_000), 0o644);
    put(root, "etc/motd", "Hello\n", 0o644);
    put(root, "etc/shadow", "root:$y$old:1::::::\n", 0o640);
    put(
        root,
        "etc/app.conf",
        "port = 80\ndb_password = geheim1\nend\n",
        0o644,
    );
    put(root, "usr/bin/tool", "tool 1", 0o755);
    put(root, "usr/share/doc/tool", "1", 0o644);
    put(root, "srv/page", "page 1", 0o644);
    packages(root, "1.0-1");
}

fn packages(root: &Path, version: &str) {
    let status = format!(
        "Package: tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n\
         Package: same\nStatus: install ok installed\nArchitecture: all\nVersion: 7\n"
    );
    put(root, "var/lib/dpkg/status", &status, 0o644);
    put(
        root,
        "var/lib/dpkg/info/tool.list",
        "/bin/tool\n/usr/share/doc/tool\n",
        0o644,
    );
}

struct Lab {
    home: tempfile::TempDir,
}

impl Lab {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        tree(&home.path().join("old"));
        tree(&home.path().join("new"));
        Self { home }
    }

    fn new_tree(&self) -> PathBuf {
        self.home.path().join("new")
    }

    fn disk(&self, name: &str) -> (PathBuf, Sha256) {
        let (tree, host) = (File::open(self.home.path().join(name)), File::open("/"));
        let (tree, host) = (tree.unwrap(), host.unwrap());
        let disk = DiskSpec {
            size_bytes: 160 << 20,
            boot: vec![Firmware::Uefi],
            kernel_args: Vec::new(),
        };
        let request = Request {
            tree: tree.as_fd(),
            boot_files: host.as_fd(),
            disk: &disk,
            architecture: Architecture::X86_64,
            seed: Sha256::of(b"seed"),
            epoch: EPOCH,
        };
        let path = self.home.path().join(format!("{name}.raw"));
        let file = File::create(&path).unwrap();
        let written = assemble(&cx(), &request, &file, Options::default()).unwrap();
        (path, written.digest)
    }

    /// An image with its reports.
    fn image(&self, name: &str, finding: &str, boot_ms: u64) -> Side {
        let (disk, digest) = self.disk(name);
        let folder = self.home.path().join("folder");
        fs::create_dir_all(folder.join("test")).unwrap();
        fs::rename(disk, folder.join("disk.raw")).unwrap();
        let row = format!(
            r#"{{"path":"{finding}","size":1,"action":"report","severity":"warn","note":"n"}}"#
        );
        let report = |pass: &str, rows: &str| {
            format!(
                r#"{{"version":1,"pass":"{pass}","dry_run":false,"passed":true,"bytes":0,"off":[],
                "rules":[{{"id":"unowned","summary":"s","found":[{rows}],"kept":[]}}]}}"#
            )
        };
        fs::write(folder.join("sanitize.json"), report("sanitize", "")).unwrap();
        fs::write(folder.join("verify.json"), report("verify", &row)).unwrap();
        let test = format!(
            r#"{{"version":1,"image":"web","is_passed":true,"accel":"tcg","accel_reason":"r","total_ms":1,"checks":[],
            "boots":[{{"firmware":"uefi","is_passed":true,"way":null,"usage":null,"power_off_ms":null,"total_ms":1,"checks":[],
            "console_log":"l","console_tail":[],"times":{{"multi_user_ms":{boot_ms},"loader_ms":1,"kernel_ms":1,"userspace_ms":1,
            "settled_ms":null,"agent_ms":1}}}}]}}"#
        );
        fs::write(folder.join("test/report.json"), test).unwrap();
        let size = fs::metadata(folder.join("disk.raw")).unwrap().len();
        let mut record = Record::new("web", Sha256::of(name.as_bytes()));
        record.artifacts = vec![Artifact {
            file: "disk.raw".into(),
            kind: "raw".into(),
            size_bytes: size,
            allocated_bytes: size,
            digest,
            sha256: None,
        }];
        let images = Images::new(self.home.path());
        Side::of(
            images
                .publish(&folder, "1.0.x".parse().unwrap(), record)
                .unwrap(),
        )
    }
}

#[test]
fn everything_that_differs() {
    let lab = Lab::new();
    let new = lab.new_tree();
    put(
        &new,
        "etc/app.conf",
        "port = 81\ndb_password = geheim2\nend\n",
        0o600,
    );
    fs::set_permissions(new.join("etc/app.conf"), fs::Permissions::from_mode(0o644)).unwrap();
    put(&new, "etc/shadow", "root:$y$new:1::::::\n", 0o640);
    fs::remove_file(new.join("etc/motd")).unwrap();
    put(&new, "usr/bin/tool", "tool 2", 0o755);
    put(&new, "usr/share/doc/tool", "2", 0o644);
    put(&new, "srv/page", "page 2", 0o640);
    put(&new, "srv/<b>new", "x", 0o644);
    unix::chown(new.join("srv/page"), Some(33), Some(33)).unwrap();
    packages(&new, "1.0-2");
    let (old, new) = (
        lab.image("old", "/a", 15_000),
        lab.image("new", "/b", 16_500),
    );
    let found = diff::diff(&cx(), &old, &new).unwrap();

    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["old"], "web 1.0.0/1");
    assert_eq!(json["packages"]["changed"][0]["new"], "1.0-2");
    assert_eq!(json["files"]["added"][0]["path"], "/srv/<b>new");
    assert_eq!(json["files"]["removed"][0]["path"], "/etc/motd");
    let changed = json["files"]["changed"].as_array().unwrap();
    let paths: Vec<_> = changed
        .iter()
        .map(|c| c["new"]["path"].as_str().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "/etc/app.conf",
            "/etc/shadow",
            "/srv/page",
            "/usr/bin/tool",
            "/usr/share/doc/tool",
            "/var/lib/dpkg/status"
        ]
    );
    assert_eq!(
        changed[2]["what"],
        serde_json::json!(["content", "mode", "owner"])
    );
    assert_eq!(json["of_packages"], 3, "the last three");
    assert_eq!(json["findings"]["new"][0]["path"], "/b");
    assert_eq!(json["boots"][0]["new_ms"], 16_500);

    let text = diff::text(&found, false);
    for word in [
        "web 1.0.0/1 -> web 1.0.1/1",
        "^ tool 1.0-1 -> 1.0-2",
        "- /etc/motd  6 B, 0644, 0:0",
        "~ /srv/page  content (6 B), mode 0644 -> 0640, owner 0:0 -> 33:33",
        "    -port = 80\n    -db_password =(secret)\n    +port = 81\n    +db_password =(secret)\n",
        "/etc/shadow  (lines not shown: not everybody may read it)",
        "+ verify unowned: /b (report, warn): n",
        "uefi  15.0 s -> 16.5 s",
    ] {
        assert!(text.contains(word), "`{word}` is missing in\n{text}");
    }
    assert!(!text.contains("/usr/bin/tool"), "{text}");
    assert!(diff::text(&found, true).contains("/usr/bin/tool"));
    let page = diff::html(&found);
    assert!(
        page.contains("/srv/&lt;b&gt;new") && !page.contains("<b>new"),
        "{page}"
    );
    assert!(!page.contains("http"), "it needs nothing else");
    for form in [text, page, json.to_string()] {
        assert!(!form.contains("geheim") && !form.contains("$y$"), "{form}");
    }
    let same = diff::diff(&cx(), &old, &old).unwrap();
    assert!(same.is_same_disk && same.files.is_empty());
}

#[test]
fn blocks_and_whose_they_are() {
    let lab = Lab::new();
    let (old, _) = lab.disk("old");
    put(
        &lab.new_tree(),
        "usr/share/large",
        &format!("{}y", "x".repeat(2_999_999)),
        0o644,
    );
    put(&lab.new_tree(), "srv/page", "page 2 and more", 0o644);
    let (new, _) = lab.disk("new");
    // By the plainest means.
    let (a, b) = (fs::read(&old).unwrap(), fs::read(&new).unwrap());
    let chunks = || a.chunks(512 << 10).zip(b.chunks(512 << 10));
    let changed = chunks().filter(|(a, b)| a != b).count() as u64;
    let allocated = b
        .chunks(512 << 10)
        .filter(|b| b.iter().any(|byte| *byte != 0));
    let pages = a.chunks(4096).zip(b.chunks(4096)).filter(|(a, b)| a != b);

    let found = diff::blocks(&cx(), &Side::disk(old), &Side::disk(new)).unwrap();
    assert_eq!(found.changed, changed);
    assert_eq!(found.allocated, allocated.count() as u64);
    assert_eq!(found.changed_bytes, pages.count() as u64 * 4096);
    assert!(changed >= 2 && found.share > 0.0, "{found:?}");
    let mut of: Vec<&str> = found.of.iter().map(|share| share.what.as_str()).collect();
    of.sort_unstable();
    assert_eq!(of, ["/srv/page", "/usr/share/large", "inode of /srv/page"]);
    assert!(diff::blocks_text(&found, false).contains("inode of /srv/page"));
}

#[test]
fn what_is_no_disk() {
    let lab = Lab::new();
    let (old, _) = lab.disk("old");
    let other = lab.home.path().join("other");
    fs::write(&other, "no disk").unwrap();
    let error = diff::diff(&cx(), &Side::disk(old), &Side::disk(other)).unwrap_err();
    assert!(error.to_string().contains("other"), "{error}");
}
