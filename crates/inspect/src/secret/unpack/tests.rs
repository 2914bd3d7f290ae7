use std::io::Write as _;

use super::*;

#[derive(Default)]
struct Seen {
    files: Vec<(String, Vec<u8>)>,
    left: Vec<(String, Left)>,
}

impl Visit for Seen {
    fn file(&mut self, name: &str, bytes: &mut dyn Read) -> io::Result<()> {
        let mut content = Vec::new();
        bytes.read_to_end(&mut content)?;
        self.files.push((name.to_owned(), content));
        Ok(())
    }

    fn left(&mut self, name: &str, why: Left) {
        self.left.push((name.to_owned(), why));
    }
}

fn seen(bytes: &[u8]) -> Seen {
    let mut seen = Seen::default();
    walk("/a", &mut &*bytes, &mut seen).unwrap();
    seen
}

fn check(bytes: &[u8], files: &[(&str, &str)]) {
    let seen = seen(bytes);
    let files: Vec<(String, Vec<u8>)> = files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
        .collect();
    assert_eq!(seen.files, files);
    assert_eq!(seen.left, []);
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn cpio(files: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in files.iter().chain(&[("TRAILER!!!", "")]) {
        let fields = [
            1,
            0o100_644,
            0,
            0,
            1,
            0,
            content.len(),
            0,
            0,
            0,
            0,
            name.len() + 1,
            0,
        ];
        out.extend(b"070701");
        out.extend(
            fields
                .iter()
                .flat_map(|field| format!("{field:08x}").into_bytes()),
        );
        out.extend(name.as_bytes());
        out.push(0);
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend(content.as_bytes());
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

/// As Python's `zipfile` and `jar` make them: stored or deflated, sizes before or after.
fn zip(files: &[(&str, &str)], is_open: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in files {
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content.as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        let size = |n: usize| {
            u32::try_from(if is_open { 0 } else { n })
                .unwrap()
                .to_le_bytes()
        };
        out.extend(b"PK\x03\x04\x14\0");
        out.extend(if is_open { [8, 0] } else { [0, 0] });
        out.extend([8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        out.extend(size(packed.len()));
        out.extend(size(content.len()));
        out.extend([u8::try_from(name.len()).unwrap(), 0, 0, 0]);
        out.extend(name.as_bytes());
        out.extend(&packed);
        if is_open {
            out.extend(b"PK\x07\x08\0\0\0\0");
            out.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
            out.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        }
    }
    out.extend(b"PK\x01\x02 and so on");
    out
}

#[test]
fn every_form() {
    check(b"hello", &[("/a", "hello")]);
    check(b"", &[("/a", "")]);
    check(&gz(b"hello"), &[("/a!", "hello")]);
    check(&xz(b"hello"), &[("/a!", "hello")]);
    check(
        &zstd::encode_all(&b"hello"[..], 1).unwrap(),
        &[("/a!", "hello")],
    );
    // What `bzip2` makes of it.
    let bz2 =
        b"BZh91AY&SY\x19\x31\x65\x3d\0\0\0\x81\0\x02\x44\xa0\0\x21\x9a\x68\x33\x4d\x07\x33\x8b\xb9\
        \x22\x9c\x28\x48\x0c\x98\xb2\x9e\x80";
    check(bz2, &[("/a!", "hello")]);
    let long = format!("{}/file", "folder".repeat(40));
    let name = format!("/a!/{long}");
    check(
        &tar(&[("./etc/a", b"one"), (&long, b"two")]),
        &[("/a!/etc/a", "one"), (&name, "two")],
    );
    for is_open in [false, true] {
        let files = [("META-INF/a", "one"), ("b", &"two".repeat(100))];
        check(
            &zip(&files, is_open),
            &[("/a!/META-INF/a", "one"), ("/a!/b", &"two".repeat(100))],
        );
    }
    let deb = [&b"!<arch>\ndebian-binary   0           0     0     100644  4         `\n2.0\n"[..]]
        .concat();
    check(&deb, &[("/a!/debian-binary", "2.0\n")]);
}

/// An initial RAM disk: one archive for the processor, zeros, a compressed one.
#[test]
fn archives_one_after_the_other() {
    let mut bytes = cpio(&[("microcode", "x")]);
    bytes.resize(bytes.len() + 300, 0);
    bytes.extend(xz(&cpio(&[("etc/key", "secret"), ("init", "run")])));
    check(
        &bytes,
        &[
            ("/a!/microcode", "x"),
            ("/a!!/etc/key", "secret"),
            ("/a!!/init", "run"),
        ],
    );
}

#[test]
fn archives_in_archives() {
    let inner = gz(&tar(&[("deep", b"found")]));
    let bytes = tar(&[("a.tgz", &inner), ("b.zip", &zip(&[("c", "also")], false))]);
    check(
        &xz(&bytes),
        &[("/a!!/a.tgz!!/deep", "found"), ("/a!!/b.zip!/c", "also")],
    );
}

#[test]
fn a_stream_that_is_cut_is_told() {
    let whole = gz(&b"hello ".repeat(1000));
    assert_eq!(
        seen(&whole[..whole.len() / 2]).left,
        [("/a".to_owned(), Left::Broken)]
    );
}

#[test]
fn too_deep() {
    let mut bytes = b"x".to_vec();
    for _ in 0..=MAX_DEPTH {
        bytes = gz(&bytes);
    }
    let seen = seen(&bytes);
    assert_eq!(seen.left, [("/a!!!!!!".to_owned(), Left::Limit)]);
}

#[test]
fn broken_and_encrypted() {
    let mut bytes = tar(&[("a", b"one"), ("b", b"two")]);
    bytes[1024 + 150] = b'9';
    let broken = seen(&bytes);
    assert_eq!(broken.files.len(), 1);
    assert_eq!(broken.left, [("/a".to_owned(), Left::Broken)]);
    let mut bytes = zip(&[("a", "one"), ("b", "two")], false);
    bytes[6] |= 1;
    let packed = seen(&bytes);
    assert_eq!(packed.files.len(), 1);
    assert_eq!(packed.left, [("/a!/a".to_owned(), Left::Packed)]);
}
