//! Databases that rpm and Berkeley DB's tools made, of packages that `rpmbuild` made.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::sanitize::testing::{Tree, cx};
use crate::view::disk::tests::run;
use crate::view::file::FileDisk;
use crate::view::tree::TreeView;

const SPEC: &str = "Name: NAME
Epoch: 1
Version: 3.0.7
Release: 27.el9
Summary: a test
License: ASL 2.0
Vendor: Some Project
BuildArch: noarch
ModularityLabel: nodejs:18:9020230825:rhel9
%description
A test.
%package libs
Summary: more
%description libs
More.
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/var/log %{buildroot}/usr/share/NAME
printf abc > %{buildroot}/usr/bin/NAME
for n in $(seq 1 200); do echo $n > %{buildroot}/usr/share/NAME/a-file-with-a-long-name-$n; done
%files
/usr/bin/NAME
%ghost /var/log/NAME.log
%files libs
/usr/share/NAME
";

/// Packages, and a database of each kind with them.
struct Made {
    folder: TempDir,
}

impl Made {
    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.at(name)).unwrap()
    }
}

static MADE: LazyLock<Made> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let top = format!("_topdir {}", at("build"));
    let mut rpms = Vec::new();
    for name in ["tool", "other"] {
        let spec = at(&format!("{name}.spec"));
        std::fs::write(&spec, SPEC.replace("NAME", name)).unwrap();
        let payload = "_binary_payload w1.gzdio";
        run(
            "rpmbuild",
            &[
                "--quiet", "-bb", "--define", &top, "--define", payload, &spec,
            ],
        );
        for part in [name.to_owned(), format!("{name}-libs")] {
            rpms.push(at(&format!(
                "build/RPMS/noarch/{part}-3.0.7-27.el9.noarch.rpm"
            )));
        }
    }
    let path = at("sqlite");
    let mut args = vec!["--dbpath", &path, "-i", "--justdb", "--nodeps"];
    args.extend(rpms.iter().map(String::as_str));
    run("rpm", &args);
    let mut headers: Vec<Vec<u8>> = Vec::new();
    let made = FileDisk::open(&folder.path().join("sqlite/rpmdb.sqlite")).unwrap();
    sqlite::blobs(&made, None, &mut |blob| {
        headers.push(blob.to_vec());
        Ok(())
    })
    .unwrap();
    std::fs::create_dir(at("ndb")).unwrap();
    std::fs::write(at("ndb/Packages.db"), as_ndb(&headers)).unwrap();
    // rpm no longer writes Berkeley DB: its own tool does, from the same headers.
    let mut dump =
        "VERSION=3\nformat=bytevalue\ntype=hash\nh_nelem=10\ndb_pagesize=4096\nHEADER=END\n"
            .to_owned();
    for (number, header) in (1_u32..).zip(&headers) {
        for bytes in [&number.to_le_bytes()[..], header] {
            dump.push(' ');
            for byte in bytes {
                write!(dump, "{byte:02x}").unwrap();
            }
            dump.push('\n');
        }
    }
    dump.push_str("DATA=END\n");
    std::fs::create_dir(at("bdb")).unwrap();
    std::fs::write(at("dump"), dump).unwrap();
    run("db5.3_load", &["-f", &at("dump"), &at("bdb/Packages")]);
    Made { folder }
});

/// As `rpmpkg.c` lays it out, with a slot that became free.
fn as_ndb(headers: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"RpmP".to_vec();
    for number in [0, 7, 1, 9, 0, 0, 0_u32] {
        file.extend(number.to_le_bytes());
    }
    let mut blobs = Vec::new();
    let mut slot = |number: u32, place: u32, blocks: u32| {
        file.extend(b"Slot");
        for number in [number, place, blocks] {
            file.extend(number.to_le_bytes());
        }
    };
    slot(3, 0, 0);
    for (number, header) in (4_u32..).zip(headers) {
        let place = 256 + u32::try_from(blobs.len() / 16).unwrap();
        blobs.extend(b"BlbS");
        for number in [number, 7, u32::try_from(header.len()).unwrap()] {
            blobs.extend(number.to_le_bytes());
        }
        blobs.extend(header);
        blobs.resize((blobs.len() + 12).next_multiple_of(16), 0);
        let end = 256 + u32::try_from(blobs.len() / 16).unwrap();
        slot(number, place, end - place);
    }
    for _ in headers.len()..4096 / 16 - 3 {
        slot(0, 0, 0);
    }
    file.extend(blobs);
    file
}

fn system(file: &Path, name: &str) -> System {
    let tree = Tree::clean();
    tree.put(&[
        (&format!("/var/lib/rpm/{name}"), ""),
        ("/bin", "-> usr/bin"),
    ]);
    std::fs::copy(file, tree.at(&format!("/var/lib/rpm/{name}"))).unwrap();
    let view = TreeView::open(tree.root()).unwrap();
    let snapshot = Snapshot::take(&view, &cx()).unwrap();
    System::read(&snapshot, &cx()).unwrap()
}

fn check(file: &str, name: &str) {
    let found = system(&MADE.at(file), name);
    assert_eq!(found.notes(), [""; 0], "{file}");
    let mut rows: Vec<String> = found
        .packages()
        .iter()
        .map(|p| {
            let (source, version) = (p.source_name(), p.source_version());
            format!("{} {} of {source} {version}", p.name, p.version)
        })
        .collect();
    rows.sort();
    assert_eq!(
        rows,
        [
            "other 1:3.0.7-27.el9 of other 1:3.0.7-27.el9",
            "other-libs 1:3.0.7-27.el9 of other 1:3.0.7-27.el9",
            "tool 1:3.0.7-27.el9 of tool 1:3.0.7-27.el9",
            "tool-libs 1:3.0.7-27.el9 of tool 1:3.0.7-27.el9",
        ],
        "{file}"
    );
    let tool = found.packages().iter().find(|p| p.name == "tool").unwrap();
    assert_eq!(tool.module.as_deref(), Some("nodejs:18"));
    assert_eq!(tool.license.as_deref(), Some("ASL 2.0"));
    assert_eq!(tool.maintainer.as_deref(), Some("Some Project"));
    assert_eq!(tool.arch.as_deref(), Some("noarch"));
    let owner = |path: &str| found.owner(path).map(|p| p.name.as_str());
    assert_eq!(owner("/usr/bin/tool"), Some("tool"));
    assert_eq!(
        owner("/usr/share/tool/a-file-with-a-long-name-200"),
        Some("tool-libs")
    );
    let digest = |path: &str| found.get(path).unwrap().digest;
    assert!(
        digest("/usr/bin/tool")
            .unwrap()
            .is_of(&b"abc".to_vec())
            .unwrap()
    );
    assert_eq!(digest("/var/log/tool.log"), None, "a ghost");
}

#[test]
fn of_sqlite() {
    check("sqlite/rpmdb.sqlite", "rpmdb.sqlite");
}

#[test]
fn of_ndb() {
    check("ndb/Packages.db", "Packages.db");
}

#[test]
fn of_berkeley_db() {
    check("bdb/Packages", "Packages");
}

#[test]
fn a_broken_database_is_told() {
    let cut = MADE.at("cut");
    std::fs::write(&cut, &MADE.bytes("sqlite/rpmdb.sqlite")[..9000]).unwrap();
    let found = system(&cut, "rpmdb.sqlite");
    assert_eq!(found.notes().len(), 1);
    assert!(found.notes()[0].starts_with("the packages in `/var/lib/rpm/rpmdb.sqlite`"));
}

fn survives(bytes: &mut Vec<u8>, changes: &[(u32, u8)], cut: u32, blobs: Blobs) {
    for (n, (at, byte)) in changes.iter().enumerate() {
        // Half of them where the tables are.
        let range = if n % 2 == 0 {
            bytes.len().min(8192)
        } else {
            bytes.len()
        };
        bytes[*at as usize % range] = *byte;
    }
    if cut > 6 {
        bytes.truncate(bytes.len() / cut as usize);
    }
    let mut count = 0;
    drop(blobs(bytes, &mut |blob| {
        count += 1;
        if let Ok(header) = Header::read(blob) {
            let tags = [tag::NAME, tag::FILE_DIGESTS, tag::FILE_FLAGS];
            let read = tags.map(|tag| header.texts(tag).len() + header.numbers(tag).len());
            drop((read, header.paths()));
        }
        Ok(())
    }));
    assert!(count < 100_000, "an end");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_bytes(changes in proptest::collection::vec((any::<u32>(), any::<u8>()), 1..8), cut in 0u32..10) {
        survives(&mut MADE.bytes("ndb/Packages.db"), &changes, cut, ndb::blobs);
        survives(&mut MADE.bytes("bdb/Packages"), &changes, cut, bdb::blobs);
        let sqlite: Blobs = |file, each| sqlite::blobs(file, None, each);
        survives(&mut MADE.bytes("sqlite/rpmdb.sqlite"), &changes, cut, sqlite);
    }
}
