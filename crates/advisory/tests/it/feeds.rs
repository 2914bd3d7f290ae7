//! Feeds: what is read, what is refused, what is kept.

use std::io::Write as _;

use goldsmith_advisory::database::Database;
use goldsmith_advisory::feed::{Import, Kind};
use goldsmith_advisory::format;

use crate::shared::{self, import};

#[test]
fn every_set_is_known_by_its_content() {
    let Some(documents) = shared::read(&[
        "almalinux-osv.jsonl.zst",
        "cisa-kev.json.zst",
        "cve-enrichment.json.zst",
        "debian12-fixes.json.zst",
        "debian12-support-status.json.zst",
        "go-osv.jsonl.zst",
        "os-eol.json.zst",
        "pypa-osv.jsonl.zst",
        "rustsec-osv.jsonl.zst",
        "samples/debian-tracker-data.json",
    ]) else {
        return;
    };
    let made = import(&documents);
    let shown: Vec<String> = made
        .iter()
        .map(|it| {
            format!(
                "{} {} {}",
                it.header.name, it.header.kind, it.header.records
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "debian-fixes-12 debian-fixes 7405",
            "debian-support-12 support 48",
            "debian-tracker debian-tracker 25",
            "end-of-life end-of-life 222",
            "kev kev 1404",
            "osv-almalinux osv 4483",
            "osv-crates.io osv 700",
            "osv-go osv 4274",
            "osv-pypi osv 2651",
            "ratings ratings 1760",
        ]
    );
    for again in import(&documents) {
        let first = made
            .iter()
            .find(|it| it.header.name == again.header.name)
            .unwrap();
        assert_eq!(first.bytes, again.bytes, "{}", again.header.name);
    }
    let size: usize = made.iter().map(|it| it.bytes.len()).sum();
    assert!(size < 2 << 20, "{size}");
}

#[test]
fn refused() {
    let check = |name: &str, bytes: &[u8], expected: &str| {
        let error = Import::default().add(name, bytes).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(
        "a.json",
        b"{\"a\":1}",
        "`a.json` is no feed that Goldsmith knows",
    );
    check("a.txt", b"hello", "`a.txt` is no feed that Goldsmith knows");
    check("empty", b"", "`empty` is no feed that Goldsmith knows");
    check(
        "b.json",
        br#"{"id":"X","modified":"","affected":[{"package":{"ecosystem":"PyPI"}}]}"#,
        "`b.json` is not in the form of OSV",
    );
    check(
        "support.json",
        br#"{"ended":[{"source":"a"}],"limited":[]}"#,
        "`support.json` does not say of which Debian release it speaks",
    );
    let error = Import::default()
        .add("x.zst", b"\x28\xb5\x2f\xfdnonsense")
        .unwrap_err();
    assert!(
        error.to_string().starts_with("cannot unpack `x.zst`: "),
        "{error}"
    );
    let mut nested = b"{}".to_vec();
    for _ in 0..6 {
        nested = zstd::encode_all(nested.as_slice(), 1).unwrap();
    }
    let error = Import::default().add("n", &nested).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot unpack `n`: too many packings in one another"
    );
}

const RECORD: &str = r#"{"id":"PYSEC-1","modified":"2026-11-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"a"},"versions":["1.0"]}]}"#;

/// Python's zipfile packs it, as it is published.
#[test]
fn zip() {
    let folder = std::env::temp_dir().join(format!("goldsmith-zip-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("all.zip");
    let program = "import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1],'w')\nz.writestr('dir/','')\nz.writestr('dir/a.json',sys.argv[2],zipfile.ZIP_DEFLATED)\nz.writestr('b.json',sys.argv[2].replace('PYSEC-1','PYSEC-2'),zipfile.ZIP_STORED)\nz.close()";
    #[expect(clippy::disallowed_methods, reason = "python is the oracle")]
    let status = std::process::Command::new("python3")
        .args(["-c", program, &path.to_string_lossy(), RECORD])
        .status()
        .expect("this test needs `python3`");
    assert!(status.success());
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let made = import(&[("all.zip".to_owned(), bytes.clone())]);
    assert_eq!(
        (made[0].header.name.as_str(), made[0].header.records),
        ("osv-pypi", 2)
    );
    for end in 0..bytes.len() {
        // Cut anywhere it is an error or nothing, never a panic.
        drop(Import::default().add("all.zip", &bytes[..end]));
    }
}

#[test]
fn gzip_and_lists() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder
        .write_all(format!("[{RECORD},{RECORD}]").as_bytes())
        .unwrap();
    let made = import(&[("osv.json.gz".to_owned(), encoder.finish().unwrap())]);
    assert_eq!(made[0].header.kind, Kind::Osv);
    // 2026-11-01.
    assert_eq!(made[0].header.as_of, 1_793_491_200);
}

#[test]
fn lists_of_debian() {
    let ended = "# comment\n\nphp-horde.*    0   2025-03-22  incompatible with PHP8\nxen 4.14 2026-01-01 over\n";
    let limited = "binutils  Only suitable for trusted content\n";
    let made = import(&[
        (
            "security-support-ended.deb12".to_owned(),
            ended.as_bytes().to_vec(),
        ),
        (
            "security-support-limited.deb12".to_owned(),
            limited.as_bytes().to_vec(),
        ),
    ]);
    assert_eq!(made.len(), 1);
    assert_eq!(
        (made[0].header.name.as_str(), made[0].header.records),
        ("debian-support-12", 3)
    );
}

#[test]
fn a_damaged_file_is_refused() {
    let made = import(&[("a".to_owned(), RECORD.as_bytes().to_vec())]).remove(0);
    for end in 0..made.bytes.len() {
        let cut = made.bytes[..end].to_vec();
        assert!(Database::new([("a".to_owned(), cut)]).is_err(), "{end}");
    }
    let newer = [b"goldsmith-feed 2\n", &made.bytes[17..]].concat();
    let error = Database::new([("a".to_owned(), newer)]).unwrap_err();
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "it has version 2, and this program reads version 1"
    );
    let mut header = made.header.clone();
    header.etag = Some("x".to_owned());
    let renewed = format::with_header(&made.bytes, &header).unwrap();
    assert_eq!(format::header(&renewed).unwrap().0, header);
    assert!(Database::new([("a".to_owned(), renewed)]).is_ok());
}
