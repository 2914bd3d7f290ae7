//! Packages made here, good and hostile, and what decoding does with them.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::sync::Arc;
use std::time::Duration;

use goldsmith_core::cx::{Clock, Cx};
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Class, Failure as _};
use goldsmith_store::{Shelf, Store};
use tar::EntryType;

use super::meta::Kind;
use super::{DebError, Decoded, decode};

struct Stopped;

impl Clock for Stopped {
    fn unix_seconds(&self) -> i64 {
        0
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// One entry of an archive; `text` is the content of a file and what a link says.
#[derive(Clone, Copy)]
struct Entry<'a>(EntryType, &'a str, &'a str);

const DIRECTORY: EntryType = EntryType::Directory;
const FILE: EntryType = EntryType::Regular;
const SYMLINK: EntryType = EntryType::Symlink;
const HARD: EntryType = EntryType::Link;

fn tar(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for Entry(kind, path, text) in entries {
        let mut header = tar::Header::new_gnu();
        // Written as bytes: the crate would refuse the paths that are to be refused here.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(if *kind == FILE { 0o4750 } else { 0o755 });
        header.set_uid(0);
        header.set_gid(42);
        header.set_mtime(1_700_000_000);
        let content = if *kind == FILE { *text } else { "" };
        header.set_size(content.len() as u64);
        if *kind != FILE {
            header.as_old_mut().linkname[..text.len()].copy_from_slice(text.as_bytes());
        }
        if kind.is_character_special() {
            header.set_device_major(1).unwrap();
            header.set_device_minor(3).unwrap();
        }
        header.set_cksum();
        builder.append(&header, content.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = b"!<arch>\n".to_vec();
    for (name, bytes) in members {
        let size = bytes.len();
        writeln!(
            out,
            "{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`",
            0, 0, 0, 100_644
        )
        .unwrap();
        out.extend_from_slice(bytes);
        out.resize(out.len() + size % 2, b'\n');
    }
    out
}

const CONTROL: &str = "Package: coin\nVersion: 1.0-1\nArchitecture: amd64\nMulti-Arch: same\n\
                       Pre-Depends: libc6 (>= 2.36), a | b:any\nDescription: gold \n long\n .\n text\n";

/// A package of these files.
fn deb(data: &[Entry<'_>]) -> Vec<u8> {
    let control = [
        Entry(DIRECTORY, "./", ""),
        Entry(FILE, "./control", CONTROL),
        Entry(
            FILE,
            "./conffiles",
            "/etc/coin.conf\nremove-on-upgrade /etc/old\n",
        ),
    ];
    let (control, data) = (tar(&control), tar(data));
    ar(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar", &control),
        ("data.tar", &data),
    ])
}

/// A good package, for tests that need one.
pub(crate) fn any() -> Vec<u8> {
    deb(&GOOD)
}

/// Decodes in a fresh store; whatever it refuses leaves nothing behind.
fn run(deb: &[u8]) -> (tempfile::TempDir, Result<Decoded, DebError>) {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(&home.path().join("store")).unwrap();
    let cx = Cx::silent(Arc::new(Stopped));
    let digest = store.insert(deb, None).unwrap();
    let result = decode(&cx, &store, &[digest]).map(|mut all| all.remove(0));
    let count = |name: &str| fs::read_dir(store.root().join(name)).unwrap().count();
    assert_eq!(count("scratch"), 0);
    assert_eq!(count("packages"), usize::from(result.is_ok()));
    (home, result)
}

fn check_refused(deb: &[u8], expected: &str) {
    let (_home, result) = run(deb);
    let error = result.map(|d| d.path).unwrap_err();
    assert!(matches!(error, DebError::Refused { .. }), "{error:?}");
    assert_eq!(error.class(), Class::Remote);
    let text = error.to_string();
    assert!(text.contains(expected), "`{text}` lacks `{expected}`");
}

const GOOD: [Entry<'_>; 9] = [
    Entry(DIRECTORY, "./", ""),
    Entry(DIRECTORY, "./etc/", ""),
    Entry(FILE, "./etc/coin.conf", "value = 1\n"),
    Entry(DIRECTORY, "./usr/", ""),
    Entry(DIRECTORY, "./usr/bin/", ""),
    Entry(FILE, "./usr/bin/coin", "metal"),
    Entry(HARD, "./usr/bin/token", "./usr/bin/coin"),
    Entry(SYMLINK, "./usr/bin/up", "../../../etc/passwd"),
    Entry(EntryType::Char, "./null", ""),
];

#[test]
fn a_package_with_everything() {
    let (_home, result) = run(&deb(&GOOD));
    let Decoded { path, meta } = result.unwrap();
    let root = path.join("root");
    let coin = fs::metadata(root.join("usr/bin/coin")).unwrap();
    assert_eq!(coin.permissions().mode() & 0o7777, 0o4750);
    assert_eq!(
        (coin.uid(), coin.gid(), coin.mtime()),
        (0, 42, 1_700_000_000)
    );
    assert_eq!(
        coin.ino(),
        fs::metadata(root.join("usr/bin/token")).unwrap().ino()
    );
    assert_eq!(
        fs::read_link(root.join("usr/bin/up")).unwrap().to_str(),
        Some("../../../etc/passwd")
    );
    let null = fs::metadata(root.join("null")).unwrap();
    assert!(null.file_type().is_char_device() && null.rdev() == rustix::fs::makedev(1, 3));
    assert_eq!(
        fs::metadata(root.join("usr")).unwrap().mtime(),
        1_700_000_000
    );
    assert_eq!(
        fs::read_to_string(path.join("list")).unwrap(),
        "/.\n/etc\n/etc/coin.conf\n/usr\n/usr/bin\n/usr/bin/coin\n/usr/bin/token\n/usr/bin/up\n/null\n"
    );
    assert_eq!(
        meta.conffiles,
        [("/etc/coin.conf".to_owned(), md5_hex(b"value = 1\n"))]
    );
    assert_eq!(
        fs::read_to_string(path.join("control/md5sums")).unwrap(),
        format!("{}  usr/bin/coin\n", md5_hex(b"metal"))
    );
    assert_eq!(meta.info_name(), "coin:amd64");
    assert_eq!(meta.field("Description"), "gold \n long\n .\n text");
    assert_eq!(
        meta.fields.relations("Pre-Depends"),
        [vec!["libc6"], vec!["a", "b"]]
    );
    let link = &meta.paths[6].kind;
    assert_eq!(
        *link,
        Kind::HardLink {
            of: "usr/bin/coin".to_owned()
        }
    );
}

fn md5_hex(bytes: &[u8]) -> String {
    use md5::Digest as _;
    use std::fmt::Write as _;
    md5::Md5::digest(bytes)
        .iter()
        .fold(String::new(), |mut out, b| {
            write!(out, "{b:02x}").unwrap();
            out
        })
}

#[test]
fn compressions() {
    let plain = tar(&[Entry(FILE, "./control", CONTROL)]);
    let data = tar(&GOOD);
    let xz = |bytes: &[u8]| {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let gz = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let zst = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let deb = |ending: &str, control: &[u8], data: &[u8]| {
        ar(&[
            ("debian-binary", b"2.0\n"),
            (&format!("control.tar{ending}"), control),
            ("_extra", b"skipped"),
            (&format!("data.tar{ending}/"), data),
        ])
    };
    for (ending, control, data) in [
        (".xz", xz(&plain), xz(&data)),
        (".gz", gz(&plain), gz(&data)),
        (".zst", zst(&plain), zst(&data)),
    ] {
        let (_home, result) = run(&deb(ending, &control, &data));
        assert_eq!(result.unwrap().meta.paths.len(), GOOD.len(), "{ending}");
        let (_home, cut) = run(&deb(ending, &control, &data[..data.len() / 2]));
        assert!(matches!(cut.unwrap_err(), DebError::Refused { .. }));
    }
    check_refused(
        &deb(".bz2", &plain, &data),
        "compression of `control.tar.bz2`",
    );
}

#[test]
fn hostile_paths() {
    for (entries, expected) in [
        (&[Entry(FILE, "../x", "")][..], "holds `..`"),
        (&[Entry(FILE, "./a/../../x", "")], "holds `..`"),
        (&[Entry(FILE, "/etc/x", "")], "is absolute"),
        (&[Entry(FILE, "./a\nb", "")], "is no text"),
        (&[Entry(FILE, "./a/b", "")], "comes before its directory"),
        (
            &[Entry(FILE, "./a", ""), Entry(FILE, "./a", "")],
            "`a` occurs twice",
        ),
        (
            &[Entry(SYMLINK, "./a", "/etc"), Entry(FILE, "./a/x", "")],
            "goes through",
        ),
        (
            &[Entry(SYMLINK, "./a", "/etc"), Entry(FILE, "./a", "")],
            "occurs twice",
        ),
        (
            &[Entry(SYMLINK, "./a", "/etc"), Entry(DIRECTORY, "./a", "")],
            "goes through",
        ),
        (
            &[Entry(FILE, "./a", ""), Entry(FILE, "./a/b", "")],
            "goes through",
        ),
        (&[Entry(HARD, "./a", "/etc/passwd")], "is absolute"),
        (&[Entry(HARD, "./a", "../../etc/passwd")], "holds `..`"),
        (&[Entry(HARD, "./a", "./gone")], "not there"),
        (
            &[
                Entry(SYMLINK, "./l", "/etc"),
                Entry(HARD, "./a", "./l/passwd"),
            ],
            "goes through",
        ),
        (&[Entry(FILE, "./", "")], "root is no directory"),
        (&[Entry(EntryType::new(b'Z'), "./a", "")], "unknown kind"),
    ] {
        check_refused(&deb(entries), expected);
    }
}

#[test]
fn damaged_archives() {
    let good = deb(&GOOD);
    check_refused(b"", "no `ar` archive");
    check_refused(b"!<arch>\nshort", "ends within");
    check_refused(&good[..good.len() - 4000], "size of member `data.tar`");
    check_refused(&ar(&[("debian-binary", b"2.0\n")]), "fewer than three");
    check_refused(
        &ar(&[("a", b""), ("b", b""), ("c", b"")]),
        "its members are",
    );
    let plain = tar(&[Entry(FILE, "./control", "Package: x\n")]);
    let bare = |version: &[u8], control: &[u8]| {
        ar(&[
            ("debian-binary", version),
            ("control.tar", control),
            ("data.tar", &tar(&GOOD)),
        ])
    };
    check_refused(&bare(b"3.0\n", &plain), "format version");
    check_refused(&bare(b"2.0\n", &plain), "lacks the field `Version`");
    check_refused(
        &bare(b"2.0\n", &tar(&[Entry(FILE, "./a/b", "")])),
        "holds `a/b`",
    );
    check_refused(&bare(b"2.0\n", &[7; 1024]), "numeric field");
    // A file that unfolds to more than a control member may.
    let mut header = tar(&[Entry(FILE, "./control", "")])[..512].to_vec();
    let mut parsed = tar::Header::from_byte_slice(&header).clone();
    parsed.set_size(65 << 20);
    parsed.set_cksum();
    header.copy_from_slice(parsed.as_bytes());
    header.resize(66 << 20, 0);
    let bomb = ar(&[
        ("debian-binary", b"2.0\n"),
        (
            "control.tar.zst",
            &zstd::encode_all(&header[..], 1).unwrap(),
        ),
        ("data.tar", &tar(&GOOD)),
    ]);
    check_refused(&bomb, "unfolds to too much");
}

#[test]
fn an_older_form_is_made_anew() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(&home.path().join("store")).unwrap();
    let cx = Cx::silent(Arc::new(Stopped));
    let digest = store.insert(&deb(&GOOD)[..], None).unwrap();
    let first = decode(&cx, &store, &[digest]).unwrap().remove(0);
    for text in ["{", "{\"version\":0}"] {
        fs::write(first.path.join("meta.json"), text).unwrap();
        let again = decode(&cx, &store, &[digest, digest]).unwrap();
        assert_eq!(again[1].meta, first.meta);
    }
}

/// What was written under another boot of the system, and flushed by nobody, is looked at first.
#[test]
fn after_a_power_cut() {
    let (home, first) = run(&any());
    let (path, store) = (first.unwrap().path, home.path().join("store"));
    let (cx, store) = (Cx::silent(Arc::new(Stopped)), Store::open(&store).unwrap());
    let digest = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
    let coin = path.join("root/usr/bin/coin");
    for cut in [false, true] {
        let entry = path.join("entry.json");
        let mut value: serde_json::Value =
            serde_json::from_slice(&fs::read(&entry).unwrap()).unwrap();
        value["boot"] = "another".into();
        fs::write(&entry, value.to_string()).unwrap();
        // Open, so that its number is given to no other file.
        let held = fs::File::open(&coin).unwrap();
        if cut {
            fs::write(&coin, "").unwrap();
        }
        decode(&cx, &store, &[digest]).unwrap();
        assert_eq!(fs::read(&coin).unwrap(), b"metal");
        let (now, before) = (fs::metadata(&coin).unwrap(), held.metadata().unwrap());
        assert_eq!(now.ino() == before.ino(), !cut);
        assert!(!store.is_doubtful(Shelf::Packages, &digest));
    }
}

#[test]
fn bytes_that_changed_in_the_store() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(&home.path().join("store")).unwrap();
    let digest: Sha256 = store.insert(&deb(&GOOD)[..], None).unwrap();
    fs::write(store.blob_path(&digest), deb(&GOOD[..3])).unwrap();
    let error = decode(&Cx::silent(Arc::new(Stopped)), &store, &[digest]).unwrap_err();
    assert!(error.to_string().contains("now have the digest"), "{error}");
}
