//! qcow2 as qemu-img writes it, in the forms it has.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use goldsmith_disk::read::Disk as _;
use goldsmith_disk::read::qcow2::Qcow2;

use super::RawFile;
use crate::tool::tool;

#[test]
fn what_qemu_img_wrote() {
    let scratch = tempfile::tempdir().unwrap();
    let raw = scratch.path().join("raw");
    let size = (40 << 20) + 512;
    let file = File::create(&raw).unwrap();
    file.set_len(size).unwrap();
    // Text that packs, noise that does not, zeros that were written, a last cluster cut short.
    let text: Vec<u8> = (0_u32..200_000).flat_map(u32::to_be_bytes).collect();
    let mut noise = vec![0_u8; 300_000];
    let mut state = 1_u32;
    for byte in &mut noise {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = state.to_be_bytes()[0];
    }
    file.write_all_at(&text, 12_345).unwrap();
    file.write_all_at(&noise, 20 << 20).unwrap();
    file.write_all_at(&vec![0; 200_000], 30 << 20).unwrap();
    file.write_all_at(b"the end", size - 7).unwrap();
    let expected = fs::read(&raw).unwrap();
    let between = |from: u64, to: u64| {
        let [from, to] = [from, to].map(|n| usize::try_from(n).unwrap());
        &expected[from..to]
    };
    for (options, packed) in [
        ("compat=1.1", false),
        ("compat=0.10", false),
        ("compat=0.10", true),
        ("compat=1.1,compression_type=zlib", true),
        ("compat=1.1,compression_type=zstd", true),
        ("compat=1.1,cluster_size=512", true),
        ("compat=1.1,cluster_size=2M,compression_type=zstd", true),
        ("compat=1.1,cluster_size=4k,lazy_refcounts=on", false),
        ("compat=1.1,preallocation=metadata", false),
    ] {
        let path = scratch.path().join("qcow2");
        let (from, to) = (raw.to_str().unwrap(), path.to_str().unwrap());
        let mut arguments = vec!["convert", "-O", "qcow2", "-o", options];
        arguments.extend(packed.then_some("-c"));
        arguments.extend([from, to]);
        tool("qemu-utils", "qemu-img", &arguments);
        let disk = Qcow2::open(RawFile::open(&path)).unwrap();
        assert_eq!(disk.size(), size, "{options}");
        let mut bytes = vec![1; expected.len()];
        disk.read_at(0, &mut bytes).unwrap();
        assert!(bytes == expected, "{options}, packed: {packed}");
        // Outside of what is said to be data there are zeros.
        let (mut at, mut data) = (0, 0);
        while let Some(range) = disk.next_data(at).unwrap() {
            let hole = between(at, range.start);
            assert!(hole.iter().all(|byte| *byte == 0), "{options}: {range:?}");
            data += range.end - range.start;
            at = range.end;
        }
        let rest = between(at, size);
        assert!(rest.iter().all(|byte| *byte == 0), "{options}");
        // What was allocated before it was written may be data as well.
        if !options.contains("preallocation") {
            assert!(data < 10 << 20, "{options}: {data} bytes of data");
        }
        for at in [0, 12_344, (20 << 20) - 3, size - 9] {
            let mut some = [0; 9];
            disk.read_at(at, &mut some).unwrap();
            assert_eq!(some, *between(at, at + 9), "{options}");
        }
    }
}

#[test]
fn refuses_what_needs_another_file() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("qcow2");
    let base = scratch.path().join("base");
    File::create(&base).unwrap().set_len(1 << 20).unwrap();
    let (base, to) = (base.to_str().unwrap(), path.to_str().unwrap());
    let data = format!("data_file={base}2");
    for (arguments, expected) in [
        (vec!["-b", base, "-F", "raw"], "has a backing file"),
        (vec!["-o", &data], "has its data in another file"),
        (
            vec!["-o", "extended_l2=on,cluster_size=64k"],
            "has subclusters",
        ),
    ] {
        let mut all = vec!["create", "-q", "-f", "qcow2"];
        all.extend(arguments);
        all.extend([to, "1M"]);
        tool("qemu-utils", "qemu-img", &all);
        let error = Qcow2::open(RawFile::open(&path)).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
