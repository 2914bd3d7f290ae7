use super::*;
use crate::sanitize::testing::{Tree, cx};
use crate::view::tree::TreeView;
use detector::tests::made;

fn scan(snapshot: &Snapshot<'_>, trust: Trust) -> Vec<Finding> {
    let rows = look(snapshot, trust, &cx()).unwrap();
    rows.into_iter()
        .map(|(_, path, seen)| finding(path, seen))
        .collect()
}

fn found(tree: &Tree, trust: Trust) -> Vec<(String, String, Option<u32>)> {
    let view = TreeView::open(tree.root()).unwrap();
    let snapshot = Snapshot::take(&view, &cx()).unwrap();
    let found = scan(&snapshot, trust);
    let rows = found.into_iter().map(|finding| match finding.place {
        Place::File { path, line, .. } => (finding.id, path, line),
        place => panic!("{place:?}"),
    });
    rows.collect()
}

fn row(id: &str, path: &str, line: Option<u32>) -> (String, String, Option<u32>) {
    (id.to_owned(), path.to_owned(), line)
}

/// Anywhere, also where other tools do not look, also in archives.
#[test]
fn wherever_it_lies() {
    let tree = Tree::clean();
    let secret = format!("da{}{}", "pi", made("0123456789abcdef", 32));
    tree.put(&[
        (
            "/usr/share/doc/x/test/example.md",
            &format!("a\nb {secret}\n"),
        ),
        ("/usr/lib/python3/dist-packages/a.dist-info/x", &secret),
        ("/opt/app/program", &format!("\0ELF\0{secret}\0")),
    ]);
    let packed = zstd::encode_all(format!("one\ntwo\nx={secret}\n").as_bytes(), 1).unwrap();
    std::fs::write(tree.at("/srv/www/backup"), packed).unwrap();
    let expected = [
        row("databricks-token", "/opt/app/program", None),
        row("databricks-token", "/srv/www/backup!", Some(3)),
        row(
            "databricks-token",
            "/usr/lib/python3/dist-packages/a.dist-info/x",
            Some(1),
        ),
        row(
            "databricks-token",
            "/usr/share/doc/x/test/example.md",
            Some(2),
        ),
    ];
    assert_eq!(found(&tree, Trust::Digest), expected);
    assert_eq!(found(&tree, Trust::Listed), expected);
}

/// What a package brought is its business, until somebody changes it.
#[test]
fn files_of_packages() {
    use md5::{Digest, Md5};
    let tree = Tree::clean();
    let text = format!("key: da{}{}\n", "pi", made("0123456789abcdef", 32));
    let digest = u128::from_be_bytes(Md5::digest(text.as_bytes()).into());
    tree.put(&[
        ("/usr/share/p/a", &text),
        ("/var/lib/dpkg/info/p.list", "/usr/share/p/a\n"),
        (
            "/var/lib/dpkg/info/p.md5sums",
            &format!("{digest:032x}  usr/share/p/a\n"),
        ),
    ]);
    assert_eq!(found(&tree, Trust::Digest), []);
    tree.put(&[("/usr/share/p/a", &format!("{text}\n"))]);
    assert_eq!(
        found(&tree, Trust::Digest),
        [row("databricks-token", "/usr/share/p/a", Some(1))]
    );
    assert_eq!(found(&tree, Trust::Listed), []);
}

#[test]
fn findings_hold_no_secret() {
    let tree = Tree::clean();
    let secret = format!("da{}{}", "pi", made("0123456789abcdef", 32));
    tree.put(&[("/opt/a", &secret)]);
    let view = TreeView::open(tree.root()).unwrap();
    let snapshot = Snapshot::take(&view, &cx()).unwrap();
    let found = scan(&snapshot, Trust::Digest);
    assert_eq!(found.len(), 1);
    assert!(!format!("{found:?}").contains(&secret[..8]));
    assert!(
        found[0]
            .title
            .starts_with("a token of Databricks `dapi...` (#"),
        "{}",
        found[0].title
    );
}

/// What was read of a broken file counts.
#[test]
fn a_cut_archive_is_searched_as_far_as_it_goes() {
    use std::io::Write as _;
    let tree = Tree::clean();
    let secret = format!("da{}{}", "pi", made("0123456789abcdef", 32));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder
        .write_all(format!("{secret}\n{}", "-".repeat(200_000)).as_bytes())
        .unwrap();
    let bytes = encoder.finish().unwrap();
    std::fs::write(tree.at("/srv/www/a"), &bytes[..100_000]).unwrap();
    let expected = [
        row("databricks-token", "/srv/www/a!", Some(1)),
        row(NOT_READ, "/srv/www/a", None),
    ];
    assert_eq!(found(&tree, Trust::Digest), expected);
}

/// A key store of some kind: the rest is not read, and that is said.
#[test]
fn a_file_full_of_secrets_is_told_of() {
    let tree = Tree::clean();
    let text: String = (0..2000_u64)
        .map(|number| {
            let digits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            format!("da{}{digits:016x}{:016x}\n", "pi", !digits)
        })
        .collect();
    tree.put(&[("/opt/a", &text)]);
    let found = found(&tree, Trust::Digest);
    let secrets = found
        .iter()
        .filter(|row| row.0 == "databricks-token")
        .count();
    assert!((900..=1000).contains(&secrets), "{secrets}");
    assert_eq!(found.last(), Some(&row(NOT_READ, "/opt/a", None)));
}
