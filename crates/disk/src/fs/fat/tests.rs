use super::*;

fn fat(size: u64) -> Fat<'static> {
    Fat {
        size,
        hidden_sectors: 4096,
        volume: VolumeId(0x1234_5678),
        label: "ESP",
        time: 1_700_000_000,
    }
}

fn check(size: u64, files: &[(&str, usize)], expected: &str) {
    let files = files
        .iter()
        .map(|(path, size)| ((*path).to_owned(), vec![7; *size]))
        .collect();
    let got = write(&fat(size), &files).map_or_else(|error| error.to_string(), |_| "ok".into());
    assert_eq!(got, expected);
}

#[test]
fn refuses() {
    check(64 << 20, &[("a", 1)], "ok");
    for size in [0, 511, 1 << 20, 1 << 42] {
        check(
            size,
            &[],
            &format!("a FAT file system cannot have {size} bytes"),
        );
    }
    for (path, other) in [
        ("A", "a"),
        ("a:", "b"),
        ("a", "a/b"),
        ("a//b", "c"),
        ("/a", "c"),
    ] {
        let files = Files::from([(path.into(), vec![]), (other.into(), vec![])]);
        let error = write(&fat(64 << 20), &files);
        assert!(matches!(error, Err(FatError::Name(_))), "{path}: {error:?}");
    }
    let large = Files::from([("a".into(), vec![1; 4 << 20])]);
    let full = write(&fat(4 << 20), &large);
    assert!(matches!(full, Err(FatError::Full { .. })), "{full:?}");
}

#[test]
fn regions_are_apart_and_inside() {
    for size in [
        4 << 20,
        20 << 20,
        33 << 20,
        64 << 20,
        300 << 20,
        3 << 30_u64,
    ] {
        let files = Files::from([
            ("EFI/BOOT/BOOTX64.EFI".into(), vec![1; 3_000_000]),
            ("EFI/debian/grub.cfg".into(), vec![2; 100]),
            ("empty".into(), vec![]),
        ]);
        let regions = write(&fat(size), &files).unwrap();
        let mut end = 0;
        for (offset, bytes) in &regions {
            assert!(*offset >= end, "{size}: {offset} < {end}");
            end = offset + bytes.len() as u64;
        }
        assert!(end <= size);
    }
}
