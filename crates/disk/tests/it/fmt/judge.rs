//! What the tools of each format say of a file.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use goldsmith_disk::sparse::CHUNK;
use sha2::{Digest as _, Sha256};

use super::sample::Sample;
use crate::tool::tool;

pub(super) fn judge(sample: &Sample, format: &str, path: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let length = fs::metadata(path).unwrap().len();
    match format {
        "raw" => {
            assert_eq!(length, sample.size);
            compare(sample, "raw", path);
            is_sparse(sample, path);
        }
        "raw.zst" => {
            tool("zstd", "zstd", &["-q", "-t", text(path)]);
            let raw = folder.path().join("disk.raw");
            tool(
                "zstd",
                "zstd",
                &["-q", "-d", "--sparse", text(path), "-o", text(&raw)],
            );
            assert_eq!(fs::metadata(&raw).unwrap().len(), sample.size);
            compare(sample, "raw", &raw);
            seek_table(path, sample.size);
        }
        "qcow2" | "qcow2-zlib" => {
            check("qcow2", path);
            compare(sample, "qcow2", path);
            let info = tool("qemu-utils", "qemu-img", &["info", text(path)]);
            let method = if format == "qcow2" { "zstd" } else { "zlib" };
            assert!(
                info.contains(&format!("compression type: {method}")),
                "{info}"
            );
        }
        "vmdk" => vmdk(sample, path),
        "ova" => ova(sample, path, folder.path()),
        "vhd" => {
            assert_eq!(length, sample.size.next_multiple_of(1 << 20) + 512);
            compare(sample, "vpc", path);
            is_sparse(sample, path);
        }
        "vhd-dynamic" => {
            compare(sample, "vpc", path);
            let info = tool("qemu-utils", "qemu-img", &["info", "-f", "vpc", text(path)]);
            let size = sample.size.next_multiple_of(1 << 20);
            assert!(info.contains(&format!("({size} bytes)")), "{info}");
            let blocks = length.saturating_sub(size.div_ceil(2 << 20) * 4 + 3000) / (2 << 20);
            assert!(blocks <= chunks(sample), "{blocks} blocks");
        }
        "vhdx" => {
            check("vhdx", path);
            compare(sample, "vhdx", path);
            assert_eq!(length, (4 + chunks(sample)) << 20);
        }
        "gce" => gce(sample, path, folder.path()),
        other => panic!("nobody judges `{other}`"),
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn check(driver: &str, path: &Path) {
    let said = tool(
        "qemu-utils",
        "qemu-img",
        &["check", "-f", driver, text(path)],
    );
    assert!(said.contains("No errors were found"), "{driver}: {said}");
}

fn compare(sample: &Sample, driver: &str, path: &Path) {
    let said = tool(
        "qemu-utils",
        "qemu-img",
        &[
            "compare",
            "-f",
            driver,
            "-F",
            "raw",
            text(path),
            text(&sample.path),
        ],
    );
    assert!(said.contains("Images are identical"), "{driver}: {said}");
}

/// Chunks of the sample in which something was written.
fn chunks(sample: &Sample) -> u64 {
    let size = CHUNK as u64;
    let ranges = sample.data.iter();
    let mut chunks: Vec<u64> = ranges
        .flat_map(|r| r.start / size..r.end.div_ceil(size))
        .collect();
    chunks.dedup();
    chunks.len() as u64
}

/// Not more than the grains in which there is something, and a little.
fn is_sparse(sample: &Sample, path: &Path) {
    let data: u64 = sample
        .data
        .iter()
        .map(|r| r.end - r.start + (128 << 10))
        .sum();
    let allocated = fs::metadata(path).unwrap().blocks() * 512;
    assert!(
        allocated <= data + (64 << 10),
        "{allocated} bytes for {data}"
    );
}

fn vmdk(sample: &Sample, path: &Path) {
    check("vmdk", path);
    compare(sample, "vmdk", path);
    let info = tool("qemu-utils", "qemu-img", &["info", text(path)]);
    assert!(info.contains("create type: streamOptimized"), "{info}");
}

fn ova(sample: &Sample, path: &Path, folder: &Path) {
    let names = tool("tar", "tar", &["-tf", text(path)]);
    assert_eq!(names, "web.ovf\nweb.mf\nweb-disk1.vmdk\n");
    tool("tar", "tar", &["-xf", text(path), "-C", text(folder)]);
    vmdk(sample, &folder.join("web-disk1.vmdk"));
    let manifest = fs::read_to_string(folder.join("web.mf")).unwrap();
    let expected: String = ["web.ovf", "web-disk1.vmdk"]
        .map(|name| {
            let digest = Sha256::digest(fs::read(folder.join(name)).unwrap());
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("SHA256({name})= {digest}\n")
        })
        .concat();
    assert_eq!(manifest, expected);

    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fmt/ovf.xsd");
    let descriptor = folder.join("web.ovf");
    tool(
        "libxml2-utils",
        "xmllint",
        &[
            "--noout",
            "--nonet",
            "--schema",
            text(&schema),
            text(&descriptor),
        ],
    );
    let ovf = fs::read_to_string(&descriptor).unwrap();
    let file = fs::metadata(folder.join("web-disk1.vmdk")).unwrap().len();
    for word in [
        "VirtualSCSI",
        "VmxNet3",
        "debian12_64Guest",
        "vmx-15",
        "vmw:key=\"firmware\" vmw:value=\"efi\"",
        &format!("ovf:size=\"{file}\""),
        &format!("ovf:capacity=\"{}\"", sample.size),
    ] {
        assert!(ovf.contains(word), "`{word}` is missing in\n{ovf}");
    }
}

fn gce(sample: &Sample, path: &Path, folder: &Path) {
    tool("gzip", "gzip", &["-t", text(path)]);
    let listed = tool("tar", "tar", &["--numeric-owner", "-tvzf", text(path)]);
    let size = sample.size.next_multiple_of(1 << 30);
    assert_eq!(
        listed.split_whitespace().collect::<Vec<_>>(),
        [
            "-rw-r--r--",
            "0/0",
            &size.to_string(),
            "1970-01-01",
            "00:00",
            "disk.raw"
        ]
    );
    tool("tar", "tar", &["-xSzf", text(path), "-C", text(folder)]);
    let raw = folder.join("disk.raw");
    assert_eq!(fs::metadata(&raw).unwrap().len(), size);
    compare(sample, "raw", &raw);
    is_sparse(sample, &raw);
}

/// The table at the end leads through all frames to the end of the disk.
fn seek_table(path: &Path, size: u64) {
    let bytes = fs::read(path).unwrap();
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let end = bytes.len();
    assert_eq!(word(end - 4), 0x8F92_EAB1);
    let frames = usize::try_from(word(end - 9)).unwrap();
    let table = end - 9 - frames * 8;
    assert_eq!(word(table - 8), 0x184D_2A5E);
    assert_eq!(usize::try_from(word(table - 4)).unwrap(), end - table);
    let (mut at, mut covered) = (0, 0);
    for frame in 0..frames {
        assert_eq!(word(at), 0xFD2F_B528, "frame {frame}");
        at += usize::try_from(word(table + frame * 8)).unwrap();
        covered += u64::from(word(table + frame * 8 + 4));
    }
    assert_eq!((at, covered), (table - 8, size));
}
