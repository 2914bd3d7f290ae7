use std::error::Error as _;

use proptest::prelude::*;

use super::*;

/// A disk of two clusters of 512 bytes in version 3: one of `7`, one never written.
fn small() -> Vec<u8> {
    let mut file = vec![0; 4 * 512];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &MAGIC);
    put(4, &3_u32.to_be_bytes());
    put(20, &9_u32.to_be_bytes());
    put(24, &1024_u64.to_be_bytes());
    put(36, &1_u32.to_be_bytes());
    put(40, &512_u64.to_be_bytes());
    put(96, &4_u32.to_be_bytes());
    put(100, &104_u32.to_be_bytes());
    put(512, &1024_u64.to_be_bytes());
    put(1024, &(0x600_u64 | 1 << 63).to_be_bytes());
    put(1536, &[7; 512]);
    file
}

fn whole(file: Vec<u8>) -> Result<Vec<u8>, String> {
    let text = |error: Qcow2Error| error.to_string();
    let disk = Qcow2::open(file).map_err(text)?;
    let mut bytes = vec![1; usize::try_from(disk.size()).unwrap()];
    disk.read_at(0, &mut bytes).map_err(|error| {
        let inner = error.get_ref().map(ToString::to_string);
        inner.unwrap_or_else(|| error.to_string())
    })?;
    Ok(bytes)
}

#[test]
fn reads_what_is_there() {
    let expected = [[7; 512], [0; 512]].concat();
    assert_eq!(whole(small()), Ok(expected));
    let disk = Qcow2::open(small()).unwrap();
    assert_eq!(disk.next_data(0).unwrap(), Some(0..512));
    assert_eq!(disk.next_data(100).unwrap(), Some(100..512));
    assert_eq!(disk.next_data(512).unwrap(), None);
    let mut odd = small();
    odd[24..32].copy_from_slice(&500_u64.to_be_bytes());
    let odd = Qcow2::open(odd).unwrap();
    assert_eq!(odd.next_data(0).unwrap(), Some(0..500));
    assert_eq!(odd.next_data(500).unwrap(), None);
    assert!(disk.read_at(1000, &mut [0; 30]).is_err());
    // The last cluster of a file may be cut where it is zeros.
    let mut cut = small();
    cut.truncate(1536 + 10);
    assert_eq!(
        whole(cut).unwrap()[..12],
        [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0]
    );
}

#[test]
fn refuses() {
    let with = |at: usize, bytes: &[u8]| {
        let mut file = small();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    };
    let version_2 = |entry: u64| {
        let mut file = with(4, &2_u32.to_be_bytes());
        file[1024..1032].copy_from_slice(&entry.to_be_bytes());
        file
    };
    assert!(whole(version_2(1536)).is_ok());
    let broken = |what: &str| format!("the qcow2 file is broken: {what}");
    let other = |what: &str| format!("the qcow2 file {what}, which is not read here");
    for (file, expected) in [
        (Vec::new(), broken("it is too short")),
        (with(0, b"QFI!"), broken("it has no header")),
        (with(4, &[0, 0, 0, 4]), other("has version 4")),
        (
            with(8, &[0, 0, 0, 0, 0, 0, 2, 0]),
            other("has a backing file"),
        ),
        (with(32, &[0, 0, 0, 2]), other("is encrypted")),
        (with(20, &[0, 0, 0, 8]), broken("the size of its clusters")),
        (with(20, &[0, 0, 0, 63]), broken("the size of its clusters")),
        (with(79, &[2]), broken("QEMU has marked it as corrupt")),
        (with(79, &[4]), other("has its data in another file")),
        (with(79, &[16]), other("has subclusters")),
        (with(72, &[0x80]), other("has features 0x8000000000000000")),
        (with(100, &[0, 0, 0, 72]), broken("its header is too short")),
        (with(24, &[0x7F; 8]), other("holds a disk of over 16 TiB")),
        (
            with(24, &(16_u64 << 40).to_be_bytes()),
            broken("its first table does not fit its size"),
        ),
        (
            with(36, &[0; 4]),
            broken("its first table does not fit its size"),
        ),
        (
            with(40, &[0xFF; 8]),
            broken("its first table is outside of it"),
        ),
        (
            with(40, &2041_u64.to_be_bytes()),
            broken("its first table is outside of it"),
        ),
        (
            with(512, &(1_u64 << 40).to_be_bytes()),
            broken("a table is outside of it"),
        ),
        (
            with(1024, &(1_u64 << 40).to_be_bytes()),
            broken("a cluster is outside of it"),
        ),
        (
            with(1024, &(COMPRESSED | 4096).to_be_bytes()),
            broken("a cluster is outside of it"),
        ),
        (
            with(1024, &(COMPRESSED | 0x600).to_be_bytes()),
            broken("a compressed cluster"),
        ),
    ] {
        assert_eq!(whole(file), Err(expected));
    }
    let error = Qcow2::open(with(79, &[8])).map(drop);
    assert!(error.is_ok(), "compression 0 is deflate");
    assert!(Qcow2Error::from(io::Error::other("x")).source().is_some());
}

proptest! {
    /// Whatever the tables say, reading ends with an answer.
    #[test]
    fn survives(changes in proptest::collection::vec((0usize..1100, any::<u8>()), 1..6)) {
        let mut file = small();
        for (at, byte) in changes {
            file[at] = byte;
        }
        if let Ok(disk) = Qcow2::open(file) {
            let mut bytes = vec![0; 4096];
            let end = disk.size().min(1 << 40);
            for at in [0, 512, end / 2, end.saturating_sub(4096)] {
                drop(disk.read_at(at, &mut bytes));
            }
            drop(disk.next_data(0));
        }
    }
}
