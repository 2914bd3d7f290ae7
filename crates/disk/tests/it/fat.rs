//! FAT against fsck.vfat and mtools.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use goldsmith_disk::fs::fat::{self, Fat, Files};
use goldsmith_disk::id::VolumeId;
use proptest::prelude::*;

use crate::tool::tool;

fn write(path: &Path, size: u64, files: &Files) {
    let fat = Fat {
        size,
        hidden_sectors: 4096,
        volume: VolumeId(0xABCD_1234),
        label: "ESP",
        time: 1_700_000_000,
    };
    let file = File::create(path).unwrap();
    file.set_len(size).unwrap();
    for (offset, bytes) in fat::write(&fat, files).unwrap() {
        file.write_all_at(&bytes, offset).unwrap();
    }
}

fn check(size: u64, files: &Files) {
    let scratch = tempfile::tempdir().unwrap();
    let image = scratch.path().join("fat");
    write(&image, size, files);
    let image = image.to_str().unwrap();
    let report = tool("dosfstools", "fsck.vfat", &["-n", "-v", image]);
    assert!(!report.contains("ifferences"), "{report}");
    let out = scratch.path().join("out");
    std::fs::create_dir(&out).unwrap();
    if !files.is_empty() {
        let to = out.to_str().unwrap();
        tool("mtools", "mcopy", &["-s", "-n", "-i", image, "::*", to]);
    }
    for (path, bytes) in files {
        let read = std::fs::read(out.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert!(read == *bytes, "{path} differs");
    }
    let info = tool("mtools", "minfo", &["-i", image, "::"]);
    assert!(
        info.contains("abcd1234") || info.contains("ABCD1234"),
        "{info}"
    );
}

fn files(list: &[(&str, usize)]) -> Files {
    let content = |size: usize| (0..=250).cycle().take(size).collect();
    list.iter()
        .map(|(path, size)| ((*path).to_owned(), content(*size)))
        .collect()
}

#[test]
fn esp_of_every_size() {
    let esp = files(&[
        ("EFI/BOOT/BOOTX64.EFI", 1_500_000),
        ("EFI/debian/grub.cfg", 124),
        ("EFI/debian/a rather long name, with a comma.and.dots", 513),
        ("EFI/debian/größe", 1),
        ("EFI/empty", 0),
    ]);
    for mib in [3, 16, 32, 33, 34, 64, 100, 259, 261, 2048] {
        check(mib << 20, &esp);
    }
    check(64 << 20, &Files::new());
}

#[test]
fn a_directory_of_many_clusters() {
    let names: Vec<String> = (0..700)
        .map(|at| format!("d/file number {at}.text"))
        .collect();
    let list: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 3)).collect();
    check(64 << 20, &files(&list));
    check(8 << 20, &files(&list));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_files(
        mib in 3_u64..70,
        list in prop::collection::btree_map(
            "[A-Z]{1,3}/[a-zA-Z0-9 _.ß-]{0,30}[a-z0-9]",
            0_usize..9000,
            0..20,
        ),
    ) {
        let mut seen = std::collections::BTreeSet::new();
        let list: Vec<(&str, usize)> = list
            .iter()
            .filter(|(path, _)| !path.contains("/ ") && seen.insert(path.to_lowercase()))
            .map(|(path, size)| (path.as_str(), *size))
            .collect();
        check(mib << 20, &files(&list));
    }
}
