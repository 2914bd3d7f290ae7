//! The throw-away layer over a disk: an empty qcow2 file that is backed by the disk
//! and may be larger than it. Nothing is ever written to the disk below.
//!
//! ```text
//! cluster (64 KiB)   content                       docs/interop/qcow2.rst of QEMU
//! 0                  header (104 bytes), extension "backing format: raw", path of the disk
//! 1                  refcount table: one entry, -> cluster 2
//! 2                  refcount block: 1 for every cluster of this file
//! 3 ..               L1 table, all zero: everything is read from below
//! ```

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

const CLUSTER: u64 = 1 << CLUSTER_BITS;
const CLUSTER_BITS: u32 = 16;
/// Bytes of disk that one entry of the L1 table stands for.
const PER_L1_ENTRY: u64 = CLUSTER * (CLUSTER / 8);
const HEADER_LENGTH: u32 = 104;
/// QEMU refuses longer ones.
const BACKING_PATH_MAX: usize = 1023;

/// Writes the layer. `base` must be absolute, a raw disk; `size_bytes` is what the
/// machine sees.
pub(super) fn write(path: &Path, base: &Path, size_bytes: u64) -> io::Result<()> {
    std::fs::write(path, bytes(base.as_os_str().as_bytes(), size_bytes)?)
}

fn bytes(base: &[u8], size_bytes: u64) -> io::Result<Vec<u8>> {
    let bad = |text: &str| io::Error::new(io::ErrorKind::InvalidInput, text.to_owned());
    if base.is_empty() || base.len() > BACKING_PATH_MAX {
        return Err(bad("the path of the disk is longer than 1023 bytes"));
    }
    let entries = size_bytes.div_ceil(PER_L1_ENTRY);
    let l1_clusters = (entries * 8).div_ceil(CLUSTER);
    let clusters = 3 + l1_clusters;
    // One refcount block counts 32768 clusters: an L1 table for 128 PiB.
    let entries = u32::try_from(entries).map_err(|_| bad("the disk is too large"))?;
    if clusters > CLUSTER / 2 {
        return Err(bad("the disk is too large"));
    }

    let mut header = Vec::new();
    header.extend(b"QFI\xfb");
    header.extend(3u32.to_be_bytes());
    let name_at = header_end();
    header.extend(name_at.to_be_bytes());
    header.extend(
        u32::try_from(base.len())
            .expect("at most 1023")
            .to_be_bytes(),
    );
    header.extend(CLUSTER_BITS.to_be_bytes());
    header.extend(size_bytes.to_be_bytes());
    header.extend(0u32.to_be_bytes()); // not encrypted
    header.extend(entries.to_be_bytes());
    header.extend((3 * CLUSTER).to_be_bytes()); // L1 table
    header.extend(CLUSTER.to_be_bytes()); // refcount table
    header.extend(1u32.to_be_bytes()); // its clusters
    header.extend([0; 12]); // no snapshots
    header.extend([0; 24]); // no features
    header.extend(4u32.to_be_bytes()); // 2^4 bits per refcount
    header.extend(HEADER_LENGTH.to_be_bytes());
    header.extend(0xe279_2aca_u32.to_be_bytes()); // extension: format of the backing file
    header.extend(3u32.to_be_bytes());
    header.extend(b"raw\0\0\0\0\0");
    header.extend([0; 8]); // end of extensions
    header.extend(base);

    let mut file = header;
    file.resize(usize::try_from(CLUSTER).expect("64 KiB"), 0);
    file.extend((2 * CLUSTER).to_be_bytes());
    file.resize(usize::try_from(2 * CLUSTER).expect("128 KiB"), 0);
    for _ in 0..clusters {
        file.extend(1u16.to_be_bytes());
    }
    let length = usize::try_from(clusters * CLUSTER).map_err(|_| bad("the disk is too large"))?;
    file.resize(length, 0);
    Ok(file)
}

/// Where the backing path starts: after the header, one extension and the end mark.
const fn header_end() -> u64 {
    HEADER_LENGTH as u64 + 16 + 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout() {
        let file = bytes(b"/images/disk.raw", 100 << 30).unwrap();
        assert_eq!(file.len() as u64, 4 * CLUSTER);
        assert_eq!(&file[..8], b"QFI\xfb\0\0\0\x03");
        assert_eq!(file[36..40], 200u32.to_be_bytes());
        let name_at = usize::try_from(header_end()).unwrap();
        assert_eq!(&file[name_at..name_at + 16], b"/images/disk.raw");
        assert_eq!(
            file[2 * 65536..2 * 65536 + 10],
            [0, 1, 0, 1, 0, 1, 0, 1, 0, 0]
        );
    }

    #[test]
    fn refuses() {
        for (base, size) in [
            (vec![b'a'; 1024], 1 << 30),
            (Vec::new(), 1 << 30),
            (b"/d".to_vec(), u64::MAX),
        ] {
            assert!(bytes(&base, size).is_err(), "{size}");
        }
    }
}
